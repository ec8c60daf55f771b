/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "profiler/cli/run_options.h"
#include "runners/runner.h"

bool ep_run_drives(const struct ep_run_options *o)
{
	const struct ep_runner_ops *runner =
		ep_runner_find(o->record.runner, NULL);

	/* With --client the command sends the requests. */
	return runner && runner->drives && !o->record.client;
}

bool ep_run_drive_is_asked(const struct ep_drive *d)
{
	return d->model || d->url || d->prompts || d->key_file || d->ca_file ||
	       d->cold || d->chat || d->seed >= 0 || d->ctx_count > 0 ||
	       d->max_token_count > 0 || d->pause_ns > 0 ||
	       d->gpu_layer_count >= 0 || d->retry_count > 0 ||
	       d->prompt_token_count > 0 || d->output_token_count > 0 ||
	       d->ignore_eos || d->workflow || d->randomness;
}

static int check_drive(const struct ep_run_options *o, struct ep_err *err)
{
	if (!ep_runner_find(o->record.runner, err))
		return -EINVAL;
	if (!ep_run_drives(o))
		return ep_err_set(err, -EINVAL,
				  "--model, --url, --prompts and the like are "
				  "for --runner ollama, llama-server or "
				  "openai; a command has options of its own "
				  "after --");
	if (o->record.argv)
		return ep_err_set(err, -EINVAL,
				  "--runner %s sends requests to a server that "
				  "is up and takes no command%s",
				  o->record.runner,
				  o->drive.url ? "; leave --url away if the "
						 "command starts the server"
					       : "");
	if (o->drive.server && o->record.attach)
		return ep_err_set(
			err, -EINVAL,
			"--attach: the server that edgeprof starts is "
			"what is measured; leave --attach away");
	return 0;
}

/* What starts a server is no program whose end is waited for. */
void ep_run_take_server(struct ep_run_options *o)
{
	const struct ep_runner_ops *runner =
		ep_runner_find(o->record.runner, NULL);
	const char *own;

	if (!runner || !runner->starts || o->record.client)
		return;
	o->drive.server = o->record.argv;
	own = runner->starts(&o->drive);
	if (!own) {
		o->drive.server = NULL;
		return;
	}
	o->record.argv = NULL;
	o->server[0] = (char *)(uintptr_t)own;
	if (!o->drive.server)
		o->drive.server = o->server;
}

/* "NAME=VALUE"; names are short, for they become keys. */
static int check_labels(const struct ep_run_options *o, struct ep_err *err)
{
	for (size_t i = 0; i < o->record.label_count; i++) {
		const char *text = o->record.labels[i];
		size_t len = strcspn(text, "=");

		if (len == 0 || len > 63 || !text[len])
			return ep_err_set(err, -EINVAL,
					  "--label: '%.80s' is not NAME=VALUE",
					  text);
	}
	return 0;
}

int ep_run_check(const struct ep_run_options *o, struct ep_err *err)
{
	if (o->help)
		return 0;
	if (check_labels(o, err) < 0)
		return -EINVAL;
	if (ep_run_check_rules(o, ep_run_drives(o), err) < 0)
		return -EINVAL;
	if (o->record.client)
		return ep_run_check_client(o, err);
	if (o->record.attach &&
	    ep_run_check_attach(o, ep_run_drives(o), err) < 0)
		return -EINVAL;
	if (o->record.argv && o->record.duration_ns > 0)
		return ep_err_set(err, -EINVAL,
				  "--duration measures the whole system and "
				  "takes no command; leave one of them out");
	if (ep_run_drives(o) && o->record.duration_ns > 0)
		return ep_err_set(err, -EINVAL,
				  "--duration measures the whole system; "
				  "--runner %s ends with its requests; leave "
				  "one of them out",
				  o->record.runner);
	if (ep_run_drives(o) || ep_run_drive_is_asked(&o->drive))
		return check_drive(o, err);
	if (!o->record.argv && !o->record.attach && o->record.duration_ns == 0)
		return ep_err_set(err, -EINVAL,
				  "no command: edgeprof run [options] -- "
				  "COMMAND, or --duration 60s for the whole "
				  "system");
	return 0;
}
