/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_CHANGE_H
#define EP_PROFILER_ANALYZE_STAT_CHANGE_H

#include "profiler/analyze/stat.h"

/*
 * Where the mean of a series shifts: the partition with the least
 * sum of (x - mean of its segment)^2 / sd^2 + 3 ln n for each change (PELT,
 * Killick 2012), sd from the median distance of successive differences, which a
 * shift hardly touches.
 */
#define EP_CHANGE_VALUES_MIN 8
#define EP_CHANGE_VALUES_MAX 5000

struct ep_changes {
	size_t count;	    /* of changes */
	size_t *starts;	    /* first value of each later segment; owned */
	double *means;	    /* of the count + 1 segments; owned */
	double sd, penalty; /* of one value; 3 ln n */
	const char *reason; /* NULL: looked for */
};
/* -ENOMEM. */
int ep_stat_changes(struct ep_sample s, struct ep_changes *ret);
void ep_changes_done(struct ep_changes *c);

#endif
