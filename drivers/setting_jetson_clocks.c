/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/state.h"
#include "base/str.h"
#include "base/tool.h"
#include "drivers/setting.h"
#include "drivers/setting_clocks.h"

/* JetPack puts it there.  It tells no state of its own: it is "on" when every
 * CPU policy's lowest and highest clock are one, which is what it does. */
static const char *const places[] = { "/usr/bin/jetson_clocks",
				      "/usr/sbin/jetson_clocks", NULL };
#define TIMEOUT_NS (20 * EP_NS_PER_S)
/* What "off" means is stored in the state folder. */
#define STORE_NAME "jetson_clocks.conf"

/* It is a script that goes on after what fails and ends with 0: the line that
 * begins with "Error" tells. */
static const char *find_error(const char *text)
{
	while (*text && !ep_str_starts(text, "Error")) {
		text += strcspn(text, "\r\n");
		text += strspn(text, "\r\n");
	}
	return *text ? text : NULL;
}

static int run(const struct ep_env *env, const char *option, const char *file,
	       struct ep_err *err)
{
	const char *argv[] = { "jetson_clocks", option, file, NULL };
	const char *path = ep_tool_find(&env->root, places);
	struct ep_tool tool = { &env->root, path, argv, TIMEOUT_NS };
	const char *said, *error;
	struct ep_buf output;
	int r;

	if (!path)
		return ep_err_set(err, -ENOENT,
				  "this board has no jetson_clocks (%s)",
				  places[0]);
	ep_buf_init(&output, (size_t)16 * 1024);
	r = ep_tool_run(&tool, &output, err);
	said = output.len > 0 ? output.data : "it said nothing";
	error = find_error(said);
	if (r > 0 || (r == 0 && error))
		r = ep_err_set(err, -EIO, "%s%s%s: %.*s", path,
			       option ? " " : "", option ? option : "",
			       (int)strcspn(error ? error : said, "\r\n"),
			       error ? error : said);
	ep_buf_done(&output);
	return r;
}

static int store_path(const struct ep_env *env, bool create, char *ret,
		      size_t size, struct ep_err *err)
{
	struct ep_state state;
	int r = ep_state_open(&state, &env->root, create, err);

	if (r < 0)
		return r;
	r = ep_str_format(ret, size, "%s/%s", state.path, STORE_NAME)
		    ? 0
		    : -ENAMETOOLONG;
	if (create && r == 0) {
		/* It asks before it overwrites a file that is there. */
		(void)unlinkat(state.dir_fd, STORE_NAME, 0);
	}
	ep_state_close(&state);
	return r;
}

static int clocks_read(const struct ep_env *env, const char *target, char *ret,
		       size_t size, struct ep_err *err)
{
	(void)target;
	(void)err;
	if (!ep_str_copy(ret, size,
			 ep_setting_clocks_fixed(env) ? "on" : "off"))
		return -EFBIG;
	return (int)strlen(ret);
}

static int clocks_save(const struct ep_env *env, const char *target, char *ret,
		       size_t size, struct ep_err *err)
{
	char path[4200];
	int r;

	if (ep_setting_clocks_fixed(env))
		return clocks_read(env, target, ret, size, err);
	r = store_path(env, true, path, sizeof(path), err);
	if (r == 0)
		r = run(env, "--store", path, err);
	if (r < 0)
		return r;
	if (!ep_str_copy(ret, size, "off"))
		return -EFBIG;
	return (int)strlen(ret);
}

static int clocks_write(const struct ep_env *env, const char *target,
			const char *value, struct ep_err *err)
{
	char path[4200];
	int r;

	(void)target;
	if (strcmp(value, "on") == 0)
		return run(env, NULL, NULL, err);
	r = store_path(env, false, path, sizeof(path), err);
	return r < 0 ? r : run(env, "--restore", path, err);
}

static void clocks_forget(const struct ep_env *env, const char *target,
			  const char *saved)
{
	struct ep_state state;

	(void)target;
	(void)saved;
	if (ep_state_open(&state, &env->root, false, NULL) < 0)
		return;
	(void)unlinkat(state.dir_fd, STORE_NAME, 0);
	ep_state_close(&state);
}

static bool clocks_touches(const char *target, const char *other_target)
{
	(void)target;
	return ep_setting_is_clock(other_target);
}

static int clocks_companions(const struct ep_env *env, const char *target,
			     int (*each)(void *ctx, const char *file),
			     void *ctx)
{
	(void)target;
	return ep_setting_clock_files(env, each, ctx);
}

const struct ep_setting_ops ep_setting_jetson_clocks = {
	.name = "jetson_clocks",
	.read = clocks_read,
	.write = clocks_write,
	.save = clocks_save,
	.forget = clocks_forget,
	.touches = clocks_touches,
	.companions = clocks_companions,
};
