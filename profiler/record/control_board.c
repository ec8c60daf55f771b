/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/setting_memory.h"
#include "drivers/setting_nvpmodel.h"

/* "MAXN SUPER" is how tools show MAXN_SUPER, "15W" what people call MODE_15W.
 */
static bool is_called(const struct ep_power_mode *mode, const char *wanted)
{
	const char *name = mode->name;
	char text[EP_POWER_MODE_BYTES];

	if (!ep_str_copy(text, sizeof(text), wanted))
		return false;
	for (char *p = text; *p; p++)
		if (*p == ' ')
			*p = '_';
	if (strcasecmp(name, text) == 0)
		return true;
	return ep_str_starts(name, "MODE_") &&
	       strcasecmp(name + strlen("MODE_"), text) == 0;
}

/* By name or number. */
static int find_mode(struct ep_plan *plan, const struct ep_power_mode *modes,
		     size_t count)
{
	const char *wanted = plan->control->power_mode;
	const char *names[EP_POWER_MODES_MAX], *nearest;
	char known[300] = "";
	int64_t id = -1;

	if (ep_num_parse_i64(wanted, &id) < 0)
		id = -1;
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		if (modes[i].id == id || is_called(&modes[i], wanted))
			return (int)i;
		names[i] = modes[i].name;
		(void)ep_str_format(known + len, sizeof(known) - len,
				    "%s%s (%d)", i ? ", " : "", modes[i].name,
				    modes[i].id);
	}
	nearest = ep_str_nearest(wanted, names, count);
	return ep_err_set(plan->err, -EINVAL,
			  "--power-mode %.40s: this board has no such mode; it "
			  "has: %s%s%s%s",
			  wanted, known, nearest ? "; did you mean " : "",
			  nearest ? nearest : "", nearest ? "?" : "");
}

int ep_plan_power_mode(struct ep_plan *plan)
{
	struct ep_power_mode modes[EP_POWER_MODES_MAX];
	char value[EP_POWER_MODE_BYTES + 16];
	int n;

	if (!plan->control->power_mode)
		return 0;
	n = ep_power_modes(plan->env, modes, EP_POWER_MODES_MAX, plan->err);
	if (n < 0)
		return n;
	n = find_mode(plan, modes, (size_t)n);
	if (n < 0)
		return n;
	(void)ep_str_format(value, sizeof(value), "%d %s", modes[n].id,
			    modes[n].name);
	return ep_plan_add(plan, "nvpmodel", "", value, "power mode");
}

int ep_plan_jetson_clocks(struct ep_plan *plan)
{
	if (!plan->control->jetson_clocks)
		return 0;
	return ep_plan_add(plan, "jetson_clocks", "", "on", "jetson_clocks");
}

static int stop(struct ep_plan *plan, const char *name)
{
	char what[EP_CHANGE_WHAT_BYTES];

	(void)ep_str_format(what, sizeof(what), "service %s", name);
	return ep_plan_add(plan, "service", name, "inactive", what);
}

/* What wakes up by itself and then works the processors or the disk, as far as
 * it runs here. */
static int stop_noisy(struct ep_plan *plan)
{
	static const char *const names[] = {
		"apt-daily.timer",
		"apt-daily-upgrade.timer",
		"apt-daily",
		"apt-daily-upgrade",
		"unattended-upgrades",
		"packagekit",
		"man-db.timer",
		"fstrim.timer",
		"logrotate.timer",
		"plocate-updatedb.timer",
		"updatedb.timer",
		"fwupd",
		"fwupd-refresh.timer",
		"snapd",
		"snapd.socket",
		"anacron.timer",
		"cron",
		"motd-news.timer",
	};
	char state[EP_SETTING_VALUE_BYTES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]);
	     i++) {
		int known = ep_setting_service.read(plan->env, names[i], state,
						    sizeof(state), plan->err);

		if (known < 0 && known != -ENOENT)
			return known;
		if (known < 0 && i == 0 &&
		    strstr(plan->err->text, "no systemctl"))
			return known;
		if (known > 0 && strcmp(state, "active") == 0)
			r = stop(plan, names[i]);
	}
	return r;
}

int ep_plan_services(struct ep_plan *plan)
{
	char text[512], *rest = text, *name;
	int r = 0;

	if (!plan->control->services)
		return 0;
	if (!ep_str_copy(text, sizeof(text), plan->control->services))
		return ep_err_set(plan->err, -EINVAL, "--quiesce: too long");
	while (r == 0 && (name = strsep(&rest, ","))) {
		if (!name[0])
			return ep_err_set(plan->err, -EINVAL,
					  "--quiesce: name services with "
					  "commas between them");
		r = strcmp(name, "noisy") == 0 ? stop_noisy(plan)
					       : stop(plan, name);
	}
	return r;
}

static int clear_one(void *ctx, const char *device)
{
	struct ep_plan *plan = ctx;
	char what[EP_CHANGE_WHAT_BYTES];

	(void)ep_str_format(what, sizeof(what), "swap %s", device);
	return ep_plan_add(plan, "swap", device, "clear", what);
}

/* Without room the kernel would kill programs. */
static int check_room(struct ep_plan *plan)
{
	int64_t used_bytes, free_bytes;

	if (ep_setting_swap_room(plan->env, &used_bytes, &free_bytes) < 0 ||
	    used_bytes < free_bytes)
		return 0;
	return ep_err_set(plan->err, -ENOMEM,
			  "--clear-swap: %" PRId64 " MiB are swapped out, and "
			  "only %" PRId64 " MiB of memory are free for them: "
			  "end other programs first",
			  used_bytes >> 20, free_bytes >> 20);
}

int ep_plan_swap(struct ep_plan *plan)
{
	size_t before = plan->list->count;
	int r;

	if (!plan->control->clear_swap)
		return 0;
	r = check_room(plan);
	if (r < 0)
		return r;
	r = ep_setting_swaps(plan->env, clear_one, plan);
	if (r == -ENOENT)
		return ep_err_set(plan->err, r,
				  "--clear-swap: this kernel has no swap");
	if (r == 0 && plan->list->count == before)
		ep_plan_note(plan, "--clear-swap: no swap is in use");
	return r;
}

int ep_plan_caches(struct ep_plan *plan)
{
	if (!plan->control->drop_caches)
		return 0;
	return ep_plan_add(plan, "drop-caches", "", "dropped", "page cache");
}
