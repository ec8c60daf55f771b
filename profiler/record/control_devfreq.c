/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/control_parts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "drivers/devfreq_control.h"

static int no_device(struct ep_plan *plan, const char *name,
		     const struct ep_devfreq_control *all, size_t count)
{
	char known[300] = "";

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(known);

		(void)ep_str_format(known + len, sizeof(known) - len, "%s%s",
				    i ? ", " : "", all[i].name);
	}
	return ep_err_set(plan->err, -ENODEV,
			  "--devfreq %.40s: there is no such device here; "
			  "there is: %s",
			  name, known[0] ? known : "none at all");
}

/* "gpu=performance" */
static int plan_one(struct ep_plan *plan, const char *text,
		    const struct ep_devfreq_control *all, size_t count)
{
	const char *equals = strchr(text, '=');
	char name[64], what[EP_CHANGE_WHAT_BYTES];
	struct ep_plan_question q = { .option = "--devfreq",
				      .what = "governor" };

	if (!equals || equals == text || !equals[1] ||
	    !ep_str_format(name, sizeof(name), "%.*s", (int)(equals - text),
			   text))
		return ep_err_set(plan->err, -EINVAL,
				  "--devfreq: write DEVICE=GOVERNOR, such as "
				  "gpu=performance, not '%.40s'",
				  text);
	for (size_t i = 0; i < count; i++) {
		int r;

		if (!ep_devfreq_is_called(&all[i], name))
			continue;
		q.where = all[i].name;
		q.choices = all[i].choices;
		q.value = equals + 1;
		r = ep_plan_check_choice(plan, &q);
		if (r < 0)
			return r;
		(void)ep_str_format(what, sizeof(what), "governor of %s",
				    all[i].name);
		return ep_plan_add(plan, "governor", all[i].governor_path,
				   equals + 1, what);
	}
	return no_device(plan, name, all, count);
}

int ep_plan_devfreq(struct ep_plan *plan)
{
	struct ep_devfreq_control all[EP_DEVFREQ_CONTROLS_MAX];
	int n, r = 0;

	if (plan->control->devfreq_count == 0)
		return 0;
	n = ep_devfreq_controls(&plan->env->root, all, EP_DEVFREQ_CONTROLS_MAX);
	if (n < 0)
		return ep_err_set(plan->err, n, "--devfreq: %s", strerror(-n));
	for (size_t i = 0; r == 0 && i < plan->control->devfreq_count; i++)
		r = plan_one(plan, plan->control->devfreqs[i], all, (size_t)n);
	return r;
}
