/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_METRICS_H
#define EP_PROFILER_ANALYZE_METRICS_H

#include "profiler/analyze/analysis.h"

/* An event that is counted, or the reason why it is not. */
struct ep_count_source {
	char name[EP_CHANNEL_NAME_BYTES]; /* "context_switches" */
	struct ep_meter meter;
	bool hardware;
	bool has_times; /* it shared the PMU: scaled by enabled / running */
	struct ep_part enabled, running;
};

struct ep_counts {
	struct ep_count_source *sources;
	size_t count;
	struct ep_part rss; /* stream NULL: no memory sensor */
	char rss_reason[128];
	/* Pages that the machine brought back from swap; not of the client. */
	struct ep_count_source swap_in;
	bool has_swap_in;	/* it is asked for, measured or not */
	struct ep_meter charge; /* of the total, in C */
	bool has_charge;	/* some sensor counts charge */
};
/* After the streams have ended.  -ENOMEM. */
int ep_counts_make(const struct ep_analysis *a, bool client,
		   struct ep_counts *counts) EP_MUST_CHECK;
void ep_counts_done(struct ep_counts *counts);
/* What counts the charge of the total, or why nothing does. */
void ep_charge_find(const struct ep_analysis *a, struct ep_counts *counts);

enum ep_row_kind {
	EP_ROW_IDLE,
	EP_ROW_PHASE,
	EP_ROW_RUN,
	EP_ROW_REQUEST,
	EP_ROW_AFTER, /* has a duration and nothing else */
};

/* One row in the making. */
struct ep_maker {
	const struct ep_analysis *a;
	const struct ep_counts *counts;
	struct ep_row *row;
	struct ep_set set;
	enum ep_row_kind kind;
	struct ep_energy energy; /* of the total over set */
	struct ep_energy answer; /* runs, requests: prefill and generation */
	struct ep_energy served; /* runs: requests without what they load */
	/* What figures per token are divided by; NAN with a reason. */
	double step_count;  /* prompt tokens, or decode steps */
	double token_count; /* prompt tokens, or output tokens */
	const char *token_reason;
	bool token_estimated;	       /* chunks stand for tokens */
	const struct ep_request *told; /* requests: NULL none was sent */
	const struct ep_token *tokens; /* requests: its own, in time order */
	size_t stamp_count;
	const char *usage; /* facts of getrusage(2): "child", "client" */
	struct ep_metric scratch;
	int failed; /* -ENOMEM */
};
/* A new metric, not measured for no reason.  Never NULL. */
struct ep_metric *ep_maker_add(struct ep_maker *mk, const char *name);
/* value with the terms of b times factor; status OK. */
void ep_metric_set(struct ep_metric *m, double value, const struct ep_budget *b,
		   double factor);
/* Low confidence, estimated or not measured, as the figure deserves. */
void ep_metric_judge(struct ep_metric *m, const struct ep_meter *meter,
		     const struct ep_energy *e);
void ep_metric_refuse(struct ep_metric *m, const char *reason);
/* Named, and not measured for no reason. */
void ep_metric_begin(struct ep_metric *m, const char *name);
/* idle_power_w of a meter; its energy_j over a set, and power_mean_w there
 * unless mean is NULL. */
void ep_metric_idle(struct ep_metric *m, const struct ep_meter *meter);
void ep_metric_energy(const struct ep_analysis *a, const struct ep_meter *meter,
		      struct ep_set set, struct ep_metric *m,
		      struct ep_metric *mean);

/* Every metric of the row that mk describes. */
void ep_maker_times(struct ep_maker *mk);
void ep_maker_energies(struct ep_maker *mk);
void ep_maker_charge(struct ep_maker *mk);
void ep_maker_rates(struct ep_maker *mk); /* what follows from these */
void ep_maker_counts(struct ep_maker *mk);
void ep_maker_request(struct ep_maker *mk); /* time to first token, ... */

/* Which segments make which rows. */
struct ep_groups {
	struct ep_group {
		char name[EP_PHASE_NAME_BYTES];
		int32_t request;   /* of a request; 0 */
		struct ep_set set; /* into indices */
	} * groups;
	size_t count;
	uint32_t *indices;
};
/* Inside segments by name, in the order of totals, then all: "run". */
int ep_groups_by_name(const struct ep_partition *part,
		      struct ep_groups *ret) EP_MUST_CHECK;
/* By request, without those of none. */
int ep_groups_by_request(const struct ep_partition *part,
			 struct ep_groups *ret) EP_MUST_CHECK;
void ep_groups_done(struct ep_groups *g);

/* phases, totals, requests and tokens of a->report.  -ENOMEM. */
int ep_rows_make(struct ep_analysis *a) EP_MUST_CHECK;
/* The client of a->report over the segments of the run, if there is one.
 * -ENOMEM. */
int ep_client_make(struct ep_analysis *a, struct ep_set run) EP_MUST_CHECK;
/* Channels of a->report, whose rows are made.  -ENOMEM. */
int ep_channels_make(struct ep_analysis *a) EP_MUST_CHECK;
/* Meters side by side, and the calibration, after the channels.  -ENOMEM. */
int ep_meters_make(struct ep_analysis *a) EP_MUST_CHECK;
int ep_calibrated_make(struct ep_analysis *a) EP_MUST_CHECK;

#endif
