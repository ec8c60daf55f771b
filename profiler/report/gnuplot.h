/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_GNUPLOT_H
#define EP_PROFILER_REPORT_GNUPLOT_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/*
 * Figures for print as a folder of data files and gnuplot scripts that needs
 * nothing else: "gnuplot FOLDER/all.gp" makes NAME.png and NAME.svg of each,
 * one column of a page wide.  No text of a run is ever a command: every one
 * stands in single quotes, where gnuplot takes all but a quote as it is.
 */
#define EP_PLOT_FILES_MAX 40

struct ep_plot_file {
	char name[40];
	struct ep_buf text;
};

struct ep_plots {
	struct ep_plot_file files[EP_PLOT_FILES_MAX];
	size_t count;
	struct ep_buf all; /* all.gp */
	size_t figure_count;
	int error;
};

void ep_plots_init(struct ep_plots *p);
void ep_plots_done(struct ep_plots *p);

struct ep_report;
struct ep_series_set;
struct ep_summary;
/* The figures of a run and of a study; none is no error.  -ENOMEM. */
int ep_plots_run(struct ep_plots *p, const struct ep_report *report,
		 const struct ep_series_set *series) EP_MUST_CHECK;
int ep_plots_study(struct ep_plots *p,
		   const struct ep_summary *study) EP_MUST_CHECK;
/* What ep_summary_read() shall find for them; NULL-terminated. */
extern const char *const ep_plots_study_metrics[];

/*
 * Writes them into a folder that is new, empty, or was written by this:
 * -EEXIST with a sentence when it holds anything else, -ENODATA when there is
 * no figure, -errno.
 */
int ep_plots_write(const struct ep_plots *p, const char *dir,
		   struct ep_err *err) EP_MUST_CHECK;

/* Parts of them.  A new file; NULL: failed before. */
struct ep_buf *ep_plots_file(struct ep_plots *p, const char *name,
			     const char *suffix);
/* Script of a figure that all.gp shall make: its head. */
struct ep_buf *ep_plots_figure(struct ep_plots *p, const char *name);
/* Its end: draws into both files. */
void ep_plots_figure_end(struct ep_plots *p, struct ep_buf *b);
/* b may be NULL. */
void ep_plots_add(struct ep_plots *p, struct ep_buf *b, const char *format, ...)
	EP_PRINTF(3, 4);
/* 'text' as gnuplot reads it. */
void ep_plots_quote(struct ep_plots *p, struct ep_buf *b, const char *text);
/* A number, or "?" where there is none. */
void ep_plots_number(struct ep_plots *p, struct ep_buf *b, double value);

#endif
