/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/drive.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/num.h"
#include "base/str.h"

enum column { ID, PROMPT, TEMPERATURE, MAX_TOKENS, TAG, COLUMN_COUNT };
static const char *const names[COLUMN_COUNT] = { "id", "prompt", "temperature",
						 "max_tokens", "tag" };
#define TEMPERATURE_MAX 10.0
#define MAX_TOKENS_MAX 1000000
#define SHORT_BYTES_MAX 200

/* Where a complaint points to. */
struct place {
	const char *name;
	size_t line;
	struct ep_err *err;
};

static int complain(const struct place *at, const char *what, const char *value)
{
	return ep_err_set(at->err, -EINVAL, "%s:%zu: %s%s%.60s%s", at->name,
			  at->line, what, value ? ": '" : "",
			  value ? value : "", value ? "'" : "");
}

void ep_prompts_done(struct ep_prompts *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].id);
		free(p->items[i].text);
		free(p->items[i].tag);
	}
	free(p->items);
	memset(p, 0, sizeof(*p));
}

static int column_of(const char *name)
{
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int read_numbers(struct ep_prompt *p, const char *const *values,
			const struct place *at)
{
	p->randomness = (double)NAN;
	if (values[TEMPERATURE] && values[TEMPERATURE][0] &&
	    (ep_num_parse_f64(values[TEMPERATURE], &p->randomness) < 0 ||
	     p->randomness < 0 || p->randomness > TEMPERATURE_MAX))
		return complain(at, "temperature must be a number from 0 to 10",
				values[TEMPERATURE]);
	if (values[MAX_TOKENS] && values[MAX_TOKENS][0] &&
	    (ep_num_parse_i64(values[MAX_TOKENS], &p->max_token_count) < 0 ||
	     p->max_token_count < 1 || p->max_token_count > MAX_TOKENS_MAX))
		return complain(at,
				"max_tokens must be a whole number from 1 to "
				"1000000",
				values[MAX_TOKENS]);
	return 0;
}

/* One prompt; absent values are NULL or "". */
static int add(struct ep_prompts *list, const char *const *values,
	       const struct place *at)
{
	struct ep_prompt p = { 0 }, *items = list->items;
	char number[24];
	const char *id = values[ID];
	int r = read_numbers(&p, values, at);

	if (r < 0)
		return r;
	if (!values[PROMPT] || !values[PROMPT][0])
		return complain(at, "the prompt is missing", NULL);
	if (list->count == EP_PROMPTS_MAX)
		return complain(at, "too many prompts: at most 10000", NULL);
	if ((id && strlen(id) > SHORT_BYTES_MAX) ||
	    (values[TAG] && strlen(values[TAG]) > SHORT_BYTES_MAX))
		return complain(at, "id and tag have at most 200 bytes", NULL);
	(void)ep_str_format(number, sizeof(number), "%zu", list->count + 1);
	if (!id || !id[0])
		id = number;
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(items[i].id, id) == 0)
			return complain(at, "two prompts have this id", id);
	if ((list->count & (list->count - 1)) == 0) {
		items = realloc(items, (list->count ? 2 * list->count : 1) *
					       sizeof(*items));
		if (!items)
			return ep_err_set(at->err, -ENOMEM, "out of memory");
		list->items = items;
	}
	p.id = strdup(id);
	p.text = strdup(values[PROMPT]);
	p.tag = strdup(values[TAG] ? values[TAG] : "");
	items[list->count++] = p;
	return p.id && p.text && p.tag
		       ? 0
		       : ep_err_set(at->err, -ENOMEM, "out of memory");
}

/* A cell at *text, unquoted in place; *text moves behind it.  *ret_last: it
 * ends its record. */
static int next_cell(char **text, char **ret, bool *ret_last, struct place *at)
{
	char *in = *text, *out = in;

	*ret = in;
	if (*in == '"') {
		for (in++; *in && (*in != '"' || in[1] == '"'); in++) {
			in += *in == '"';
			at->line += *in == '\n';
			*out++ = *in;
		}
		if (*in != '"')
			return complain(at, "a quote is never closed", NULL);
		in++;
		if (*in && !strchr(",\r\n", *in))
			return complain(at,
					"something follows the quoted text: "
					"quotes inside are doubled",
					NULL);
	} else {
		in += strcspn(in, ",\n\"");
		if (*in == '"')
			return complain(at,
					"a quote in the middle: quote the "
					"whole cell",
					NULL);
		out = in;
		if (*in != ',' && out > *text && out[-1] == '\r')
			out--;
	}
	*ret_last = *in != ',';
	if (*in == '\r')
		in++;
	*text = *in ? in + 1 : in;
	*out = '\0';
	return 0;
}

static int read_header(char **text, int *columns, int *ret_count,
		       struct place *at)
{
	bool last = false, seen[COLUMN_COUNT] = { false };
	int count = 0;

