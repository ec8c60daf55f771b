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
	       d->ignore_eos || d->workflow || d->randomness ||
	       d->request_timeout_ns != EP_REQUEST_TIMEOUT_NS;
}

/* Without --url, would the command be a server that edgeprof starts? */
static bool could_start(const struct ep_run_options *o)
{
	const struct ep_runner_ops *runner =
		ep_runner_find(o->record.runner, NULL);
	struct ep_drive d = o->drive;

	d.server = o->record.argv;
	d.url = NULL;
	return o->drive.url && runner && runner->starts && runner->starts(&d);
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
				  could_start(o) ? "; leave --url away if the "
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

/* What is for a command, where there is none. */
static int check_no_command(const struct ep_run_options *o, struct ep_err *err)
{
	const struct ep_record_options *r = &o->record;

	if (r->argv)
		return 0;
	if (!ep_run_drives(o) && (r->place.pin || r->thread_count > 0))
		return ep_err_set(err, -EINVAL,
				  "--pin and --threads are for a command, and "
				  "there is none%s",
				  r->attach ? "; what --attach measures stays "
					      "as it is"
					    : "");
	if (o->drive.server && r->stdio == EP_STDIO_INHERIT)
		return ep_err_set(err, -EINVAL,
				  "--stdio inherit: the output of a server "
				  "that edgeprof starts goes to the run "
				  "folder; leave --stdio away");
	if (!o->drive.server && r->stdio != EP_STDIO_AUTO)
		return ep_err_set(err, -EINVAL,
				  "--stdio is for the output of a command, and "
				  "there is none; leave --stdio away");
	return 0;
}

/* The workload and what goes with it. */
static int check_work(const struct ep_run_options *o, struct ep_err *err)
{
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

int ep_run_check(const struct ep_run_options *o, struct ep_err *err)
{
	if (o->help)
		return 0;
	if (check_labels(o, err) < 0 ||
	    ep_run_check_rules(o, ep_run_drives(o), err) < 0 ||
	    check_work(o, err) < 0)
		return -EINVAL;
	return check_no_command(o, err);
}
