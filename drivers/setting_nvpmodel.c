/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting_nvpmodel.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "base/tool.h"
#include "drivers/setting.h"
#include "drivers/setting_clocks.h"

/* JetPack puts it there; the state of a mode is "ID NAME". */
static const char *const places[] = { "/usr/sbin/nvpmodel", "/usr/bin/nvpmodel",
				      NULL };
/* Power gates of a big module take seconds. */
#define TIMEOUT_NS (30 * EP_NS_PER_S)
#define OUTPUT_BYTES_MAX ((size_t)64 * 1024)

/* The line that says why: it warns of much else before. */
static const char *reason(const struct ep_buf *output)
{
	const char *text = output->data ? output->data : "it said nothing";
	const char *error = strstr(text, "NVPM ERROR: ");

	return error ? error + strlen("NVPM ERROR: ") : text;
}

/* 0, or -errno with a sentence. */
static int run(const struct ep_env *env, const char *const *argv,
	       struct ep_buf *output, struct ep_err *err)
{
	const char *path = ep_tool_find(&env->root, places);
	struct ep_tool tool = { &env->root, path, argv, TIMEOUT_NS };
	const char *why;
	int r;

	if (!path)
		return ep_err_set(err, -ENOENT,
				  "this board has no nvpmodel (%s), so it has "
				  "no power modes to choose from",
				  places[0]);
	r = ep_tool_run(&tool, output, err);
	if (r == 0 || (r < 0 && r != -ETIMEDOUT))
		return r;
	why = reason(output);
	if (r < 0)
		return ep_err_set(err, r,
				  "%s %s did not end within %d s; it said: "
				  "%.*s",
				  path, argv[1],
				  (int)(TIMEOUT_NS / EP_NS_PER_S),
				  (int)strcspn(why, "\r\n"), why);
	return ep_err_set(err, -EIO, "%s %s failed with status %d: %.*s", path,
			  argv[1], r, (int)strcspn(why, "\r\n"), why);
}

/* The length of the line at text, without its end. */
static size_t line_length(const char *text)
{
	return strcspn(text, "\r\n");
}

static const char *next_line(const char *text)
{
	text += line_length(text);
	return text + strspn(text, "\r\n");
}

static int parse_id(const char *text, size_t len, int *ret)
{
	char digits[8];
	int64_t id;

	if (!ep_str_format(digits, sizeof(digits), "%.*s", (int)len, text) ||
	    ep_num_parse_i64(digits, &id) < 0 || id < 0 || id > 999)
		return -EBADMSG;
	*ret = (int)id;
	return 0;
}

static bool take_name(const char *text, size_t len, char *ret)
{
	if (len == 0 || len >= EP_POWER_MODE_BYTES)
		return false;
	memcpy(ret, text, len);
	ret[len] = '\0';
	ep_str_printable(ret);
	return strchr(ret, ' ') == NULL;
}

/* "NVPM VERB: POWER_MODEL: ID=2 NAME=MAXN_SUPER" among many other lines; older
 * releases leave the first words out. */
size_t ep_power_modes_parse(const char *text, struct ep_power_mode *ret,
			    size_t max)
{
	size_t count = 0;

	for (; *text && count < max; text = next_line(text)) {
		size_t len = line_length(text), name_len;
		const char *head = memmem(text, len, "POWER_MODEL:", 12);
		const char *id = head ? strstr(head, "ID=") : NULL, *name;

		if (!id || id >= text + len)
			continue;
		name = strstr(id, "NAME=");
		if (!name || name >= text + len)
			continue;
		name += 5;
		name_len = strcspn(name, " \t\r\n");
		if (parse_id(id + 3, strspn(id + 3, "0123456789"),
			     &ret[count].id) == 0 &&
		    take_name(name, name_len, ret[count].name))
			count++;
	}
	return count;
}

/* "NV Power Mode: MAXN" and its number on the line below; "NV Fan Mode:quiet"
 * and warnings may come first, errors about other things after. */
int ep_power_mode_parse(const char *text, struct ep_power_mode *ret)
{
	static const char head[] = "NV Power Mode:";
	const char *line = text;
	struct ep_power_mode mode;

	while (*line && !ep_str_starts(line, head))
		line = next_line(line);
	if (!*line)
		return -EBADMSG;
	line += sizeof(head) - 1;
	line += strspn(line, " \t");
	if (!take_name(line, line_length(line), mode.name))
		return -EBADMSG;
	line = next_line(line);
	if (parse_id(line, line_length(line), &mode.id) < 0)
		return -EBADMSG;
	*ret = mode;
	return 0;
}

int ep_power_modes(const struct ep_env *env, struct ep_power_mode *ret,
		   size_t max, struct ep_err *err)
{
	static const char *const argv[] = { "nvpmodel", "-p", "--verbose",
					    NULL };
	struct ep_buf output;
	size_t count = 0;
	int r;

	ep_buf_init(&output, OUTPUT_BYTES_MAX);
	r = run(env, argv, &output, err);
	if (r == 0)
		count = ep_power_modes_parse(output.data ? output.data : "",
					     ret, max);
	if (r == 0 && count == 0)
		r = ep_err_set(err, -EBADMSG,
			       "nvpmodel -p --verbose names no power mode");
	ep_buf_done(&output);
	return r < 0 ? r : (int)count;
}

