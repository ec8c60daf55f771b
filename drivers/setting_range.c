/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* The two files of a target, or the two ends of a value. */
struct ends {
	char text[2][EP_SETTING_TARGET_BYTES + 64];
};

static bool take_word(const char **text, char *ret, size_t size)
{
	size_t len = strcspn(*text, " ");
	bool good =
		len > 0 && ep_str_format(ret, size, "%.*s", (int)len, *text);

	*text += len;
	*text += strspn(*text, " ");
	return good;
}

static int split_target(const char *target, struct ends *ret)
{
	char dir[EP_SETTING_TARGET_BYTES], name[64];

	if (!take_word(&target, dir, sizeof(dir)))
		return -EINVAL;
	for (int i = 0; i < 2; i++)
		if (!take_word(&target, name, sizeof(name)) ||
		    !ep_str_format(ret->text[i], sizeof(ret->text[i]), "%s/%s",
				   dir, name))
			return -EINVAL;
	return *target == '\0' ? 0 : -EINVAL;
}

static int split_value(const char *value, struct ends *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (int i = 0; i < 2; i++)
		if (!take_word(&value, ret->text[i], sizeof(ret->text[i])))
			return -EINVAL;
	return *value == '\0' ? 0 : -EINVAL;
}

static int bad_target(const char *target, struct ep_err *err)
{
	return ep_err_set(err, -EINVAL,
			  "'%s' is not a folder and the names of two files",
			  target);
}

static int read_end(const struct ep_env *env, const char *path, int64_t *ret,
		    struct ep_err *err)
{
	char text[EP_SETTING_VALUE_BYTES];
	int r = ep_setting_file.read(env, path, text, sizeof(text), err);

	if (r < 0)
		return r;
	if (ep_num_parse_i64(text, ret) < 0)
		return ep_err_set(err, -EBADMSG, "%s holds no number", path);
	return 0;
}

/* An end that is no number is as far out as can be: -EBADMSG. */
static int read_ends(const struct ep_env *env, const struct ends *files,
		     int64_t ends[2], struct ep_err *err)
{
	int low, high;

	ends[0] = INT64_MIN;
	ends[1] = INT64_MAX;
	low = read_end(env, files->text[0], &ends[0], err);
	if (low < 0 && low != -EBADMSG)
		return low;
	high = read_end(env, files->text[1], &ends[1], err);
	return high < 0 ? high : low;
}

static int range_read(const struct ep_env *env, const char *target, char *ret,
		      size_t size, struct ep_err *err)
{
	struct ends files;
	int64_t now[2];
	int r;

	if (split_target(target, &files) < 0)
		return bad_target(target, err);
	r = read_ends(env, &files, now, err);
	if (r < 0)
		return r;
	if (!ep_str_format(ret, size, "%lld %lld", (long long)now[0],
			   (long long)now[1]))
		return -EFBIG;
	return (int)strlen(ret);
}

static int range_write(const struct ep_env *env, const char *target,
		       const char *value, struct ep_err *err)
{
	struct ends files, asked;
	int64_t now[2], want[2];
	int r, first;

	if (split_target(target, &files) < 0)
		return bad_target(target, err);
	if (split_value(value, &asked) < 0)
		return ep_err_set(err, -EINVAL, "'%s' is not two ends", value);
	r = read_ends(env, &files, now, err);
	if (r < 0 && r != -EBADMSG)
		return r;
	for (int i = 0; i < 2; i++)
		if (strcmp(asked.text[i], "-") == 0 && r < 0)
			return r;
		else if (strcmp(asked.text[i], "-") == 0)
			want[i] = now[i];
		else if (ep_num_parse_i64(asked.text[i], &want[i]) < 0)
			return ep_err_set(err, -EINVAL, "'%s' is no number",
					  asked.text[i]);
	if (want[0] > want[1])
		return ep_err_set(err, -EINVAL,
				  "the lower end %lld is above the upper end "
				  "%lld",
				  (long long)want[0], (long long)want[1]);
	/* At no instant is the lower end above the upper one. */
	first = want[0] > now[1];
	r = 0;
	for (int i = 0; r == 0 && i < 2; i++) {
		int end = i == 0 ? first : !first;
		char text[24];

		(void)ep_str_format(text, sizeof(text), "%lld",
				    (long long)want[end]);
		if (want[end] != now[end])
			r = ep_setting_file.write(env, files.text[end], text,
						  err);
	}
	return r;
}

static bool all_ends(const char *a, const char *b,
		     bool (*match)(const char *a, const char *b))
{
	struct ends x, y;

	if (split_value(a, &x) < 0 || split_value(b, &y) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		if (strcmp(x.text[i], "-") != 0 &&
		    strcmp(y.text[i], "-") != 0 && !match(x.text[i], y.text[i]))
			return false;
	return true;
}

static bool equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool range_same(const char *a, const char *b)
{
	return all_ends(a, b, equal);
}

static bool range_took(const char *asked, const char *is)
{
	return all_ends(asked, is, ep_setting_rounded);
}

static int range_choices(const struct ep_env *env, const char *target,
			 char *ret, size_t size)
{
	struct ends files;

	if (split_target(target, &files) < 0)
		return -EINVAL;
	return ep_setting_file.choices(env, files.text[0], ret, size);
}

const struct ep_setting_ops ep_setting_range = {
	.name = "range",
	.read = range_read,
	.write = range_write,
	.same = range_same,
	.took = range_took,
	.choices = range_choices,
};
