/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/stat_cluster.h"

/*
 * Ward's clusters by chains of nearest neighbours (Murtagh 1983), on squared
 * distances and the formula of Lance and Williams: R's ward.D2.
 */
struct merge {
	size_t a, b; /* clusters go by their first point */
	double height;
};

struct ward {
	size_t n, *sizes, *chain, chain_length;
	double *squares; /* n x n */
	struct merge *merges;
	size_t merge_count;
};

static int ward_open(const struct ep_points *p, struct ward *w)
{
	size_t n = p->count;

	*w = (struct ward){ .n = n };
	w->sizes = calloc(n + 1, sizeof(*w->sizes));
	w->chain = calloc(n + 1, sizeof(*w->chain));
	w->squares = malloc((n * n + 1) * sizeof(*w->squares));
	w->merges = calloc(n + 1, sizeof(*w->merges));
	if (!w->sizes || !w->chain || !w->squares || !w->merges)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		w->sizes[i] = 1;
		for (size_t j = 0; j < n; j++) {
			double d = ep_points_distance(p, i, j);

			w->squares[i * n + j] = d * d;
		}
	}
	return 0;
}

static void ward_close(struct ward *w)
{
	free(w->sizes);
	free(w->chain);
	free(w->squares);
	free(w->merges);
}

/* The nearest cluster; on a tie the one before it in the chain, so that the
 * chain ends. */
static size_t nearest(const struct ward *w, size_t i, size_t before)
{
	const double *row = &w->squares[i * w->n];
	size_t best = before;
	double least = before < w->n ? row[before] : (double)INFINITY;

	for (size_t j = 0; j < w->n; j++)
		if (j != i && w->sizes[j] > 0 && row[j] < least) {
			least = row[j];
			best = j;
		}
	return best;
}

static void join(struct ward *w, size_t a, size_t b)
{
	size_t n = w->n;
	double na = (double)w->sizes[a], nb = (double)w->sizes[b];
	double ab = w->squares[a * n + b];

	w->merges[w->merge_count++] = (struct merge){ a, b, ab };
	for (size_t k = 0; k < n; k++) {
		double nk = (double)w->sizes[k], d;

		if (k == a || k == b || w->sizes[k] == 0)
			continue;
		d = ((na + nk) * w->squares[a * n + k] +
		     (nb + nk) * w->squares[b * n + k] - nk * ab) /
		    (na + nb + nk);
		w->squares[a * n + k] = w->squares[k * n + a] = d;
	}
	w->sizes[a] += w->sizes[b];
	w->sizes[b] = 0;
}

static void follow_chains(struct ward *w)
{
	while (w->merge_count + 1 < w->n) {
		size_t i, before, next;

		if (w->chain_length == 0) {
			for (i = 0; w->sizes[i] == 0; i++)
				;
			w->chain[w->chain_length++] = i;
		}
		i = w->chain[w->chain_length - 1];
		before = w->chain_length > 1 ? w->chain[w->chain_length - 2]
					     : w->n;
		next = nearest(w, i, before);
		if (next != before) {
			w->chain[w->chain_length++] = next;
			continue;
		}
		w->chain_length -= 2;
		join(w, i < next ? i : next, i < next ? next : i);
	}
}

static int by_height(const void *a, const void *b)
{
	const struct merge *x = a, *y = b;

	if (x->height < y->height || x->height > y->height)
		return x->height < y->height ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/* All merges but the k - 1 highest ones. */
static int cut(const struct ward *w, size_t k, uint8_t *of)
{
	size_t *parent = calloc(w->n + 1, sizeof(*parent));
	size_t *label = calloc(w->n + 1, sizeof(*label)), next = 0;

	if (!parent || !label) {
		free(parent);
		free(label);
		return -ENOMEM;
	}
	for (size_t i = 0; i < w->n; i++)
		parent[i] = i;
	for (size_t i = 0; i + k < w->n; i++) {
		size_t a = w->merges[i].a, b = w->merges[i].b;

		while (parent[a] != a)
			a = parent[a];
		while (parent[b] != b)
			b = parent[b];
		parent[a < b ? b : a] = a < b ? a : b;
	}
	for (size_t i = 0; i < w->n; i++) {
		size_t root = i;

		while (parent[root] != root)
			root = parent[root];
		if (root == i)
			label[i] = next++;
		of[i] = (uint8_t)label[root];
	}
	free(parent);
	free(label);
	return 0;
}

int ep_stat_ward(const struct ep_points *p, size_t k, uint8_t *of)
{
	struct ward w;
	int r = ward_open(p, &w);

	if (r == 0) {
		follow_chains(&w);
		qsort(w.merges, w.merge_count, sizeof(*w.merges), by_height);
		r = cut(&w, k, of);
	}
	ward_close(&w);
	return r;
}
