/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/run_options.h"

#include <errno.h>
#include <string.h>

#include "runners/runner.h"

int ep_run_check_client(const struct ep_run_options *o, struct ep_err *err)
{
	struct ep_drive rest = o->drive;
	const struct ep_runner_ops *runner =
		ep_runner_find(o->record.runner, err);

	if (!runner)
		return -EINVAL;
	if (!runner->drives)
		return ep_err_set(err, -EINVAL,
				  "--client needs --runner ollama, "
				  "llama-server or openai: whose client the "
				  "command is");
	if (o->record.attach)
		return ep_err_set(err, -EINVAL,
				  "--client measures the server of --runner, "
				  "--attach another process; leave one of them "
				  "out");
	if (!o->record.argv)
		return ep_err_set(err, -EINVAL,
				  "--client needs the client's command after "
				  "--; without --client edgeprof sends the "
				  "requests");
	if (o->record.duration_ns > 0)
		return ep_err_set(err, -EINVAL,
				  "--client ends with its command; leave "
				  "--duration out");
	rest.url = NULL;
	if (ep_run_drive_is_asked(&rest))
		return ep_err_set(err, -EINVAL,
				  "--client: the command sends the requests; "
				  "of the options for requests only --url "
				  "means something here");
	return 0;
}

int ep_run_check_attach(const struct ep_run_options *o, bool drives,
			struct ep_err *err)
{
	const bool alone = !o->record.argv && !drives;

	if (o->record.duration_ns > 0 && !alone)
		return ep_err_set(err, -EINVAL,
				  "--attach ends with the command or the "
				  "requests, or without them after --duration; "
				  "leave one of them out");
	if (!drives && strcmp(o->record.runner, "command") != 0)
		return ep_err_set(err, -EINVAL,
				  "--attach measures what runs already, "
				  "--runner %s starts what is measured; leave "
				  "one of them out",
				  o->record.runner);
	return 0;
}
