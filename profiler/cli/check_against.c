/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/check.h"

/* A member beside its baseline, as edgeprof compare sees two groups. */
struct pair {
	struct ep_compare_work *work; /* its lists are owned, their items not */
	struct ep_comparison_row *rows;
	size_t row_count;
};

static void pair_done(struct pair *p)
{
	if (p->work) {
		free(p->work->seen.groups);
		free(p->work->seen.list);
		free(p->work->metrics);
		free(p->work->values);
		free(p->work->group_names);
		free(p->work);
	}
	free(p->rows);
}

/* 0 the baseline, 1 the member, EP_TABLE_NONE neither. */
static size_t place_of(size_t id, const size_t ids[2])
{
	return id == ids[0] ? 0 : id == ids[1] ? 1 : EP_TABLE_NONE;
}

static void take_rows(const struct ep_check_work *w, const size_t ids[2],
		      struct pair *p)
{
	const struct ep_table *t = &w->seen.table;
	struct ep_compare_work *c = p->work;

	for (size_t i = 0; i < t->row_count; i++) {
		double *values = &c->values[i * c->metric_count];

		c->seen.groups[i] = place_of(w->seen.groups[i], ids);
		if (c->seen.groups[i] == EP_TABLE_NONE)
			continue;
		for (size_t m = 0; m < c->metric_count; m++) {
			size_t column = ep_table_find(t, c->metrics[m]);

			if (ep_num_parse_f64(ep_table_get(t, i, column),
					     &values[m]) < 0 ||
			    !isfinite(values[m]))
				values[m] = (double)NAN;
		}
		p->rows[p->row_count++] =
			(struct ep_comparison_row){ .group = c->seen.groups[i],
						    .values = values };
	}
	for (size_t i = 0; i < w->seen.source_count; i++) {
		size_t place = place_of(w->seen.list[i].group, ids);

		if (place == EP_TABLE_NONE)
			continue;
		c->seen.list[c->seen.source_count] = w->seen.list[i];
		c->seen.list[c->seen.source_count++].group = place;
	}
}

static int pair_make(const struct ep_check_work *w,
		     const struct ep_check_member *base,
		     const struct ep_check_member *now, struct pair *p)
{
	static const struct ep_compare_options nothing;
	const size_t ids[2] = { base->id, now->id };
	size_t rows = w->seen.table.row_count;
	struct ep_compare_work *c = p->work = calloc(1, sizeof(*c));

	p->rows = calloc(rows + 1, sizeof(*p->rows));
	if (!c || !p->rows)
		return -ENOMEM;
	c->o = &nothing;
	c->seen.table = w->seen.table;
	c->seen.groups = calloc(rows + 1, sizeof(*c->seen.groups));
	c->seen.list = calloc(w->seen.source_count + 1, sizeof(*c->seen.list));
	c->metrics = calloc(w->metric_count + 1, sizeof(*c->metrics));
	c->values = calloc(rows * w->metric_count + 1, sizeof(*c->values));
	c->group_names = calloc(2, sizeof(*c->group_names));
	c->group_count = 2;
	if (!c->seen.groups || !c->seen.list || !c->metrics || !c->values ||
	    !c->group_names)
		return -ENOMEM;
	(void)ep_str_format(c->group_names[0], sizeof(*c->group_names),
			    "baseline %s", base->name);
	(void)ep_str_copy(c->group_names[1], sizeof(*c->group_names),
			  now->name);
	for (size_t m = 0; m < w->metric_count; m++)
		if (w->with_baseline[m])
			c->metrics[c->metric_count++] =
				(char *)(uintptr_t)w->metrics[m];
	take_rows(w, ids, p);
	return 0;
}

static int compare(const struct ep_check_work *w, const struct pair *p,
		   struct ep_comparison *ret, struct ep_err *err)
{
	const char *names[2] = { p->work->group_names[0],
				 p->work->group_names[1] };
	struct ep_comparison_input in = {
		.group_names = names,
		.group_count = 2,
		.metrics = (const char *const *)p->work->metrics,
		.metric_count = p->work->metric_count,
		.rows = p->rows,
		.row_count = p->row_count,
	};
	struct ep_contrast_options o;

