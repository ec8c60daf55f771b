/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/fan.h"

#define DUTY_MAX 255
#define AUTOMATIC (-1)

/* "full", "auto", "60%" to a duty of 0..255; AUTOMATIC. */
static int parse_duty(struct ep_plan *plan, int *ret_duty)
{
	const char *text = plan->control->fan;
	size_t len = strlen(text);
	char digits[8];
	int64_t percent;

	if (strcmp(text, "full") == 0) {
		*ret_duty = DUTY_MAX;
		return 0;
	}
	if (strcmp(text, "auto") == 0) {
		*ret_duty = AUTOMATIC;
		return 0;
	}
	if (len < 2 || text[len - 1] != '%' ||
	    !ep_str_format(digits, sizeof(digits), "%.*s", (int)len - 1,
			   text) ||
	    ep_num_parse_i64(digits, &percent) < 0 || percent < 0 ||
	    percent > 100)
		return ep_err_set(plan->err, -EINVAL,
				  "--fan: '%.40s' is none of full, auto, and "
				  "0%% to 100%%",
				  text);
	*ret_duty = (int)((percent * DUTY_MAX + 50) / 100);
	return 0;
}

/* Daemons set the duty again every second. */
static int stop_daemons(struct ep_plan *plan)
{
	char state[EP_SETTING_VALUE_BYTES], what[EP_CHANGE_WHAT_BYTES];
	const char *name;
	int r = 0;

	for (size_t i = 0;
	     r == 0 && (name = ep_fan_daemon(&plan->env->root, i)); i++) {
		if (!name[0] ||
		    ep_setting_service.read(plan->env, name, state,
					    sizeof(state), NULL) <= 0 ||
		    strcmp(state, "active") != 0)
			continue;
		(void)ep_str_format(what, sizeof(what), "service %s", name);
		r = ep_plan_add(plan, "service", name, "inactive", what);
	}
	return r;
}

/* One zone that would move the fan back within seconds. */
static int hold_zone(struct ep_plan *plan, const struct ep_fan_zone *z)
{
	char path[EP_SETTING_TARGET_BYTES], what[EP_CHANGE_WHAT_BYTES];
	const char *file = z->has_user_space ? "policy" : "mode";

	if (!z->only_fans || (!z->has_user_space && !z->has_mode)) {
		ep_plan_note(plan,
			     "thermal zone %s drives the fan and %s: it may "
			     "move the fan during the run, which the report "
			     "then says",
			     z->type,
			     z->only_fans ? "cannot be stopped"
					  : "protects other parts too");
		return 0;
	}
	ep_plan_note(plan,
		     "thermal zone %s does not drive the fan during this run: "
		     "nothing speeds it up when the board gets hot",
		     z->type);
	(void)ep_str_format(path, sizeof(path), "%s/%s", z->dir, file);
	(void)ep_str_format(what, sizeof(what), "zone %s %s", z->type, file);
	return ep_plan_add(plan, "file", path,
			   z->has_user_space ? "user_space" : "disabled", what);
}

static int hold_zones(struct ep_plan *plan)
{
	struct ep_fan_zone zones[EP_FAN_ZONES_MAX];
	int n = ep_fan_zones(&plan->env->root, zones, EP_FAN_ZONES_MAX), r = 0;

	if (n < 0)
		return ep_err_set(plan->err, n,
				  "--fan: thermal zones cannot be listed: %s",
				  strerror(-n));
	for (int i = 0; r == 0 && i < n; i++)
		r = hold_zone(plan, &zones[i]);
	return r;
}

static int set_fan(struct ep_plan *plan, const struct ep_fan *fan, int duty)
{
	const char *mode = duty == AUTOMATIC ? fan->automatic : fan->manual;
	char value[8], what[EP_CHANGE_WHAT_BYTES];
	int r = 0;

	(void)ep_str_format(what, sizeof(what), "fan %s mode", fan->name);
	if (mode && fan->mode_path[0])
		r = ep_plan_add(plan, "file", fan->mode_path, mode, what);
	else if (duty == AUTOMATIC)
		ep_plan_note(plan, "--fan auto: fan %s is %s", fan->name,
			     fan->mode_path[0] && !fan->zone_driven
				     ? "automatic already"
				     : "left to the kernel, which drives it");
	if (r < 0 || duty == AUTOMATIC)
		return r;
	(void)ep_str_format(what, sizeof(what), "fan %s duty (of %d)",
			    fan->name, DUTY_MAX);
	(void)ep_str_format(value, sizeof(value), "%d", duty);
	return ep_plan_add(plan, "file", fan->duty_path, value, what);
}

int ep_plan_fan(struct ep_plan *plan)
{
	struct ep_fan fans[EP_FANS_MAX];
	bool zone_driven = false;
	int duty = 0, n, r;

	if (!plan->control->fan)
		return 0;
	r = parse_duty(plan, &duty);
	if (r < 0)
		return r;
	n = ep_fans(&plan->env->root, fans, EP_FANS_MAX);
	if (n <= 0)
		return ep_err_set(plan->err, n < 0 ? n : -ENODEV,
				  "--fan: this board has no fan whose duty can "
				  "be set");
	for (int i = 0; i < n; i++)
		zone_driven |= fans[i].zone_driven;
	if (duty != AUTOMATIC)
		r = stop_daemons(plan);
	if (r == 0 && duty != AUTOMATIC && zone_driven)
		r = hold_zones(plan);
	for (int i = 0; r == 0 && i < n; i++)
		r = set_fan(plan, &fans[i], duty);
	return r;
}
