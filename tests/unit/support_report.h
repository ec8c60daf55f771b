/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_REPORT_H
#define EP_TESTS_UNIT_SUPPORT_REPORT_H

#include "profiler/analyze/model.h"

/*
 * A report of one request on a machine with RAPL: load, prefill of 84 tokens,
 * generation of 100 tokens in 99 steps, other, tail, run.  Everything is
 * measured but the cache misses ("no hardware PMU").  Ends with
 * ep_report_free().
 */
struct ep_report *support_report(void);
/* The same with `count` requests, a second apart. */
struct ep_report *support_report_of_requests(size_t count);
/* The metric of that name in a row; fails the test when it is not there. */
struct ep_metric *support_edit_metric(struct ep_row *row, const char *name);
/* The totals row of that name. */
struct ep_row *support_edit_total(struct ep_report *report, const char *name);
/* Gives every energy and power figure of the report this status. */
void support_set_status(struct ep_report *report, enum ep_status status,
			const char *reason);
/* What a format makes of it, to be freed.  Text is in one line, its words one
 * blank apart: where lines break is not what such tests are about. */
char *support_render(const char *format, const struct ep_report *report);

#endif
