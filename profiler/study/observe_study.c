/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/study/observe_parts.h"

/* Columns of results.csv that are about the run; then come the factors, then
 * "phase" and the figures of that phase. */
static const char *const about[] = { "study_id", "config",	"run",
				     "order",	 "valid",	"reasons",
				     "host",	 "board_serial" };
#define ABOUT_COUNT (sizeof(about) / sizeof(about[0]))
enum { CONFIG = 1, RUN = 2, ORDER = 3, VALID = 4, REASONS = 5 };

static int check(const struct ep_table *t, const char *dir, size_t *ret_phase,
		 struct ep_err *err)
{
	for (size_t i = 0; i < ABOUT_COUNT; i++)
		if (i >= t->column_count ||
		    strcmp(t->columns[i].name, about[i]) != 0)
			return ep_err_set(err, -EBADMSG,
					  "%s/results.csv is not of a study: "
					  "column %zu is not '%s'",
					  dir, i + 1, about[i]);
	*ret_phase = ep_table_find(t, "phase");
	return *ret_phase == EP_TABLE_NONE
		       ? ep_err_set(err, -EBADMSG,
				    "%s/results.csv has no column 'phase'", dir)
		       : 0;
}

static bool same_run(const struct ep_table *t, size_t a, size_t b)
{
	return strcmp(ep_table_get(t, a, ORDER), ep_table_get(t, b, ORDER)) ==
		       0 &&
	       strcmp(ep_table_get(t, a, CONFIG), ep_table_get(t, b, CONFIG)) ==
		       0 &&
	       strcmp(ep_table_get(t, a, RUN), ep_table_get(t, b, RUN)) == 0;
}

/* A column that is no figure but says something of one, or of the run. */
static bool is_beside(const char *name)
{
	static const char *const ends[] = { "_u95", "_u_common", "_status" };

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (ep_str_ends(name, ends[i]))
			return true;
	return strcmp(name, "folder") == 0;
}

/* The line's figures as "phase.figure". */
static int put_figures(struct ep_observations *o, const struct ep_table *t,
		       size_t row, size_t phase)
{
	char name[128];
	int r = 0;

	for (size_t c = phase + 1; r == 0 && c < t->column_count; c++) {
		const char *text = ep_table_get(t, row, c);

		if (text[0] == '\0' || is_beside(t->columns[c].name))
			continue;
		(void)ep_str_format(name, sizeof(name), "%s.%s",
				    ep_table_get(t, row, phase),
				    t->columns[c].name);
		r = ep_table_set(&o->table, name, text);
	}
	return r;
}

static int put_about(struct ep_observations *o, const struct ep_table *t,
		     size_t row, size_t phase)
{
	int r = 0;

	for (size_t c = 0; r == 0 && c < phase; c++)
		if (c != VALID && c != REASONS)
			r = ep_table_set(&o->table, t->columns[c].name,
					 ep_table_get(t, row, c));
	return r;
}

struct left_out {
	size_t warmup, invalid;
	const char *reason; /* of the first that is invalid */
};

static int take(struct ep_observations *o, const struct ep_table *t,
		size_t phase, size_t group, struct left_out *left)
{
	bool kept = false;
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->row_count; i++) {
		bool begins = i == 0 || !same_run(t, i - 1, i);

		if (begins) {
			kept = strcmp(ep_table_get(t, i, VALID), "1") == 0;
			if (kept) {
				r = ep_observe_row(o, group, EP_TABLE_NONE);
				if (r == 0)
					r = put_about(o, t, i, phase);
			} else if (ep_table_get(t, i, RUN)[0] == 'w') {
				left->warmup++;
			} else if (left->invalid++ == 0) {
				left->reason = ep_table_get(t, i, REASONS);
			}
		}
		if (r == 0 && kept)
			r = put_figures(o, t, i, phase);
	}
	return r;
}

int ep_observe_study(struct ep_observations *o, const char *dir, size_t group,
		     struct ep_err *err)
{
	struct left_out left = { 0, 0, "" };
	struct ep_table t = { 0 };
	char path[4200];
	size_t phase;
	int r;

	(void)ep_str_format(path, sizeof(path), "%s/results.csv", dir);
	r = ep_table_read(&t, AT_FDCWD, path, err);
	if (r == 0)
		r = check(&t, dir, &phase, err);
	if (r == 0) {
		r = take(o, &t, phase, group, &left);
		if (r < 0)
			ep_err_set(err, r, "%s: %s", path, strerror(-r));
	}
	if (r == 0 && left.warmup > 0)
		ep_observe_note(o, "%s: %zu warm-up runs are left out", dir,
				left.warmup);
	if (r == 0 && left.invalid > 0)
		ep_observe_note(o,
				"%s: %zu runs that are not valid are left "
				"out, the first: %s",
				dir, left.invalid, left.reason);
	ep_table_done(&t);
	return r;
}

/* Whose order is that, when its folder is numbered so. */
static bool is_of(const json_t *run, const char *order)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(run, "labels"), "study.order"));

	return !text || strcmp(text, order) == 0;
}

/* Enough to know what is common to all runs of a group. */
#define FACTS_PER_GROUP 20

void ep_observe_facts(struct ep_observations *o, const char *dir, size_t row)
{
	size_t order = ep_table_find(&o->table, "order");
	char path[4200];
	int64_t number;

	for (size_t i = row; i < o->table.row_count; i++) {
		const char *text = ep_table_get(&o->table, i, order);
		size_t known = 0;
		int fd;

		for (size_t k = 0; k < o->source_count; k++)
			known += o->list[k].group == o->groups[i];
		if (o->sources[i] != EP_TABLE_NONE ||
		    o->groups[i] == EP_TABLE_NONE || known >= FACTS_PER_GROUP ||
		    ep_num_parse_i64(text, &number) < 0)
			continue;
		(void)ep_str_format(path, sizeof(path), "%s/runs/%04" PRId64,
				    dir, number);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (ep_observe_source(o, fd, path, o->groups[i]) == 0) {
			o->sources[i] = o->source_count - 1;
			if (!is_of(o->list[o->source_count - 1].run, text))
				o->sources[i] = EP_TABLE_NONE;
		}
		close(fd);
	}
}
