/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/*
 * Files whose meaning depends on one another, such as an INA3221's
 * update_interval on its samples: set in the order of the target, and put back
 * in that same order, as one setting.
 */
#define FILES_MAX 4

struct words {
	char text[FILES_MAX + 1][EP_SETTING_TARGET_BYTES];
	size_t count;
};

static int split(const char *text, size_t max, struct words *ret)
{
	ret->count = 0;
	while (*text) {
		size_t len = strcspn(text, " ");

		if (len == 0 || ret->count == max ||
		    !ep_str_format(ret->text[ret->count++],
				   sizeof(ret->text[0]), "%.*s", (int)len,
				   text))
			return -EINVAL;
		text += len;
		if (*text && !*++text)
			return -EINVAL;
	}
	return ret->count > 0 ? 0 : -EINVAL;
}

/* The paths of "DIR NAME NAME". */
static int paths_of(const char *target, struct words *ret, struct ep_err *err)
{
	struct words w;

	if (split(target, FILES_MAX + 1, &w) < 0 || w.count < 2)
		return ep_err_set(err, -EINVAL,
				  "'%s' is not a folder and names of files",
				  target);
	ret->count = w.count - 1;
	for (size_t i = 0; i < ret->count; i++)
		if (!ep_str_format(ret->text[i], sizeof(ret->text[i]), "%s/%s",
				   w.text[0], w.text[i + 1]))
			return ep_err_set(err, -ENAMETOOLONG,
					  "%s: the path is too long", target);
	return 0;
}

static int ordered_read(const struct ep_env *env, const char *target, char *ret,
			size_t size, struct ep_err *err)
{
	char value[EP_SETTING_VALUE_BYTES];
	struct words paths;
	size_t len = 0;
	int r = paths_of(target, &paths, err);

	for (size_t i = 0; r >= 0 && i < paths.count; i++) {
		r = ep_setting_file.read(env, paths.text[i], value,
					 sizeof(value), err);
		if (r >= 0 && (!value[0] || strchr(value, ' ')))
			r = ep_err_set(err, -EBADMSG, "%s holds no one word",
				       paths.text[i]);
		if (r >= 0 && !ep_str_format(ret + len, size - len, "%s%s",
					     i > 0 ? " " : "", value))
			r = -EFBIG;
		if (r >= 0)
			len += strlen(ret + len);
	}
	return r < 0 ? r : (int)len;
}

static int ordered_write(const struct ep_env *env, const char *target,
			 const char *value, struct ep_err *err)
{
	struct words paths, values;
	int r = paths_of(target, &paths, err);

	if (r < 0)
		return r;
	if (split(value, FILES_MAX, &values) < 0 || values.count != paths.count)
		return ep_err_set(err, -EINVAL, "'%s' is not %zu values", value,
				  paths.count);
	for (size_t i = 0; r >= 0 && i < paths.count; i++)
		r = ep_setting_file.write(env, paths.text[i], values.text[i],
					  err);
	return r;
}

/* Drivers round times to what the chip has, and up from 0. */
static bool near(const char *asked, const char *is)
{
	int64_t a, b;

	if (ep_setting_rounded(asked, is))
		return true;
	return ep_num_parse_i64(asked, &a) == 0 &&
	       ep_num_parse_i64(is, &b) == 0 && a == 0 && b == 1;
}

static bool ordered_took(const char *asked, const char *is)
{
	struct words a, b;

	if (split(asked, FILES_MAX, &a) < 0 || split(is, FILES_MAX, &b) < 0 ||
	    a.count != b.count)
		return false;
	for (size_t i = 0; i < a.count; i++)
		if (!near(a.text[i], b.text[i]))
			return false;
	return true;
}

const struct ep_setting_ops ep_setting_ordered = {
	.name = "ordered",
	.read = ordered_read,
	.write = ordered_write,
	.took = ordered_took,
};
