/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/halving.h"
#include "profiler/study/store_parts.h"

/* Two figures of every run that counts, in the order in which the plan had
 * them, whatever machine they come from. */
static const char query[] =
	"SELECT run.config, a.value, b.value FROM run"
	" LEFT JOIN figure AS a ON a.run = run.number AND a.phase = ?"
	" AND a.name = ?"
	" LEFT JOIN figure AS b ON b.run = run.number AND b.phase = ?"
	" AND b.name = ?"
	" WHERE run.state = 'valid' AND run.warmup = 0"
	" ORDER BY run.config, run.repetition, run.position, run.number";

static void bind_metric(sqlite3_stmt *stmt, int column, const char *metric)
{
	const char *dot = metric ? strchr(metric, '.') : NULL;

	if (!dot)
		return;
	sqlite3_bind_text(stmt, column, metric, (int)(dot - metric),
			  SQLITE_STATIC);
	sqlite3_bind_text(stmt, column + 1, dot + 1, -1, SQLITE_STATIC);
}

static double number(sqlite3_stmt *stmt, int column)
{
	return sqlite3_column_type(stmt, column) == SQLITE_NULL
		       ? (double)NAN
		       : sqlite3_column_double(stmt, column);
}

/* Behind the standing, in the same block of memory. */
static int add_value(sqlite3_stmt *stmt, struct ep_standing **standing,
		     uint64_t count, size_t *used, size_t *room)
{
	uint64_t config = (uint64_t)sqlite3_column_int64(stmt, 0);
	struct ep_search_values *values;

	if (config >= count)
		return 0;

	if (*used == *room) {
		size_t more = *room ? 2 * *room : 64;
		void *bigger =
			realloc(*standing, count * sizeof(**standing) +
						   more * sizeof(*values));

		if (!bigger)
			return -ENOMEM;
		*standing = bigger;
		*room = more;
	}
	(*standing)[config].valid_count++;
	values = (struct ep_search_values *)(*standing + count);
	values[(*used)++] =
		(struct ep_search_values){ number(stmt, 1), number(stmt, 2) };
	return 0;
}

/* They came in the order of the configurations. */
static void point(struct ep_standing *standing, uint64_t count)
{
	const struct ep_search_values *values =
		(const void *)(standing + count);

	for (uint64_t i = 0; i < count; i++) {
		standing[i].values = values;
		values += standing[i].valid_count;
	}
}

int ep_store_search(struct ep_store *s, struct ep_standing **standing,
		    struct ep_err *err)
{
	uint64_t count = ep_plan_config_count(&s->study);
	size_t used = 0, room = 0;
	int code = SQLITE_DONE, r;
	sqlite3_stmt *stmt;

	r = ep_store_prepare(s, query, &stmt, err);
	if (r < 0)
		return r;
	bind_metric(stmt, 1, s->study.objective);
	bind_metric(stmt, 3, s->study.floor_metric);
	/* Counted again: another process may have taken a run since. */
	for (uint64_t i = 0; i < count; i++)
		(*standing)[i].valid_count = 0;
	while (r == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		r = add_value(stmt, standing, count, &used, &room);
	if (r == 0 && code != SQLITE_DONE)
		r = ep_store_fail(s, "search", err);
	else if (r < 0)
		ep_err_set(err, r, "out of memory");
	sqlite3_finalize(stmt);
	if (r < 0)
		return r;
	point(*standing, count);
	r = ep_halving_goals(&s->study, *standing);
	return r < 0 ? ep_err_set(err, r, "%s", strerror(-r)) : 0;
}
