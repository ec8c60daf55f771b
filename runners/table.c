/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/runner.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define EP_RUNNER(id) extern const struct ep_runner_ops ep_runner_##id;
#define EP_DIALECT(id, name) EP_RUNNER(id)
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT

const struct ep_runner_ops *const ep_runners[] = {
#define EP_RUNNER(id) &ep_runner_##id,
#if EP_WITH_CURL
#define EP_DIALECT(id, name) EP_RUNNER(id)
#else
#define EP_DIALECT(id, name)
#endif
#include "runners/list.def"
#undef EP_RUNNER
#undef EP_DIALECT
	NULL,
};

const struct ep_runner_ops *ep_runner_find(const char *name, struct ep_err *err)
{
	const char *names[sizeof(ep_runners) / sizeof(ep_runners[0])];
	const char *nearest;
	char list[200] = "";
	size_t count = 0;

	for (; ep_runners[count]; count++) {
		size_t used = strlen(list);

		if (strcmp(ep_runners[count]->name, name) == 0)
			return ep_runners[count];
		names[count] = ep_runners[count]->name;
		(void)ep_str_format(list + used, sizeof(list) - used, "%s%s",
				    used ? ", " : "", names[count]);
	}
	nearest = ep_str_nearest(name, names, count);
	ep_err_set(err, -ENOENT, "no runner is called '%s'%s%s; there is: %s",
		   name, nearest ? "; did you mean " : "",
		   nearest ? nearest : "", list);
	return NULL;
}
