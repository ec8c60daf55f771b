/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_linear.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SWEEPS_MAX 60

static double norm_of(const double *x, size_t n)
{
	double largest = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		largest = fmax(largest, fabs(x[i]));
	if (!(largest > 0))
		return 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i] / largest * (x[i] / largest);
	return largest * sqrt(sum);
}

/* The column that stands at from becomes the last; those after it move up. */
static void to_the_end(struct ep_matrix *m, size_t from, size_t *pivot,
		       double *norms)
{
	size_t last = m->columns - 1, kept = pivot[from];
	double norm = norms[from];

	for (size_t i = 0; i < m->rows; i++) {
		double x = m->x[from * m->rows + i];

		for (size_t j = from; j < last; j++)
			m->x[j * m->rows + i] = m->x[(j + 1) * m->rows + i];
		m->x[last * m->rows + i] = x;
	}
	memmove(pivot + from, pivot + from + 1, (last - from) * sizeof(*pivot));
	memmove(norms + from, norms + from + 1, (last - from) * sizeof(*norms));
	pivot[last] = kept;
	norms[last] = norm;
}

/* A reflection that leaves nothing of column j below its diagonal. */
static void reflect(struct ep_matrix *m, size_t j)
{
	double *v = &m->x[j * m->rows], norm = norm_of(v + j, m->rows - j);
	double diagonal = v[j] > 0 ? -norm : norm, half;

	if (!(norm > 0))
		return;
	for (size_t i = j; i < m->rows; i++)
		v[i] /= norm;
	v[j] -= diagonal / norm;
	/* v'v / 2, since v has length sqrt(2 |v_j|). */
	half = fabs(v[j]);
	for (size_t k = j + 1; k < m->columns; k++) {
		double *x = &m->x[k * m->rows], dot = 0;

		for (size_t i = j; i < m->rows; i++)
			dot += v[i] * x[i];
		for (size_t i = j; i < m->rows; i++)
			x[i] -= dot / half * v[i];
	}
	v[j] = diagonal;
}

int ep_qr(struct ep_matrix *m, size_t *pivot, size_t *ret_rank)
{
	size_t left = m->columns, j = 0;
	double *norms = calloc(m->columns + 1, sizeof(*norms));

	if (!norms)
		return -ENOMEM;
	for (size_t k = 0; k < m->columns; k++) {
		pivot[k] = k;
		norms[k] = norm_of(&m->x[k * m->rows], m->rows);
	}
	while (j < left && j < m->rows) {
		double rest = norm_of(&m->x[j * m->rows + j], m->rows - j);

		if (!(norms[j] > 0) || rest < norms[j] * EP_QR_TOLERANCE) {
			to_the_end(m, j, pivot, norms);
			left--;
			continue;
		}
		reflect(m, j++);
	}
	free(norms);
	*ret_rank = j;
	return 0;
}

void ep_qr_solve_transposed(const struct ep_matrix *m, size_t size, double *y)
{
	for (size_t i = 0; i < size; i++) {
		const double *column = &m->x[i * m->rows];

		for (size_t k = 0; k < i; k++)
			y[i] -= column[k] * y[k];
		y[i] /= column[i];
	}
}

/* Makes a[p][q] 0 by turning both rows and columns. */
static void rotate(double *a, size_t n, size_t p, size_t q)
{
	double apq = a[p * n + q];
	double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
	double t = copysign(1, theta) / (fabs(theta) + hypot(theta, 1));
	double c = 1 / hypot(t, 1), s = t * c;

	for (size_t k = 0; k < n; k++) {
		double x = a[k * n + p], y = a[k * n + q];

		a[k * n + p] = c * x - s * y;
		a[k * n + q] = s * x + c * y;
	}
	for (size_t k = 0; k < n; k++) {
		double x = a[p * n + k], y = a[q * n + k];

		a[p * n + k] = c * x - s * y;
		a[q * n + k] = s * x + c * y;
	}
	a[p * n + q] = a[q * n + p] = 0;
}

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

void ep_eigen_symmetric(double *a, size_t n, double *values)
{
	bool turned = true;

	for (size_t sweep = 0; turned && sweep < SWEEPS_MAX; sweep++) {
		turned = false;
		for (size_t p = 0; p < n; p++)
			for (size_t q = p + 1; q < n; q++) {
				double size = sqrt(fabs(a[p * n + p])) *
					      sqrt(fabs(a[q * n + q]));
				double off = fabs(a[p * n + q]);

				/* Too small to change either of them. */
				if (!(off > 1e-17 * size) || !(off > 1e-300))
					continue;
				rotate(a, n, p, q);
				turned = true;
			}
	}
	for (size_t i = 0; i < n; i++)
		values[i] = a[i * n + i];
	qsort(values, n, sizeof(*values), descending);
}

int ep_cholesky(double *a, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		for (size_t i = j; i < n; i++) {
			double sum = a[i * n + j];

			for (size_t k = 0; k < j; k++)
				sum -= a[i * n + k] * a[j * n + k];
			if (i > j)
				a[i * n + j] = sum / a[j * n + j];
			else if (sum > 0)
				a[j * n + j] = sqrt(sum);
			else
				return -EDOM;
		}
	}
	return 0;
}
