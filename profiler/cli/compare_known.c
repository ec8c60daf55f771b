/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/group_uncertainty.h"
#include "profiler/cli/compare.h"
#include "profiler/report/compare_more.h"

/* totals.PHASE.NAME of a source, an object; NULL: there is none. */
static const json_t *figure_of(const struct ep_source *s, const char *metric)
{
	const char *dot = strchr(metric, '.');
	char phase[80];
	const json_t *figure;

	if (!dot || !ep_str_format(phase, sizeof(phase), "%.*s",
				   (int)(dot - metric), metric))
		return NULL;
	figure = json_object_get(json_object_get(s->totals, phase), dot + 1);
	return json_is_object(figure) ? figure : NULL;
}

static double term(const json_t *figure, const char *name)
{
	return json_number_value(
		json_object_get(json_object_get(figure, "budget"), name));
}

static void name_sensor(const struct ep_source *s, char *ret, size_t size)
{
	const json_t *board = json_object_get(s->run, "board");
	const char *name = json_string_value(json_object_get(board, "name"));
	const char *serial =
		json_string_value(json_object_get(board, "serial_hash"));
	const char *host = json_string_value(
		json_object_get(json_object_get(s->run, "host"), "name"));
	char *channels = json_dumps(
		json_object_get(json_object_get(s->run, "total"), "channels"),
		JSON_COMPACT | JSON_ENCODE_ANY);

	(void)ep_str_format(ret, size, "%s %s %s", name ? name : "?",
			    serial ? serial
			    : host ? host
				   : "?",
			    channels ? channels : "?");
	free(channels);
}

/* All values of the group; what the budgets do not reach has their share. */
static void combine(const struct ep_group_column *column, double share,
		    struct ep_known *ret)
{
	size_t n = column->values.n;
	struct ep_group_run *runs = calloc(n + 1, sizeof(*runs));
	struct ep_group_figure figure;

	if (!runs || n < 2) {
		free(runs);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		runs[i].value = column->values.x[i];
		runs[i].u95 = (double)NAN;
		runs[i].u_common = share * fabs(column->values.x[i]);
	}
	ep_group_uncertainty(runs, n, &figure);
	ret->absolute_u95 = figure.u95;
	free(runs);
}

static void know(const struct ep_compare_work *w, const char *metric,
		 size_t group, struct ep_group_column *column)
{
	struct ep_known k = { (double)NAN, 0, 0, 0, "" };
	double common = 0, count = 0;

	for (size_t i = 0; i < w->seen.source_count; i++) {
		const struct ep_source *s = &w->seen.list[i];
		const json_t *figure =
			s->group == group ? figure_of(s, metric) : NULL;
		double value =
			json_number_value(json_object_get(figure, "value"));

		if (!figure || !(fabs(value) > 0))
			continue;
		if (!json_object_get(figure, "budget"))
			continue;
		k.gain += term(figure, "gain") / fabs(value);
		k.offset += term(figure, "offset") / fabs(value);
		k.calibration += term(figure, "calibration") / fabs(value);
		common += ep_group_common_json(figure) / fabs(value);
		count++;
		if (!k.sensor[0])
			name_sensor(s, k.sensor, sizeof(k.sensor));
	}
	if (!(count > 0))
		return;
	k.gain /= count;
	k.offset /= count;
	k.calibration /= count;
	combine(column, common / count, &k);
	column->known = k;
}

void ep_compare_known(const struct ep_compare_work *w, struct ep_comparison *c)
{
	if (w->seen.wants_requests)
		return;
	for (size_t m = 0; m < c->metric_count; m++)
		for (size_t g = 0; g < c->group_count; g++)
			know(w, w->metrics[m], g, &c->metrics[m].groups[g]);
	ep_comparison_uncertainty(c);
}

/* The largest lasting shift that matters: beyond the margin, or without one
 * beyond what the interval of a mean should be narrower than. */
static size_t shift_of(const struct ep_drift *d,
		       const struct ep_contrast_options *o)
{
	double least = isnan(o->margin) ? o->half_width : o->margin;
	size_t found = d->shift_count;

	for (size_t i = 0; i < d->shift_count; i++) {
		double by = fabs(d->shifts[i].by);

		if (d->shifts[i].alone || !(by > least * fabs(d->level)))
			continue;
		if (found == d->shift_count || by > fabs(d->shifts[found].by))
			found = i;
	}
	return found;
}

void ep_compare_drift(struct ep_compare_work *w, const struct ep_comparison *c)
{
	for (size_t i = 0; i < c->metric_count; i++) {
		const struct ep_comparison_metric *m = &c->metrics[i];
		size_t shift = shift_of(&m->drift, &c->options);
		char text[120];

		if (m->follows != i ||
		    !ep_compare_say_shift(m, shift, text, sizeof(text)))
			continue;
		ep_compare_say(
			&w->warnings,
			"%s shifted in the course of the study: %s, "
			"beside what the configurations explain; was the "
			"machine the same throughout? (--change-points)",
			m->name, text);
	}
}
