/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/export/anonymous.h"

#define COLUMNS_MAX 2200
#define CELL_BYTES_MAX ((size_t)1024 * 1024)
#define LEVEL_BYTES 4096

static bool is_earlier(const json_t *levels, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(json_string_value(json_array_get(levels, i)),
			   text) == 0)
			return true;
	return false;
}

int ep_anonymous_tell_apart(json_t *factors)
{
	json_t *factor;
	size_t f;

	json_array_foreach(factors, f, factor)
	{
		json_t *levels = json_object_get(factor, "levels");

		for (size_t i = 0; i < json_array_size(levels); i++) {
			const char *text =
				json_string_value(json_array_get(levels, i));
			char other[LEVEL_BYTES];

			if (!text)
				return -EBADMSG;
			for (int n = 2; is_earlier(levels, i, text); n++) {
				const char *was = json_string_value(
					json_array_get(levels, i));

				if (!ep_str_format(other, sizeof(other),
						   "%s~%d", was, n))
					return -ENAMETOOLONG;
				text = other;
			}
			if (text == other &&
			    json_array_set_new(levels, i, json_string(other)) <
				    0)
				return -ENOMEM;
		}
	}
	return 0;
}

/* The level at the same place; NULL: not one of them. */
static const char *level_of(const struct ep_anonymous_levels *l, size_t factor,
			    const char *text)
{
	const json_t *was =
		json_object_get(json_array_get(l->was, factor), "levels");
	const json_t *is =
		json_object_get(json_array_get(l->is, factor), "levels");

	for (size_t i = 0; i < json_array_size(was); i++) {
		const char *level = json_string_value(json_array_get(was, i));

		if (level && strcmp(level, text) == 0)
			return json_string_value(json_array_get(is, i));
	}
	return NULL;
}

static int factor_of(const struct ep_anonymous_levels *l, const char *column)
{
	for (size_t i = 0; i < json_array_size(l->was); i++) {
		const char *name = json_string_value(
			json_object_get(json_array_get(l->was, i), "name"));

		if (name && column && strcmp(name, column) == 0)
			return (int)i;
	}
	return -1;
}

/* A number or "w1", a phase or a status: a word without a name in it. */
static bool is_plain(const struct ep_scrub *s, const char *text)
{
	double value;

	return text[0] == '\0' || ep_num_parse_f64(text, &value) == 0 ||
	       (text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] ==
			'\0' &&
		!ep_scrub_hits(s, text));
}

struct results {
	const struct ep_scrub *scrub;
	const struct ep_anonymous_levels *levels;
	char **names; /* of the columns; borrowed of the text */
	size_t count;
	int *factors; /* of each column; -1 none */
	struct ep_buf *b;
	struct ep_buf cell;
};

static int put_cell(struct results *t, size_t column, const char *text)
{
	const char *level = NULL;
	int r = 0;

	if (t->factors[column] >= 0)
		level = level_of(t->levels, (size_t)t->factors[column], text);
	ep_buf_reset(&t->cell);
	if (!level && !is_plain(t->scrub, text))
		r = ep_scrub_put(t->scrub, text, &t->cell);
	if (r == 0 && column > 0)
		r = ep_buf_adds(t->b, ",");
	if (r == 0)
		r = ep_csv_put_text(t->b, level		? level
					  : t->cell.len ? t->cell.data
							: text);
	return r;
}

static int put_row(struct results *t, char *line, char **fields, size_t number,
		   struct ep_err *err)
{
	int count = ep_csv_split(line, fields, COLUMNS_MAX), r = 0;

	if (count < 0 || (size_t)count != t->count)
		return ep_err_set(err, -EBADMSG,
				  "results.csv line %zu has not the columns of "
				  "its first line",
				  number);
	for (size_t i = 0; r == 0 && i < t->count; i++)
		r = put_cell(t, i, fields[i]);
	return r == 0 ? ep_buf_adds(t->b, "\n") : r;
}

static int put_head(struct results *t, char *line, struct ep_err *err)
{
	int count, r = ep_buf_addf(t->b, "%s\n", line);

	if (ep_scrub_hits(t->scrub, line))
		return ep_err_set(err, -EPERM,
				  "results.csv: a column has the name of a "
				  "host or a user in its name; a factor is "
				  "called so");
	count = r == 0 ? ep_csv_split(line, t->names, COLUMNS_MAX) : r;
	if (count < 0)
		return count;
	t->count = (size_t)count;
	for (size_t i = 0; i < t->count; i++)
		t->factors[i] = factor_of(t->levels, t->names[i]);
	return 0;
}

static int put_all(struct results *t, struct ep_buf *text, char **fields,
		   struct ep_err *err)
{
	size_t at = 0, number = 0;
	int r = 0;

	while (r == 0 && at < text->len) {
		char *line = text->data + at;
		char *end = memchr(line, '\n', text->len - at);

		if (!end)
			return ep_err_set(err, -EBADMSG,
					  "results.csv: its last line has no "
					  "end");
		*end = '\0';
		at = (size_t)(end - text->data) + 1;
		r = ++number == 1 ? put_head(t, line, err)
				  : put_row(t, line, fields, number, err);
	}
	return r;
}

int ep_anonymous_results(const struct ep_scrub *s,
			 const struct ep_anonymous_levels *levels,
			 struct ep_buf *text, struct ep_buf *b,
			 struct ep_err *err)
{
	struct results t = { .scrub = s, .levels = levels, .b = b };
	char **fields = calloc(COLUMNS_MAX, sizeof(*fields));
	int r = -ENOMEM;

	if (text->len > 0 && memchr(text->data, '\0', text->len)) {
		free(fields);
		return ep_err_set(err, -EBADMSG, "results.csv is damaged");
	}
	ep_buf_init(&t.cell, CELL_BYTES_MAX);
	t.names = calloc(COLUMNS_MAX, sizeof(*t.names));
	t.factors = calloc(COLUMNS_MAX, sizeof(*t.factors));
	if (fields && t.names && t.factors)
		r = put_all(&t, text, fields, err);
	free(fields);
	free(t.names);
	free(t.factors);
	ep_buf_done(&t.cell);
	if (r < 0 && r != -EBADMSG && r != -EPERM)
		(void)ep_err_set(err, r, "results.csv: %s", strerror(-r));
	return r;
}

int ep_anonymous_learn_results(struct ep_scrub *s, struct ep_buf *text)
{
	static const char *const kinds[][2] = { { "host", "host" },
						{ "board_serial", "board" } };
	char **fields = calloc(COLUMNS_MAX, sizeof(*fields));
	int columns[2] = { -1, -1 }, r = fields ? 0 : -ENOMEM;
	size_t at = 0;

	for (size_t number = 1; r == 0 && at < text->len; number++) {
		char *line = text->data + at;
		char *end = memchr(line, '\n', text->len - at);
		int count;

		if (!end)
			break;
		*end = '\0';
		at = (size_t)(end - text->data) + 1;
		count = ep_csv_split(line, fields, COLUMNS_MAX);
		for (int i = 0; number == 1 && i < count; i++)
			for (size_t k = 0; k < 2; k++)
				if (strcmp(fields[i], kinds[k][0]) == 0)
					columns[k] = i;
		for (size_t k = 0; number > 1 && r == 0 && k < 2; k++)
			if (columns[k] >= 0 && columns[k] < count)
				r = ep_scrub_add_numbered(s, fields[columns[k]],
							  kinds[k][1]);
	}
	free(fields);
	return r;
}