static int nvpmodel_read(const struct ep_env *env, const char *target,
			 char *ret, size_t size, struct ep_err *err)
{
	static const char *const argv[] = { "nvpmodel", "-q", NULL };
	struct ep_power_mode mode;
	struct ep_buf output;
	int r;

	(void)target;
	ep_buf_init(&output, OUTPUT_BYTES_MAX);
	r = run(env, argv, &output, err);
	if (r == 0 &&
	    ep_power_mode_parse(output.data ? output.data : "", &mode) < 0)
		r = ep_err_set(err, -EBADMSG,
			       "nvpmodel -q does not tell the power mode: "
			       "%.*s",
			       (int)strcspn(reason(&output), "\r\n"),
			       reason(&output));
	ep_buf_done(&output);
	if (r < 0)
		return r;
	if (!ep_str_format(ret, size, "%d %s", mode.id, mode.name))
		return -EFBIG;
	return (int)strlen(ret);
}

/* It asks "DO YOU WANT TO REBOOT NOW?" and, getting no answer, changes nothing.
 * Should a release have noted the mode all the same, that is taken back. */
static int refuse_reboot(const struct ep_env *env, const char *before,
			 const char *asked, struct ep_err *err)
{
	char now[EP_SETTING_VALUE_BYTES], id[8];
	const char *argv[] = { "nvpmodel", "-m", id, NULL };
	struct ep_buf output;
	bool pending;

	pending =
		ep_setting_nvpmodel.read(env, "", now, sizeof(now), NULL) < 0 ||
		!ep_setting_same(&ep_setting_nvpmodel, now, before);
	if (pending) {
		(void)ep_str_format(id, sizeof(id), "%.*s",
				    (int)strcspn(before, " "), before);
		ep_buf_init(&output, OUTPUT_BYTES_MAX);
		pending = run(env, argv, &output, NULL) < 0;
		ep_buf_done(&output);
	}
	return ep_err_set(err, -EOPNOTSUPP,
			  "power mode %s needs a reboot: choose it with sudo "
			  "nvpmodel -m %.*s, let the board restart, and "
			  "measure then%s",
			  asked + strcspn(asked, " ") +
				  (strchr(asked, ' ') != NULL),
			  (int)strcspn(asked, " "), asked,
			  pending ? "; nvpmodel may have noted it for the next "
				    "start already"
				  : "; nothing was changed");
}

static int nvpmodel_write(const struct ep_env *env, const char *target,
			  const char *value, struct ep_err *err)
{
	char id[8], before[EP_SETTING_VALUE_BYTES];
	const char *argv[] = { "nvpmodel", "-m", id, NULL };
	struct ep_buf output;
	int number, r;

	if (parse_id(value, strcspn(value, " "), &number) < 0)
		return ep_err_set(err, -EINVAL, "'%.40s' is no power mode",
				  value);
	r = nvpmodel_read(env, target, before, sizeof(before), err);
	if (r < 0)
		return r;
	(void)ep_str_format(id, sizeof(id), "%d", number);
	ep_buf_init(&output, OUTPUT_BYTES_MAX);
	r = run(env, argv, &output, err);
	if (output.len > 0 && strcasestr(output.data, "reboot"))
		r = refuse_reboot(env, before, value, err);
	ep_buf_done(&output);
	return r;
}

/* The number decides: the name of a mode may be spelled in two ways. */
static bool nvpmodel_same(const char *a, const char *b)
{
	size_t len = strcspn(a, " ");

	return len == strcspn(b, " ") && strncmp(a, b, len) == 0;
}

static int nvpmodel_choices(const struct ep_env *env, const char *target,
			    char *ret, size_t size)
{
	struct ep_power_mode modes[EP_POWER_MODES_MAX];
	int n = ep_power_modes(env, modes, EP_POWER_MODES_MAX, NULL);
	size_t len = 0;

	(void)target;
	if (n < 0 || size == 0)
		return n < 0 ? n : -EFBIG;
	ret[0] = '\0';
	for (int i = 0; i < n; i++) {
		if (!ep_str_format(ret + len, size - len, "%s%s",
				   i > 0 ? " " : "", modes[i].name))
			break;
		len += strlen(ret + len);
	}
	return (int)len;
}

/* A mode sets clocks and CPUs of the whole module. */
static bool nvpmodel_touches(const char *target, const char *other_target)
{
	(void)target;
	return ep_setting_is_clock(other_target);
}

static int nvpmodel_companions(const struct ep_env *env, const char *target,
			       int (*each)(void *ctx, const char *file),
			       void *ctx)
{
	(void)target;
	return ep_setting_clock_files(env, each, ctx);
}

const struct ep_setting_ops ep_setting_nvpmodel = {
	.name = "nvpmodel",
	.outlives_reboot = true,
	.read = nvpmodel_read,
	.write = nvpmodel_write,
	.same = nvpmodel_same,
	.touches = nvpmodel_touches,
	.companions = nvpmodel_companions,
	.choices = nvpmodel_choices,
};
