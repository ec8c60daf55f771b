/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_CONTROL_PARTS_H
#define EP_PROFILER_RECORD_CONTROL_PARTS_H

#include "drivers/cpufreq.h"
#include "profiler/record/control.h"

#include <sched.h>

#define EP_PLAN_LIST_BYTES 512

/* What the planners of single options share. */
struct ep_plan {
	const struct ep_control *control;
	const struct ep_env *env;
	struct ep_change_list *list;
	struct ep_control_notes *notes;
	struct ep_err *err;
	struct ep_cpufreq_policy *policies; /* owned by ep_control_plan */
	size_t policy_count;
	cpu_set_t left; /* on while the program runs; with has_left */
	bool has_left;
};

/* A POLICY list taken apart: the value for each policy, NULL for none. */
struct ep_policy_values {
	char text[EP_PLAN_LIST_BYTES];
	const char *values[EP_CPUFREQ_POLICIES_MAX];
	bool named[EP_CPUFREQ_POLICIES_MAX]; /* not only by the general one */
};
int ep_plan_take_values(struct ep_plan *plan, const char *option,
			const char *text, struct ep_policy_values *v);

/* Each plans one option: 0 (also when it was not asked for) or -errno with
 * plan->err set. */
int ep_plan_cpus(struct ep_plan *plan);
int ep_plan_boost(struct ep_plan *plan);
int ep_plan_governor(struct ep_plan *plan);
int ep_plan_clocks(struct ep_plan *plan);
int ep_plan_preference(struct ep_plan *plan);
int ep_plan_power_mode(struct ep_plan *plan);
int ep_plan_jetson_clocks(struct ep_plan *plan);
int ep_plan_devfreq(struct ep_plan *plan);
int ep_plan_fan(struct ep_plan *plan);
int ep_plan_fast_ina(struct ep_plan *plan);
int ep_plan_services(struct ep_plan *plan);
int ep_plan_swap(struct ep_plan *plan);
int ep_plan_caches(struct ep_plan *plan);

/* Tells of CPUs that are off, when policies are to be set. */
void ep_plan_note_off(struct ep_plan *plan);

/* A change with target and what as printf would write them. */
int ep_plan_add(struct ep_plan *plan, const char *kind, const char *target,
		const char *value, const char *what);
void ep_plan_note(struct ep_plan *plan, const char *format, ...)
	EP_PRINTF(2, 3);
/*
 * Is value one of the names in choices (separated by spaces)?  Else -EINVAL:
 * "OPTION VALUE: WHERE has no such WHAT; it has CHOICES; did you mean X?"
 */
struct ep_plan_question {
	const char *option, *where, *what;
	const char *choices, *value;
};
int ep_plan_check_choice(struct ep_plan *plan,
			 const struct ep_plan_question *q);

#endif
