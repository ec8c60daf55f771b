/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/metrics.h"

/* What a device is made of. */
enum figure { IN_J, OUT_J, IN_PER_S, OUT_PER_S, IDLE_W, FIGURES };

struct side {
	const struct ep_metric *figures[FIGURES];
	struct ep_device device;
};

static void take_side(struct side *side, const struct ep_report *r,
		      double price, bool with_idle)
{
	const struct ep_metric **f = side->figures;

	memset(side, 0, sizeof(*side));
	f[IN_J] = ep_report_total(r, EP_PHASE_PREFILL, "j_per_token");
	f[OUT_J] = ep_report_total(r, EP_PHASE_GENERATION, "j_per_token");
	f[IN_PER_S] = ep_report_total(r, EP_PHASE_PREFILL, "tokens_per_s");
	f[OUT_PER_S] = ep_report_total(r, EP_PHASE_GENERATION, "tokens_per_s");
	if (with_idle)
		f[IDLE_W] = &r->idle_power_w;
	side->device.price = price;
}

/* The device with one of its figures moved by delta. */
static struct ep_device device_of(const struct side *side, int moved,
				  double delta)
{
	struct ep_device d = side->device;
	double *places[FIGURES] = { &d.in_j, &d.out_j, &d.in_per_s,
				    &d.out_per_s, &d.idle_w };

	for (int i = 0; i < FIGURES; i++)
		if (side->figures[i])
			*places[i] = side->figures[i]->value +
				     (i == moved ? delta : 0);
	return d;
}

/*
 * What the uncertainty of each figure does to the power saved: one after the
 * other, as the two devices have nothing in common.
 */
static void saved_terms(const struct side *sides, const struct ep_load *load,
			const struct ep_break_even *at, struct ep_budget *b)
{
	static const char *const names[2][FIGURES] = {
		{ "input_j", "output_j", "input_rate", "output_rate", "idle" },
		{ "other_input_j", "other_output_j", "other_input_rate",
		  "other_output_rate", "other_idle" },
	};

	for (int k = 0; k < 2; k++)
		for (int i = 0; i < FIGURES; i++) {
			const struct ep_metric *f = sides[k].figures[i];
			double u = f && isfinite(f->u95) ? f->u95 / 2 : 0;
			struct ep_device a, other;
			struct ep_break_even moved;

			if (!(u > 0))
				continue;
			a = device_of(&sides[0], k == 0 ? i : FIGURES, u);
			other = device_of(&sides[1], k == 1 ? i : FIGURES, u);
			ep_break_even(&a, &other, load, &moved);
			/* One more device A is no uncertainty of its power. */
			moved.saved_w -=
				(moved.a_count - at->a_count) * a.idle_w;
			ep_budget_add(b, names[k][i],
				      fabs(moved.saved_w - at->saved_w));
		}
}

static void put_verdict(char *ret, size_t size, const struct ep_break_even *e,
			const struct ep_metric *saved)
{
	static const char *const words[] = {
		[EP_PAYS_BACK] = "pays back",
		[EP_NEVER] = "never",
		[EP_FROM_START] = "from the start",
		[EP_AT_FIRST] = "cheaper only until then",
	};
	char more[60] = "";

	if (e->a_share > 1)
		(void)ep_str_format(more, sizeof(more),
				    "; this device cannot do it: %.0f needed",
				    e->a_count);
	(void)ep_str_format(ret, size, "%s%s",
			    fabs(saved->value) <= saved->u95
				    ? "cannot tell: within the uncertainty"
				    : words[e->is],
			    more);
}

static void add_tco(struct ep_section_row *row, const struct ep_asked *q,
		    const struct ep_break_even *e)
{
	double kwh = EP_HOURS_PER_YEAR / 1000.0 * q->price_per_kwh;
	bool more = !isnan(q->yearly_cost[0]);
	struct ep_owning a = { e->a_count * q->device_price[0],
			       kwh * e->a_w + (more ? q->yearly_cost[0] : 0) };
	struct ep_owning b = { q->device_price[1],
			       kwh * e->b_w + (more ? q->yearly_cost[1] : 0) };
	const struct ep_budget none = { .count = 0 };
	struct ep_tco t;

	if (isnan(q->years))
		return;
	ep_tco(&a, &b, q->years, &t);
	ep_metric_set(ep_section_metric(row, "tco_this"), t.a, &none, 1);
	ep_metric_set(ep_section_metric(row, "tco_other"), t.b, &none, 1);
	ep_metric_set(ep_section_metric(row, "tco_saving_share"),
		      t.saving_share, &none, 1);
	for (size_t i = row->metric_count - 3; i < row->metric_count; i++)
		row->metrics[i].u95 = (double)NAN;
}

