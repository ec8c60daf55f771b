/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_MODEL_H
#define EP_PROFILER_ANALYZE_MODEL_H

#include "base/phase.h"
#include "base/sample.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The report model: everything a renderer needs, nothing it must compute.
 * Built by ep_analyze_run(), read-only afterwards.
 */

enum ep_status {
	EP_STATUS_OK,
	EP_STATUS_LOW_CONFIDENCE,
	EP_STATUS_ESTIMATED,
	EP_STATUS_NOT_MEASURED,
};
const char *ep_status_name(enum ep_status s); /* "ok", "low_confidence", ... */

/* One term of an uncertainty budget, as a standard uncertainty. */
struct ep_term {
	const char *name; /* "gain", "offset", "resolution", "border", ... */
	double u;
};
#define EP_TERMS_MAX 12

/*
 * value and u95 (half-width at 95 %) are NAN where there is none.  reason is
 * "" when there is nothing to say.
 */
struct ep_metric {
	char name[80]; /* "energy_j", "context_switches_per_token" */
	double value;
	double u95;
	enum ep_status status;
	char reason[160];
	struct ep_term terms[EP_TERMS_MAX];
	size_t term_count;
};

/* A phase of one request, or a sum over requests (then request = 0). */
struct ep_row {
	struct ep_phase phase;
	double start_s, end_s, slack_s; /* relative to the gate */
	struct ep_metric *metrics;
	size_t metric_count;
};

/* Energy per phase of every power or energy channel, primary or not. */
struct ep_channel_row {
	char name[128]; /* "rapl.package_0" */
	enum ep_role role;
	bool primary; /* belongs to the primary total */
	bool estimated;
	struct ep_metric idle_w;    /* mean over the baseline */
	struct ep_metric *energy_j; /* one per totals row, same order */
};

/* One channel's health. */
struct ep_health {
	char sensor[64];
	char channel[EP_CHANNEL_NAME_BYTES];
	const char *unit;	     /* SI: "w", "j", "count" */
	int64_t declared_refresh_ns; /* 0 unknown */
	double measured_refresh_s;   /* NAN: the value never changed */
	double poll_s;		     /* median time between reads */
	int64_t read_count, repeat_count, error_count, gap_count;
	double max_gap_s;
	bool standing_still; /* a counter that did not move */
};

struct ep_grid_health {
	double interval_s;
	int64_t tick_count, missed_count;
	double late_p50_us, late_p99_us, late_max_us;
	double interval_mean_s;
	double self_cpu_s;     /* edgeprof's own CPU time, gate to end */
	double self_cpu_share; /* of one core */
	double self_energy_j;  /* estimate: share of a core x dynamic W */
	int64_t self_wakeups, self_bytes;
};

struct ep_warning {
	const char *code; /* "estimated", "missed-ticks", ... */
	char text[300];
	char advice[300];
};
#define EP_WARNINGS_MAX 64

struct ep_validity {
	bool valid;
	bool complete; /* false: edgeprof was killed, or the disk was full */
	char reasons[8][160];
	size_t reason_count;
};

struct ep_report {
	json_t *run;		 /* run.json, owned */
	double duration_s;	 /* gate to exit */
	char exit_text[64];	 /* "exit 0", "signal 9", "unknown" */
	char evidence_note[256]; /* how phases were found, or why not */
	char total_name[256];	 /* "rapl.package_0 + rapl.package_1" or "" */
	char total_reason[256];	 /* why there is no total */
	char coverage[512];
	bool total_estimated;
	struct ep_metric idle_power_w;
	int64_t threads_seen; /* busy threads, -1 unknown */

	struct ep_row *phases; /* time order; every request apart */
	size_t phase_count;
	/* load, prefill, generation, custom ones, other, tail summed over
	 * requests, then "run" (gate to exit): phase.name says which. */
	struct ep_row *totals;
	size_t total_count;
	struct ep_row *requests; /* name "request" */
	size_t request_count;
	struct ep_token *tokens;
	double *token_energy_j; /* since the token before; NAN not measured */
	size_t token_count;
	struct ep_channel_row *channels;
	size_t channel_count;
	struct ep_health *health;
	size_t health_count;
	struct ep_grid_health grid;
	struct ep_validity validity;
	struct ep_warning warnings[EP_WARNINGS_MAX];
	size_t warning_count;
	int64_t gate_ns;
};

const struct ep_metric *ep_row_metric(const struct ep_row *row,
				      const char *name); /* or NULL */
/* "J", "J/token", "W" ... for a metric name; "" for a pure number. */
const char *ep_metric_unit(const char *name);
void ep_report_free(struct ep_report *report);

#endif
