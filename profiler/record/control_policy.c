/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <string.h>

#include "base/cpus.h"
#include "base/str.h"
#include "drivers/cpufreq_control.h"

static int no_policy(struct ep_plan *plan, const char *option, const char *name)
{
	char known[300] = "";

	for (size_t i = 0; i < plan->policy_count; i++) {
		size_t len = strlen(known);

		(void)ep_str_format(known + len, sizeof(known) - len,
				    "%spolicy%d", i ? " " : "",
				    plan->policies[i].number);
	}
	return ep_err_set(plan->err, -EINVAL,
			  "%s: there is no %.40s here; there are: %s", option,
			  name, known);
}

/* "policy4=performance" or "performance" */
static int take_item(struct ep_plan *plan, const char *option, char *item,
		     struct ep_policy_values *v)
{
	char *equals = strchr(item, '=');
	char name[24];
	bool found = false;

	if (equals)
		*equals = '\0';
	if (!item[0] || (equals && !equals[1]))
		return ep_err_set(plan->err, -EINVAL,
				  "%s: write one value, or policy0=VALUE,"
				  "policy4=VALUE",
				  option);
	for (size_t i = 0; i < plan->policy_count; i++) {
		(void)ep_str_format(name, sizeof(name), "policy%d",
				    plan->policies[i].number);
		if (equals && strcmp(name, item) != 0)
			continue;
		if (equals ? v->named[i] : v->values[i] && !v->named[i])
			return ep_err_set(plan->err, -EINVAL,
					  "%s: %s is given twice", option,
					  name);
		if (equals || !v->named[i])
			v->values[i] = equals ? equals + 1 : item;
		v->named[i] |= equals != NULL;
		found = true;
	}
	return found ? 0 : no_policy(plan, option, item);
}

/* Are all its CPUs among those that --cpus switches off?  The policy goes away
 * with them. */
static bool goes_away(const struct ep_plan *plan, size_t i)
{
	char list[sizeof(plan->policies[i].cpus)];
	cpu_set_t cpus, left;

	(void)ep_str_copy(list, sizeof(list), plan->policies[i].cpus);
	for (char *p = list; *p; p++)
		if (*p == ' ')
			*p = ',';
	if (!plan->has_left || ep_cpus_parse(list, &cpus) < 0)
		return false;
	CPU_AND(&left, &cpus, &plan->left);
	return CPU_COUNT(&left) == 0;
}

static int leave_out(struct ep_plan *plan, const char *option, size_t i,
		     struct ep_policy_values *v)
{
	int number = plan->policies[i].number;

	if (v->named[i])
		return ep_err_set(plan->err, -EINVAL,
				  "%s: policy%d goes away, since --cpus "
				  "switches its CPUs (%s) off",
				  option, number, plan->policies[i].cpus);
	v->values[i] = NULL;
	ep_plan_note(plan,
		     "%s leaves policy%d out: --cpus switches its CPUs off",
		     option, number);
	return 0;
}

int ep_plan_take_values(struct ep_plan *plan, const char *option,
			const char *text, struct ep_policy_values *v)
{
	char *rest, *item;
	int r = 0;

	memset(v, 0, sizeof(*v));
	rest = v->text;
	if (plan->policy_count == 0)
		return ep_err_set(plan->err, -ENODEV,
				  "%s: this machine offers no control of its "
				  "CPU clocks (no cpufreq; a virtual machine's "
				  "host decides)",
				  option);
	if (!ep_str_copy(v->text, sizeof(v->text), text))
		return ep_err_set(plan->err, -EINVAL, "%s: too long", option);
	while (r == 0 && (item = strsep(&rest, ",")))
		r = take_item(plan, option, item, v);
	for (size_t i = 0; r == 0 && i < plan->policy_count; i++)
		if (v->values[i] && goes_away(plan, i))
			r = leave_out(plan, option, i, v);
	return r;
}

