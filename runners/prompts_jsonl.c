/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "runners/prompts_parts.h"

/* A value as the text it would be in CSV; -EINVAL: of a wrong type. */
static int text_of(const json_t *value, int column, char number[32],
		   const char **ret)
{
	bool is_number = column == EP_PROMPT_RANDOMNESS ||
			 column == EP_PROMPT_MAX_TOKENS;

	if (json_is_null(value)) {
		*ret = NULL;
		return 0;
	}
	if (json_is_string(value) && !is_number) {
		*ret = json_string_value(value);
		return 0;
	}
	*ret = number;
	if (json_is_integer(value) && (is_number || column == EP_PROMPT_ID)) {
		number[ep_num_put_i64(number, json_integer_value(value))] =
			'\0';
		return 0;
	}
	if (!json_is_real(value) || !is_number)
		return -EINVAL;
	(void)ep_num_put_f64(number, json_real_value(value));
	return 0;
}

static int read_object(json_t *o, const struct ep_prompt_place *at,
		       struct ep_prompt_list *list)
{
	const char *values[EP_PROMPT_COLUMNS] = { NULL }, *key;
	char numbers[EP_PROMPT_COLUMNS][32];
	json_t *value;

	if (!json_is_object(o))
		return ep_prompt_complain(at, "a line must be one JSON object",
					  NULL);
	json_object_foreach(o, key, value)
	{
		int column = ep_prompt_column(key);

		if (column < 0)
			return ep_prompt_complain(
				at,
				"unknown key; there is id, prompt, "
				"temperature, max_tokens, tag",
				key);
		if (text_of(value, column, numbers[column], &values[column]) <
		    0)
			return ep_prompt_complain(
				at,
				"not a text or a number as this key wants it",
				key);
	}
	return ep_prompt_add(list, values, at);
}

int ep_prompts_parse_jsonl(const char *name, const char *text,
			   struct ep_prompts *ret, struct ep_err *err)
{
	struct ep_prompt_place at = { name, 0, err };
	struct ep_prompt_list list = { 0 };
	int r = 0;

	if (ep_str_starts(text, "\xef\xbb\xbf"))
		text += 3;
	while (r == 0 && *text) {
		size_t len = strcspn(text, "\n");
		json_error_t why;
		json_t *o;

		at.line++;
		if (strspn(text, " \t\r") < len) {
			o = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
			r = o ? read_object(o, &at, &list)
			      : ep_prompt_complain(&at, "this is no JSON",
						   why.text);
			json_decref(o);
		}
		text += len + (text[len] == '\n');
	}
	return ep_prompt_finish(&list, r, &at, ret);
}
