/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rpi5_pmic_parts.h"

#include <errno.h>
#include <string.h>

#define BUDGET_PERCENT 20.0
#define PPM_PER_PERCENT 10000

/* *ret stays what it is where the key is absent. */
static int get_percent(const struct ep_conf *conf, const char *key, double max,
		       double *ret, struct ep_err *err)
{
	double value = *ret;
	int r = ep_conf_get_f64(conf, key, value, &value, err);

	if (r < 0)
		return r;
	if (ep_conf_get(conf, key) && !(value >= 0.1 && value <= max)) {
		(void)ep_conf_err(conf, key, err,
				  max > 50 ? "must be 0.1 to 100 (percent)"
					   : "must be 0.1 to 50 (percent)");
		return -EINVAL;
	}
	*ret = value;
	return 0;
}

int ep_pmic_take_keys(struct ep_pmic_keys *keys, const struct ep_conf *conf,
		      struct ep_err *err)
{
	const char *schedule = ep_conf_get(conf, "schedule");
	double budget = BUDGET_PERCENT, gain = 0;
	int r = get_percent(conf, "pmic_budget", 100, &budget, err);

	if (r == 0)
		r = get_percent(conf, "gain_percent", 50, &gain, err);
	if (r < 0)
		return r;
	schedule = schedule ? schedule : "auto";
	if (strcmp(schedule, "auto") != 0 && strcmp(schedule, "full") != 0 &&
	    strcmp(schedule, "mixed") != 0) {
		(void)ep_conf_err(conf, "schedule", err,
				  "must be auto, full or mixed");
		return -EINVAL;
	}
	keys->budget_ppm = (int64_t)(budget * PPM_PER_PERCENT + 0.5);
	keys->gain_ppm = (int64_t)(gain * PPM_PER_PERCENT + 0.5);
	keys->schedule = schedule;
	return 0;
}
