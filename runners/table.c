/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/runner.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "runners/command.h"

const struct ep_runner_ops *const ep_runners[] = {
	&ep_runner_command,
	NULL,
};

const struct ep_runner_ops *ep_runner_find(const char *name, struct ep_err *err)
{
	const char *names[sizeof(ep_runners) / sizeof(ep_runners[0])];
	const char *nearest;
	size_t count = 0;

	for (; ep_runners[count]; count++) {
		if (strcmp(ep_runners[count]->name, name) == 0)
			return ep_runners[count];
		names[count] = ep_runners[count]->name;
	}
	nearest = ep_str_nearest(name, names, count);
	ep_err_set(err, -ENOENT, "no runner is called '%s'%s%s; there is: %s",
		   name, nearest ? "; did you mean " : "",
		   nearest ? nearest : "", names[0]);
	return NULL;
}
