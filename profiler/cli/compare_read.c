/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/compare.h"

void ep_compare_say(struct ep_compare_lines *l, const char *format, ...)
{
	va_list args;

	if (l->count == EP_COMPARE_LINES_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(l->texts[l->count], sizeof(l->texts[0]), format, args);
	va_end(args);
	ep_str_printable(l->texts[l->count++]);
}

/* Two columns whose values may be numbers. */
static int by_level(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	double i, k;

	if (ep_num_parse_f64(x, &i) == 0 && ep_num_parse_f64(y, &k) == 0 &&
	    (i < k || i > k))
		return i < k ? -1 : 1;
	return strcmp(x, y);
}

/* The different values of a column, in order: at most EP_GROUPS_MAX. */
static int list_levels(const struct ep_compare_work *w, size_t column,
		       const char **ret, size_t *ret_count, struct ep_err *err)
{
	const struct ep_table *t = &w->seen.table;
	size_t count = 0;

	for (size_t i = 0; i < t->row_count; i++) {
		const char *text = ep_table_get(t, i, column);
		size_t k = 0;

		if (w->seen.groups[i] == EP_TABLE_NONE || text[0] == '\0')
			continue;
		while (k < count && strcmp(ret[k], text) != 0)
			k++;
		if (k < count)
			continue;
		if (count == EP_GROUPS_MAX)
			return ep_err_set(err, -E2BIG,
					  "column '%.60s' has more than %d "
					  "different values; is it the one "
					  "that makes the groups?",
					  t->columns[column].name,
					  EP_GROUPS_MAX);
		ret[count++] = text;
	}
	qsort(ret, count, sizeof(*ret), by_level);
	*ret_count = count;
	return 0;
}

static int find_column(const struct ep_compare_work *w, const char *name,
		       const char *option, size_t *ret, struct ep_err *err)
{
	char hint[300], clean[80];

	*ret = ep_table_find(&w->seen.table, name);
	if (*ret != EP_TABLE_NONE)
		return 0;
	ep_table_suggest(&w->seen.table, name, hint, sizeof(hint));
	(void)ep_str_copy(clean, sizeof(clean), name);
	ep_str_printable(clean);
	return ep_err_set(err, -EINVAL, "%s: there is no column '%s'; %s",
			  option, clean, hint);
}

int ep_compare_where(struct ep_compare_work *w, struct ep_err *err)
{
	struct ep_table *t = &w->seen.table;

	for (size_t k = 0; k < w->o->where_count; k++) {
		const char *text = w->o->where[k], *value = strchr(text, '=');
		char name[160];
		size_t column, kept = 0;
		int r;

		(void)ep_str_format(name, sizeof(name), "%.*s",
				    (int)(value - text), text);
		r = find_column(w, name, "--where", &column, err);
		if (r < 0)
			return r;
		for (size_t i = 0; i < t->row_count; i++) {
			if (strcmp(ep_table_get(t, i, column), value + 1) != 0)
				w->seen.groups[i] = EP_TABLE_NONE;
			kept += w->seen.groups[i] != EP_TABLE_NONE;
		}
		if (kept == 0)
			return ep_err_set(err, -EINVAL,
					  "--where %.100s: no row has that",
					  text);
	}
	return 0;
}

int ep_compare_by_column(struct ep_compare_work *w, const char *column_name,
			 struct ep_err *err)
{
	const char *levels[EP_GROUPS_MAX] = { NULL };
	size_t column, count = 0, empty = 0;
	int r = find_column(w, column_name, w->o->csv ? "--group" : "--by",
			    &column, err);

	if (r == 0)
		r = list_levels(w, column, levels, &count, err);
	if (r < 0)
		return r;
	w->group_names = calloc(count + 1, sizeof(*w->group_names));
	if (!w->group_names)
		return ep_err_set(err, -ENOMEM, "out of memory");
	w->group_count = count;
	for (size_t g = 0; g < count; g++)
		(void)ep_str_copy(w->group_names[g], sizeof(w->group_names[0]),
				  levels[g]);
	for (size_t i = 0; i < w->seen.table.row_count; i++) {
		const char *text = ep_table_get(&w->seen.table, i, column);
		size_t g = 0;

		if (w->seen.groups[i] == EP_TABLE_NONE)
			continue;
		while (g < count && strcmp(levels[g], text) != 0)
			g++;
		empty += g == count;
		w->seen.groups[i] = g < count ? g : EP_TABLE_NONE;
	}
	if (empty)
		ep_observe_note(&w->seen, "%zu rows have no %s", empty,
				column_name);
	return 0;
}

/* "runs/a", "runs/a and 3 more"; letters where two would be the same. */
static int name_groups(struct ep_compare_work *w, struct ep_err *err)
{
	const struct ep_compare_options *o = w->o;

	w->group_count = o->group_count;
	w->group_names = calloc(w->group_count, sizeof(*w->group_names));
	if (!w->group_names)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t g = 0; g < w->group_count; g++) {
		char *name = w->group_names[g];

		(void)ep_str_copy(name, sizeof(*w->group_names),
				  o->folders[g][0]);
		while (strlen(name) > 1 && ep_str_ends(name, "/"))
			name[strlen(name) - 1] = '\0';
		if (o->folder_counts[g] > 1)
			(void)ep_str_format(
				name + strlen(name),
				sizeof(*w->group_names) - strlen(name),
				" and %zu more", o->folder_counts[g] - 1);
		for (size_t k = 0; k < g; k++)
			if (strcmp(w->group_names[k], name) == 0)
				return ep_err_set(err, -EINVAL,
						  "%.150s is in two groups",
						  name);
	}
	return 0;
}

