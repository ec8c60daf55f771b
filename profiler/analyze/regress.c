/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/regress.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Columns with their means taken off, made orthogonal one after the other. */
struct work {
	size_t rows, columns;
	double *q; /* [columns][rows], unit length where used */
	double *y; /* [rows], centred, then residuals */
	double length[EP_REGRESS_COLUMNS_MAX]; /* centred, before */
	double r[EP_REGRESS_COLUMNS_MAX][EP_REGRESS_COLUMNS_MAX];
	double qy[EP_REGRESS_COLUMNS_MAX];
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* The largest first, so that lengths neither overflow nor vanish. */
static double length_of(const double *a, size_t n)
{
	double max = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		max = fmax(max, fabs(a[i]));
	for (size_t i = 0; i < n && max > 0; i++)
		sum += a[i] / max * (a[i] / max);
	return max * sqrt(sum);
}

static double centre(double *a, size_t n)
{
	double mean = 0, rest = 0;

	for (size_t i = 0; i < n; i++)
		mean += a[i] / (double)n;
	for (size_t i = 0; i < n; i++) {
		a[i] -= mean;
		rest += a[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		a[i] -= rest;
	return mean + rest;
}

/* Twice is enough for what rounding leaves of the first time. */
static void take_off(struct work *w, const struct ep_regress *ret,
		     size_t column)
{
	double *v = w->q + column * w->rows;

	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < column; k++) {
			const double *q = w->q + k * w->rows;
			double part;

			if (ret->use[k] != EP_REGRESS_USED)
				continue;
			part = dot(q, v, w->rows);
			w->r[k][column] += part;
			for (size_t i = 0; i < w->rows; i++)
				v[i] -= part * q[i];
		}
}

static void factor(struct work *w, struct ep_regress *ret, const double *means)
{
	for (size_t c = 0; c < w->columns; c++) {
		double *v = w->q + c * w->rows, left;

		ret->use[c] = EP_REGRESS_CONSTANT;
		/* What is left of a constant is rounding of its mean. */
		if (!(w->length[c] > EP_REGRESS_STEADY * fabs(means[c]) *
					     sqrt((double)w->rows)))
			continue;
		take_off(w, ret, c);
		left = length_of(v, w->rows);
		ret->use[c] = EP_REGRESS_COLLINEAR;
		if (!(left >= EP_REGRESS_TOLERANCE * w->length[c]))
			continue;
		ret->use[c] = EP_REGRESS_USED;
		ret->used_count++;
		w->r[c][c] = left;
		for (size_t i = 0; i < w->rows; i++)
			v[i] /= left;
		w->qy[c] = dot(v, w->y, w->rows);
		for (size_t i = 0; i < w->rows; i++)
			w->y[i] -= w->qy[c] * v[i];
	}
}

/* R b = q'y, and the lengths of the rows of R's inverse. */
static void solve(const struct work *w, struct ep_regress *ret)
{
	double inverse[EP_REGRESS_COLUMNS_MAX][EP_REGRESS_COLUMNS_MAX] = {
		{ 0 }
	};

	for (size_t c = w->columns; c-- > 0;) {
		double b = w->qy[c], sum = 0;

		ret->slope[c] = ret->se[c] = (double)NAN;
		if (ret->use[c] != EP_REGRESS_USED)
			continue;
		inverse[c][c] = 1 / w->r[c][c];
		for (size_t k = c + 1; k < w->columns; k++) {
			if (ret->use[k] != EP_REGRESS_USED)
				continue;
			b -= w->r[c][k] * ret->slope[k];
			for (size_t j = k; j < w->columns; j++)
				inverse[c][j] -=
					w->r[c][k] * inverse[k][j] / w->r[c][c];
		}
		ret->slope[c] = b / w->r[c][c];
		for (size_t j = c; j < w->columns; j++)
			sum += inverse[c][j] * inverse[c][j];
		ret->se[c] = ret->residual_sd * sqrt(sum);
	}
}

static int run(struct work *w, const double *x, const double *y,
	       struct ep_regress *ret)
{
	double means[EP_REGRESS_COLUMNS_MAX], total, left;
	size_t n = w->rows;

	memcpy(w->y, y, n * sizeof(*y));
	ret->mean = centre(w->y, n);
	total = length_of(w->y, n);
	if (!(total > EP_REGRESS_STEADY * fabs(ret->mean) * sqrt((double)n)))
		total = 0;
	for (size_t c = 0; c < w->columns; c++) {
		double *v = w->q + c * n;

		for (size_t i = 0; i < n; i++)
			v[i] = x[i * w->columns + c];
		means[c] = centre(v, n);
		w->length[c] = length_of(v, n);
		if (!isfinite(w->length[c]))
			return -EINVAL;
		ret->correlation[c] = dot(v, w->y, n) / w->length[c] / total;
		if (!isfinite(ret->correlation[c]))
			ret->correlation[c] = (double)NAN;
	}
	if (!isfinite(total))
		return -EINVAL;
	factor(w, ret, means);
	left = length_of(w->y, n);
	ret->df = (double)n - (double)ret->used_count - 1;
	ret->residual_sd = left / sqrt(ret->df);
	ret->r2 = total > 0 ? 1 - left / total * (left / total) : (double)NAN;
	solve(w, ret);
	for (size_t c = 0; c < w->columns; c++)
		if (ret->use[c] == EP_REGRESS_CONSTANT)
			ret->correlation[c] = (double)NAN;
	return 0;
}

static bool all_finite(const double *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isfinite(a[i]))
			return false;
	return true;
}

int ep_regress(const double *x, const double *y, size_t rows, size_t columns,
	       struct ep_regress *ret)
{
	struct work *w;
	int code = -ENOMEM;

	memset(ret, 0, sizeof(*ret));
	if (columns > EP_REGRESS_COLUMNS_MAX || !all_finite(y, rows) ||
	    !all_finite(x, rows * columns))
		return -EINVAL;
	if (rows < columns + 2)
		return -ENODATA;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->rows = ret->row_count = rows;
	w->columns = columns;
	w->q = calloc(columns * rows + 1, sizeof(*w->q));
	w->y = calloc(rows, sizeof(*w->y));
	if (w->q && w->y)
		code = run(w, x, y, ret);
	free(w->q);
	free(w->y);
	free(w);
	return code;
}
