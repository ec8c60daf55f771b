/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/compare.h"

/* A start is cold when loading took that many times the median of its group. */
#define COLD_TIMES 5
/* A ratio of fewer cold starts is an anecdote. */
#define COLD_MIN 3

static size_t find_load(const struct ep_table *t)
{
	size_t c = ep_table_find(t, "load.duration_s");

	for (size_t i = 0; c == EP_TABLE_NONE && i < t->column_count; i++)
		if (ep_str_starts(t->columns[i].name, "load_duration"))
			c = i;
	return c;
}

struct loads {
	double *all; /* [rows]; NAN: none */
	double *list;
	size_t count;
	double median;
};

static void take_group(const struct ep_compare_work *w, size_t group,
		       struct loads *l)
{
	double *sorted;

	l->count = 0;
	for (size_t i = 0; i < w->seen.table.row_count; i++)
		if (w->seen.groups[i] == group && !isnan(l->all[i]))
			l->list[l->count++] = l->all[i];
	sorted = ep_stat_sorted((struct ep_sample){ l->list, l->count });
	l->median = sorted && l->count ? ep_stat_quantile(sorted, l->count, 0.5)
				       : (double)NAN;
	free(sorted);
}

static void set_apart(struct ep_compare_work *w, size_t group, struct loads *l)
{
	double cold = 0, warm = 0;
	size_t cold_count = 0, warm_count = 0;
	char ratio[EP_P_BYTES];

	for (size_t i = 0; i < w->seen.table.row_count; i++) {
		if (w->seen.groups[i] != group || isnan(l->all[i]))
			continue;
		if (l->all[i] > COLD_TIMES * l->median) {
			w->seen.groups[i] = EP_TABLE_NONE;
			cold += l->all[i];
			cold_count++;
		} else {
			warm += l->all[i];
			warm_count++;
		}
	}
	if (cold_count == 0)
		return;
	if (cold_count < COLD_MIN) {
		ep_compare_say(&w->cold,
			       "%s: %zu of %zu; a ratio of cold to warm needs "
			       "%d cold starts",
			       w->group_names[group], cold_count,
			       cold_count + warm_count, COLD_MIN);
		return;
	}
	ep_stat_put_number(ratio, cold / (double)cold_count /
					  (warm / (double)warm_count));
	ep_compare_say(&w->cold,
		       "%s: %zu of %zu; their mean load time is %s times that "
		       "of the warm ones",
		       w->group_names[group], cold_count,
		       cold_count + warm_count, ratio);
}

void ep_compare_cold(struct ep_compare_work *w)
{
	const struct ep_table *t = &w->seen.table;
	size_t column = find_load(t);
	struct loads l = { calloc(t->row_count + 1, sizeof(double)),
			   calloc(t->row_count + 1, sizeof(double)), 0, 0 };

	if (!w->o->keep_cold && column != EP_TABLE_NONE && l.all && l.list) {
		for (size_t i = 0; i < t->row_count; i++)
			if (ep_num_parse_f64(ep_table_get(t, i, column),
					     &l.all[i]) < 0 ||
			    !(l.all[i] >= 0))
				l.all[i] = (double)NAN;
		for (size_t g = 0; g < w->group_count; g++) {
			take_group(w, g, &l);
			if (l.count >= 3 && l.median > 0)
				set_apart(w, g, &l);
		}
	}
	free(l.all);
	free(l.list);
}
