/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/asked_parts.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void ep_asked_init(struct ep_asked *q)
{
	double none = (double)NAN;

	memset(q, 0, sizeof(*q));
	q->battery.usable = q->battery.yield = 1;
	q->duty_per_h = q->price_per_kwh = q->supply_yield = q->years = none;
	for (size_t i = 0; i < 2; i++)
		q->api_price[i] = q->device_price[i] = q->yearly_cost[i] = none;
}

int64_t ep_report_output_tokens(const struct ep_report *r)
{
	if (r->total_count == 0)
		return -1;
	return r->totals[r->total_count - 1].phase.tokens_count;
}

/* Four words a second: does the machine write as fast as people read? */
int ep_asked_reading(struct ep_report *r)
{
	const struct ep_metric *rate =
		ep_report_total(r, EP_PHASE_GENERATION, "tokens_per_s");
	struct ep_section *s;
	struct ep_section_row *row;
	struct ep_metric *m;
	double margin;

	if (!rate)
		return 0;
	s = ep_section_add(r, "reading", "Reading speed", "phase");
	if (!s)
		return -ENOMEM;
	ep_section_fact(s, "reading_tokens_per_s", "reading",
			"4 words/s = 5.33 tokens/s (0.75 words a token)")
		->number = EP_READING_TOKENS_PER_S;
	row = ep_section_row(s, EP_PHASE_GENERATION, "generation");
	if (!row)
		return -ENOMEM;
	m = ep_section_metric(row, "tokens_per_s");
	ep_derive_scaled(m, rate, 1, "", 0);
	m = ep_section_metric(row, "reading_ratio");
	ep_derive_scaled(m, rate, 1 / EP_READING_TOKENS_PER_S, "", 0);
	if (m->status == EP_STATUS_NOT_MEASURED)
		return 0;
	margin = m->value - 1;
	if (fabs(margin) <= m->u95)
		ep_section_note(s, "about as fast as people read: within the "
				   "uncertainty of the rate");
	else
		ep_section_note(s, "%s than people read",
				margin > 0 ? "faster" : "slower");
	return 0;
}

int ep_asked_answer(struct ep_report *r, const struct ep_asked *q,
		    struct ep_err *err)
{
	bool cost = !isnan(q->price_per_kwh);
	int code = 0;

	if (r->total_count == 0)
		return 0;
	if (q->has_battery) {
		code = ep_asked_battery(r, q, err);
		if (code < 0)
			return code;
	}
	if (q->has_battery || cost)
		code = ep_asked_reading(r);
	if (code == 0 && cost)
		code = ep_asked_cost(r, q);
	if (code == 0 && q->against)
		code = ep_asked_against(r, q);
	if (code == 0 && q->against && !isnan(q->device_price[0]))
		code = ep_asked_break_even(r, q);
	if (code < 0)
		return ep_err_set(err, code, "out of memory");
	return 0;
}