static int read_folders(struct ep_compare_work *w, struct ep_err *err)
{
	const struct ep_compare_options *o = w->o;

	for (size_t g = 0; g < o->group_count; g++)
		for (size_t i = 0; i < o->folder_counts[g]; i++) {
			size_t row = w->seen.table.row_count;
			int r = ep_observe_folder(&w->seen, o->folders[g][i], g,
						  err);

			if (r < 0)
				return r;
			if (!o->by)
				ep_observe_facts(&w->seen, o->folders[g][i],
						 row);
		}
	return 0;
}

/* Run folders have one row each, unless the key pairs their requests. */
static int read_all(struct ep_compare_work *w, struct ep_err *err)
{
	int r = read_folders(w, err);

	if (r < 0 || !w->o->pair ||
	    ep_table_find(&w->seen.table, w->o->pair) != EP_TABLE_NONE)
		return r;
	ep_observations_done(&w->seen);
	w->seen.wants_requests = true;
	return read_folders(w, err);
}

int ep_compare_read(struct ep_compare_work *w, struct ep_err *err)
{
	const struct ep_compare_options *o = w->o;
	const char *column = o->csv ? o->group_column : o->by;
	size_t key;
	int r = o->csv ? ep_observe_csv(&w->seen, o->csv, err)
		       : read_all(w, err);

	if (r == 0 && w->seen.table.row_count == 0)
		r = ep_err_set(err, -ENODATA,
			       "there is nothing that could be compared%s%s",
			       w->seen.note_count ? ": " : "",
			       w->seen.note_count
				       ? w->seen.notes[w->seen.note_count - 1]
				       : "");
	if (r == 0)
		r = ep_compare_where(w, err);
	if (r == 0)
		r = column ? ep_compare_by_column(w, column, err)
			   : name_groups(w, err);
	if (r == 0 && o->by)
		for (size_t i = 0; i < o->folder_counts[0]; i++)
			ep_observe_facts(&w->seen, o->folders[0][i], 0);
	if (r == 0 && o->pair)
		r = find_column(w, o->pair, "--pair", &key, err);
	return r;
}
