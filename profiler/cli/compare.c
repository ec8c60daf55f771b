/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/compare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/cli.h"

#define OUTPUT_BYTES_MAX ((size_t)1 << 30)

static void work_done(struct ep_compare_work *w)
{
	ep_observations_done(&w->seen);
	free(w->group_names);
	ep_words_free(w->metrics);
	free(w->values);
}

static int choose_baseline(struct ep_compare_work *w, struct ep_err *err)
{
	const char *names[EP_GROUPS_MAX], *near;

	if (!w->o->baseline)
		return 0;
	for (size_t g = 0; g < w->group_count; g++) {
		names[g] = w->group_names[g];
		if (strcmp(names[g], w->o->baseline) != 0)
			continue;
		w->baseline = g;
		return 0;
	}
	near = ep_str_nearest(w->o->baseline, names, w->group_count);
	return ep_err_set(
		err, -EINVAL, "--baseline: there is no group '%.80s'; %s%s%s",
		w->o->baseline, near ? "did you mean '" : "the first is '",
		near		 ? near
		: w->group_count ? names[0]
				 : "",
		near ? "'?" : "'");
}

/* Groups that have rows; one without any is an error that says why. */
static int check_groups(struct ep_compare_work *w, struct ep_err *err)
{
	for (size_t g = 0; g < w->group_count; g++) {
		size_t rows = 0;

		for (size_t i = 0; i < w->seen.table.row_count; i++)
			rows += w->seen.groups[i] == g;
		if (rows == 0)
			return ep_err_set(
				err, -ENODATA,
				"%s has nothing that could be compared%s%s",
				w->group_names[g],
				w->seen.note_count ? ": " : "",
				w->seen.note_count
					? w->seen.notes[w->seen.note_count - 1]
					: "");
	}
	return 0;
}

/* Rows of results.csv, which know when they were measured. */
static bool is_study(const struct ep_compare_work *w)
{
	const struct ep_table *t = &w->seen.table;

	return !w->o->csv && ep_table_find(t, "study_id") != EP_TABLE_NONE &&
	       ep_table_find(t, "config") != EP_TABLE_NONE &&
	       ep_table_find(t, "order") != EP_TABLE_NONE;
}

/* Programs and pages get all that takes no time. */
static struct ep_comparison_wants wants_of(const struct ep_compare_work *w)
{
	struct ep_comparison_wants wants = w->o->told;
	bool all = strcmp(w->o->format->name, "json") == 0 ||
		   strcmp(w->o->format->name, "html") == 0;

	wants.together |= all;
	wants.changes |= all || is_study(w);
	return wants;
}

static void list_rows(const struct ep_compare_work *w,
		      struct ep_comparison_row *rows, size_t *ret_count)
{
	const struct ep_table *t = &w->seen.table;
	size_t key = w->o->pair ? ep_table_find(t, w->o->pair) : EP_TABLE_NONE;
	size_t count = 0;
	bool study = is_study(w);
	size_t about[] = { ep_table_find(t, "study_id"),
			   ep_table_find(t, "config"),
			   ep_table_find(t, "order") };

	for (size_t i = 0; i < t->row_count; i++) {
		const char *text = ep_table_get(t, i, key);

		if (w->seen.groups[i] == EP_TABLE_NONE)
			continue;
		rows[count].group = w->seen.groups[i];
		rows[count].key = w->o->pair && text[0] != '\0' ? text : NULL;
		rows[count].values = &w->values[i * w->metric_count];
		if (study) {
			rows[count].study = ep_table_get(t, i, about[0]);
			rows[count].config = ep_table_get(t, i, about[1]);
			/* Without a number, as the rows stand. */
			if (ep_num_parse_f64(ep_table_get(t, i, about[2]),
					     &rows[count].order) < 0)
				rows[count].order = 0;
		}
		count++;
	}
	*ret_count = count;
}

