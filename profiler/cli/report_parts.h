/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_REPORT_PARTS_H
#define EP_PROFILER_CLI_REPORT_PARTS_H

#include "base/buf.h"
#include "profiler/cli/report_options.h"

#define EP_REPORT_BYTES_MAX ((size_t)1 << 30)

/* Shared by report*.c. */
/* A folder that sweep made: the runs are below it. */
bool ep_report_is_study(int dir_fd);
/* Its figures by configuration, with all that is asked; an exit status. */
int ep_report_study(const struct ep_report_options *q, int dir_fd);
/* The finished text to its place; an exit status. */
int ep_report_put(const struct ep_report_options *q, const struct ep_buf *b);
bool ep_report_wants_colour(const struct ep_report_options *q);

#endif
