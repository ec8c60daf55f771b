/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_FNIRSI_PORT_H
#define EP_SENSORS_FNIRSI_PORT_H

#include "base/env.h"
#include "base/err.h"
#include "drivers/hidraw.h"
#include "sensors/fnirsi_parts.h"

/* One of FNIRSI's meters: found, started, kept going, found again. */

#define EP_FNIRSI_REPORTS_MAX 64 /* in one read */

struct ep_fnirsi_model {
	uint16_t vendor, product;
	const char *name, *title;     /* "fnb58", "FNB58" */
	int64_t go_on_ns;	      /* how often it wants to be told */
	enum ep_fnirsi_command third; /* of the three that start it */
};
/* NULL: none. */
const struct ep_fnirsi_model *ep_fnirsi_model_named(const char *name);
const struct ep_fnirsi_model *ep_fnirsi_model_of(uint16_t vendor,
						 uint16_t product);

/* Texts are borrowed. */
struct ep_fnirsi_wish {
	const char *path; /* "" by USB ids */
	bool typed;	  /* path is the machine's, not below the root */
	const struct ep_fnirsi_model *model; /* NULL any */
	int64_t go_on_ns;		     /* 0 the model's */
	int64_t connect_ns;
};

struct ep_fnirsi_port {
	const struct ep_env *env;
	struct ep_fnirsi_wish wish;
	const struct ep_fnirsi_model *model;
	char path[128], serial[64];
	struct ep_hidraw hid;
	struct ep_fnirsi_pace pace;
	struct ep_fnirsi_bends bends;
	struct ep_fnirsi_sample
		samples[EP_FNIRSI_REPORTS_MAX * EP_FNIRSI_SAMPLES];
	bool gap;   /* values were lost since the last read that had some */
	bool fresh; /* nothing was taken since it was started */
	uint64_t skipped_bytes, restart_count;
	int64_t go_on_ns, told_ns; /* "go on": how often, when last */
	int64_t heard_ns;	   /* the last report, or the last start */
	int64_t lost_ns;	   /* when it was given up; 0 */
	int64_t retry_ns, backoff_ns;
};

/* How many there are, by USB ids. */
int ep_fnirsi_probe(const struct ep_env *env, struct ep_err *err);
/* Opens it and reads for some half a second, which tells its pace. */
int ep_fnirsi_port_open(struct ep_fnirsi_port *p, const struct ep_env *env,
			const struct ep_fnirsi_wish *wish,
			struct ep_err *err) EP_MUST_CHECK;
void ep_fnirsi_port_close(struct ep_fnirsi_port *p);
/*
 * Waits for a report, a quarter of a second at most, and takes all that are
 * there.  The number of samples[], the last of them of pace.last_ns;
 * -ETIMEDOUT, -ENODEV.
 */
int ep_fnirsi_port_read(struct ep_fnirsi_port *p) EP_MUST_CHECK;
/* From the begin of one read to the next that is worth it. */
int64_t ep_fnirsi_port_pause_ns(const struct ep_fnirsi_port *p);

#endif
