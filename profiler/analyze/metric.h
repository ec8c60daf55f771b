/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_METRIC_H
#define EP_PROFILER_ANALYZE_METRIC_H

#include "base/phase.h"

#include <stddef.h>

/* A figure with all that is known about it, and the rows figures stand in. */

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

/* How the reason of a count begins that several shared a counter for. */
#define EP_REASON_SCALED "scaled: counted "

/*
 * value and u95 (half-width at 95 %) are NAN where there is none.  reason is
 * "" when there is nothing to say.
 */
struct ep_metric {
	char name[80]; /* "energy_j", "context_switches_per_token" */
	double value;
	double u95;
	enum ep_status status;
	bool by_chunks; /* per token, and nobody counted tokens */
	char reason[160];
	struct ep_term terms[EP_TERMS_MAX];
	size_t term_count;
	/* Fresh samples it was made from, where they are few for a phase or
	 * were pooled over several; 0 otherwise. */
	int64_t sample_count;
};

/* A phase of one request, or a sum over requests (then request = 0). */
struct ep_row {
	struct ep_phase phase;
	double start_s, end_s, slack_s; /* relative to the gate */
	struct ep_metric *metrics;
	size_t metric_count;
};

const struct ep_metric *ep_row_metric(const struct ep_row *row,
				      const char *name); /* or NULL */
/* "J", "J/token", "W" ... for a metric name; "" for a pure number. */
const char *ep_metric_unit(const char *name);

/* Charges are in coulombs; tables show them as batteries are labelled. */
#define EP_COULOMBS_PER_MAH 3.6

#endif
