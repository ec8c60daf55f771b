/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_resample.h"

static double draw_mean(struct ep_draw *draw, struct ep_sample s)
{
	double sum = 0;

	for (size_t i = 0; i < s.n; i++)
		sum += s.x[ep_draw_below(draw, (uint32_t)s.n)];
	return sum / (double)s.n;
}

/*
 * What leaving one out does, centred in its group: of a mean
 * (x - mean) / (n - 1).  Sums of its square and cube.
 */
static void leave_one_out(struct ep_sample s, double sign, double *square,
			  double *cube)
{
	double mean = ep_stat_mean(s);

	if (s.n < 2)
		return;
	for (size_t i = 0; i < s.n; i++) {
		double l = sign * (s.x[i] - mean) / (double)(s.n - 1);

		*square += l * l;
		*cube += l * l * l;
	}
}

static double bca_level(double z0, double acceleration, double p)
{
	double z = z0 + ep_normal_inverse(p);

	return ep_normal_below(z0 + z / (1 - acceleration * z));
}

/* t: the resamples, sorted; seen: the difference itself. */
static void bca(struct ep_sample t, double seen, double acceleration,
		struct ep_bootstrap *ret)
{
	size_t below = 0;
	double z0, low, high;

	while (below < t.n && t.x[below] < seen)
		below++;
	z0 = ep_normal_inverse((double)below / (double)t.n);
	low = bca_level(z0, acceleration, 0.025);
	high = bca_level(z0, acceleration, 0.975);
	if (!isfinite(z0) || !(low >= 0 && low <= 1 && high >= 0 && high <= 1))
		return;
	ret->bca_low = ep_stat_quantile(t.x, t.n, low);
	ret->bca_high = ep_stat_quantile(t.x, t.n, high);
}

static int finish(double *t, size_t n, struct ep_sample a, struct ep_sample b,
		  struct ep_bootstrap *ret)
{
	double *sorted = ep_stat_sorted((struct ep_sample){ t, n });
	double square = 0, cube = 0, seen = ep_stat_mean(b);

	if (!sorted)
		return -ENOMEM;
	if (a.n > 0)
		seen -= ep_stat_mean(a);
	leave_one_out(a, -1, &square, &cube);
	leave_one_out(b, 1, &square, &cube);
	ret->count = n;
	ret->low = ep_stat_quantile(sorted, n, 0.025);
	ret->high = ep_stat_quantile(sorted, n, 0.975);
	ret->error = ep_stat_sd((struct ep_sample){ sorted, n });
	if (square > 0)
		bca((struct ep_sample){ sorted, n }, seen,
		    cube / (6 * pow(square, 1.5)), ret);
	free(sorted);
	return 0;
}

/* a.n = 0: one sample. */
static int bootstrap(struct ep_sample a, struct ep_sample b,
		     const struct ep_resample *how, struct ep_bootstrap *ret)
{
	const double none = (double)NAN;
	struct ep_bootstrap boot = { 0, none, none, none, none, none, NULL };
	struct ep_draw draw;
	double *t;
	int r;

	if (a.n > UINT32_MAX || b.n > UINT32_MAX || how->count < 2)
		return -E2BIG;
	t = malloc(how->count * sizeof(*t));
	if (!t)
		return -ENOMEM;
	ep_draw_init(&draw, how->seed, EP_DRAW_BOOTSTRAP);
	for (size_t i = 0; i < how->count; i++) {
		double mean = a.n > 0 ? draw_mean(&draw, a) : 0;

		t[i] = draw_mean(&draw, b) - mean;
	}
	r = finish(t, how->count, a, b, &boot);
	free(t);
	if (r == 0)
		*ret = boot;
	return r;
}

static void refuse(struct ep_bootstrap *ret, const char *reason)
{
	const double none = (double)NAN;

	*ret = (struct ep_bootstrap){ 0, none, none, none, none, none, reason };
}

int ep_stat_bootstrap(struct ep_sample a, struct ep_sample b,
		      const struct ep_resample *how, struct ep_bootstrap *ret)
{
	if (a.n == 0 || b.n == 0) {
		refuse(ret, "a group has no value");
		return 0;
	}
	return bootstrap(a, b, how, ret);
}

int ep_stat_bootstrap_pairs(struct ep_sample d, const struct ep_resample *how,
			    struct ep_bootstrap *ret)
{
	if (d.n == 0) {
		refuse(ret, "there is no pair");
		return 0;
	}
	return bootstrap((struct ep_sample){ NULL, 0 }, d, how, ret);
}
