/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stat_manova.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/stat_linear.h"

const char *ep_manova_name(enum ep_manova_test t)
{
	static const char *const names[EP_MANOVA_COUNT] = {
		"wilks", "pillai", "hotelling_lawley", "mckeon", "roy",
	};

	return names[t];
}

/* Everything in units of each metric's own spread inside the groups. */
struct parts {
	const struct ep_manova_input *in;
	size_t groups;	   /* that have rows */
	size_t count;	   /* of metrics that are used */
	size_t *used;	   /* which */
	double *sizes;	   /* [groups of the input] rows of each */
	double *means;	   /* [groups][metrics] */
	double *middle;	   /* [metrics]: of all rows; of pairs 0 */
	double *spread;	   /* [metrics] */
	double hypothesis; /* degrees of freedom: of groups */
	double rest;	   /* of what is inside */
};

static size_t group_of(const struct ep_manova_input *in, size_t row)
{
	return in->group ? in->group[row] : 0;
}

static double residual(const struct parts *s, size_t row, size_t metric)
{
	const struct ep_manova_input *in = s->in;
	size_t at = group_of(in, row) * in->metrics + metric;

	return in->values[row * in->metrics + metric] - s->means[at];
}

static void means(struct parts *s)
{
	const struct ep_manova_input *in = s->in;
	size_t p = in->metrics;

	for (size_t i = 0; i < in->rows; i++)
		s->sizes[group_of(in, i)]++;
	for (size_t i = 0; i < in->rows; i++)
		for (size_t m = 0; m < p; m++) {
			size_t g = group_of(in, i);
			double x = in->values[i * p + m];

			s->means[g * p + m] += x / s->sizes[g];
			if (in->group)
				s->middle[m] += x / (double)in->rows;
		}
	for (size_t g = 0; g < in->groups; g++)
		s->groups += s->sizes[g] > 0;
}

/* The largest distance from a group's mean is a scale that cannot overflow. */
static double spread_of(const struct parts *s, size_t metric)
{
	double largest = 0, sum = 0, level = 0;

	for (size_t i = 0; i < s->in->rows; i++) {
		double x = s->in->values[i * s->in->metrics + metric];

		largest = fmax(largest, fabs(residual(s, i, metric)));
		level = fmax(level, fabs(x));
	}
	/* Equal values, up to the rounding of their mean. */
	if (!(largest > 4 * 0x1p-52 * level))
		return 0;
	for (size_t i = 0; i < s->in->rows; i++) {
		double x = residual(s, i, metric) / largest;

		sum += x * x;
	}
	return largest * sqrt(sum);
}

static int parts_open(const struct ep_manova_input *in, enum ep_use *use,
		      struct parts *s)
{
	size_t p = in->metrics;

	*s = (struct parts){ .in = in };
	s->used = calloc(p + 1, sizeof(*s->used));
	s->sizes = calloc(in->groups + 1, sizeof(*s->sizes));
	s->means = calloc(in->groups * p + 1, sizeof(*s->means));
	s->middle = calloc(p + 1, sizeof(*s->middle));
	s->spread = calloc(p + 1, sizeof(*s->spread));
	if (!s->used || !s->sizes || !s->means || !s->middle || !s->spread)
		return -ENOMEM;
	means(s);
	for (size_t m = 0; m < p; m++) {
		s->spread[m] = spread_of(s, m);
		use[m] = s->spread[m] > 0 ? EP_USED : EP_CONSTANT;
		if (use[m] == EP_USED)
			s->used[s->count++] = m;
	}
	s->hypothesis = in->group ? (double)s->groups - 1 : 1;
	s->rest = (double)in->rows - (double)s->groups;
	return 0;
}

static void parts_close(struct parts *s)
{
	free(s->used);
	free(s->sizes);
	free(s->means);
	free(s->middle);
	free(s->spread);
}

