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

static void apply(struct ep_metric *to, const char *name,
		  const struct ep_metric *from, double gain, double offset)
{
	ep_metric_begin(to, name);
	if (!from || from->status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(to, from ? from->reason : "");
		return;
	}
	to->value = gain * from->value + offset;
	to->status = EP_STATUS_ESTIMATED;
	(void)ep_str_format(to->reason, sizeof(to->reason), "%s%s%s",
			    INDICATIVE, from->reason[0] ? "; " : "",
			    from->reason);
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
	double gain, offset_w;

	if (!a->run.calibration[0])
		return 0;
	fit = find(a->run.json, a->run.calibration);
	gain = json_number_value(json_object_get(fit, "gain"));
	offset_w = json_number_value(json_object_get(fit, "offset_w"));
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
		const struct ep_row *row = &r->totals[i];
		const struct ep_metric *t = ep_row_metric(row, "duration_s");

		apply(&c->energy_j[i], "energy_j",
		      ep_row_metric(row, "energy_j"), gain,
		      offset_w * (t ? t->value : (double)NAN));
		apply(&c->mean_w[i], "power_mean_w",
		      ep_row_metric(row, "power_mean_w"), gain, offset_w);
		if (why) {
			ep_metric_refuse(&c->energy_j[i], why);
			ep_metric_refuse(&c->mean_w[i], why);
		}
	}
	return 0;
}
