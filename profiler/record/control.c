/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/record/control_parts.h"

#define CHOICES_MAX 64

/* In the order in which they are made: a power mode alters clocks and CPUs, a
 * policy goes away with its CPUs, and caches fill again with everything. */
static int (*const planners[])(struct ep_plan *plan) = {
	ep_plan_power_mode, ep_plan_jetson_clocks, ep_plan_cpus,
	ep_plan_boost,	    ep_plan_governor,	   ep_plan_clocks,
	ep_plan_preference, ep_plan_devfreq,	   ep_plan_fan,
	ep_plan_fast_ina,   ep_plan_services,	   ep_plan_swap,
	ep_plan_caches,
};

int ep_plan_add(struct ep_plan *plan, const char *kind, const char *target,
		const char *value, const char *what)
{
	struct ep_change_ask ask = { kind, target, value, what };

	return ep_change_add(plan->list, &ask, plan->err);
}

void ep_plan_note(struct ep_plan *plan, const char *format, ...)
{
	struct ep_control_notes *n = plan->notes;
	va_list args;

	if (n->count == sizeof(n->text) / sizeof(n->text[0]))
		return;
	va_start(args, format);
	vsnprintf(n->text[n->count], sizeof(n->text[0]), format, args);
	va_end(args);
	ep_str_printable(n->text[n->count]);
	for (size_t i = 0; i < n->count; i++)
		if (strcmp(n->text[i], n->text[n->count]) == 0)
			return;
	n->count++;
}

int ep_plan_check_choice(struct ep_plan *plan, const struct ep_plan_question *q)
{
	char words[1024];
	const char *names[CHOICES_MAX], *nearest;
	char *rest = words, *word;
	size_t count = 0;

	(void)ep_str_copy(words, sizeof(words), q->choices);
	while ((word = strsep(&rest, " \t\n")) && count < CHOICES_MAX) {
		if (!word[0])
			continue;
		if (strcmp(word, q->value) == 0)
			return 0;
		names[count++] = word;
	}
	nearest = ep_str_nearest(q->value, names, count);
	return ep_err_set(plan->err, -EINVAL,
			  "%s %.40s: %s has no such %s; it has: %.300s%s%s%s",
			  q->option, q->value, q->where, q->what, q->choices,
			  nearest ? "; did you mean " : "",
			  nearest ? nearest : "", nearest ? "?" : "");
}

bool ep_control_is_empty(const struct ep_control *c)
{
	return !c->governor && !c->freq && !c->freq_min && !c->freq_max &&
	       !c->boost && !c->preference && !c->cpus && !c->power_mode &&
	       !c->fan && c->devfreq_count == 0 && !c->services &&
	       !c->jetson_clocks && !c->drop_caches && !c->clear_swap &&
	       !c->fast_ina;
}

static int load_policies(struct ep_plan *plan)
{
	int n;

	plan->policies =
		calloc(EP_CPUFREQ_POLICIES_MAX, sizeof(*plan->policies));
	if (!plan->policies)
		return ep_err_set(plan->err, -ENOMEM, "out of memory");
	n = ep_cpufreq_policies(&plan->env->root, plan->policies,
				EP_CPUFREQ_POLICIES_MAX);
	if (n < 0)
		return ep_err_set(plan->err, n,
				  "the CPU clocks of this machine cannot be "
				  "listed: %s",
				  strerror(-n));
	plan->policy_count = (size_t)n;
	return 0;
}

int ep_control_plan(const struct ep_control *control, const struct ep_env *env,
		    struct ep_change_list *ret, struct ep_control_notes *notes,
		    struct ep_err *err)
{
	struct ep_plan plan = { .control = control,
				.env = env,
				.list = ret,
				.notes = notes,
				.err = err };
	int r;

	notes->count = 0;
	r = load_policies(&plan);
	if (r == 0)
		ep_plan_note_off(&plan);
	ret->best_effort = control->best_effort;
	for (size_t i = 0; r == 0 && i < sizeof(planners) / sizeof(planners[0]);
	     i++) {
		size_t before = ret->count;

		r = planners[i](&plan);
		if (r < 0 && r != -ENOMEM && control->best_effort) {
			ep_plan_note(&plan, "left out: %s",
				     err ? err->text : strerror(-r));
			ret->count = before;
			r = 0;
		}
	}
	free(plan.policies);
	return r;
}
