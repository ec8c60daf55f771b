/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/comparison_parts.h"
#include "profiler/analyze/stat_linear.h"

#define ROWS_MIN 8 /* two clusters need four rows each */

static int take_rows(const struct ep_comparison_input *in,
		     struct ep_comparison *c)
{
	struct ep_row_clusters *k = &c->clusters;

	k->rows = calloc(in->row_count + 1, sizeof(*k->rows));
	k->groups = calloc(in->row_count + 1, sizeof(*k->groups));
	if (!k->rows || !k->groups)
		return -ENOMEM;
	for (size_t i = 0; i < in->row_count; i++) {
		if (!ep_comparison_complete(&in->rows[i], c, k->use)) {
			k->incomplete++;
			continue;
		}
		k->rows[k->row_count] = i;
		k->groups[k->row_count++] = in->rows[i].group;
	}
	return 0;
}

/* A metric of the rows in units of its sd; false: it is constant. */
static bool standardize(const struct ep_comparison_input *in,
			const struct ep_row_clusters *k, size_t metric,
			double *ret)
{
	struct ep_sample s = { ret, k->row_count };
	double mean, sd;

	for (size_t i = 0; i < k->row_count; i++)
		ret[i] = in->rows[k->rows[i]].values[metric];
	mean = ep_stat_mean(s);
	sd = ep_stat_sd(s);
	if (ep_stat_constant(s) || !(sd > 0))
		return false;
	for (size_t i = 0; i < k->row_count; i++)
		ret[i] = (ret[i] - mean) / sd;
	return true;
}

/* The used metrics by columns, those that vary and are none of the others. */
static int take_columns(const struct ep_comparison_input *in,
			struct ep_comparison *c, double *x, size_t *ret_count)
{
	struct ep_row_clusters *k = &c->clusters;
	size_t rows = k->row_count, count = 0, rank = 0;
	size_t *which = calloc(2 * c->metric_count + 1, sizeof(*which));
	size_t *pivot = which ? which + c->metric_count : NULL;
	struct ep_matrix m = { NULL, rows, 0 };
	int r = which ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < c->metric_count; i++) {
		if (k->use[i] != EP_USED)
			continue;
		if (standardize(in, k, i, x + count * rows))
			which[count++] = i;
		else
			k->use[i] = EP_CONSTANT;
	}
	m.columns = count;
	m.x = calloc(rows * count + 1, sizeof(*m.x));
	if (r == 0 && !m.x)
		r = -ENOMEM;
	if (r == 0) {
		memcpy(m.x, x, rows * count * sizeof(*x));
		r = ep_qr(&m, pivot, &rank);
	}
	for (size_t i = rank; r == 0 && i < count; i++)
		k->use[which[pivot[i]]] = EP_DEPENDENT;
	*ret_count = 0;
	for (size_t i = 0; r == 0 && i < count; i++)
		if (k->use[which[i]] == EP_USED)
			memmove(x + rows * (*ret_count)++, x + rows * i,
				rows * sizeof(*x));
	free(m.x);
	free(which);
	return r;
}

static int find(struct ep_comparison *c, const double *x, size_t columns)
{
	struct ep_row_clusters *k = &c->clusters;
	size_t rows = k->row_count;
	double *by_row = calloc(rows * columns + 1, sizeof(*by_row));
	struct ep_points p = { by_row, rows, columns, NULL };
	int r;

	if (!by_row)
		return -ENOMEM;
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			by_row[i * columns + j] = x[j * rows + i];
	r = ep_points_measure(&p);
	if (r == 0)
		r = ep_stat_clusters(&p, c->options.resample.seed, k->by);
	ep_points_done(&p);
	free(by_row);
	return r;
}

static void refuse(struct ep_row_clusters *k, size_t columns)
{
	size_t rows = k->row_count;

	if (rows < ROWS_MIN)
		(void)ep_str_format(k->reason, sizeof(k->reason),
				    "%zu rows have all metrics, and it takes "
				    "%d",
				    rows, ROWS_MIN);
	else if (columns == 0)
		(void)ep_str_copy(k->reason, sizeof(k->reason),
				  "no metric varies");
	else if (rows > EP_CLUSTER_POINTS_MAX ||
		 rows * columns > EP_CLUSTER_VALUES_MAX)
		(void)ep_str_format(
			k->reason, sizeof(k->reason),
			"%zu rows of %zu metrics are more than %d rows or %d "
			"values: choose some with --where or --metric",
			rows, columns, EP_CLUSTER_POINTS_MAX,
			EP_CLUSTER_VALUES_MAX);
}

int ep_comparison_clusters(const struct ep_comparison_input *in,
			   struct ep_comparison *c)
{
	struct ep_row_clusters *k = &c->clusters;
	size_t columns;
	double *x;
	int r;

	k->wanted = in->wants.clusters;
	if (!k->wanted)
		return 0;
	r = ep_comparison_select(c, &k->use);
	if (r == 0)
		r = take_rows(in, c);
	columns = r == 0 ? ep_comparison_used(c, k->use) : 0;
	if (r == 0)
		refuse(k, columns);
	if (r < 0 || k->reason[0])
		return r;
	x = calloc(k->row_count * columns + 1, sizeof(*x));
	r = x ? take_columns(in, c, x, &columns) : -ENOMEM;
	if (r == 0)
		refuse(k, columns);
	if (r == 0 && !k->reason[0])
		r = find(c, x, columns);
	free(x);
	return r;
}
