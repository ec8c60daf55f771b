/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/position.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/distributions.h"
#include "profiler/analyze/group_uncertainty.h"
#include "profiler/analyze/hist.h"

/* MAD to standard deviation of normal values. */
#define MAD_SD 1.4826
#define OUTLIER_SDS 5
#define OUTLIER_TIMES 1.5

struct fit {
	size_t blocks, requests;
	double n, sum;	      /* tokens, and what they took */
	double sxx, sxy, syy; /* within requests */
};

static double value_of(const struct ep_token_block *b, enum ep_block_what what)
{
	return what == EP_BLOCK_SECONDS ? b->seconds : b->energy_j;
}

/* Blocks of one request, about their own means; returns where they end. */
static size_t add_request(const struct ep_token_block *blocks, size_t count,
			  size_t at, enum ep_block_what what, struct fit *f)
{
	double w = 0, x = 0, y = 0;
	size_t end = at;

	for (; end < count && blocks[end].request == blocks[at].request;
	     end++) {
		const struct ep_token_block *b = &blocks[end];

		if (isnan(value_of(b, what)))
			continue;
		w += b->tokens;
		x += b->tokens * b->place;
		y += b->tokens * value_of(b, what);
		f->blocks++;
	}
	if (!(w > 0))
		return end;
	f->requests++;
	f->n += w;
	f->sum += y;
	for (; at < end; at++) {
		const struct ep_token_block *b = &blocks[at];
		double dx = b->place - x / w, dy = value_of(b, what) - y / w;

		if (isnan(dy))
			continue;
		f->sxx += b->tokens * dx * dx;
		f->sxy += b->tokens * dx * dy;
		f->syy += b->tokens * dy * dy;
	}
	return end;
}

static void refuse(struct ep_metric *m, const char *reason)
{
	m->status = EP_STATUS_NOT_MEASURED;
	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

static void begin(struct ep_metric *m, const char *name)
{
	memset(m, 0, sizeof(*m));
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	m->value = m->u95 = (double)NAN;
}

/* value +- t times the spread of the blocks, and what they share. */
static void finish(struct ep_metric *m, double value, double se, double df,
		   double common)
{
	struct ep_budget b = { .count = 0 };

	ep_budget_add(&b, "residuals", se);
	ep_budget_add(&b, "gain", common * value);
	m->value = value;
	m->u95 = hypot(ep_t_quantile(0.95, df) * se, 2 * common * value);
	m->status = EP_STATUS_OK;
	memcpy(m->terms, b.terms, sizeof(m->terms));
	m->term_count = b.count;
}

void ep_position_fit(const struct ep_token_block *blocks, size_t count,
		     enum ep_block_what what, double common,
		     struct ep_slope *ret)
{
	static const char *const names[][2] = {
		{ "slope_s_per_token_per_1000_tokens", "mean_s_per_token" },
		{ "slope_j_per_token_per_1000_tokens", "mean_j_per_token" },
	};
	struct fit f = { 0 };
	char why[120];
	double b, left, df;

	begin(&ret->slope, names[what][0]);
	begin(&ret->mean, names[what][1]);
	for (size_t at = 0; at < count;)
		at = add_request(blocks, count, at, what, &f);
	df = (double)f.blocks - (double)f.requests - 1;
	if (f.blocks < EP_POSITION_BLOCKS_MIN || df < 5 || !(f.sxx > 0)) {
		(void)ep_str_format(why, sizeof(why),
				    "%zu blocks of tokens that can be "
				    "measured; %d are needed",
				    f.blocks, EP_POSITION_BLOCKS_MIN);
		refuse(&ret->slope, why);
		refuse(&ret->mean, why);
		return;
	}
	b = f.sxy / f.sxx;
	left = sqrt(fmax(0, f.syy - b * f.sxy) / df);
	finish(&ret->slope, 1000 * b, 1000 * left / sqrt(f.sxx), df, common);
	finish(&ret->mean, f.sum / f.n, left / sqrt(f.n), df, common);
}

/* Above this a value is an outlier; NAN: too few. */
static double threshold(const double *values, size_t count, double *work,
			double *ret_median)
{
	double median;

	*ret_median = (double)NAN;
	if (count < EP_POSITION_TOKENS_MIN)
		return (double)NAN;
	memcpy(work, values, count * sizeof(*work));
	median = ep_quantile_f64(work, count, 0.5);
	for (size_t i = 0; i < count; i++)
		work[i] = fabs(values[i] - median);
	*ret_median = median;
	return fmax(OUTLIER_TIMES * median,
		    median + OUTLIER_SDS * MAD_SD *
				     ep_quantile_f64(work, count, 0.5));
}

/* The worst first. */
static void keep(struct ep_generation_profile *p,
		 const struct ep_token_outlier *o)
{
	size_t n = p->outlier_count < EP_TOKEN_OUTLIERS_MAX
			   ? p->outlier_count
			   : EP_TOKEN_OUTLIERS_MAX;
	size_t at = n;

	p->outlier_count++;
	while (at > 0 && p->outliers[at - 1].times < o->times)
		at--;
	if (at == EP_TOKEN_OUTLIERS_MAX)
		return;
	if (n == EP_TOKEN_OUTLIERS_MAX)
		n--;
	memmove(&p->outliers[at + 1], &p->outliers[at],
		(n - at) * sizeof(*p->outliers));
	p->outliers[at] = *o;
}

static size_t list(const struct ep_token_step *steps, size_t count,
		   enum ep_block_what what, double *ret)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		double v = what == EP_BLOCK_SECONDS ? steps[i].seconds
						    : steps[i].energy_j;

		if (isfinite(v))
			ret[n++] = v;
	}
	return n;
}

