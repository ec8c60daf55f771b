/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_DIFFER_H
#define EP_PROFILER_EXPORT_DIFFER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Figures of two report.json that differ.  Figures are numbers, what is not
 * measured (null), yes and no, and how good a figure is (status); texts are
 * none.  Numbers are equal within a part in 10^9: processors round the last
 * digits of logarithms and the like differently.
 */
struct ep_differ {
	/* Called for each figure; was or is is NULL where it is missing. */
	void (*tell)(void *ctx, const char *path, const json_t *was,
		     const json_t *is);
	void *ctx;
	bool texts;	 /* they count, too: the same build wrote both */
	bool facts_left; /* facts of run.json may be missing in `is` */
	size_t figure_count, differ_count;
	size_t new_count;      /* that was has not: it is of an older version */
	size_t overflow_count; /* deeper than is looked at */
	size_t depth;	       /* 0 */
};

void ep_differ(struct ep_differ *d, json_t *was, json_t *is);

#endif
