/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_HTTP_STREAM_H
#define EP_DRIVERS_HTTP_STREAM_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * HTTP/1.1 requests whose replies come piece by piece, over libcurl.
 *
 * Every piece is stamped when it was received and handed on at once.  Used by
 * one thread at a time; one kept-alive connection.  As in http.h proxies are
 * never used, redirects never followed, certificates checked.
 */
struct ep_http_stream;

struct ep_http_ask {
	const char *url;
	const char *body; /* JSON to POST; NULL: GET */
	size_t len;
	int64_t timeout_ns; /* of all of it; rounded up to ms */
};

/*
 * take    a piece of the body, received at t_ns (CLOCK_MONOTONIC); status is
 *         the HTTP status.  Not 0: the request is cancelled with that error.
 * turn    after every wake-up, at least once a second; may be NULL.
 */
struct ep_http_taker {
	int (*take)(void *ctx, int status, const char *data, size_t len,
		    int64_t t_ns);
	void (*turn)(void *ctx);
	void *ctx;
};

struct ep_http_end {
	int status;
	/* CLOCK_MONOTONIC: the request was made, its last byte was handed to
	 * the kernel, the reply's first byte came, the reply was complete. */
	int64_t begin_ns, sent_ns, first_ns, done_ns;
	int64_t connect_ns; /* how long connecting took; 0: kept alive */
	bool same_machine;  /* both ends have one address */
	unsigned port;	    /* of the server; 0 unknown */
};

/*
 * stop_fd: a request in progress ends with -EINTR when it is readable; -1.
 * -ENOMEM.
 */
int ep_http_stream_new(int stop_fd, struct ep_http_stream **ret,
		       struct ep_err *err) EP_MUST_CHECK;
void ep_http_stream_free(struct ep_http_stream *h);
/* Sent as a bearer token with every request from now on; copied. */
int ep_http_stream_set_key(struct ep_http_stream *h,
			   const char *key) EP_MUST_CHECK;
/* A file of certificates (PEM) that are trusted in place of the system's;
 * -EINVAL when it cannot be read, with a sentence. */
int ep_http_stream_set_ca(struct ep_http_stream *h, const char *path,
			  struct ep_err *err) EP_MUST_CHECK;

/*
 * Blocks until the reply is complete, ask->timeout_ns at most.
 * 0 with any HTTP status, *ret filled; else what failed, as a sentence that
 * begins small: -ECONNREFUSED, -EHOSTUNREACH, -ETIMEDOUT, -ECONNRESET, -EPROTO,
 * -EINTR, -EIO, or what take() returned.  Instants known by then are in *ret
 * all the same.
 */
int ep_http_stream_ask(struct ep_http_stream *h, const struct ep_http_ask *ask,
		       const struct ep_http_taker *taker,
		       struct ep_http_end *ret,
		       struct ep_err *err) EP_MUST_CHECK;

/*
 * A server's address: http:// or https://, host, maybe port and path, without
 * user, password, query or fragment.  Copied without slashes at its end.
 */
int ep_http_stream_url(const char *url, char *ret, size_t size,
		       struct ep_err *err) EP_MUST_CHECK;

#endif