int ep_position_outliers(const struct ep_token_step *steps, size_t count,
			 struct ep_generation_profile *ret)
{
	double *values = calloc(2 * count + 1, sizeof(*values));
	double limit[2], median[2];

	if (!values)
		return -ENOMEM;
	for (int w = 0; w < 2; w++) {
		size_t n = list(steps, count, (enum ep_block_what)w, values);

		limit[w] = threshold(values, n, values + count, &median[w]);
	}
	free(values);
	if (isnan(limit[0]))
		(void)ep_str_format(ret->outlier_reason,
				    sizeof(ret->outlier_reason),
				    "%zu intervals between tokens; %d are "
				    "needed",
				    count, EP_POSITION_TOKENS_MIN);
	for (size_t i = 0; i < count; i++) {
		const struct ep_token_step *s = &steps[i];
		struct ep_token_outlier o = {
			.request = s->request,
			.index = s->index,
			.seconds = s->seconds,
			.energy_j = s->energy_j,
			.by_time = s->seconds > limit[0],
			.by_energy = s->energy_j > limit[1],
			.throttled = s->throttled,
		};

		if (o.by_time)
			o.times = s->seconds / median[0];
		if (o.by_energy)
			o.times = fmax(o.times, s->energy_j / median[1]);
		if (o.by_time || o.by_energy)
			keep(ret, &o);
	}
	return 0;
}

/* Mean of one kind of token, each a run of its own. */
static void mean_of(const struct ep_group_run *runs, size_t count,
		    struct ep_metric *m)
{
	struct ep_group_figure f;

	if (count < 2) {
		refuse(m, count == 0 ? "no such token" : "one token");
		return;
	}
	ep_group_uncertainty(runs, count, &f);
	m->value = f.mean;
	m->u95 = f.u95;
	m->status = f.status;
}

int ep_position_throttled(const struct ep_token_step *steps, size_t count,
			  double common, struct ep_generation_profile *ret)
{
	struct ep_metric *const to[2][2] = {
		{ &ret->other_s, &ret->throttled_s },
		{ &ret->other_j, &ret->throttled_j },
	};
	static const char *const names[2][2] = {
		{ "other_s_per_token", "throttled_s_per_token" },
		{ "other_j_per_token", "throttled_j_per_token" },
	};
	struct ep_group_run *runs = calloc(count + 1, sizeof(*runs));

	if (!runs)
		return -ENOMEM;
	ret->throttled_count = 0;
	for (size_t i = 0; i < count; i++)
		ret->throttled_count += steps[i].throttled;
	for (int what = 0; what < 2; what++)
		for (int on = 0; on < 2; on++) {
			size_t n = 0;

			begin(to[what][on], names[what][on]);
			for (size_t i = 0; i < count; i++) {
				double v = what == 0 ? steps[i].seconds
						     : steps[i].energy_j;

				if (steps[i].throttled != (on == 1) ||
				    !isfinite(v))
					continue;
				runs[n++] = (struct ep_group_run){
					.value = v,
					.u_common = what ? common * fabs(v) : 0
				};
			}
			mean_of(runs, n, to[what][on]);
		}
	free(runs);
	return 0;
}
