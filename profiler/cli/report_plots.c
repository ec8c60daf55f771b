/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/report_plots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/series.h"
#include "profiler/analyze/summary.h"
#include "profiler/cli/cli.h"
#include "profiler/report/gnuplot.h"

/* What else would be written has no place beside figures. */
static int check(const struct ep_report_options *q, struct ep_err *err)
{
	bool format = strcmp(q->format->name, "text") != 0;

	if (!q->output && !q->metrics && !format)
		return 0;
	return ep_err_set(err, -EINVAL,
			  "--gnuplot writes figures into a folder of its own; "
			  "ask for %s apart",
			  q->output    ? "-o"
			  : q->metrics ? "--metric"
				       : "--format");
}

/* Writes what was made, says what to do with it, and ends it. */
static int finish(const struct ep_report_options *q, struct ep_plots *p, int r,
		  struct ep_err *err)
{
	char dir[400];

	if (r == 0)
		r = ep_plots_write(p, q->gnuplot, err);
	if (r == 0) {
		(void)ep_str_copy(dir, sizeof(dir), q->gnuplot);
		ep_str_printable(dir);
		(void)printf("%zu figure%s: gnuplot %s/all.gp makes a .png and "
			     "a .svg of each\n",
			     p->figure_count, p->figure_count == 1 ? "" : "s",
			     dir);
		r = fflush(stdout) == 0 ? 0 : -EIO;
	}
	ep_plots_done(p);
	if (r == 0)
		return EP_EXIT_OK;
	ep_str_printable(err->text);
	(void)fprintf(stderr, "edgeprof report: %s\n",
		      err->text[0] ? err->text : strerror(-r));
	return r == -ENOMEM || r == -EIO || r == -ENOSPC ? EP_EXIT_INTERNAL
							 : EP_EXIT_USAGE;
}

int ep_report_plots(const struct ep_report_options *q, int dir_fd,
		    const struct ep_report *report)
{
	struct ep_series_set series = { 0 };
	struct ep_err err = { 0 };
	struct ep_plots plots;
	int r;

	ep_plots_init(&plots);
	r = check(q, &err);
	if (r == 0)
		r = ep_series_read(dir_fd, report, &series);
	if (r == 0 && series.reason[0] != '\0')
		r = ep_err_set(&err, -ENODATA, "%s: there are no figures: %s",
			       q->dir, series.reason);
	if (r == 0)
		r = ep_plots_run(&plots, report, &series);
	r = finish(q, &plots, r, &err);
	ep_series_done(&series);
	return r;
}

int ep_report_plots_study(const struct ep_report_options *q, int dir_fd)
{
	struct ep_summary summary = { 0 };
	struct ep_err err = { 0 };
	struct ep_plots plots;
	int r;

	ep_plots_init(&plots);
	r = check(q, &err);
	if (r == 0)
		r = ep_summary_read(dir_fd, ep_plots_study_metrics, &summary,
				    &err);
	if (r == 0)
		r = ep_plots_study(&plots, &summary);
	r = finish(q, &plots, r, &err);
	ep_summary_done(&summary);
	return r;
}
