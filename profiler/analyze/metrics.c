/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/energy_parts.h"

#define COVER_MIN 0.95

struct ep_metric *ep_maker_add(struct ep_maker *mk, const char *name)
{
	struct ep_row *row = mk->row;
	struct ep_metric *m = &mk->scratch;
	size_t n = row->metric_count;

	/* Room doubles at powers of two from 16 on. */
	if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
		struct ep_metric *more =
			realloc(row->metrics, (n ? n * 2 : 16) * sizeof(*more));

		if (!more)
			mk->failed = -ENOMEM;
		else
			row->metrics = more;
	}
	if (mk->failed == 0)
		m = &row->metrics[row->metric_count++];
	memset(m, 0, sizeof(*m));
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	m->value = m->u95 = (double)NAN;
	m->status = EP_STATUS_NOT_MEASURED;
	return m;
}

void ep_metric_refuse(struct ep_metric *m, const char *reason)
{
	m->value = m->u95 = (double)NAN;
	m->term_count = 0;
	m->status = EP_STATUS_NOT_MEASURED;
	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

void ep_metric_set(struct ep_metric *m, double value, const struct ep_budget *b,
		   double factor)
{
	struct ep_budget scaled = { .count = 0 };

	if (!isfinite(value)) {
		ep_metric_refuse(m, m->reason);
		return;
	}
	ep_budget_add_scaled(&scaled, b, factor);
	m->value = value;
	m->u95 = 2 * ep_budget_u(&scaled);
	m->status = EP_STATUS_OK;
	memcpy(m->terms, scaled.terms, sizeof(m->terms));
	m->term_count = scaled.count;
}

static void add_reason(struct ep_metric *m, const char *text)
{
	size_t used = strlen(m->reason);

	(void)ep_str_format(m->reason + used, sizeof(m->reason) - used, "%s%s",
			    used ? "; " : "", text);
}

void ep_metric_judge(struct ep_metric *m, const struct ep_meter *meter,
		     const struct ep_energy *e)
{
	double missing = e->duration_s - e->cover_s;
	bool low = false;
	char text[EP_POOL_TEXT_BYTES];

	if (m->status == EP_STATUS_NOT_MEASURED)
		return;
	low = e->fresh_count < EP_POOL_SAMPLES_MIN;
	ep_pool_text(&e->pool, text);
	if (text[0])
		add_reason(m, text);
	m->sample_count = text[0] ? (int64_t)e->fresh_count : 0;
	if (e->blind_s > (1 - COVER_MIN) * e->duration_s && e->blind_s > 1e-6)
		low = true;
	if (missing > 1e-6) {
		(void)ep_str_format(text, sizeof(text),
				    "%.4g s of %.4g s not covered by samples",
				    missing, e->duration_s);
		add_reason(m, text);
	}
	if (e->held_s > 1e-6) {
		(void)ep_str_format(text, sizeof(text),
				    "%.4g s of %.4g s lie beyond the samples: "
				    "the nearest held there",
				    e->held_s, e->duration_s);
		add_reason(m, text);
	}
	if (e->locked) {
		/* What its term says is a least one: no interval. */
		low = true;
		m->u95 = (double)NAN;
		add_reason(m, "sampling locked to tokens");
	}
	if (meter->refresh_unknown) {
		low = true;
		add_reason(m, "refresh unknown: the value never changed");
	}
	if (low)
		m->status = EP_STATUS_LOW_CONFIDENCE;
	if (meter->estimated) {
		m->status = EP_STATUS_ESTIMATED;
		add_reason(m, "a model's estimate, not a measurement");
	}
}

/* A figure of the total: value and budget times factor. */
static void add_figure(struct ep_maker *mk, const char *name,
		       const struct ep_energy *e, double divisor)
{
	struct ep_metric *m = ep_maker_add(mk, name);

	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else if (isnan(divisor)) {
		ep_metric_refuse(m, mk->token_reason);
	} else {
		ep_metric_set(m, e->energy_j / divisor, &e->budget,
			      1 / divisor);
		ep_metric_judge(m, &mk->a->total, e);
	}
}

/* Less what the idle machine would have used: the gain of each channel counts
 * once, for what is left of it; an offset common to both cancels. */
static void add_net(struct ep_maker *mk, const char *name, double divisor)
{
	const struct ep_meter *total = &mk->a->total;
	const struct ep_energy *e = &mk->energy;
	struct ep_metric *m = ep_maker_add(mk, name);
	struct ep_budget b = { .count = 0 };
	double net = e->energy_j - total->idle_w * e->duration_s;

	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
		return;
	}
	if (isnan(total->idle_w)) {
		ep_metric_refuse(m, total->idle_reason);
		return;
	}
	if (isnan(divisor)) {
		ep_metric_refuse(m, mk->token_reason);
		return;
	}
	for (size_t i = 0; i < e->budget.count; i++) {
		const struct ep_term *t = &e->budget.terms[i];

		if (strcmp(t->name, "gain") != 0 &&
		    strcmp(t->name, "offset") != 0)
			ep_budget_add(&b, t->name, t->u);
	}
	ep_budget_add(&b, "gain", e->net_gain_j);
	ep_budget_add(&b, "idle",
		      ep_meter_idle_u_w(mk->a, total, mk->set) * e->duration_s);
	ep_metric_set(m, net / divisor, &b, 1 / divisor);
	ep_metric_judge(m, total, e);
}