/* The row of one load; what its devices lack is why it says nothing. */
static int add_load(struct ep_section *s, const struct ep_asked *q,
		    const struct side *sides, const struct ep_load *load)
{
	const struct ep_metric *from[2 * FIGURES];
	struct ep_budget b = { .count = 0 }, years_b = { .count = 0 };
	struct ep_section_row *row;
	struct ep_metric *saved, *years;
	struct ep_break_even e;
	struct ep_device a, other;
	size_t count = 0;
	char scope[60];

	(void)ep_str_format(scope, sizeof(scope), "%.6g:1 at %.4g %%",
			    load->ratio, 100 * load->utilisation);
	row = ep_section_row(s, scope, "");
	if (!row)
		return -ENOMEM;
	saved = ep_section_metric(row, "power_saved_w");
	years = ep_section_metric(row, "break_even_years");
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < FIGURES; i++)
			if (i != IDLE_W || sides[k].figures[i])
				from[count++] = sides[k].figures[i];
	if (!ep_derive_begin(saved, from, count)) {
		ep_metric_refuse(years, saved->reason);
		return 0;
	}
	a = device_of(&sides[0], FIGURES, 0);
	other = device_of(&sides[1], FIGURES, 0);
	ep_break_even(&a, &other, load, &e);
	saved_terms(sides, load, &e, &b);
	(void)ep_derive_begin(years, from, count);
	ep_derive_end(saved, e.saved_w, &b);
	put_verdict(row->what, sizeof(row->what), &e, saved);
	ep_budget_add_scaled(&years_b, &b,
			     fabs(e.saved_w) > 0 ? fabs(e.years / e.saved_w)
						 : 0);
	(void)ep_str_copy(years->reason, sizeof(years->reason), row->what);
	ep_derive_end(years, e.years, &years_b);
	if (fabs(saved->value) <= saved->u95 && years->status == EP_STATUS_OK)
		years->status = EP_STATUS_LOW_CONFIDENCE;
	ep_metric_set(ep_section_metric(row, "devices_needed_count"), e.a_count,
		      &(struct ep_budget){ .count = 0 }, 1);
	add_tco(row, q, &e);
	return 0;
}

static void put_facts(struct ep_section *s, const struct ep_asked *q)
{
	bool more = !isnan(q->yearly_cost[0]);

	(void)ep_section_fact(s, "other_folder", "other", "%s",
			      q->against_name);
	ep_section_fact(s, "device_price_this", "this", "costs %.8g to buy",
			q->device_price[0])
		->number = q->device_price[0];
	ep_section_fact(s, "device_price_other", "other", "costs %.8g to buy",
			q->device_price[1])
		->number = q->device_price[1];
	ep_section_fact(s, "price_per_kwh", "energy", "%.6g for each kWh",
			q->price_per_kwh)
		->number = q->price_per_kwh;
	if (isnan(q->years))
		return;
	ep_section_fact(s, "tco_years", "total",
			"cost of %.6g years: price, energy%s", q->years,
			more ? " and the yearly costs" : "")
		->number = q->years;
	if (!more)
		return;
	ep_section_fact(s, "yearly_cost_this", "this",
			"costs %.8g a year beside energy", q->yearly_cost[0])
		->number = q->yearly_cost[0];
	ep_section_fact(s, "yearly_cost_other", "other",
			"costs %.8g a year beside energy", q->yearly_cost[1])
		->number = q->yearly_cost[1];
}

int ep_asked_break_even(struct ep_report *r, const struct ep_asked *q)
{
	struct ep_section *s = ep_section_add(r, "break_even", "Break-even",
					      "prompt:output, busy");
	struct ep_load load = { .price_per_kwh = q->price_per_kwh };
	struct side sides[2];
	int code = 0;

	if (!s)
		return -ENOMEM;
	put_facts(s, q);
	take_side(&sides[0], r, q->device_price[0], q->with_idle);
	take_side(&sides[1], q->against, q->device_price[1], q->with_idle);
	for (size_t i = 0; i < q->ratio_count && code == 0; i++)
		for (size_t k = 0; k < q->utilisation_count && code == 0; k++) {
			load.ratio = q->ratios[i];
			load.utilisation = q->utilisations[k];
			code = add_load(s, q, sides, &load);
		}
	ep_section_note(s, "when the other device has paid for itself by what "
			   "it saves of energy, doing the same work; busy is "
			   "the share of time the other one computes");
	if (!q->with_idle)
		ep_section_note(s, "idle power is not in it (--include idle)");
	return code;
}
