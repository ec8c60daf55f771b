/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/group_uncertainty.h"
#include "profiler/study/result_parts.h"

#define FIGURES_MAX 4096

static double number(const json_t *o)
{
	return json_is_number(o) ? json_number_value(o) : (double)NAN;
}

static void copy_status(const json_t *o, struct ep_figure *f)
{
	const char *text = json_string_value(json_object_get(o, "status"));

	(void)ep_str_copy(f->status, sizeof(f->status), text ? text : "");
}

static int add_figure(struct ep_result *r, const char *phase, const char *name,
		      const json_t *figure)
{
	struct ep_figure *f, *bigger;

	if (r->figure_count == FIGURES_MAX)
		return -EFBIG;
	if (r->figure_count % 64 == 0) {
		bigger = realloc(r->figures,
				 (r->figure_count + 64) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		r->figures = bigger;
	}
	f = &r->figures[r->figure_count];
	if (!ep_str_copy(f->phase, sizeof(f->phase), phase) ||
	    !ep_str_copy(f->name, sizeof(f->name), name))
		return -EBADMSG;
	f->u95 = f->u_common = (double)NAN;
	if (json_is_object(figure)) {
		f->value = number(json_object_get(figure, "value"));
		f->u95 = number(json_object_get(figure, "u95"));
		if (!isnan(f->u95))
			f->u_common = ep_group_common_json(figure);
		copy_status(figure, f);
	} else {
		f->value = number(figure);
		(void)ep_str_copy(f->status, sizeof(f->status),
				  isnan(f->value) ? "not_measured" : "ok");
	}
	r->figure_count++;
	return 0;
}

static int read_scope(const char *phase, const json_t *scope,
		      struct ep_result *r)
{
	const char *name;
	json_t *figure;
	int code = 0;

	json_object_foreach((json_t *)(uintptr_t)scope, name, figure)
	{
		code = add_figure(r, phase, name, figure);
		if (code < 0)
			return code;
	}
	return code;
}

/* Of several requests: the mean of each metric, of those that have it. */
static int read_requests(const json_t *requests, struct ep_result *r)
{
	const json_t *first =
		json_object_get(json_array_get(requests, 0), "metrics");
	const char *name;
	json_t *unused;

	json_object_foreach((json_t *)(uintptr_t)first, name, unused)
	{
		struct ep_figure *f;
		double sum = 0;
		int count = 0, code;
		(void)unused;

		for (size_t i = 0; i < json_array_size(requests); i++) {
			double value = number(json_object_get(
				json_object_get(
					json_object_get(
						json_array_get(requests, i),
						"metrics"),
					name),
				"value"));

			if (isnan(value))
				continue;
			sum += value;
			count++;
		}
		code = add_figure(r, "request", name, unused);
		if (code < 0)
			return code;
		if (json_array_size(requests) == 1)
			continue;
		f = &r->figures[r->figure_count - 1];
		f->value = count > 0 ? sum / count : (double)NAN;
		f->u95 = f->u_common = (double)NAN;
	}
	return 0;
}

/* What stands beside the totals: the idle power, and how many requests there
 * were. */
static int read_beside(const json_t *report, struct ep_result *r)
{
	const json_t *idle = json_object_get(json_object_get(report, "total"),
					     "idle_power_w");
	const json_t *requests = json_object_get(report, "requests");
	json_t *count;
	int code = 0;

	if (json_is_object(idle))
		code = add_figure(r, "idle", "power_mean_w", idle);
	if (code < 0 || !json_is_array(requests))
		return code;
	count = json_integer((json_int_t)json_array_size(requests));
	if (!count)
		return -ENOMEM;
	code = add_figure(r, "run", "requests", count);
	json_decref(count);
	return code;
}

int ep_result_add_figures(struct ep_result *r, const json_t *report)
{
	const json_t *totals = json_object_get(report, "totals");
	const char *phase;
	json_t *scope;
	int code = 0;

	json_object_foreach((json_t *)(uintptr_t)totals, phase, scope)
	{
		code = read_scope(phase, scope, r);
		if (code < 0)
			return code;
	}
	code = read_beside(report, r);
	return code < 0 ? code
			: read_requests(json_object_get(report, "requests"), r);
}
