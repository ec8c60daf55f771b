/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_MODEL_H
#define EP_PROFILER_ANALYZE_MODEL_H

#include "base/sample.h"
#include "profiler/analyze/conditions.h"
#include "profiler/analyze/generation.h"
#include "profiler/analyze/meter_rows.h"
#include "runners/requests.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The report model: everything a renderer needs, nothing it must compute.
 * Built by ep_analyze_run(), read-only afterwards.
 */

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
	double interval_s, interval_mean_s;
	int64_t tick_count, missed_count;
	double late_p50_us, late_p99_us, late_max_us;
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
	char log_note[200];	 /* what the program printed and agrees; "" */
	char total_name[512];	 /* "rapl.package_0 + rapl.package_1" or "" */
	char total_reason[256];	 /* why there is no total */
	char coverage[1024];
	bool total_estimated;
	struct ep_metric idle_power_w;
	int64_t threads_seen;	      /* busy threads, -1 unknown */
	struct ep_sections *sections; /* what else was asked for; or NULL */
	struct ep_row *phases;	      /* time order; every request apart */
	size_t phase_count;
	/* load, prefill, generation, custom ones, other, tail summed over
	 * requests, then "run" (gate to exit): phase.name says which. */
	struct ep_row *totals;
	size_t total_count;
	struct ep_row *requests; /* name "request" */
	size_t request_count;
	struct ep_requests told; /* what was asked and answered, by number */
	struct ep_token *tokens;
	double *token_energy_j; /* since the token before; NAN not measured */
	size_t token_count;
	struct ep_channel_row *channels;
	size_t channel_count;
	struct ep_meter_row *meters; /* the primary first */
	size_t meter_count;
	struct ep_calibrated calibrated;
	struct ep_health *health;
	size_t health_count;
	struct ep_grid_health grid;
	struct ep_conditions conditions;
	/* NULL: no tokens were stamped. */
	struct ep_generation_profile *generation;
	struct ep_associations *associations; /* NULL: nobody looked */
	struct ep_row client; /* what asked, beside what was measured */
	bool has_client;
	struct ep_validity validity;
	struct ep_warning warnings[EP_WARNINGS_MAX];
	size_t warning_count;
	int64_t gate_ns;
};

/* What was asked in the request of a row; NULL: no request was sent. */
const struct ep_request *ep_report_told(const struct ep_report *r,
					int32_t request);
void ep_report_free(struct ep_report *report);

#endif
