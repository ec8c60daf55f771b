/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/hist.h"

#include <math.h>

double ep_hist_quantile_ns(const struct ep_hist *h, double q)
{
	uint64_t total = 0, seen = 0, rank;

	for (size_t i = 0; i < EP_HIST_BUCKETS; i++)
		total += h->count[i];
	if (total == 0)
		return (double)NAN;
	rank = (uint64_t)(q * (double)(total - 1));
	for (size_t i = 0; i < EP_HIST_BUCKETS; i++) {
		seen += h->count[i];
		if (seen > rank)
			return h->sum_ns[i] / (double)h->count[i];
	}
	return (double)NAN;
}

static void swap(double *a, double *b)
{
	double t = *a;

	*a = *b;
	*b = t;
}

static double middle_of(double a, double b, double c)
{
	if (a > b)
		swap(&a, &b);
	if (b > c)
		b = c;
	return a > b ? a : b;
}

/* Afterwards v[k] is what sorting would put there, nothing larger before it.
 * Hoare's selection. */
static void select_rank(double *v, size_t count, size_t k)
{
	size_t lo = 0, hi = count - 1;

	while (lo < hi) {
		double pivot = middle_of(v[lo], v[lo + (hi - lo) / 2], v[hi]);
		size_t i = lo, j = hi;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&v[i++], &v[j--]);
		}
		/* v[lo..j] <= pivot <= v[j+1..hi] */
		if (k <= j)
			hi = j;
		else
			lo = j + 1;
	}
}

double ep_quantile_f64(double *values, size_t count, double q)
{
	double at, low, high;
	size_t k;

	if (count == 0)
		return (double)NAN;
	at = q * (double)(count - 1);
	k = (size_t)at;
	select_rank(values, count, k);
	low = high = values[k];
	if (k + 1 < count) {
		high = values[k + 1];
		for (size_t i = k + 2; i < count; i++)
			if (values[i] < high)
				high = values[i];
	}
	return low + (at - (double)k) * (high - low);
}
