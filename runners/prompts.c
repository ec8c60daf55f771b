/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/prompts_parts.h"

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

static const char *const names[EP_PROMPT_COLUMNS] = { "id", "prompt",
						      "temperature",
						      "max_tokens", "tag" };
#define RANDOMNESS_MAX 10.0
#define MAX_TOKENS_MAX 1000000
#define SHORT_BYTES_MAX 200

int ep_prompt_complain(const struct ep_prompt_place *at, const char *what,
		       const char *value)
{
	char shown[61];

	if (!value)
		return ep_err_set(at->err, -EINVAL, "%s:%zu: %s", at->name,
				  at->line, what);
	(void)ep_str_copy(shown, sizeof(shown), value);
	ep_str_printable(shown);
	return ep_err_set(at->err, -EINVAL, "%s:%zu: %s: '%s'", at->name,
			  at->line, what, shown);
}

void ep_prompts_done(struct ep_prompts *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].id);
		free(p->items[i].text);
		free(p->items[i].tag);
		free(p->items[i].tokens);
	}
	free(p->items);
	memset(p, 0, sizeof(*p));
}

int ep_prompt_column(const char *name)
{
	for (int i = 0; i < EP_PROMPT_COLUMNS; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

static int read_numbers(struct ep_prompt *p, const char *const *values,
			const struct ep_prompt_place *at)
{
	const char *randomness = values[EP_PROMPT_RANDOMNESS];
	const char *max = values[EP_PROMPT_MAX_TOKENS];

	p->randomness = (double)NAN;
	if (randomness && randomness[0] &&
	    (ep_num_parse_f64(randomness, &p->randomness) < 0 ||
	     p->randomness < 0 || p->randomness > RANDOMNESS_MAX))
		return ep_prompt_complain(
			at, "temperature must be a number from 0 to 10",
			randomness);
	if (max && max[0] &&
	    (ep_num_parse_i64(max, &p->max_token_count) < 0 ||
	     p->max_token_count < 1 || p->max_token_count > MAX_TOKENS_MAX))
		return ep_prompt_complain(at,
					  "max_tokens must be a whole number "
					  "from 1 to 1000000",
					  max);
	return 0;
}

static bool is_utf8(const char *text)
{
	json_t *value = json_string(text);
	bool fine = value != NULL;

	json_decref(value);
	return fine;
}

/* An id or a tag: it is printed and stands in tables. */
static bool is_short(const char *text)
{
	size_t len = strlen(text);

	if (len > SHORT_BYTES_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return false;
	return true;
}

static int check_texts(const char *const *values,
		       const struct ep_prompt_place *at)
{
	static const int texts[] = { EP_PROMPT_ID, EP_PROMPT_TAG };

	if (!values[EP_PROMPT_TEXT] || !values[EP_PROMPT_TEXT][0])
		return ep_prompt_complain(at, "the prompt is missing", NULL);
	for (size_t i = 0; i < 2; i++)
		if (values[texts[i]] && !is_short(values[texts[i]]))
			return ep_prompt_complain(
				at,
				"id and tag have at most 200 bytes and no "
				"control characters",
				NULL);
	for (int i = 0; i < EP_PROMPT_COLUMNS; i++)
		if (values[i] && !is_utf8(values[i]))
			return ep_prompt_complain(
				at, "this is not UTF-8; convert the file",
				values[i]);
	return 0;
}

static int grow(struct ep_prompt_list *list)
{
	size_t count = list->prompts.count, room = count ? 2 * count : 1;
	struct ep_prompt *items;
	size_t *lines;

	if ((count & (count - 1)) != 0)
		return 0;
	items = realloc(list->prompts.items, room * sizeof(*items));
	if (!items)
		return -ENOMEM;
	list->prompts.items = items;
	lines = realloc(list->lines, room * sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	list->lines = lines;
	return 0;
}

int ep_prompt_add(struct ep_prompt_list *list, const char *const *values,
		  const struct ep_prompt_place *at)
{
	const char *id = values[EP_PROMPT_ID], *tag = values[EP_PROMPT_TAG];
	struct ep_prompt p = { 0 };
	char number[24];
	int r = read_numbers(&p, values, at);

	if (r == 0)
		r = check_texts(values, at);
	if (r < 0)
		return r;
	if (list->prompts.count == EP_PROMPTS_MAX)
		return ep_prompt_complain(at, "too many prompts: at most 10000",
					  NULL);
	if (grow(list) < 0)
		return ep_err_set(at->err, -ENOMEM, "out of memory");
	(void)ep_str_format(number, sizeof(number), "%zu",
			    list->prompts.count + 1);
	p.id = strdup(id && id[0] ? id : number);
	p.text = strdup(values[EP_PROMPT_TEXT]);
	p.tag = strdup(tag ? tag : "");
	list->lines[list->prompts.count] = at->line;
	list->prompts.items[list->prompts.count++] = p;
	return p.id && p.text && p.tag
		       ? 0
		       : ep_err_set(at->err, -ENOMEM, "out of memory");
}

struct named {
	const char *id;
	size_t line;
};

static int by_id(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int order = strcmp(x->id, y->id);

	if (order != 0)
		return order;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Of several pairs the one that ends first is told. */
static int check_ids(const struct ep_prompt_list *list,
		     const struct ep_prompt_place *end)
{
	size_t count = list->prompts.count;
	struct ep_prompt_place at = *end;
	struct named *all = calloc(count, sizeof(*all));
	const char *twice = NULL;

	if (!all)
		return ep_err_set(end->err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < count; i++)
		all[i] = (struct named){ list->prompts.items[i].id,
					 list->lines[i] };
	qsort(all, count, sizeof(*all), by_id);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(all[i].id, all[i - 1].id) != 0 ||
		    (twice && all[i].line >= at.line))
			continue;
		twice = all[i].id;
		at.line = all[i].line;
	}
	free(all);
	return twice ? ep_prompt_complain(&at, "two prompts have this id",
					  twice)
		     : 0;
}

int ep_prompt_finish(struct ep_prompt_list *list, int r,
		     const struct ep_prompt_place *at, struct ep_prompts *ret)
{
	if (r == 0 && list->prompts.count == 0)
		r = ep_prompt_complain(at, "no prompt", NULL);
	if (r == 0)
		r = check_ids(list, at);
	free(list->lines);
	list->lines = NULL;
	if (r < 0)
		ep_prompts_done(&list->prompts);
	else
		*ret = list->prompts;
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

static int check_text(const char *path, const struct ep_buf *text,
		      struct ep_err *err)
{
	size_t len = text->data ? strlen(text->data) : 0, line = 1;

	if (text->len == 0)
		return ep_err_set(err, -EINVAL,
				  "%s: no prompts: the file is empty", path);
	if (len == text->len)
		return 0;
	for (size_t i = 0; i < len; i++)
		line += text->data[i] == '\n';
	return ep_err_set(err, -EINVAL,
			  "%s:%zu: a NUL byte: this is no text, or UTF-16; "
			  "convert it to UTF-8",
			  path, line);
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
	if (r == -EFBIG)
		ep_err_set(err, r, "%s: larger than 64 MiB", path);
	else if (r < 0)
		ep_err_set(err, r, "cannot read the prompts in %s: %s", path,
			   strerror(-r));
	else
		r = check_text(path, &text, err);
	if (r == 0 &&
	    (ep_str_ends(path, ".jsonl") || ep_str_ends(path, ".ndjson")))
		r = ep_prompts_parse_jsonl(path, text.data, ret, err);
	else if (r == 0)
		r = ep_prompts_parse_csv(path, text.data, ret, err);
	ep_buf_done(&text);
	return r;
}
