/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/tool.h"
#include "drivers/setting.h"

/* systemd's; the state of a service is "active" or "inactive". */
static const char *const places[] = { "/usr/bin/systemctl", "/bin/systemctl",
				      NULL };
/* systemd itself gives a service 90 s to stop, then kills it. */
#define TIMEOUT_NS (120 * EP_NS_PER_S)

static bool is_unit_name(const char *name)
{
	return name[0] && name[0] != '-' && strlen(name) < 256 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
			    "XYZ0123456789:_.\\@-") == strlen(name);
}

static int run(const struct ep_env *env, const char *const *argv,
	       const char *unit, struct ep_buf *output, struct ep_err *err)
{
	const char *path = ep_tool_find(&env->root, places);
	struct ep_tool tool = { &env->root, path, argv, TIMEOUT_NS };
	int r;

	if (!is_unit_name(unit))
		return ep_err_set(err, -EINVAL,
				  "'%.60s' is no name of a service", unit);
	if (!path)
		return ep_err_set(err, -ENOENT,
				  "there is no systemctl here, so services "
				  "cannot be stopped");
	r = ep_tool_run(&tool, output, err);
	if (r > 0)
		r = ep_err_set(err, -EIO,
			       "systemctl %s %s failed with status %d: %.*s",
			       argv[1], unit, r,
			       output->len > 0
				       ? (int)strcspn(output->data, "\r\n")
				       : 0,
			       output->len > 0 ? output->data : "");
	return r;
}

/* "ActiveState=active" in one of the lines */
static bool says(const struct ep_buf *output, const char *line)
{
	const char *at = output->len > 0 ? strstr(output->data, line) : NULL;

	return at && (at == output->data || at[-1] == '\n') &&
	       (at[strlen(line)] == '\n' || at[strlen(line)] == '\0');
}

/* show, since is-active tells a service that is not there from one that is
 * stopped in some releases only. */
static int service_read(const struct ep_env *env, const char *target, char *ret,
			size_t size, struct ep_err *err)
{
	const char *argv[] = { "systemctl",   "show",
			       "-pLoadState", "-pActiveState",
			       "--",	      target,
			       NULL };
	struct ep_buf output;
	const char *state;
	int r;

	ep_buf_init(&output, 4096);
	r = run(env, argv, target, &output, err);
	state = says(&output, "ActiveState=active") ||
				says(&output, "ActiveState=activating") ||
				says(&output, "ActiveState=reloading")
			? "active"
			: "inactive";
	if (r == 0 && says(&output, "LoadState=not-found"))
		r = ep_err_set(err, -ENOENT,
			       "there is no service %s; systemctl list-units "
			       "shows those that run",
			       target);
	else if (r == 0 &&
		 !strstr(output.len > 0 ? output.data : "", "ActiveState="))
		r = ep_err_set(err, -EBADMSG,
			       "systemctl does not tell the state of %s",
			       target);
	else if (r == 0)
		r = ep_str_copy(ret, size, state) ? (int)strlen(state) : -EFBIG;
	ep_buf_done(&output);
	return r;
}

static int service_write(const struct ep_env *env, const char *target,
			 const char *value, struct ep_err *err)
{
	bool start = strcmp(value, "active") == 0;
	const char *argv[] = { "systemctl", start ? "start" : "stop", "--",
			       target, NULL };
	struct ep_buf output;
	int r;

	ep_buf_init(&output, 4096);
	r = run(env, argv, target, &output, err);
	ep_buf_done(&output);
	return r;
}

const struct ep_setting_ops ep_setting_service = {
	.name = "service",
	.outlives_reboot = true,
	.read = service_read,
	.write = service_write,
};
