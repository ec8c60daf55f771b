/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "runners/prompts_parts.h"

/* A cell at *text, unquoted in place; *text moves behind it.  *ret_last: it
 * ends its record. */
static int next_cell(char **text, char **ret, bool *ret_last,
		     struct ep_prompt_place *at)
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
			return ep_prompt_complain(at, "a quote is never closed",
						  NULL);
		in++;
		if (*in && *in != ',' && *in != '\n' &&
		    !ep_str_starts(in, "\r\n"))
			return ep_prompt_complain(
				at,
				"something follows the quoted text: "
				"quotes inside are doubled",
				NULL);
	} else {
		in += strcspn(in, ",\n\"");
		if (*in == '"')
			return ep_prompt_complain(
				at,
				"a quote in the middle: quote the "
				"whole cell",
				NULL);
		out = in;
		if (*in != ',' && out > *text && out[-1] == '\r')
			out--;
	}
	*ret_last = *in != ',';
	if (*in == '\r')
		in++; /* before '\n' */
	*text = *in ? in + 1 : in;
	*out = '\0';
	return 0;
}

static int read_header(char **text, int *columns, int *ret_count,
		       struct ep_prompt_place *at)
{
	bool last = false, seen[EP_PROMPT_COLUMNS] = { false };
	int count = 0;

	while (!last) {
		char *cell;
		int r = next_cell(text, &cell, &last, at), column;

		if (r < 0)
			return r;
		column = ep_prompt_column(cell);
		if (column < 0)
			return ep_prompt_complain(
				at,
				"unknown column; there is id, prompt, "
				"temperature, max_tokens, tag",
				cell);
		if (seen[column])
			return ep_prompt_complain(
				at, "the column is there twice", cell);
		seen[column] = true;
		columns[count++] = column;
	}
	*ret_count = count;
	return seen[EP_PROMPT_TEXT]
		       ? 0
		       : ep_prompt_complain(
				 at,
				 "the first line must name the columns, "
				 "prompt among them",
				 NULL);
}

static int read_record(char **text, const int *columns, int count,
		       struct ep_prompt_place *at, struct ep_prompt_list *list)
{
	const char *values[EP_PROMPT_COLUMNS] = { NULL };
	struct ep_prompt_place begin = *at;
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
		return ep_prompt_complain(
			&begin,
			"not as many cells as columns; a text with "
			"commas is quoted",
			NULL);
	return ep_prompt_add(list, values, &begin);
}

int ep_prompts_parse_csv(const char *name, const char *text,
			 struct ep_prompts *ret, struct ep_err *err)
{
	struct ep_prompt_place at = { name, 1, err };
	struct ep_prompt_list list = { 0 };
	int columns[EP_PROMPT_COLUMNS + 1], count = 0;
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
	free(copy);
	return ep_prompt_finish(&list, r, &at, ret);
}