/* R decides by the correlations inside the groups: so does this. */
static int drop_dependent(struct parts *s, enum ep_use *use)
{
	size_t p = s->count, rank = 0, *pivot = calloc(p + 1, sizeof(*pivot));
	double *x = calloc(p * p + 1, sizeof(*x));
	struct ep_matrix m = { x, p, p };
	int r = x && pivot ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < p; i++)
		for (size_t j = 0; j <= i; j++) {
			size_t a = s->used[i], b = s->used[j];
			double sum = 0;

			for (size_t k = 0; k < s->in->rows; k++)
				sum += residual(s, k, a) / s->spread[a] *
				       (residual(s, k, b) / s->spread[b]);
			x[i * p + j] = x[j * p + i] = sum;
		}
	if (r == 0)
		r = ep_qr(&m, pivot, &rank);
	for (size_t i = rank; r == 0 && i < p; i++)
		use[s->used[pivot[i]]] = EP_DEPENDENT;
	s->count = 0;
	for (size_t i = 0; r == 0 && i < s->in->metrics; i++)
		if (use[i] == EP_USED)
			s->used[s->count++] = i;
	free(pivot);
	free(x);
	return r;
}

/* R of the residuals' QR; its columns in the order of used[]. */
static int decompose(const struct parts *s, struct ep_matrix *ret)
{
	size_t n = s->in->rows, p = s->count, rank = 0;
	size_t *pivot = calloc(p + 1, sizeof(*pivot)), *used = s->used;
	size_t *order = calloc(p + 1, sizeof(*order));
	int r;

	*ret = (struct ep_matrix){ calloc(n * p + 1, sizeof(double)), n, p };
	r = pivot && order && ret->x ? 0 : -ENOMEM;
	for (size_t j = 0; r == 0 && j < p; j++)
		for (size_t i = 0; i < n; i++)
			ret->x[j * n + i] =
				residual(s, i, used[j]) / s->spread[used[j]];
	if (r == 0)
		r = ep_qr(ret, pivot, &rank);
	if (r == 0 && rank < p)
		r = -EDOM;
	for (size_t j = 0; r == 0 && j < p; j++)
		order[j] = used[pivot[j]];
	if (r == 0)
		memcpy(used, order, p * sizeof(*order));
	free(pivot);
	free(order);
	return r;
}

/*
 * Eigenvalues of E^-1 H: with E = R'R and H = B'B those of C'C, C = R'^-1 B',
 * one column of C for each group.
 */
static int eigenvalues(const struct parts *s, const struct ep_matrix *qr,
		       double *values)
{
	size_t p = s->count, k = s->in->groups;
	double *c = calloc(p * k + 1, sizeof(*c));
	double *square = calloc(p * p + 1, sizeof(*square));

	if (!c || !square) {
		free(c);
		free(square);
		return -ENOMEM;
	}
	for (size_t g = 0; g < k; g++) {
		for (size_t j = 0; j < p; j++) {
			size_t m = s->used[j];
			double mean = s->means[g * s->in->metrics + m];

			c[g * p + j] = s->sizes[g] > 0
					       ? sqrt(s->sizes[g]) *
							 (mean - s->middle[m]) /
							 s->spread[m]
					       : 0;
		}
		ep_qr_solve_transposed(qr, p, &c[g * p]);
	}
	for (size_t i = 0; i < p; i++)
		for (size_t j = 0; j < p; j++)
			for (size_t g = 0; g < k; g++)
				square[i * p + j] +=
					c[g * p + i] * c[g * p + j];
	ep_eigen_symmetric(square, p, values);
	free(c);
	free(square);
	return 0;
}

static void put(struct ep_manova *ret, enum ep_manova_test t, double value,
		const double f_df[3])
{
	struct ep_manova_line *l = &ret->tests[t];

	*l = (struct ep_manova_line){ value, (double)NAN, (double)NAN,
				      (double)NAN, (double)NAN };
	if (!(f_df[0] >= 0) || !(f_df[1] > 0) || !(f_df[2] > 0))
		return;
	l->f = f_df[0];
	l->df = f_df[1];
	l->df2 = f_df[2];
	l->p = ep_f_above(l->f, l->df, l->df2);
}

