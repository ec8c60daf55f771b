/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_REPORT_PLOTS_H
#define EP_PROFILER_CLI_REPORT_PLOTS_H

#include "profiler/cli/report_options.h"

/* --gnuplot: the figures of a run, and of a study; exit statuses. */
int ep_report_plots(const struct ep_report_options *q, int dir_fd,
		    const struct ep_report *report);
int ep_report_plots_study(const struct ep_report_options *q, int dir_fd);

#endif
