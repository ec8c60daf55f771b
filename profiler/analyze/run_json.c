/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/run_json.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

int ep_rj_bad(const struct ep_rj *r, const char *key, const char *what)
{
	return ep_err_set(r->err, -EBADMSG,
			  "run.json: %s%s%s %s; the folder is damaged or was "
			  "not written by edgeprof",
			  r->where, r->where[0] ? "." : "", key, what);
}

static const json_t *get(const struct ep_rj *r, const char *key)
{
	const json_t *v = r->object ? json_object_get(r->object, key) : NULL;

	return v && !json_is_null(v) ? v : NULL;
}

int ep_rj_i64(const struct ep_rj *r, const char *key, struct ep_rj_range range,
	      int64_t *ret)
{
	const json_t *v = get(r, key);
	json_int_t value;

	if (!v)
		return 0;
	if (!json_is_integer(v))
		return ep_rj_bad(r, key, "is not an integer");
	value = json_integer_value(v);
	if (value < range.min || value > range.max)
		return ep_rj_bad(r, key, "is out of range");
	*ret = value;
	return 0;
}

int ep_rj_bool(const struct ep_rj *r, const char *key, bool *ret)
{
	const json_t *v = get(r, key);

	if (!v)
		return 0;
	if (!json_is_boolean(v))
		return ep_rj_bad(r, key, "is neither true nor false");
	*ret = json_is_true(v);
	return 0;
}

int ep_rj_text(const struct ep_rj *r, const char *key, char *ret, size_t size)
{
	const json_t *v = get(r, key);

	if (!v)
		return 0;
	if (!json_is_string(v))
		return ep_rj_bad(r, key, "is not text");
	if (json_string_length(v) >= size ||
	    strlen(json_string_value(v)) != json_string_length(v))
		return ep_rj_bad(r, key, "is too long or holds a NUL");
	(void)ep_str_copy(ret, size, json_string_value(v));
	ep_str_printable(ret);
	return 0;
}

int ep_rj_array(const struct ep_rj *r, const char *key, size_t max,
		const json_t **ret)
{
	const json_t *v = get(r, key);

	*ret = NULL;
	if (!v)
		return 0;
	if (!json_is_array(v))
		return ep_rj_bad(r, key, "is not an array");
	if (json_array_size(v) > max)
		return ep_rj_bad(r, key, "has too many entries");
	*ret = v;
	return 0;
}

int ep_rj_object(const struct ep_rj *r, const char *key, struct ep_rj *ret)
{
	const json_t *v = get(r, key);

	if (v && !json_is_object(v))
		return ep_rj_bad(r, key, "is not an object");
	ret->object = v;
	ret->err = r->err;
	(void)ep_str_format(ret->where, sizeof(ret->where), "%s", key);
	return 0;
}

int ep_rj_element(const struct ep_rj *r, const json_t *array, const char *key,
		  size_t i, struct ep_rj *ret)
{
	ret->object = json_array_get(array, i);
	ret->err = r->err;
	(void)ep_str_format(ret->where, sizeof(ret->where), "%s%s%s[%zu]",
			    r->where, r->where[0] ? "." : "", key, i);
	if (!json_is_object(ret->object))
		return ep_rj_bad(ret, "", "is not an object");
	return 0;
}

static bool name_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

bool ep_rj_plain_name(const char *text)
{
	if (text[0] == '\0' || text[0] == '.')
		return false;
	for (; *text; text++)
		if (!name_byte(*text))
			return false;
	return true;
}

bool ep_rj_channel_name(const char *text)
{
	if (text[0] == '\0')
		return false;
	for (; *text; text++)
		if (*text < 0x21 || *text > 0x7e || strchr(",\"\\'", *text))
			return false;
	return true;
}
