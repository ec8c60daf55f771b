/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <string.h>

#include "base/cpus.h"
#include "base/str.h"
#include "drivers/cpufreq_control.h"
#include "drivers/host.h"

static int bad_boost(struct ep_plan *plan, const char *value)
{
	return ep_err_set(plan->err, -EINVAL,
			  "--boost: write on or off, or policy0=on,policy4="
			  "off, not '%.40s'",
			  value);
}

static int boost_all(struct ep_plan *plan, const char *path, bool inverted)
{
	bool on = strcmp(plan->control->boost, "on") == 0;

	if (!on && strcmp(plan->control->boost, "off") != 0)
		return bad_boost(plan, plan->control->boost);
	return ep_plan_add(plan, "file", path, on != inverted ? "1" : "0",
			   inverted ? "turbo (no_turbo)" : "boost");
}

/* Newer kernels have a switch in each policy; *ret_found counts them. */
static int boost_one(struct ep_plan *plan, size_t i, const char *value,
		     size_t *ret_found)
{
	const struct ep_cpufreq_policy *p = &plan->policies[i];
	char path[EP_SETTING_TARGET_BYTES], what[EP_CHANGE_WHAT_BYTES];
	bool on = strcmp(value, "on") == 0;

	if (!on && strcmp(value, "off") != 0)
		return bad_boost(plan, value);
	(void)ep_str_format(path, sizeof(path), "%s/boost", p->dir);
	if (ep_root_exists(&plan->env->root, path) < 0)
		return 0;
	(void)ep_str_format(what, sizeof(what), "boost of policy%d", p->number);
	++*ret_found;
	return ep_plan_add(plan, "file", path, on ? "1" : "0", what);
}

int ep_plan_boost(struct ep_plan *plan)
{
	const char *asked = plan->control->boost;
	char path[EP_SETTING_TARGET_BYTES];
	struct ep_policy_values v;
	size_t wanted = 0, found = 0;
	bool inverted;
	int r;

	if (!asked)
		return 0;
	if (!strchr(asked, '=') &&
	    ep_cpufreq_boost_file(&plan->env->root, path, sizeof(path),
				  &inverted) == 0)
		return boost_all(plan, path, inverted);
	r = ep_plan_take_values(plan, "--boost", asked, &v);
	for (size_t i = 0; r == 0 && i < plan->policy_count; i++) {
		if (!v.values[i])
			continue;
		wanted += v.named[i];
		r = boost_one(plan, i, v.values[i], &found);
	}
	if (r == 0 && (found == 0 || found < wanted))
		r = ep_err_set(plan->err, -ENOENT,
			       "--boost: this machine has no switch for turbo "
			       "or boost clocks%s",
			       wanted > 0 ? " of single policies" : "");
	return r;
}

static int switch_cpu(struct ep_plan *plan, int cpu, bool on)
{
	char path[EP_SETTING_TARGET_BYTES], what[EP_CHANGE_WHAT_BYTES];
	int r = ep_cpufreq_online_file(&plan->env->root, cpu, path,
				       sizeof(path));

	if (r < 0 && on)
		return 0;
	if (r < 0)
		return ep_err_set(plan->err, r,
				  "--cpus: CPU %d cannot be switched off on "
				  "this machine; name it in the list",
				  cpu);
	(void)ep_str_format(what, sizeof(what), "CPU %d", cpu);
	return ep_plan_add(plan, "file", path, on ? "1" : "0", what);
}

int ep_plan_cpus(struct ep_plan *plan)
{
	char present[256];
	cpu_set_t wanted, there;
	int r;

	if (!plan->control->cpus)
		return 0;
	if (ep_cpus_parse(plan->control->cpus, &wanted) < 0)
		return ep_err_set(plan->err, -EINVAL,
				  "--cpus: '%.40s' is not a list of CPUs: "
				  "write it like 0-2 or 1,3",
				  plan->control->cpus);
	r = ep_host_cpus_present(&plan->env->root, present, sizeof(present));
	if (r < 0 || ep_cpus_parse(present, &there) < 0)
		return ep_err_set(plan->err, r < 0 ? r : -EBADMSG,
				  "--cpus: the kernel does not tell which CPUs "
				  "there are");
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &wanted) && !CPU_ISSET(cpu, &there))
			return ep_err_set(plan->err, -ERANGE,
					  "--cpus: there is no CPU %zu; this "
					  "machine has %s",
					  cpu, present);
	plan->left = wanted;
	plan->has_left = true;
	/* Those that come first: the last one cannot be switched off. */
	for (int on = 1; r >= 0 && on >= 0; on--)
		for (size_t cpu = 0; r >= 0 && cpu < CPU_SETSIZE; cpu++)
			if (CPU_ISSET(cpu, &there) &&
			    (CPU_ISSET(cpu, &wanted) != 0) == (on == 1))
				r = switch_cpu(plan, (int)cpu, on == 1);
	return r < 0 ? r : 0;
}

/* Told, since a policy that is not there yet cannot be planned for. */
void ep_plan_note_off(struct ep_plan *plan)
{
	const struct ep_control *c = plan->control;
	char online[256], present[256];
	cpu_set_t on, there;

	if (!c->governor && !c->freq && !c->freq_min && !c->freq_max &&
	    !c->preference)
		return;
	if (ep_host_cpus_online(&plan->env->root, online, sizeof(online)) < 0 ||
	    ep_host_cpus_present(&plan->env->root, present, sizeof(present)) <
		    0 ||
	    ep_cpus_parse(online, &on) < 0 ||
	    ep_cpus_parse(present, &there) < 0)
		return;
	CPU_XOR(&there, &there, &on);
	if (CPU_COUNT(&there) > 0 &&
	    ep_cpus_format(&there, present, sizeof(present)))
		ep_plan_note(plan,
			     "CPUs %s are off now: where they come on for this "
			     "run they keep the governor and clocks that they "
			     "come with",
			     present);
}
