/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/runner.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "runners/command.h"
#include "runners/http.h"

const struct ep_runner_ops *const ep_runners[] = {
	&ep_runner_command,
#if EP_WITH_CURL
	&ep_runner_ollama,
	&ep_runner_llama_server,
	&ep_runner_openai,
#endif
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
