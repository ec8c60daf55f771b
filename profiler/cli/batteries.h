/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_BATTERIES_H
#define EP_PROFILER_CLI_BATTERIES_H

#include "profiler/analyze/battery.h"

/*
 * The batteries of boards/batteries.conf, and of the files of that name in the
 * other folders of board files (edgeprof-board(5)); of equal names the first.
 */

/* An energy such as "18.84Wh", or a name.  -ENOENT names the nearest one. */
int ep_battery_find(const char *text, struct ep_battery *ret,
		    struct ep_err *err) EP_MUST_CHECK;
/* "--battery list" on standard output; an exit status. */
int ep_batteries_show(void);

/* "80%" or "0.8", above 0 and at most 1.  -EINVAL, -ERANGE with a sentence. */
int ep_share_parse(const char *text, double *ret,
		   struct ep_err *err) EP_MUST_CHECK;

#endif
