/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ASKED_H
#define EP_PROFILER_ANALYZE_ASKED_H

#include "profiler/analyze/battery.h"
#include "profiler/analyze/cost.h"
#include "profiler/analyze/model.h"

/* What a reader wants to know beside the report.  Numbers are NAN where nothing
 * was said. */
#define EP_ASKED_LIST_MAX 6
#define EP_ASKED_NAME_BYTES 120
struct ep_summary;
struct ep_asked {
	bool has_battery;
	struct ep_battery battery;
	double duty_per_h;

	double price_per_kwh;
	double supply_yield;	   /* of the power supply; NAN: as measured */
	double api_price[2];	   /* of a million tokens: input, output */
	bool with_load, with_idle; /* in what an answer costs */

	const struct ep_report *against; /* NULL: no other run */
	/* Of a study alone: another study; NULL none.  Not both. */
	const struct ep_summary *against_study;
	const char *against_name; /* as typed */
	bool pooled;	/* figures are means of runs; ep_summary_ask sets it */
	bool normalise; /* compare actions of different N */
	double device_price[2]; /* of this run's device, the other's */
	double yearly_cost[2];	/* beside the energy */
	double years;
	double ratios[EP_ASKED_LIST_MAX]; /* prompt tokens per output token */
	size_t ratio_count;
	double utilisations[EP_ASKED_LIST_MAX]; /* of the other device */
	size_t utilisation_count;

	/* Of a study alone: the best configuration by a figure, and what others
	 * of its figures have to keep. */
	const char *best; /* "generation.j_per_token"; NULL: not asked */
	struct ep_asked_bound {
		char metric[EP_ASKED_NAME_BYTES];
		double value;
		bool is_ceiling; /* at most value, not at least */
	} bounds[EP_ASKED_LIST_MAX];
	size_t bound_count;
};
/* Nothing is asked. */
void ep_asked_init(struct ep_asked *q);

/*
 * Adds the sections that were asked for to r, which ep_analyze_run() made.
 * Pure: of r, q and q->against alone.  -ERANGE when the duty is impossible,
 * -ENOMEM, each with a sentence.
 */
int ep_asked_answer(struct ep_report *r, const struct ep_asked *q,
		    struct ep_err *err) EP_MUST_CHECK;

#endif
