/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_SERIES_H
#define EP_PROFILER_ANALYZE_SERIES_H

#include "base/err.h"
#include "base/sample.h"
#include "profiler/analyze/decimate.h"
#include "profiler/analyze/model.h"

#include <stdbool.h>

/* What a chart over time draws: the columns of trace.csv, decimated, and what
 * happened at single instants. */

#define EP_SERIES_MAX 256      /* columns; more are counted */
#define EP_SERIES_CELLS 400000 /* stretches of all series together, about */
#define EP_STRETCHES_MAX 16384
#define EP_STRETCHES_MIN 1024
#define EP_MOMENTS_MAX 2000
#define EP_MISSED_MAX 20000

struct ep_series {
	char name[112]; /* "rapl.package_0", "context_switches", "power" */
	/* Of the values; with rate they are per second, an energy's then W. */
	enum ep_quantity quantity;
	enum ep_role role;
	bool rate;	/* a counter: what came within a row over its length */
	bool total;	/* power_w */
	bool estimated; /* a model, not a measurement */
	double factor;	/* of the cells of trace.csv */
};

/* Ticks of the grid that were missed before this instant. */
struct ep_missed {
	double time_s; /* since the gate */
	int64_t count;
};

/* Something that is told of an instant; see base/phase.h for kinds. */
struct ep_moment {
	double time_s;
	char kind[16];
	char text[200];
};

struct ep_series_set {
	char reason[200]; /* why there are no series; "" there are */
	struct ep_series *series;
	size_t count, more_count; /* beyond EP_SERIES_MAX */
	struct ep_decimate grid;
	double start_s, interval_s; /* row k begins at start + k * interval */
	int64_t bytes;		    /* of trace.csv */
	struct ep_missed *missed;
	size_t missed_count, missed_more_count;
	struct ep_moment *moments;
	size_t moment_count, moment_more_count;
};

/*
 * Reads trace.csv, ticks.csv and events.csv of the folder that report was made
 * of.  A file that is missing or damaged leaves a reason or an empty list, not
 * an error.  -ENOMEM.
 */
int ep_series_read(int dir_fd, const struct ep_report *report,
		   struct ep_series_set *ret) EP_MUST_CHECK;
void ep_series_done(struct ep_series_set *s);

/* The parts of it.  A reader of trace.csv: names the columns, then rows. */
int ep_series_read_rows(int dir_fd, const struct ep_report *report,
			struct ep_series_set *set) EP_MUST_CHECK;
/* What the columns of a header mean, by the channels of run.json.  Returns the
 * count of columns, -EBADMSG when it is no trace.csv.  header is changed. */
int ep_series_columns(char *header, const struct ep_report *report,
		      struct ep_series_set *set) EP_MUST_CHECK;
int ep_moments_read(int dir_fd, const struct ep_report *report,
		    struct ep_series_set *set) EP_MUST_CHECK;

#endif
