/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ANALYSIS_H
#define EP_PROFILER_ANALYZE_ANALYSIS_H

#include "profiler/analyze/model.h"
#include "profiler/analyze/phases.h"
#include "profiler/analyze/pool.h"
#include "profiler/analyze/stream.h"
#include "profiler/analyze/uncertainty.h"

/* Everything the parts of one analysis share; private to this folder. */

/* A channel on its stream. */
struct ep_part {
	const struct ep_stream *stream;
	size_t channel;
	double unit;	  /* of the raw value, in SI: 1e-6 for uW */
	double refresh_s; /* declared, else measured; 0 unknown */
};

/* Channels whose sum is one figure. */
struct ep_meter {
	struct ep_part parts[EP_RUN_TOTAL_MAX];
	size_t part_count; /* 0: nothing measures it */
	bool fine;	   /* cells at its borders and tokens */
	char reason[200];  /* why it measures nothing; "" it does */
	bool estimated;
	bool refresh_unknown;	 /* a value that never changed, unproven */
	double idle_w, idle_u_w; /* NAN: unknown, see idle_reason */
	/* Of idle_u_w: the spread of the baseline, and how far the idle power
	 * after the run is from it (0: nobody knows). */
	double idle_spread_w, idle_drift_w;
	double idle_part_w[EP_RUN_TOTAL_MAX]; /* of each part */
	char idle_reason[160];
	struct ep_budget idle_budget;
};

struct ep_analysis {
	struct ep_run run;
	struct ep_partition part;
	struct ep_cuts cuts; /* cell i + 1 is segment i */
	struct ep_cuts fine;
	/* Power before and after a border is that of side_width_ns which begin
	 * side_ns away from it, past what the sensor blurs. */
	int64_t side_ns, side_width_ns;
	struct ep_stream *streams;
	size_t stream_count;
	struct ep_meter total;
	struct ep_report *report; /* being made */
};

/* Segments that make one row of a report, ascending. */
struct ep_set {
	const uint32_t *segments;
	size_t count;
};

/* What a meter says of a set. */
struct ep_energy {
	double energy_j; /* NAN: not measured, see reason */
	double mean_w;	 /* over what was seen */
	double duration_s, cover_s;
	double held_s, blind_s; /* beyond the reads; that and no value at all */
	double fresh_count;	/* of its poorest channel */
	double peak_w;		/* NAN: none */
	double u_time_s;
	double net_gain_j; /* the gain of what is left over idle; NAN */
	double part_w[EP_RUN_TOTAL_MAX];
	struct ep_pool pool;
	bool pooled;	    /* the mean of its samples, see pool.h */
	bool locked;	    /* sampling locked to tokens */
	bool peak_is_bound; /* sum of several sensors' own peaks */
	char reason[160];
	struct ep_budget budget; /* of energy_j */
	struct ep_budget power;	 /* of mean_w */
};
void ep_energy_measure(const struct ep_analysis *a, const struct ep_meter *m,
		       struct ep_set set, struct ep_energy *ret);
/* One channel as a part; ep_part_settle() after the stream has ended. */
struct ep_part ep_part_of(const struct ep_stream *stream, size_t channel);
void ep_part_settle(struct ep_part *p);
/* A counter that did not move until a second after the gate. */
bool ep_part_stands_still(const struct ep_part *p);
/* The streams have ended: refresh, standing still and idle power. */
void ep_meter_settle(const struct ep_analysis *a, struct ep_meter *m);
/* idle_u_w where the set is, between the baseline and the end. */
double ep_meter_idle_u_w(const struct ep_analysis *a, const struct ep_meter *m,
			 struct ep_set set);
/* All its channels claim an accuracy, so their own error is in the figures. */
bool ep_meter_has_limits(const struct ep_meter *m);
/* The shortest stretch that all its channels can judge. */
int64_t ep_meter_min_ns(const struct ep_meter *m);
/* Half-width of what is known about border i: the start of segment i, or the
 * end of the last; seconds. */
double ep_border_slack_s(const struct ep_analysis *a, size_t border);
/* The recording after the program and a second for the machine to settle;
 * false when hardly anything is left. */
bool ep_after_bounds(const struct ep_analysis *a, int64_t *ret_from_ns,
		     int64_t *ret_to_ns);
/* Length of the blocks whose spread says how steady the baseline is. */
int64_t ep_idle_block_ns(const struct ep_run *run);

/* Energy of a meter of primary channels between two instants that are cuts of
 * fine; NAN when a channel misses some of it. */
double ep_energy_between(const struct ep_analysis *a, const struct ep_meter *m,
			 int64_t from_ns, int64_t to_ns);

#endif
