/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/metrics.h"

/* What may count as one inference. */
struct basis {
	const char *scope, *what;
	/* Of all that were in the run. */
	const struct ep_metric *energy, *power, *duration;
	double count;	    /* inferences in it */
	double token_count; /* output tokens of one; NAN */
	bool alone;	    /* it can be done by itself */
	bool resident;	    /* the model stays in memory between two */
};

/* The figures it is about. */
struct life {
	const struct ep_report *report;
	const struct ep_asked *asked;
	double charge_j, charge_u; /* u relative */
};

static size_t list_bases(const struct ep_report *r, struct basis *ret)
{
	double n = r->request_count > 0 ? (double)r->request_count : 1;
	int64_t count = ep_report_output_tokens(r);
	double tokens = count > 0 ? (double)count : (double)NAN;
	size_t used = 0;

	ret[used++] = (struct basis){
		"run",
		"the whole run, load included",
		ep_report_total(r, "run", "energy_j"),
		ep_report_total(r, "run", "power_mean_w"),
		ep_report_total(r, "run", "duration_s"),
		1,
		tokens,
		true,
		false,
	};
	if (ep_report_total(r, "run", "energy_served_j"))
		ret[used++] = (struct basis){
			"request",
			"a request, model in memory",
			ep_report_total(r, "run", "energy_served_j"),
			ep_report_total(r, "run", "power_served_mean_w"),
			ep_report_total(r, "run", "duration_served_s"),
			n,
			tokens / n,
			true,
			true,
		};
	if (ep_report_total(r, EP_PHASE_GENERATION, "energy_j"))
		ret[used++] = (struct basis){
			EP_PHASE_GENERATION,
			"generation only",
			ep_report_total(r, EP_PHASE_GENERATION, "energy_j"),
			ep_report_total(r, EP_PHASE_GENERATION, "power_mean_w"),
			ep_report_total(r, EP_PHASE_GENERATION, "duration_s"),
			n,
			tokens / n,
			false,
			true,
		};
	return used;
}

/* x = charge * factor / from, with both relative uncertainties. */
static void add_quotient(struct ep_section_row *row, const char *name,
			 const struct life *l, const struct ep_metric *from,
			 double factor)
{
	struct ep_metric *m = ep_section_metric(row, name);
	struct ep_budget b = { .count = 0 };
	double value;

	if (!ep_derive_begin(m, &from, 1))
		return;
	if (!(from->value > 0)) {
		ep_metric_refuse(m, "its energy is not above zero");
		return;
	}
	value = l->charge_j * factor / from->value;
	ep_derive_terms(&b, from, value / from->value);
	ep_budget_add(&b, "capacity", l->charge_u * value);
	ep_derive_end(m, value, &b);
}

/* A whole number of them. */
static void floor_count(struct ep_metric *m)
{
	if (m->status != EP_STATUS_NOT_MEASURED)
		m->value = floor(m->value);
}