static int compute(struct ep_compare_work *w, struct ep_comparison *ret,
		   struct ep_err *err)
{
	const struct ep_table *t = &w->seen.table;
	const char *names[EP_GROUPS_MAX];
	struct ep_comparison_row *rows =
		calloc(t->row_count + 1, sizeof(*rows));
	struct ep_comparison_input in = {
		.group_names = names,
		.group_count = w->group_count,
		.baseline = w->baseline,
		.metrics = (const char *const *)w->metrics,
		.metric_count = w->metric_count,
		.rows = rows,
		.pair_by = w->o->pair,
		.wants = wants_of(w),
	};
	int r;

	if (!rows)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t g = 0; g < w->group_count; g++)
		names[g] = w->group_names[g];
	list_rows(w, rows, &in.row_count);
	r = ep_compare(&in, &w->o->contrast, ret, err);
	free(rows);
	return r;
}

/* A key that nobody shares is more likely a mistake than a result. */
static int check_pairs(const struct ep_comparison *c, struct ep_err *err)
{
	for (size_t g = 0; c->pair_by[0] && g < c->group_count; g++)
		if (g != c->baseline && c->pairings[g].pair_count == 0)
			return ep_err_set(err, -EINVAL,
					  "no value of %s is in both %s and %s",
					  c->pair_by,
					  c->group_names[c->baseline],
					  c->group_names[g]);
	return 0;
}

static int print(struct ep_compare_work *w, const struct ep_comparison *c,
		 struct ep_err *err)
{
	struct ep_compare_view view = {
		.comparison = c,
		.notes = w->seen.notes,
		.note_count = w->seen.note_count,
		.warnings = w->warnings.texts,
		.warning_count = w->warnings.count,
		.cold = w->cold.texts,
		.cold_count = w->cold.count,
		.told = w->o->told,
	};
	struct ep_buf b;
	int r;

	ep_buf_init(&b, OUTPUT_BYTES_MAX);
	r = w->o->format->render(&view, &b);
	r = r < 0 ? ep_err_set(err, r, "%s", strerror(-r))
		  : ep_cli_put(w->o->output, &b, "the result", err);
	ep_buf_done(&b);
	return r;
}

static int work(struct ep_compare_work *w, struct ep_err *err)
{
	struct ep_comparison c = { .group_count = 0 };
	int r = ep_compare_read(w, err);

	if (r == 0)
		r = check_groups(w, err);
	if (r == 0)
		r = choose_baseline(w, err);
	if (r == 0) {
		ep_compare_cold(w);
		r = ep_compare_metrics(w, err);
	}
	if (r == 0)
		r = compute(w, &c, err);
	if (r < 0)
		return r;
	r = check_pairs(&c, err);
	if (r == 0) {
		ep_compare_facts(w);
		if (is_study(w))
			ep_compare_drift(w, &c);
		ep_compare_known(w, &c);
		r = print(w, &c, err);
	}
	ep_comparison_done(&c);
	return r;
}

int ep_cmd_compare(int argc, char **argv)
{
	struct ep_compare_options o;
	struct ep_compare_work *w = NULL;
	struct ep_err err = { 0 };
	int status = EP_EXIT_OK;
	int r = ep_compare_options_parse(argc, argv, &o, &err);

	if (r == 0 && o.help) {
		(void)fputs(ep_compare_help, stdout);
	} else if (r == 0) {
		w = calloc(1, sizeof(*w));
		r = w ? 0 : ep_err_set(&err, -ENOMEM, "out of memory");
	}
	if (w) {
		w->o = &o;
		r = work(w, &err);
		work_done(w);
		free(w);
	}
	if (r < 0) {
		ep_str_printable(err.text);
		(void)fprintf(stderr, "edgeprof compare: %s\n",
			      err.text[0] ? err.text : strerror(-r));
		status = r == -ENOMEM || r == -EIO ? EP_EXIT_INTERNAL
						   : EP_EXIT_USAGE;
	}
	ep_compare_options_done(&o);
	if (fflush(stdout) != 0 && status == EP_EXIT_OK)
		status = EP_EXIT_INTERNAL;
	return status;
}
