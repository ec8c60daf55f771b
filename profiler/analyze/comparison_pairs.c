/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/comparison_parts.h"

struct entry {
	const char *key;
	size_t row;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	return order ? order : (x->row > y->row) - (x->row < y->row);
}

/* The rows of a group by key. */
static int list(const struct ep_comparison_input *in, size_t group,
		struct entry **ret, size_t *ret_count)
{
	struct entry *e = calloc(in->row_count + 1, sizeof(*e));
	size_t n = 0;

	if (!e)
		return -ENOMEM;
	for (size_t i = 0; i < in->row_count; i++)
		if (in->rows[i].group == group && in->rows[i].key)
			e[n++] = (struct entry){ in->rows[i].key, i };
	qsort(e, n, sizeof(*e), by_key);
	*ret = e;
	*ret_count = n;
	return 0;
}

/* How many of e from i on have its key. */
static size_t run_of(const struct entry *e, size_t i, size_t n)
{
	size_t end = i + 1;

	while (end < n && strcmp(e[end].key, e[i].key) == 0)
		end++;
	return end - i;
}

static void note_key(char *keys, size_t size, const char *key)
{
	size_t used = strlen(keys);
	char clean[64];

	(void)ep_str_copy(clean, sizeof(clean), key);
	ep_str_printable(clean);
	if (used + strlen(clean) + 8 < size)
		(void)ep_str_format(keys + used, size - used, "%s%s",
				    used ? ", " : "", clean);
	else if (used > 0 && !ep_str_ends(keys, "..."))
		(void)ep_str_format(keys + used, size - used, ", ...");
}

/* Mean of a metric over the rows of a key. */
static double mean_of(const struct ep_comparison_input *in,
		      const struct entry *e, size_t n, size_t metric)
{
	double sum = 0;
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		double value = in->rows[e[i].row].values[metric];

		if (isnan(value))
			continue;
		sum += value;
		count++;
	}
	return count ? sum / (double)count : (double)NAN;
}

struct sides {
	const struct ep_comparison_input *in;
	struct entry *a, *b; /* the baseline, the group */
	size_t a_count, b_count;
	size_t size; /* room for pairs */
};

static void put_pair(const struct sides *s, const size_t *at, const size_t *n,
		     struct ep_pairs *p)
{
	for (size_t m = 0; m < s->in->metric_count; m++) {
		double *base = p->values + 2 * m * s->size;

		base[p->count] = mean_of(s->in, s->a + at[0], n[0], m);
		base[s->size + p->count] =
			mean_of(s->in, s->b + at[1], n[1], m);
	}
	p->count++;
}

static void merge(const struct sides *s, struct ep_pairs *p,
		  struct ep_pairing *told)
{
	size_t at[2] = { 0, 0 };

	while (at[0] < s->a_count || at[1] < s->b_count) {
		size_t n[2] = { 0, 0 };
		int order = at[0] == s->a_count ? 1
			    : at[1] == s->b_count
				    ? -1
				    : strcmp(s->a[at[0]].key, s->b[at[1]].key);

		if (order <= 0)
			n[0] = run_of(s->a, at[0], s->a_count);
		if (order >= 0)
			n[1] = run_of(s->b, at[1], s->b_count);
		if (order < 0) {
			told->only_baseline++;
			note_key(told->only_baseline_keys,
				 sizeof(told->only_baseline_keys),
				 s->a[at[0]].key);
		} else if (order > 0) {
			told->only_here++;
			note_key(told->only_here_keys,
				 sizeof(told->only_here_keys), s->b[at[1]].key);
		} else {
			told->repeated += n[0] > 1 || n[1] > 1;
			(void)ep_str_copy(told->keys[p->count],
					  sizeof(*told->keys), s->a[at[0]].key);
			ep_str_printable(told->keys[p->count]);
			put_pair(s, at, n, p);
		}
		at[0] += n[0];
		at[1] += n[1];
	}
	told->pair_count = p->count;
}

int ep_pairs_make(const struct ep_comparison_input *in, size_t group,
		  struct ep_pairs *ret, struct ep_pairing *told)
{
	struct sides s = { .in = in };
	struct ep_pairs p = { NULL, 0 };
	int r = list(in, in->baseline, &s.a, &s.a_count);

	memset(told, 0, sizeof(*told));
	if (r == 0)
		r = list(in, group, &s.b, &s.b_count);
	s.size = s.a_count + 1;
	if (r == 0) {
		p.values = calloc(2 * s.size * in->metric_count,
				  sizeof(*p.values));
		told->keys = calloc(s.size, sizeof(*told->keys));
		r = p.values && told->keys ? 0 : -ENOMEM;
	}
	if (r < 0)
		free(p.values);
	if (r == 0) {
		merge(&s, &p, told);
		/* Closed up, now that the count is known. */
		for (size_t i = 0; i < 2 * in->metric_count; i++)
			memmove(p.values + i * p.count, p.values + i * s.size,
				p.count * sizeof(*p.values));
		*ret = p;
	}
	free(s.a);
	free(s.b);
	return r;
}

void ep_pairs_done(struct ep_pairs *p)
{
	free(p->values);
	p->values = NULL;
}