/* Hotelling-Lawley: R's F, and McKeon's (1974), closer with few rows. */
static void put_trace(struct ep_manova *ret, double trace, double p,
		      const struct parts *s)
{
	double q = s->hypothesis, small = fmin(p, q);
	double m = (fabs(p - q) - 1) / 2, n = (s->rest - p - 1) / 2;
	double df = small * (2 * m + small + 1), df2 = 2 * (small * n + 1);
	double b = (p + 2 * n) * (q + 2 * n) / (2 * (2 * n + 1) * (n - 1));
	double c = (2 + (p * q + 2) / (b - 1)) / (2 * n);
	double near = 4 + (p * q + 2) / (b - 1);

	put(ret, EP_MANOVA_HOTELLING, trace,
	    (const double[]){ df2 * trace / small / df, df, df2 });
	if (n > 1)
		put(ret, EP_MANOVA_MCKEON, trace,
		    (const double[]){ trace / c * near / (p * q), p * q,
				      near });
	else
		put(ret, EP_MANOVA_MCKEON, trace,
		    (const double[]){ (double)NAN, 0, 0 });
}

static void put_tests(struct ep_manova *ret, const double *values,
		      const struct parts *s)
{
	double p = (double)s->count, q = s->hypothesis, rest = s->rest;
	double small = fmin(p, q), large = fmax(p, q);
	double m = (fabs(p - q) - 1) / 2, n = (rest - p - 1) / 2;
	double a = 2 * m + small + 1, b = 2 * n + small + 1;
	double wilks = 1, pillai = 0, trace = 0;
	double t1 = rest - (p - q + 1) / 2, t2 = (p * q - 2) / 4;
	double t3 = p * p + q * q - 5, df2 = rest - large + q;

	for (size_t i = 0; i < s->count; i++) {
		/* Rounding may leave a little below 0. */
		double value = fmax(0, values[i]);

		wilks /= 1 + value;
		pillai += value / (1 + value);
		trace += value;
	}
	t3 = t3 > 0 ? sqrt((p * q * p * q - 4) / t3) : 1;
	put(ret, EP_MANOVA_WILKS, wilks,
	    (const double[]){ (pow(wilks, -1 / t3) - 1) * (t1 * t3 - 2 * t2) /
				      p / q,
			      p * q, t1 * t3 - 2 * t2 });
	put(ret, EP_MANOVA_PILLAI, pillai,
	    (const double[]){ b / a * pillai / (small - pillai), small * a,
			      small * b });
	put_trace(ret, trace, p, s);
	put(ret, EP_MANOVA_ROY, fmax(0, values[0]),
	    (const double[]){ df2 * fmax(0, values[0]) / large, large, df2 });
}

static int compute(struct parts *s, enum ep_use *use, struct ep_manova *ret)
{
	struct ep_matrix qr = { NULL, 0, 0 };
	double *values = NULL;
	int r = drop_dependent(s, use);

	if (r < 0)
		return r;
	values = calloc(s->count + 1, sizeof(*values));
	r = values ? decompose(s, &qr) : -ENOMEM;
	if (r == 0)
		r = eigenvalues(s, &qr, values);
	if (r == 0) {
		put_tests(ret, values, s);
		ret->metrics = s->count;
	} else if (r == -EDOM) {
		ret->reason = "the metrics depend on each other too closely";
		r = 0;
	}
	free(qr.x);
	free(values);
	return r;
}

int ep_stat_manova(const struct ep_manova_input *in, enum ep_use *use,
		   struct ep_manova *ret)
{
	struct ep_manova m = { .rows = in->rows };
	struct parts s;
	int r = parts_open(in, use, &s);

	for (size_t t = 0; t < EP_MANOVA_COUNT; t++)
		m.tests[t] = (struct ep_manova_line){ (double)NAN, (double)NAN,
						      (double)NAN, (double)NAN,
						      (double)NAN };
	m.groups = s.groups;
	if (r == 0 && in->group && s.groups < 2)
		m.reason = "two groups need rows that have all metrics";
	else if (r == 0 && s.count == 0)
		m.reason = "no metric varies inside the groups";
	else if (r == 0 && s.rest < (double)s.count)
		m.reason = "there are too few rows for so many metrics";
	else if (r == 0)
		r = compute(&s, use, &m);
	parts_close(&s);
	if (r == 0)
		*ret = m;
	return r;
}
