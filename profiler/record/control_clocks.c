/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/cpufreq_control.h"

/* "1.5GHz", "1500MHz", "1500000kHz"; a bare number could be any of them. */
static int parse_clock_khz(const char *text, int64_t *ret_khz)
{
	static const struct {
		const char *unit;
		int scale; /* to kHz, as a power of ten */
	} units[] = { { "GHz", 6 }, { "MHz", 3 }, { "kHz", 0 } };
	size_t len = strlen(text);
	char number[32];

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (len <= 3 || strcasecmp(text + len - 3, units[i].unit) != 0)
			continue;
		if (!ep_str_format(number, sizeof(number), "%.*s",
				   (int)(len - 3), text) ||
		    ep_num_parse_scaled(number, units[i].scale, ret_khz) < 0 ||
		    *ret_khz <= 0)
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

/* Within the hardware's range, and one of the list where there is one. */
static int check_clock(struct ep_plan *plan, size_t i, const char *option,
		       const char *text, int64_t *ret_khz)
{
	const struct ep_cpufreq_policy *p = &plan->policies[i];
	char choices[EP_PLAN_LIST_BYTES], where[24], value[24];
	struct ep_plan_question q = { option, where, "clock (kHz)", choices,
				      value };
	int64_t min_hz, max_hz;

	if (parse_clock_khz(text, ret_khz) < 0)
		return ep_err_set(plan->err, -EINVAL,
				  "%s: '%.40s' is not a clock: write it like "
				  "1.5GHz or 1500MHz",
				  option, text);
	(void)ep_str_format(where, sizeof(where), "policy%d", p->number);
	(void)ep_str_format(value, sizeof(value), "%" PRId64, *ret_khz);
	if (ep_cpufreq_choices(&plan->env->root, p, EP_CPUFREQ_FREQUENCIES,
			       choices, sizeof(choices)) > 0)
		return ep_plan_check_choice(plan, &q);
	if (ep_cpufreq_range_hz(&plan->env->root, p, &min_hz, &max_hz) == 0 &&
	    (*ret_khz < min_hz / 1000 || *ret_khz > max_hz / 1000))
		return ep_err_set(plan->err, -ERANGE,
				  "%s %s: %s goes from %" PRId64 " to %" PRId64
				  " MHz",
				  option, text, where, min_hz / 1000000,
				  max_hz / 1000000);
	return 0;
}

/* One end of a policy's range: "-" where it stays. */
static int take_end(struct ep_plan *plan, size_t i, const char *option,
		    const char *value, char ret[24])
{
	int64_t khz;
	int r;

	if (!value)
		return 0;
	r = check_clock(plan, i, option, value, &khz);
	if (r == 0)
		(void)ep_str_format(ret, 24, "%" PRId64, khz);
	return r;
}

static int add_range(struct ep_plan *plan, size_t i, const char *low,
		     const char *high)
{
	const struct ep_cpufreq_policy *p = &plan->policies[i];
	char target[EP_SETTING_TARGET_BYTES], what[EP_CHANGE_WHAT_BYTES];
	char value[64];

	if (low[0] == '-' && high[0] == '-')
		return 0;
	(void)ep_str_format(target, sizeof(target),
			    "%s scaling_min_freq scaling_max_freq", p->dir);
	(void)ep_str_format(value, sizeof(value), "%s %s", low, high);
	(void)ep_str_format(what, sizeof(what), "clock range of policy%d (kHz)",
			    p->number);
	return ep_plan_add(plan, "range", target, value, what);
}

static int check_order(struct ep_plan *plan, size_t i, const char *low,
		       const char *high)
{
	int64_t low_khz, high_khz;

	if (ep_num_parse_i64(low, &low_khz) < 0 ||
	    ep_num_parse_i64(high, &high_khz) < 0 || low_khz <= high_khz)
		return 0;
	return ep_err_set(plan->err, -EINVAL,
			  "--freq-min %s kHz is above --freq-max %s kHz of "
			  "policy%d",
			  low, high, plan->policies[i].number);
}

int ep_plan_clocks(struct ep_plan *plan)
{
	const struct ep_control *c = plan->control;
	struct ep_policy_values fixed = { .values = { NULL } };
	struct ep_policy_values lowest = { .values = { NULL } };
	struct ep_policy_values highest = { .values = { NULL } };
	int r = 0;

	if (c->freq && (c->freq_min || c->freq_max))
		return ep_err_set(plan->err, -EINVAL,
				  "--freq sets both ends of the range: leave "
				  "--freq-min and --freq-max away");
	if (c->freq)
		r = ep_plan_take_values(plan, "--freq", c->freq, &fixed);
	if (r == 0 && c->freq_min)
		r = ep_plan_take_values(plan, "--freq-min", c->freq_min,
					&lowest);
	if (r == 0 && c->freq_max)
		r = ep_plan_take_values(plan, "--freq-max", c->freq_max,
					&highest);
	for (size_t i = 0; r == 0 && i < plan->policy_count; i++) {
		const char *f = fixed.values[i];
		char low[24] = "-", high[24] = "-";

		r = take_end(plan, i, f ? "--freq" : "--freq-min",
			     f ? f : lowest.values[i], low);
		if (r == 0)
			r = take_end(plan, i, f ? "--freq" : "--freq-max",
				     f ? f : highest.values[i], high);
		if (r == 0)
			r = check_order(plan, i, low, high);
		if (r == 0)
			r = add_range(plan, i, low, high);
	}
	return r;
}
