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
#define EP_SUMMARY_METRICS_MAX 64
#define EP_SUMMARY_BYTES_MAX ((size_t)1024 * 1024 * 1024)
#define EP_SUMMARY_REJECTED_MAX 200

struct ep_summary_metric {
	char scope[32]; /* "generation" */
	char name[80];	/* "j_per_token" */
	bool any;	/* some configuration has a value */
};

struct ep_summary_cell {
	struct ep_group_figure figure;
	/* Half-width at 95 % of what runs of one study are compared by: what
	 * their meters have in common is not in it.  NAN: fewer than two runs.
	 */
	double compare_u95;
};

struct ep_summary_config {
	int64_t number;
	char *levels[EP_SUMMARY_FACTORS_MAX];
	int64_t valid_count, rejected_count, warmup_count;
	struct ep_summary_cell *cells; /* [metric_count] */
};

/* A run that does not count. */
struct ep_summary_rejected {
	int64_t config;
	char run[24];
	char reasons[300];
};

struct ep_summary {
	char id[40];
	char title[200]; /* "" none */
	char factors[EP_SUMMARY_FACTORS_MAX][64];
	size_t factor_count;
	struct ep_summary_metric metrics[EP_SUMMARY_METRICS_MAX];
	size_t metric_count;
	struct ep_summary_config *configs; /* by number */
	size_t config_count;
	int64_t run_count; /* all of them, whatever they count */
	struct ep_summary_rejected *rejected;
	size_t rejected_count, rejected_more_count;
	/* What the totals cover, by look_count of its runs' reports. */
	char total_name[512], coverage[1024];
	size_t look_count;
	bool estimated;	    /* some are a model's, not measured */
	bool totals_differ; /* between runs: total_name is one of them */
};

/*
 * metrics: NULL-terminated, "scope.metric" each.  -ENOENT there is no
 * results.csv, -EBADMSG it is none, -E2BIG, -ENOMEM, with a sentence.
 */
int ep_summary_read(int dir_fd, const char *const *metrics,
		    struct ep_summary *ret, struct ep_err *err) EP_MUST_CHECK;
/* The same of its text, which is changed; title stays "". */
int ep_summary_parse(char *text, const char *const *metrics,
		     struct ep_summary *ret, struct ep_err *err) EP_MUST_CHECK;
void ep_summary_done(struct ep_summary *s);
/* Index of a metric, or -1 when it is not among those asked for. */
int ep_summary_find(const struct ep_summary *s, const char *metric);

#endif