static double term_of(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

/*
 * Energy of one hour of duty.  Both parts come from one meter: its gain counts
 * once, for their sum, and its offset adds up over the hour.
 */
static void hour_terms(struct ep_budget *b, const struct ep_metric *run,
		       const struct ep_metric *idle, double runs, double idle_s)
{
	static const char *const common[] = { "gain", "offset", EP_TERM_METER };
	static const char *const of_idle[] = { "idle", "resolution", "spread" };

	for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		ep_budget_add(b, common[i],
			      runs * term_of(run, common[i]) +
				      idle_s * term_of(idle, common[i]));
	for (size_t i = 0; i < run->term_count; i++) {
		const struct ep_term *t = &run->terms[i];

		if (!ep_term_is_common(t->name))
			ep_budget_add(b, t->name, runs * t->u);
	}
	for (size_t i = 0; i < sizeof(of_idle) / sizeof(of_idle[0]); i++)
		ep_budget_add(b, of_idle[i],
			      idle_s * term_of(idle, of_idle[i]));
}

/* Was the model in memory while the baseline was taken? */
static bool baseline_is_resident(const struct ep_report *r)
{
	const json_t *attach = json_object_get(r->run, "attach");

	return json_integer_value(json_object_get(attach, "pid")) > 0;
}

static void add_duty(struct ep_section_row *row, const struct life *l,
		     const struct basis *basis)
{
	const struct ep_metric *idle = &l->report->idle_power_w;
	const struct ep_metric *from[] = { basis->energy, idle };
	struct ep_metric *hours =
		ep_section_metric(row, "duty_hours_per_charge");
	struct ep_metric *runs =
		ep_section_metric(row, "duty_inferences_per_charge");
	double rate = l->asked->duty_per_h, hour_j;
	struct ep_budget b = { .count = 0 }, scaled = { .count = 0 };
	struct ep_duty d = { .idle_w = idle->value, .rate_per_h = rate };
	double idle_s, value;

	if (!basis->energy || !basis->duration)
		return;
	if (!ep_derive_begin(hours, from, 2)) {
		ep_metric_refuse(runs, hours->reason);
		return;
	}
	d.run_j = basis->energy->value / basis->count;
	d.run_s = basis->duration->value / basis->count;
	if (ep_battery_duty_hours(l->charge_j, &d, &value) < 0) {
		ep_metric_refuse(hours, "an hour is too short for so many");
		ep_metric_refuse(runs, hours->reason);
		return;
	}
	if (basis->resident && !baseline_is_resident(l->report)) {
		if (hours->status == EP_STATUS_OK)
			hours->status = EP_STATUS_LOW_CONFIDENCE;
		(void)ep_str_copy(hours->reason, sizeof(hours->reason),
				  "idle power is that before the start, "
				  "without the model in memory");
	}
	hour_j = l->charge_j / value;
	idle_s = 3600 - rate * d.run_s;
	hour_terms(&b, basis->energy, idle, rate / basis->count, idle_s);
	ep_budget_add_scaled(&scaled, &b, value / hour_j);
	ep_budget_add(&scaled, "capacity", l->charge_u * value);
	ep_derive_end(hours, value, &scaled);
	ep_derive_scaled(runs, hours, rate, "", 0);
	floor_count(runs);
}

static int add_basis(struct ep_section *s, const struct life *l,
		     const struct basis *basis)
{
	struct ep_section_row *row =
		ep_section_row(s, basis->scope, basis->what);
	struct ep_metric *m;

	if (!row)
		return -ENOMEM;
	m = ep_section_metric(row, "energy_j");
	if (basis->energy)
		ep_derive_scaled(m, basis->energy, 1 / basis->count, "", 0);
	m = ep_section_metric(row, "duration_s");
	if (basis->duration)
		ep_derive_scaled(m, basis->duration, 1 / basis->count, "", 0);
	add_quotient(row, "inferences_per_charge", l, basis->energy,
		     basis->count);
	floor_count(&row->metrics[row->metric_count - 1]);
	/* E / T: their borders are the same, so of the mean power. */
	add_quotient(row, "hours_per_charge", l, basis->power, 1.0 / 3600);
	add_quotient(row, "words_per_charge", l, basis->energy,
		     basis->count * EP_WORDS_PER_TOKEN * basis->token_count);
	m = &row->metrics[row->metric_count - 1];
	if (isnan(basis->token_count) && basis->energy)
		ep_metric_refuse(m, "output tokens are not known");
	if (!isnan(l->asked->duty_per_h) && basis->alone)
		add_duty(row, l, basis);
	return 0;
}

int ep_asked_check_duty(const struct ep_report *r, const struct ep_asked *q,
			struct ep_err *err)
{
	struct basis bases[3];
	size_t count = list_bases(r, bases);
	const struct basis *one = &bases[0];
	double rate = q->duty_per_h, each_s;

	for (size_t i = 0; i < count && r->request_count > 1; i++)
		if (strcmp(bases[i].scope, "request") == 0)
			one = &bases[i];
	if (isnan(rate) || !one->duration)
		return 0;
	each_s = one->duration->value / one->count;
	if (!(rate * each_s > 3600))
		return 0;
	return ep_err_set(err, -ERANGE,
			  "a duty of %.6g/h is impossible: %.6g inferences of "
			  "%.4g s take %.6g s of each hour; at most %.0f/h fit",
			  rate, rate, each_s, rate * each_s,
			  floor(3600 / each_s));
}

static void put_facts(struct ep_section *s, const struct life *l)
{
	const struct ep_battery *b = &l->asked->battery;

	if (b->name[0] != '\0') {
		(void)ep_section_fact(s, "name", "battery", "%s", b->name);
		(void)ep_section_fact(s, "title", "is", "%s", b->title);
		(void)ep_section_fact(s, "source", "source", "%s", b->source);
	}
	ep_section_fact(s, "energy_wh", "energy", "%.6g Wh", b->energy_wh)
		->number = b->energy_wh;
	ep_section_fact(s, "usable_share", "usable", "%.4g %%", 100 * b->usable)
		->number = b->usable;
	ep_section_fact(s, "efficiency_share", "converter",
			"%.4g %% of it reaches the board", 100 * b->yield)
		->number = b->yield;
	if (b->tolerance > 0)
		ep_section_fact(s, "tolerance_share", "tolerance",
				"\u00b1 %.4g %%", 100 * b->tolerance)
			->number = b->tolerance;
	ep_section_fact(s, "charge_j", "a charge", "%.8g J", l->charge_j)
		->number = l->charge_j;
	if (!isnan(l->asked->duty_per_h))
		ep_section_fact(s, "duty_per_h", "duty",
				"%.6g inferences an hour, idle between",
				l->asked->duty_per_h)
			->number = l->asked->duty_per_h;
}

int ep_asked_battery(struct ep_report *r, const struct ep_asked *q,
		     struct ep_err *err)
{
	struct life l = { r, q, ep_battery_j(&q->battery),
			  ep_battery_u(&q->battery) };
	struct basis bases[3];
	size_t count = list_bases(r, bases);
	struct ep_section *s;
	int code = ep_asked_check_duty(r, q, err);

	/* Of a study some configurations are fast enough for it. */
	if (code < 0 && !q->pooled)
		return code;
	s = ep_section_add(r, "battery", "Battery", "one inference is");
	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	put_facts(s, &l);
	for (size_t i = 0; i < count; i++)
		if (add_basis(s, &l, &bases[i]) < 0)
			return ep_err_set(err, -ENOMEM, "out of memory");
	ep_section_note(s, "gross energy; full charge, hours without a pause; "
			   "words = tokens \u00d7 0.75");
	if (!(q->battery.tolerance > 0))
		ep_section_note(s, "the energy of the charge is taken as it "
				   "was given: no \u00b1 of its own");
	return 0;
}
