/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/metrics.h"

/* J/token to money: 1 / 3.6 * price, more where the supply loses some. */
static double money_per_j(const struct ep_asked *q)
{
	double factor = ep_cost_per_million(1, q->price_per_kwh);

	return isnan(q->supply_yield) ? factor : factor / q->supply_yield;
}

static void add_ratio(struct ep_section_row *row, const struct ep_metric *cost,
		      double api_price)
{
	struct ep_metric *m = ep_section_metric(row, "api_price_ratio");
	struct ep_budget b = { .count = 0 };
	double value = api_price / cost->value;

	if (!ep_derive_begin(m, &cost, 1))
		return;
	if (!(cost->value > 0)) {
		ep_metric_refuse(m, "the energy costs nothing");
		return;
	}
	ep_derive_terms(&b, cost, value / cost->value);
	ep_derive_end(m, value, &b);
}

static int add_row(struct ep_section *s, const struct ep_asked *q,
		   const char *const names[2], const struct ep_metric *energy,
		   double api_price)
{
	struct ep_section_row *row = ep_section_row(s, names[0], names[1]);
	struct ep_metric *m, *cost;

	if (!row)
		return -ENOMEM;
	m = ep_section_metric(row, "j_per_token");
	if (energy)
		ep_derive_scaled(m, energy, 1, "", 0);
	else
		ep_metric_refuse(m, "no such phase was seen");
	cost = ep_section_metric(row, "cost_per_million_tokens");
	ep_derive_scaled(cost, m, money_per_j(q), "", 0);
	if (!isnan(api_price))
		add_ratio(row, cost, api_price);
	return 0;
}

/* Adds m * factor to a sum of energies of one meter: its gain and offset are
 * the same in all of them. */
static void add_energy(struct ep_budget *sum, const struct ep_metric *m,
		       double factor)
{
	struct ep_budget other = { .count = 0 };

	for (size_t i = 0; i < m->term_count; i++) {
		const struct ep_term *t = &m->terms[i];
		bool common = ep_term_is_common(t->name);
		double u = fabs(factor) * t->u;
		bool found = false;

		for (size_t k = 0; common && k < sum->count && !found; k++) {
			found = strcmp(sum->terms[k].name, t->name) == 0;
			if (found)
				sum->terms[k].u += u;
		}
		if (!found)
			ep_budget_add(&other, t->name, u);
	}
	ep_budget_add_scaled(sum, &other, 1);
}

/* Prefill and generation, with what else was asked to be in it, for each
 * output token. */
static void answer_energy(const struct ep_report *r, const struct ep_asked *q,
			  struct ep_metric *ret)
{
	double n = (double)ep_report_output_tokens(r);
	const struct ep_metric *from[3], *run_s;
	double factors[3] = { 1, 1 / n, 0 }, value = 0;
	struct ep_budget b = { .count = 0 };
	size_t count = 0;

	ep_metric_begin(ret, "j_per_token");
	run_s = ep_report_total(r, "run", "duration_s");
	from[count++] = ep_report_total(r, "run", "j_per_output_token");
	/* Without a load phase nothing was loaded. */
	if (q->with_load && ep_report_total(r, EP_PHASE_LOAD, "energy_j"))
		from[count++] = ep_report_total(r, EP_PHASE_LOAD, "energy_j");
	if (q->with_idle && run_s) {
		factors[count] =
			fmax(0, 3600 / q->duty_per_h - run_s->value) / n;
		from[count++] = &r->idle_power_w;
	}
	if (!from[0]) {
		ep_metric_refuse(ret, "output tokens are not known");
		return;
	}
	if (!ep_derive_begin(ret, from, count))
		return;
	for (size_t i = 0; i < count; i++) {
		value += factors[i] * from[i]->value;
		add_energy(&b, from[i], factors[i]);
	}
	ep_derive_end(ret, value, &b);
}

static void put_facts(struct ep_section *s, const struct ep_asked *q)
{
	ep_section_fact(s, "price_per_kwh", "price",
			"%.6g for each kWh; costs are in the same money",
			q->price_per_kwh)
		->number = q->price_per_kwh;
	if (isnan(q->supply_yield))
		(void)ep_section_fact(
			s, "supply", "supply",
			"its losses are not in it, unless the total is "
			"measured before it (--supply-efficiency)");
	else
		ep_section_fact(s, "supply_efficiency_share", "supply",
				"%.4g %% efficient: costs are those at the "
				"wall",
				100 * q->supply_yield)
			->number = q->supply_yield;
	if (!isnan(q->api_price[0])) {
		ep_section_fact(s, "api_price_input", "API in",
				"%.6g for a million tokens", q->api_price[0])
			->number = q->api_price[0];
		ep_section_fact(s, "api_price_output", "API out",
				"%.6g for a million tokens", q->api_price[1])
			->number = q->api_price[1];
	}
}

int ep_asked_cost(struct ep_report *r, const struct ep_asked *q)
{
	static const char *const names[][2] = {
		{ "input", "input (prompt tokens)" },
		{ "output", "output (decode steps)" },
		{ "answer", "prefill + generation" },
	};
	struct ep_section *s =
		ep_section_add(r, "cost", "Cost of energy", "a token of");
	char title[80];
	const char *const answer[] = { names[2][0], title };
	struct ep_metric whole;
	int code;

	if (!s)
		return -ENOMEM;
	put_facts(s, q);
	answer_energy(r, q, &whole);
	(void)ep_str_format(title, sizeof(title), "output, with prefill%s%s",
			    q->with_load ? " + load" : "",
			    q->with_idle ? " + idle" : "");
	code = add_row(s, q, names[0],
		       ep_report_total(r, EP_PHASE_PREFILL, "j_per_token"),
		       q->api_price[0]);
	if (code == 0)
		code = add_row(
			s, q, names[1],
			ep_report_total(r, EP_PHASE_GENERATION, "j_per_token"),
			q->api_price[1]);
	if (code == 0)
		code = add_row(s, q, answer, &whole, (double)NAN);
	ep_section_note(s,
			"gross energy%s; the machine itself, cooling and work "
			"are not in it",
			q->with_load || q->with_idle
				? ""
				: " without load and idle (--include)");
	return code;
}