	while (!last) {
		char *cell;
		int r = next_cell(text, &cell, &last, at), column;

		if (r < 0)
			return r;
		column = column_of(cell);
		if (column < 0)
			return complain(at,
					"unknown column; there is id, prompt, "
					"temperature, max_tokens, tag",
					cell);
		if (seen[column])
			return complain(at, "the column is there twice", cell);
		seen[column] = true;
		columns[count++] = column;
	}
	*ret_count = count;
	return seen[PROMPT] ? 0
			    : complain(at,
				       "the first line must name the columns, "
				       "prompt among them",
				       NULL);
}

static int read_record(char **text, const int *columns, int count,
		       struct place *at, struct ep_prompts *list)
{
	const char *values[COLUMN_COUNT] = { NULL };
	struct place begin = *at;
	bool last = false;
	char *cell = NULL;
	int cells = 0;

	while (!last) {
		int r = next_cell(text, &cell, &last, at);

		if (r < 0)
			return r;
		if (cells < count)
			values[columns[cells]] = cell;
		cells++;
	}
	at->line++;
	if (cells == 1 && cell[0] == '\0')
		return 0;
	if (cells != count)
		return complain(&begin,
				"not as many cells as columns; a text with "
				"commas is quoted",
				NULL);
	return add(list, values, &begin);
}

int ep_prompts_parse_csv(const char *name, const char *text,
			 struct ep_prompts *ret, struct ep_err *err)
{
	struct place at = { name, 1, err };
	struct ep_prompts list = { 0 };
	int columns[COLUMN_COUNT + 1], count = 0;
	char *copy = strdup(text), *next = copy;
	int r;

	if (!copy)
		return ep_err_set(err, -ENOMEM, "out of memory");
	if (ep_str_starts(next, "\xef\xbb\xbf"))
		next += 3;
	r = read_header(&next, columns, &count, &at);
	at.line++;
	while (r == 0 && *next)
		r = read_record(&next, columns, count, &at, &list);
	if (r == 0 && list.count == 0)
		r = complain(&at, "no prompt", NULL);
	free(copy);
	if (r < 0)
		ep_prompts_done(&list);
	else
		*ret = list;
	return r;
}

/* A value as the text it would be in CSV. */
static int text_of(const json_t *value, char *number, size_t size,
		   const char **ret)
{
	if (json_is_string(value)) {
		*ret = json_string_value(value);
		return 0;
	}
	*ret = number;
	if (json_is_integer(value)) {
		(void)ep_str_format(number, size, "%lld",
				    (long long)json_integer_value(value));
		return 0;
	}
	if (!json_is_real(value) || size < 32)
		return -EINVAL;
	(void)ep_num_put_f64(number, json_real_value(value));
	return 0;
}

static int read_object(const json_t *o, const struct place *at,
		       struct ep_prompts *list)
{
	const char *values[COLUMN_COUNT] = { NULL }, *key;
	char numbers[COLUMN_COUNT][32];
	json_t *value;

	if (!json_is_object(o))
		return complain(at, "a line must be one JSON object", NULL);
	json_object_foreach((json_t *)(uintptr_t)o, key, value)
	{
		int column = column_of(key);

		if (column < 0)
			return complain(at,
					"unknown key; there is id, prompt, "
					"temperature, max_tokens, tag",
					key);
		if (text_of(value, numbers[column], sizeof(numbers[column]),
			    &values[column]) < 0)
			return complain(at, "not a text or a number", key);
	}
	return add(list, values, at);
}

int ep_prompts_parse_jsonl(const char *name, const char *text,
			   struct ep_prompts *ret, struct ep_err *err)
{
	struct place at = { name, 0, err };
	struct ep_prompts list = { 0 };
	int r = 0;

	while (r == 0 && *text) {
		size_t len = strcspn(text, "\n");
		json_error_t why;
		json_t *o;

		at.line++;
		if (strspn(text, " \t\r") < len) {
			o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
			r = o ? read_object(o, &at, &list)
			      : complain(&at, why.text, NULL);
			json_decref(o);
		}
		text += len + (text[len] == '\n');
	}
	if (r == 0 && list.count == 0)
		r = complain(&at, "no prompt", NULL);
	if (r < 0)
		ep_prompts_done(&list);
	else
		*ret = list;
	return r;
}

static int load_own(struct ep_prompts *ret, struct ep_err *err)
{
	static const char own[] =
		"id,prompt,temperature,max_tokens\n"
		"built-in,Explain in three sentences why the sky is blue.,0,"
		"100\n";

	return ep_prompts_parse_csv("built-in", own, ret, err);
}

int ep_prompts_load(const char *path, struct ep_prompts *ret,
		    struct ep_err *err)
{
	struct ep_buf text;
	int r;

	if (!path)
		return load_own(ret, err);
	ep_buf_init(&text, EP_PROMPTS_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	if (r < 0)
		ep_err_set(err, r, "cannot read the prompts in %s: %s", path,
			   strerror(-r));
	else if (text.len == 0 || strlen(text.data) != text.len)
		r = ep_err_set(err, -EINVAL,
			       "%s: no prompts: the file is empty or no text",
			       path);
	else if (ep_str_ends(path, ".jsonl") || ep_str_ends(path, ".ndjson"))
		r = ep_prompts_parse_jsonl(path, text.data, ret, err);
	else
		r = ep_prompts_parse_csv(path, text.data, ret, err);
	ep_buf_done(&text);
	return r;
}
