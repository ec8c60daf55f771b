/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/compare.h"

/* What is compared of runs and of requests when nobody says. */
static const char *const usual[] = {
	"generation.j_per_token", "generation.tokens_per_s",
	"prefill.j_per_token",	  "prefill.tokens_per_s",
	"request.ttft_s",	  "run.energy_j",
	"run.duration_s",	  "run.rss_peak_bytes",
};
static const char *const usual_requests[] = {
	"energy_j",
	"tokens_per_second",
	"total_duration_ms",
	"ttft_s",
};

static bool is_number(const char *text, double *ret)
{
	return ep_num_parse_f64(text, ret) == 0 && isfinite(*ret);
}

enum column {
	TEXT,
	CONSTANT,
	METRIC
}; /* at least as many numbers as others in the last two */

/* A measured column with a few cells of "nan" or "failed" in it is one all the
 * same: take_values() tells of them. */
static enum column kind_of(const struct ep_compare_work *w, size_t column)
{
	const struct ep_table *t = &w->seen.table;
	double first = (double)NAN, value;
	size_t number_count = 0, other_count = 0;
	bool varies = false;

	for (size_t i = 0; i < t->row_count; i++) {
		const char *text = ep_table_get(t, i, column);

		if (w->seen.groups[i] == EP_TABLE_NONE || text[0] == '\0')
			continue;
		if (!is_number(text, &value)) {
			other_count++;
			continue;
		}
		if (number_count++ == 0)
			first = value;
		varies |= value < first || value > first;
	}
	if (number_count == 0 || other_count > number_count)
		return TEXT;
	return varies ? METRIC : CONSTANT;
}

static int add(struct ep_compare_work *w, const char *name)
{
	char **bigger =
		realloc(w->metrics, (w->metric_count + 2) * sizeof(*bigger));

	if (!bigger)
		return -ENOMEM;
	w->metrics = bigger;
	w->metrics[w->metric_count] = strdup(name);
	if (!w->metrics[w->metric_count])
		return -ENOMEM;
	w->metrics[++w->metric_count] = NULL;
	return 0;
}

static bool used_otherwise(const struct ep_compare_options *o, const char *name)
{
	size_t len = strlen(name);

	if ((o->pair && strcmp(o->pair, name) == 0) ||
	    (o->group_column && strcmp(o->group_column, name) == 0))
		return true;
	for (size_t i = 0; i < o->where_count; i++)
		if (strncmp(o->where[i], name, len) == 0 &&
		    o->where[i][len] == '=')
			return true;
	return false;
}

static int add_usual(struct ep_compare_work *w)
{
	const char *const *names =
		w->seen.wants_requests ? usual_requests : usual;
	size_t count = w->seen.wants_requests
			       ? sizeof(usual_requests) / sizeof(*names)
			       : sizeof(usual) / sizeof(*names);
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		size_t column = ep_table_find(&w->seen.table, names[i]);

		if (column != EP_TABLE_NONE && kind_of(w, column) != TEXT)
			r = add(w, names[i]);
	}
	return r;
}

static int add_numeric(struct ep_compare_work *w)
{
	const struct ep_table *t = &w->seen.table;
	size_t more = 0;
	int r = 0;

	for (size_t c = 0; r == 0 && c < t->column_count; c++) {
		if (used_otherwise(w->o, t->columns[c].name) ||
		    kind_of(w, c) != METRIC)
			continue;
		if (w->metric_count < EP_METRICS_MAX)
			r = add(w, t->columns[c].name);
		else
			more++;
	}
	if (more)
		ep_observe_note(&w->seen,
				"%zu columns more than %d: --metric names "
				"others than the first",
				more, EP_METRICS_MAX);
	return r;
}

static int add_asked(struct ep_compare_work *w, struct ep_err *err)
{
	char hint[300], clean[100];
	int r = 0;

	for (size_t i = 0; r == 0 && w->o->metrics[i]; i++) {
		const char *name = w->o->metrics[i];

		for (size_t k = 0; k < i; k++)
			if (strcmp(w->o->metrics[k], name) == 0)
				return ep_err_set(err, -EINVAL,
						  "--metric names %.80s twice",
						  name);
		if (ep_table_find(&w->seen.table, name) == EP_TABLE_NONE) {
			ep_table_suggest(&w->seen.table, name, hint,
					 sizeof(hint));
			(void)ep_str_copy(clean, sizeof(clean), name);
			ep_str_printable(clean);
			return ep_err_set(err, -EINVAL,
					  "there is no metric '%s'; %s", clean,
					  hint);
		}
		r = add(w, name);
	}
	return r < 0 ? ep_err_set(err, r, "out of memory") : 0;
}

/* Cells that are no finite numbers are missing, and told. */
static int take_values(struct ep_compare_work *w, struct ep_err *err)
{
	const struct ep_table *t = &w->seen.table;
	size_t columns = w->metric_count;

	w->values = calloc(t->row_count * columns + 1, sizeof(*w->values));
	if (!w->values)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t m = 0; m < columns; m++) {
		size_t c = ep_table_find(t, w->metrics[m]), bad = 0, good = 0;
		const char *example = "";
		size_t row = 0;

		for (size_t i = 0; i < t->row_count; i++) {
			const char *text = ep_table_get(t, i, c);
			double *value = &w->values[i * columns + m];

			*value = (double)NAN;
			if (w->seen.groups[i] == EP_TABLE_NONE || !text[0])
				continue;
			if (is_number(text, value)) {
				good++;
				continue;
			}
			*value = (double)NAN;
			if (bad++ == 0) {
				example = text;
				row = i + 1;
			}
		}
		if (bad)
			ep_observe_note(&w->seen,
					"%s: %zu cells are no finite numbers, "
					"the first '%.40s' in row %zu",
					w->metrics[m], bad, example, row);
		if (good == 0)
			return ep_err_set(err, -EINVAL,
					  "%s has no number in any row",
					  w->metrics[m]);
	}
	return 0;
}

int ep_compare_metrics(struct ep_compare_work *w, struct ep_err *err)
{
	int r = w->o->metrics ? add_asked(w, err)
		: w->o->csv   ? add_numeric(w)
			      : add_usual(w);

	if (r < 0)
		return err->text[0] ? r : ep_err_set(err, r, "out of memory");
	if (w->metric_count == 0)
		return ep_err_set(err, -EINVAL,
				  "no column has numbers that vary; name what "
				  "to compare with --metric");
	return take_values(w, err);
}
