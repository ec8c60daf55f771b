/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_SUMMARY_H
#define EP_PROFILER_ANALYZE_SUMMARY_H

#include "base/err.h"
#include "profiler/analyze/group_uncertainty.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A study in figures, from its results.csv: one of each metric for every
 * configuration, over the runs of it that count. */

#define EP_SUMMARY_FACTORS_MAX 16
#define EP_SUMMARY_METRICS_MAX 128
#define EP_SUMMARY_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define EP_SUMMARY_REJECTED_MAX 200
#define EP_SUMMARY_NOTES_MAX 24

struct ep_summary_metric {
	char scope[32]; /* "generation" */
	char name[80];	/* "j_per_token" */
	bool any;	/* some configuration has a value */
};

struct ep_summary_cell {
	/* Its status is the worst of its runs', with how many as the reason. */
	struct ep_group_figure figure;
	/* Half-width at 95 % of what runs of one study are compared by: what
	 * their meters have in common is not in it.  NAN: fewer than two runs.
	 */
	double compare_u95;
	/* Indices of ep_summary.runs, figure.run_count of them: those that have
	 * a value. */
	const uint32_t *runs;
};

struct ep_summary_config {
	int64_t number;
	char *levels[EP_SUMMARY_FACTORS_MAX];
	int64_t valid_count, rejected_count, warmup_count;
	struct ep_summary_cell *cells; /* [metric_count] */
};

struct ep_summary_run {
	char folder[24]; /* "runs/0003"; "" an older results.csv */
	char run[16];	 /* "1", of a warm-up "w1" */
	int64_t config;
	bool valid; /* it counts */
};

/* A run that does not count. */
struct ep_summary_rejected {
	int64_t config;
	char run[24], folder[24];
	char reasons[300];
};

struct ep_sections;
struct ep_asked;

struct ep_summary {
	char id[40];
	char title[200]; /* "" none */
	char factors[EP_SUMMARY_FACTORS_MAX][64];
	size_t factor_count;
	struct ep_summary_metric metrics[EP_SUMMARY_METRICS_MAX];
	size_t metric_count;
	/* The first so many of metrics were named, and are all that is shown;
	 * 0: nothing was. */
	size_t chosen_count;
	struct ep_summary_config *configs; /* by number */
	size_t config_count;
	struct ep_summary_run *runs; /* run_count, in the order of the file */
	int64_t run_count;	     /* all of them, whatever they count */
	uint32_t *cell_runs;	     /* what the cells' runs point into */
	struct ep_summary_rejected *rejected;
	size_t rejected_count, rejected_more_count;
	/* What the totals cover, by look_count of its runs' reports. */
	char total_name[512], coverage[1024];
	size_t look_count;
	char host[128], board[64]; /* of its runs; "" unknown, or several */
	char version[64];	   /* of edgeprof, of the first look */
	bool resident;	    /* the model was in memory before the recording */
	bool estimated;	    /* some are a model's, not measured */
	bool totals_differ; /* between runs: total_name is one of them */
	/* False: of an older edgeprof, whose results.csv has no statuses, no
	 * folders and not what runs have in common. */
	bool status_known;
	/* What makes its figures doubtful: sentences for every format. */
	char (*notes)[400];
	size_t note_count;
	char **names; /* every "phase.metric" that results.csv has */
	size_t name_count;
	struct ep_sections *sections; /* what else was asked for; or NULL */
};

/*
 * metrics: NULL-terminated, "scope.metric" each; those that are there twice
 * are taken once.  -ENOENT there is no results.csv, -EBADMSG it is none,
 * -E2BIG, -ENOMEM, with a sentence.  A cell that is no finite number is none:
 * a note counts them.
 */
int ep_summary_read(int dir_fd, const char *const *metrics,
		    struct ep_summary *ret, struct ep_err *err) EP_MUST_CHECK;
/* The same of its text, which is changed; title stays "". */
int ep_summary_parse(char *text, const char *const *metrics,
		     struct ep_summary *ret, struct ep_err *err) EP_MUST_CHECK;
void ep_summary_done(struct ep_summary *s);
/* Index of a metric, or -1 when it is not among those asked for. */
int ep_summary_find(const struct ep_summary *s, const char *metric);
/* Has results.csv such a figure?  -ENOENT names the nearest. */
int ep_summary_check(const struct ep_summary *s, const char *metric,
		     struct ep_err *err) EP_MUST_CHECK;
/* "2 \u00b7 powersave"; "all" without factors. */
void ep_summary_config_name(const struct ep_summary *s,
			    const struct ep_summary_config *c, char *ret,
			    size_t size);

/*
 * Adds what was asked for to s as sections whose rows are configurations.  s
 * was read with ep_summary_asked_metrics, too.  -ERANGE when a duty is
 * impossible in every configuration, -ENOENT a figure that nobody has (with
 * the nearest), -ENODATA nothing to choose the best from, -ENOMEM.
 */
int ep_summary_ask(struct ep_summary *s, const struct ep_asked *q,
		   struct ep_err *err) EP_MUST_CHECK;
extern const char *const ep_summary_asked_metrics[]; /* NULL-terminated */

/* "scope.metric" of what is spent and of what is got for it. */
struct ep_summary_axes {
	const char *cost, *gain;
};
/* ep_pareto() of the configurations' means; no front and no knee where there is
 * nothing to choose from.  -ENOMEM: then there is none either. */
int ep_summary_pareto(const struct ep_summary *s,
		      const struct ep_summary_axes *axes, size_t **ret_front,
		      size_t *ret_count, ptrdiff_t *ret_knee) EP_MUST_CHECK;

#endif
