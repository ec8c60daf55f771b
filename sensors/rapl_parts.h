/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_RAPL_PARTS_H
#define EP_SENSORS_RAPL_PARTS_H

#include "sensors/sensor.h"

#include <stdbool.h>

/* The domains of the rapl sensor, seen through powercap or through perf. */
#define EP_RAPL_DOMAINS_MAX 64

struct ep_rapl_domain {
	int fd;
	bool perf; /* read(2) of a count, else pread(2) of a text in uJ */
	double uj_per_count;
};
struct ep_rapl {
	struct ep_channel channels[EP_RAPL_DOMAINS_MAX];
	struct ep_rapl_domain domains[EP_RAPL_DOMAINS_MAX];
	size_t count;
};

/*
 * Adds a domain and takes fd over (closed on failure).  parent is the name of
 * the zone it is a part of: "core" of "package-0" becomes core_0.
 * -EEXIST when that domain is there already, -E2BIG.
 */
int ep_rapl_add(struct ep_rapl *r, const char *name, const char *parent,
		struct ep_rapl_domain domain, uint64_t wrap_uj) EP_MUST_CHECK;
void ep_rapl_done(struct ep_rapl *r);

/*
 * Adds what the perf power PMU delivers.  base NULL: this machine's own
 * event_source folder.  The count of domains, 0 when there is no such PMU,
 * -EACCES and the like with a sentence.
 */
int ep_rapl_open_perf(struct ep_rapl *r, const struct ep_env *env,
		      const char *base, struct ep_sensor_notes *notes,
		      struct ep_err *err) EP_MUST_CHECK;

#endif