	ep_contrast_options_init(&o);
	/* Its intervals are not asked for. */
	o.resample.count = 100;
	if (w->o->rules.margin > 0 && w->o->rules.margin < 1)
		o.margin = w->o->rules.margin;
	return ep_compare(&in, &o, ret, err);
}

/* The changes of all metrics that are compared, in their order. */
static int find_changes(struct ep_check_work *w, struct pair *p,
			struct ep_change *changes, struct ep_err *err)
{
	struct ep_comparison c = { .group_count = 0 };
	int r = compare(w, p, &c, err);

	if (r < 0)
		return r;
	ep_compare_known(p->work, &c);
	ep_compare_facts(p->work);
	for (size_t i = 0; i < p->work->warnings.count; i++)
		ep_check_warn(w, p->work->warnings.texts[i]);
	for (size_t m = 0; m < c.metric_count; m++)
		ep_change_make(&c.metrics[m].contrasts[1],
			       c.metrics[m].comparison_u95[1], &changes[m]);
	ep_comparison_done(&c);
	return 0;
}

static const struct ep_check_member *find_base(struct ep_check_work *w,
					       const struct ep_check_member *m,
					       struct ep_err *err)
{
	const struct ep_check_side *base = &w->base;
	const struct ep_check_member *found = NULL;
	char text[400];

	if (w->now.count == 1 && base->count == 1) {
		if (strcmp(m->key, base->members[0].key) != 0) {
			(void)ep_str_format(
				text, sizeof(text),
				"%s ran with %.120s, the baseline "
				"with %.120s",
				m->name, m->key[0] ? m->key : "no factors",
				base->members[0].key[0] ? base->members[0].key
							: "no factors");
			ep_check_warn(w, text);
		}
		return &base->members[0];
	}
	for (size_t i = 0; i < base->count; i++) {
		if (strcmp(m->key, base->members[i].key) != 0)
			continue;
		if (found) {
			(void)ep_err_set(err, -EINVAL,
					 "the baseline has '%.150s' twice: %s "
					 "and %s",
					 m->key, found->name,
					 base->members[i].name);
			return NULL;
		}
		found = &base->members[i];
	}
	if (!found)
		(void)ep_err_set(
			err, -EINVAL,
			"the baseline has nothing to compare with %.120s; it "
			"has %.160s%s",
			m->name, base->members[0].name,
			base->count > 1 ? ", ..." : "");
	return found;
}

static bool has_rows(const struct ep_check_member *m)
{
	return m->figures[0].valid_count > 0;
}

int ep_check_against(struct ep_check_work *w, const struct ep_check_member *m,
		     struct ep_check_item *items, struct ep_err *err)
{
	const struct ep_check_member *base = find_base(w, m, err);
	struct ep_change changes[EP_CHECK_METRICS_MAX];
	struct pair p = { NULL, NULL, 0 };
	size_t count = 0;
	int r = 0;

	if (!base)
		return -EINVAL;
	memset(changes, 0, sizeof(changes));
	if (has_rows(m) && has_rows(base)) {
		r = pair_make(w, base, m, &p);
		r = r < 0 ? ep_err_set(err, r, "out of memory")
			  : find_changes(w, &p, changes, err);
	}
	pair_done(&p);
	for (size_t k = 0; r == 0 && k < w->metric_count; k++) {
		struct ep_check_item *item = &items[count];

		if (!w->with_baseline[k])
			continue;
		item->kind = EP_CHECK_CHANGE;
		(void)ep_str_copy(item->metric, sizeof(item->metric),
				  w->metrics[k]);
		item->now = m->figures[k];
		item->base = base->figures[k];
		item->change = changes[count++];
	}
	if (r == 0)
		ep_check_boards(w, m, base);
	return r;
}
