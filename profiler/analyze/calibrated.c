/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/metrics.h"

/* A fit without its covariance gives no interval (docs/metrics.md). */
#define INDICATIVE "indicative: a published fit without uncertainty"

static const json_t *find(const json_t *run, const char *name)
{
	const json_t *list =
		json_object_get(json_object_get(run, "board"), "calibrations");
	const json_t *fit;
	size_t i;

	json_array_foreach(list, i, fit)
	{
		const char *its =
			json_string_value(json_object_get(fit, "name"));

		if (its && strcmp(its, name) == 0)
			return fit;
	}
	return NULL;
}

static void take_text(char *ret, size_t size, const json_t *fit,
		      const char *key)
{
	const char *text = json_string_value(json_object_get(fit, key));

	(void)ep_str_copy(ret, size, text ? text : "");
	ep_str_printable(ret);
}

struct fit {
	double gain, offset_w;
	bool known; /* how well */
	double u_gain, u_offset_w, covariance_w, residual_w;
	double from_w, to_w; /* NAN: nobody said */
};

static double number(const json_t *fit, const char *key)
{
	const json_t *n = json_object_get(fit, key);

	return json_is_number(n) ? json_number_value(n) : (double)NAN;
}

static struct fit read_fit(const json_t *o)
{
	struct fit f = {
		.gain = number(o, "gain"),
		.offset_w = number(o, "offset_w"),
		.u_gain = number(o, "u_gain"),
		.u_offset_w = number(o, "u_offset_w"),
		.covariance_w = number(o, "covariance_w"),
		.residual_w = number(o, "residual_w"),
		.from_w = number(o, "from_w"),
		.to_w = number(o, "to_w"),
	};

	f.known = isfinite(f.u_gain) && isfinite(f.u_offset_w) &&
		  isfinite(f.covariance_w) && isfinite(f.residual_w);
	return f;
}

/* Of a*P + b alone, watts. */
static double fit_u_w(const struct fit *f, double power_w)
{
	double sum = power_w * power_w * f->u_gain * f->u_gain +
		     f->u_offset_w * f->u_offset_w +
		     2 * power_w * f->covariance_w +
		     f->residual_w * f->residual_w;

	return sqrt(fmax(0, sum));
}

static void add_text(struct ep_metric *m, const char *text)
{
	size_t used = strlen(m->reason);

	(void)ep_str_format(m->reason + used, sizeof(m->reason) - used, "%s%s",
			    used && text[0] ? "; " : "", text);
}

/* a * from + b * seconds at that mean power; seconds 1 for a power itself. */
static void apply(struct ep_metric *to, const struct ep_metric *from,
		  const struct fit *f, double power_w, double seconds)
{
	struct ep_budget b = { .count = 0 };
	char text[96];

	to->value = f->gain * from->value + f->offset_w * seconds;
	to->status = EP_STATUS_ESTIMATED;
	if (!f->known) {
		add_text(to, INDICATIVE);
		add_text(to, from->reason);
		return;
	}
	to->status = from->status;
	add_text(to, from->reason);
	for (size_t i = 0; i < from->term_count; i++)
		ep_budget_add(&b, from->terms[i].name,
			      f->gain * from->terms[i].u);
	ep_budget_add(&b, "calibration", fit_u_w(f, power_w) * seconds);
	memcpy(to->terms, b.terms, sizeof(to->terms));
	to->term_count = b.count;
	if (isfinite(from->u95))
		to->u95 = 2 * ep_budget_u(&b);
	if (!(power_w < f->from_w) && !(power_w > f->to_w))
		return;
	if (to->status == EP_STATUS_OK)
		to->status = EP_STATUS_LOW_CONFIDENCE;
	(void)ep_str_format(text, sizeof(text),
			    "%.4g W is outside the %.4g to %.4g W of the fit",
			    power_w, f->from_w, f->to_w);
	add_text(to, text);
}

static void apply_row(const struct ep_row *row, const struct fit *f,
		      struct ep_metric *energy, struct ep_metric *mean)
{
	const struct ep_metric *t = ep_row_metric(row, "duration_s");
	const struct ep_metric *e = ep_row_metric(row, "energy_j");
	const struct ep_metric *w = ep_row_metric(row, "power_mean_w");

	ep_metric_begin(energy, "energy_j");
	ep_metric_begin(mean, "power_mean_w");
	if (!t || !e || !w || e->status == EP_STATUS_NOT_MEASURED ||
	    w->status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(energy, e ? e->reason : "");
		ep_metric_refuse(mean, w ? w->reason : "");
		return;
	}
	apply(energy, e, f, w->value, t->value);
	apply(mean, w, f, w->value, 1);
}

/* Why the fit says nothing here; NULL it does. */
static const char *refusal(const struct ep_run *run, const json_t *fit)
{
	if (!fit)
		return "run.json holds no calibration of that name";
	if (!json_is_number(json_object_get(fit, "gain")) ||
	    !json_is_number(json_object_get(fit, "offset_w")))
		return "gain or offset_w of the calibration is no number";
	if (strcmp(run->total_source, "board") != 0)
		return "the calibration is for the board's own total";
	return NULL;
}

int ep_calibrated_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	struct ep_calibrated *c = &r->calibrated;
	const json_t *fit;
	const char *why;
	struct fit f;

	if (!a->run.calibration[0])
		return 0;
	fit = find(a->run.json, a->run.calibration);
	f = read_fit(fit);
	c->has_interval = f.known;
	why = refusal(&a->run, fit);
	(void)ep_str_copy(c->name, sizeof(c->name), a->run.calibration);
	take_text(c->target, sizeof(c->target), fit, "target");
	take_text(c->source, sizeof(c->source), fit, "source");
	take_text(c->caveat, sizeof(c->caveat), fit, "caveat");
	c->energy_j = calloc(r->total_count + 1, sizeof(*c->energy_j));
	c->mean_w = calloc(r->total_count + 1, sizeof(*c->mean_w));
	if (!c->energy_j || !c->mean_w)
		return -ENOMEM;
	for (size_t i = 0; i < r->total_count; i++) {
		apply_row(&r->totals[i], &f, &c->energy_j[i], &c->mean_w[i]);
		if (why) {
			ep_metric_refuse(&c->energy_j[i], why);
			ep_metric_refuse(&c->mean_w[i], why);
		}
	}
	return 0;
}
