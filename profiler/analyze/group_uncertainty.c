/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/group_uncertainty.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/distributions.h"
#include "profiler/analyze/pool.h"

static const char *const common_terms[] = { "gain", "offset", "calibration" };
#define COMMON_COUNT (sizeof(common_terms) / sizeof(common_terms[0]))

double ep_group_common(const struct ep_metric *m)
{
	double u = 0;

	for (size_t i = 0; i < m->term_count; i++)
		for (size_t k = 0; k < COMMON_COUNT; k++)
			if (strcmp(m->terms[i].name, common_terms[k]) == 0)
				u = hypot(u, m->terms[i].u);
	return u;
}

static double number(const json_t *o, const char *key)
{
	const json_t *n = json_object_get(o, key);

	return json_is_number(n) ? json_number_value(n) : (double)NAN;
}

double ep_group_common_json(const json_t *figure)
{
	const json_t *budget = json_object_get(figure, "budget");
	double u = 0;

	for (size_t k = 0; k < COMMON_COUNT; k++) {
		double term = number(budget, common_terms[k]);

		u = isnan(term) ? u : hypot(u, term);
	}
	return u;
}

void ep_group_read_json(const json_t *figure, struct ep_group_run *ret)
{
	const json_t *samples = json_object_get(figure, "samples");

	ret->value = number(figure, "value");
	ret->u95 = number(figure, "u95");
	ret->u_common = ep_group_common_json(figure);
	ret->sample_count =
		json_is_integer(samples) ? json_integer_value(samples) : 0;
}

/* What the runs have together. */
struct sums {
	double n, weight, value, common;
	int64_t samples;
	bool slow; /* some run holds too few samples by itself */
	double own_u95;
};

static void add_up(const struct ep_group_run *runs, size_t count,
		   struct sums *s)
{
	bool weighed = true;

	for (size_t i = 0; i < count; i++) {
		if (isnan(runs[i].value))
			continue;
		s->slow |= runs[i].sample_count > 0;
		weighed &= runs[i].sample_count > 0 && runs[i].weight > 0;
	}
	for (size_t i = 0; i < count; i++) {
		double w = weighed ? runs[i].weight : 1;

		if (isnan(runs[i].value))
			continue;
		s->n++;
		s->weight += w;
		s->value += w * runs[i].value;
		/* Fully correlated: their mean, not its quadrature. */
		s->common += w * runs[i].u_common;
		s->samples += runs[i].sample_count;
		s->own_u95 = runs[i].u95;
	}
}

static double spread_of(const struct ep_group_run *runs, size_t count,
			double mean, double n)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		if (!isnan(runs[i].value))
			sum += (runs[i].value - mean) * (runs[i].value - mean);
	return sqrt(sum / (n - 1));
}

/* Few samples in each run: what they are together. */
static void judge_pool(const struct sums *s, struct ep_group_figure *ret)
{
	double runs = ceil(EP_POOL_SAMPLES_MIN * s->n / (double)s->samples);
	size_t used;

	if (!s->slow || s->n < 2)
		return;
	(void)ep_str_format(ret->reason, sizeof(ret->reason),
			    "pooled over %.0f runs, %" PRId64 " samples", s->n,
			    s->samples);
	if (s->samples >= EP_POOL_SAMPLES_MIN)
		return;
	ret->status = EP_STATUS_LOW_CONFIDENCE;
	used = strlen(ret->reason);
	(void)ep_str_format(ret->reason + used, sizeof(ret->reason) - used,
			    "; about %.0f runs would do", runs);
}

static void one_run(const struct sums *s, struct ep_group_figure *ret)
{
	ret->u95 = s->own_u95;
	ret->u = s->own_u95 / 2;
	ret->k = 2;
	(void)ep_str_copy(ret->reason, sizeof(ret->reason),
			  "one run: run-to-run spread unknown");
}

void ep_group_uncertainty(const struct ep_group_run *runs, size_t count,
			  struct ep_group_figure *ret)
{
	struct sums s = { .own_u95 = (double)NAN };
	double of_mean;

	*ret = (struct ep_group_figure){ .mean = (double)NAN,
					 .sd = (double)NAN,
					 .u = (double)NAN,
					 .df = (double)NAN,
					 .k = (double)NAN,
					 .u95 = (double)NAN,
					 .u_common = (double)NAN };
	add_up(runs, count, &s);
	ret->run_count = (size_t)s.n;
	if (ret->run_count == 0) {
		ret->status = EP_STATUS_NOT_MEASURED;
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  "measured in no run");
		return;
	}
	ret->mean = s.value / s.weight;
	ret->u_common = s.common / s.weight;
	if (ret->run_count == 1) {
		one_run(&s, ret);
		return;
	}
	ret->sd = spread_of(runs, count, ret->mean, s.n);
	of_mean = ret->sd * ret->sd / s.n;
	ret->u = hypot(ret->sd / sqrt(s.n), ret->u_common);
	ret->df = of_mean > 0 ? pow(ret->u, 4) / (of_mean * of_mean) * (s.n - 1)
			      : HUGE_VAL;
	ret->k = ep_t_quantile(0.95, ret->df);
	ret->u95 = ret->u > 0 ? ret->k * ret->u : 0;
	judge_pool(&s, ret);
}