/* A change of one file of a policy. */
static int add_file(struct ep_plan *plan, size_t i, const char *kind,
		    const char *file, const char *value)
{
	const struct ep_cpufreq_policy *p = &plan->policies[i];
	char target[EP_SETTING_TARGET_BYTES], what[EP_CHANGE_WHAT_BYTES];

	(void)ep_str_format(target, sizeof(target), "%s/%s", p->dir, file);
	(void)ep_str_format(what, sizeof(what), "%s of policy%d",
			    strcmp(file, "scaling_governor") == 0
				    ? "governor"
				    : "preference",
			    p->number);
	return ep_plan_add(plan, kind, target, value, what);
}

static int check_name(struct ep_plan *plan, size_t i, const char *value,
		      enum ep_cpufreq_choice kind)
{
	bool governor = kind == EP_CPUFREQ_GOVERNORS;
	char choices[EP_PLAN_LIST_BYTES], where[24];
	struct ep_plan_question q = { governor ? "--governor" : "--epp", where,
				      governor ? "governor" : "preference",
				      choices, value };
	int r = ep_cpufreq_choices(&plan->env->root, &plan->policies[i], kind,
				   choices, sizeof(choices));

	(void)ep_str_format(where, sizeof(where), "policy%d",
			    plan->policies[i].number);
	if (r < 0)
		return ep_err_set(plan->err, r,
				  "%s: %s does not tell what it offers: %s",
				  q.option, where,
				  r == -ENOENT ? "its driver has no such thing"
					       : strerror(-r));
	return ep_plan_check_choice(plan, &q);
}

int ep_plan_governor(struct ep_plan *plan)
{
	struct ep_policy_values v;
	bool hint = false;
	int r;

	if (!plan->control->governor)
		return 0;
	r = ep_plan_take_values(plan, "--governor", plan->control->governor,
				&v);
	for (size_t i = 0; r == 0 && i < plan->policy_count; i++) {
		if (!v.values[i])
			continue;
		r = check_name(plan, i, v.values[i], EP_CPUFREQ_GOVERNORS);
		if (r == 0)
			r = add_file(plan, i, "governor", "scaling_governor",
				     v.values[i]);
		hint |= ep_cpufreq_decides_itself(&plan->policies[i]) &&
			strcmp(v.values[i], "powersave") == 0;
	}
	if (r == 0 && hint && !plan->control->preference)
		ep_plan_note(plan,
			     "with %s the governor powersave does not hold "
			     "clocks down; --epp power does, or --freq",
			     plan->policies[0].driver);
	return r;
}

/* With the governor performance these drivers answer EBUSY to all others. */
static int check_preference(struct ep_plan *plan, size_t i,
			    const char *governor, const char *value)
{
	const struct ep_cpufreq_policy *p = &plan->policies[i];

	if (!ep_cpufreq_decides_itself(p) ||
	    strcmp(governor ? governor : p->governor, "performance") != 0 ||
	    strcmp(value, "performance") == 0)
		return 0;
	return ep_err_set(plan->err, -EINVAL,
			  "--epp %.40s: policy%d has the governor performance, "
			  "with which %s takes no other preference: add "
			  "--governor powersave",
			  value, p->number, p->driver);
}

int ep_plan_preference(struct ep_plan *plan)
{
	const struct ep_control *c = plan->control;
	struct ep_policy_values v, governors = { .values = { NULL } };
	int r = 0;

	if (!c->preference)
		return 0;
	if (c->governor)
		r = ep_plan_take_values(plan, "--governor", c->governor,
					&governors);
	if (r == 0)
		r = ep_plan_take_values(plan, "--epp", c->preference, &v);
	for (size_t i = 0; r == 0 && i < plan->policy_count; i++) {
		if (!v.values[i])
			continue;
		r = check_name(plan, i, v.values[i], EP_CPUFREQ_PREFERENCES);
		if (r == 0)
			r = check_preference(plan, i, governors.values[i],
					     v.values[i]);
		if (r == 0)
			r = add_file(plan, i, "file",
				     "energy_performance_preference",
				     v.values[i]);
	}
	return r;
}