static const char *no_peak_reason(const struct ep_meter *m)
{
	for (size_t i = 0; i < m->part_count; i++)
		if (ep_part_cell_s(&m->parts[i]) >
		    1.5e-9 * (double)m->parts[i].stream->poll_ns)
			return "its channels are read in turn, so their sum "
			       "has no peak";
	return "too short for this sensor to show a peak";
}

static void add_power(struct ep_maker *mk)
{
	const struct ep_energy *e = &mk->energy;
	struct ep_metric *m = ep_maker_add(mk, "power_mean_w");

	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else {
		ep_metric_set(m, e->mean_w, &e->power, 1);
		ep_metric_judge(m, &mk->a->total, e);
	}
	m = ep_maker_add(mk, "power_peak_w");
	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else if (isnan(e->peak_w)) {
		ep_metric_refuse(m, no_peak_reason(&mk->a->total));
	} else {
		struct ep_budget b = { .count = 0 };

		ep_budget_add(&b, "gain",
			      ep_budget_get(&e->power, "gain") * e->peak_w /
				      e->mean_w);
		ep_budget_add(&b, "offset", ep_budget_get(&e->power, "offset"));
		ep_metric_set(m, e->peak_w, &b, 1);
		ep_metric_judge(m, &mk->a->total, e);
		if (e->peak_is_bound)
			add_reason(m, "sum of the sensors' own peaks");
	}
}

/* S = E * T / N = P * T^2 / N: its duration counts twice, and only there. */
static void add_action(struct ep_maker *mk)
{
	static const char *const names[] = { "action_j_s_per_token",
					     "edp_j_s_per_token2" };
	const struct ep_energy *e = &mk->energy;
	double t = e->duration_s, n = mk->token_count;
	struct ep_budget b = { .count = 0 };

	ep_budget_add_scaled(&b, &e->power, t * t);
	if (!isnan(e->energy_j))
		ep_budget_add(&b, "duration",
			      2 * e->u_time_s * fabs(e->energy_j));
	for (int i = 0; i < 2; i++) {
		struct ep_metric *m = ep_maker_add(mk, names[i]);
		double divisor = i == 0 ? n : n * n;

		if (isnan(e->energy_j)) {
			ep_metric_refuse(m, e->reason);
		} else if (isnan(n)) {
			ep_metric_refuse(m, mk->token_reason);
		} else {
			ep_metric_set(m, e->energy_j * t / divisor, &b,
				      1 / divisor);
			ep_metric_judge(m, &mk->a->total, e);
		}
	}
}

static double duration_of(const struct ep_maker *mk, double *ret_u)
{
	double sum = 0, u = 0;

	for (size_t i = 0; i < mk->set.count; i++) {
		size_t s = mk->set.segments[i];
		const struct ep_phase *p = &mk->a->part.segments[s].phase;

		sum += (double)(p->end_ns - p->start_ns) * 1e-9;
		if (i == 0 || mk->set.segments[i - 1] + 1 != s)
			u = hypot(u, ep_u_limit(ep_border_slack_s(mk->a, s)));
		if (i + 1 == mk->set.count || mk->set.segments[i + 1] != s + 1)
			u = hypot(u,
				  ep_u_limit(ep_border_slack_s(mk->a, s + 1)));
	}
	*ret_u = u;
	return sum;
}

void ep_maker_times(struct ep_maker *mk)
{
	struct ep_budget b = { .count = 0 };
	struct ep_metric *m;
	double u, t = duration_of(mk, &u);

	ep_budget_add(&b, "border", u);
	ep_metric_set(ep_maker_add(mk, "duration_s"), t, &b, 1);
	if (!mk->token_reason || mk->kind == EP_ROW_RUN ||
	    mk->kind == EP_ROW_REQUEST)
		return;
	m = ep_maker_add(mk, "tokens_per_s");
	if (isnan(mk->step_count))
		ep_metric_refuse(m, mk->token_reason);
	else
		ep_metric_set(m, mk->step_count / t, &b,
			      mk->step_count / t / t);
}

void ep_maker_energies(struct ep_maker *mk)
{
	bool whole = mk->kind == EP_ROW_RUN || mk->kind == EP_ROW_REQUEST;

	ep_energy_measure(mk->a, &mk->a->total, mk->set, &mk->energy);
	ep_maker_times(mk);
	add_figure(mk, "energy_j", &mk->energy, 1);
	if (mk->kind != EP_ROW_IDLE)
		add_net(mk, "energy_net_j", 1);
	add_power(mk);
	if (!mk->token_reason)
		return;
	if (whole) {
		add_figure(mk, "j_per_output_token", &mk->answer,
			   mk->token_count);
	} else {
		add_figure(mk, "j_per_token", &mk->energy, mk->step_count);
		add_net(mk, "net_j_per_token", mk->step_count);
	}
	add_action(mk);
}
