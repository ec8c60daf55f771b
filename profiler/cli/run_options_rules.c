/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/run_options.h"

#include <errno.h>

#include "runners/rules.h"

int ep_run_check_rules(const struct ep_run_options *o, bool drives,
		       struct ep_err *err)
{
	const struct ep_record_options *p = &o->record;

	if (p->phase_rule_count == 0)
		return 0;
	if (drives || !p->argv)
		return ep_err_set(err, -EINVAL,
				  "--phase-rule reads the output of a command, "
				  "and there is none; leave --phase-rule away");
	if (p->stdio == EP_STDIO_INHERIT)
		return ep_err_set(err, -EINVAL,
				  "--phase-rule reads the program's output, "
				  "and with --stdio inherit nobody does; leave "
				  "one of them out");
	for (size_t i = 0; i < p->phase_rule_count; i++) {
		struct ep_rule rule;
		int r = ep_rule_parse(p->phase_rules[i], &rule, err);

		if (r < 0)
			return r;
		ep_rule_done(&rule);
	}
	return 0;
}
