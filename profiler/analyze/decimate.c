/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/decimate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int ep_decimate_init(struct ep_decimate *d, size_t series_count,
		     size_t stretch_max)
{
	size_t cells = 0;

	if (stretch_max < 2 || __builtin_mul_overflow(stretch_max & ~(size_t)1,
						      series_count, &cells))
		return -EINVAL;
	*d = (struct ep_decimate){
		.series_count = series_count,
		.stretch_max = stretch_max & ~(size_t)1,
		.rows_per_stretch = 1,
	};
	d->extrema = calloc(cells > 0 ? cells : 1, sizeof(*d->extrema));
	return d->extrema ? 0 : -ENOMEM;
}

void ep_decimate_done(struct ep_decimate *d)
{
	if (!d)
		return;
	free(d->extrema);
	*d = (struct ep_decimate){ 0 };
}

/* The extrema of a and, after it, b. */
static struct ep_extrema joined(struct ep_extrema a, struct ep_extrema b)
{
	const double in[4] = { a.first, a.second, b.first, b.second };
	int low, high;

	if (isnan(a.first))
		return b;
	if (isnan(b.first))
		return a;
	low = high = 0;
	for (int i = 1; i < 4; i++) {
		if (in[i] < in[low])
			low = i;
		if (in[i] > in[high])
			high = i;
	}
	return low < high ? (struct ep_extrema){ in[low], in[high] }
			  : (struct ep_extrema){ in[high], in[low] };
}

/* Half as many stretches, twice as long.  Their count is even. */
static void halve(struct ep_decimate *d)
{
	size_t n = d->series_count;

	for (size_t i = 0; i < d->stretch_count / 2; i++)
		for (size_t k = 0; k < n; k++)
			d->extrema[i * n + k] =
				joined(d->extrema[2 * i * n + k],
				       d->extrema[(2 * i + 1) * n + k]);
	d->stretch_count /= 2;
	d->rows_per_stretch *= 2;
}

void ep_decimate_add(struct ep_decimate *d, const double *values)
{
	struct ep_extrema *at;

	if (d->row_count % d->rows_per_stretch == 0) {
		/* Doubled at the maximum, which is even, the row still begins
		 * a stretch. */
		if (d->stretch_count == d->stretch_max)
			halve(d);
		at = &d->extrema[d->stretch_count * d->series_count];
		for (size_t k = 0; k < d->series_count; k++)
			at[k] = (struct ep_extrema){ values[k], values[k] };
		d->stretch_count++;
	} else {
		at = &d->extrema[(d->stretch_count - 1) * d->series_count];
		for (size_t k = 0; k < d->series_count; k++)
			at[k] = joined(at[k], (struct ep_extrema){ values[k],
								   values[k] });
	}
	d->row_count++;
}
