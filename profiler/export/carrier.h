/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_CARRIER_H
#define EP_PROFILER_EXPORT_CARRIER_H

#include "base/buf.h"
#include "profiler/export/export.h"

/*
 * Where an export goes: a file that appears whole or not at all, standard
 * output, or a receiver.  Nothing is kept beyond the parcel on its way: who
 * sends waits until it has arrived.
 */
struct ep_carrier;

/* What a receiver made of a parcel whose answer is no plain yes. */
struct ep_verdict {
	bool known;	       /* the answer says so */
	int64_t refused_count; /* points of the parcel it did not take */
	char why[200];
};

/* How a receiver is spoken to. */
struct ep_address {
	char query[600];   /* after the parcel's path, "" or "?db=lab" */
	const char *type;  /* Content-Type */
	bool token_scheme; /* "Authorization: Token", not Bearer */
	/* Reads the answer with that HTTP status; len may be 0. */
	void (*judge)(int status, const char *body, struct ep_verdict *ret);
};

struct ep_parcel {
	const char *path; /* below the URL: "/v1/metrics"; "" for files */
	const char *data;
	size_t len;
	int64_t count; /* points in it */
};

/* address: only looked at with x->url; NULL: files alone. */
int ep_carrier_open(const struct ep_export *x, const struct ep_address *address,
		    struct ep_carrier **ret, struct ep_err *err) EP_MUST_CHECK;
/* 0, 1 the receiver does not take it, -errno; the last two with a sentence. */
int ep_carrier_send(struct ep_carrier *c, const struct ep_parcel *p,
		    struct ep_err *err) EP_MUST_CHECK;
/*
 * r: how it went so far.  Unless that is 0 the file is left as it was.  Says
 * what was sent and what was refused.  The result of it all, as
 * ep_exporter.run(); ends c, which may be NULL.
 */
int ep_carrier_close(struct ep_carrier *c, int r,
		     struct ep_err *err) EP_MUST_CHECK;

#endif
