/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/run_prepare.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/env.h"
#include "base/str.h"
#include "base/subst.h"
#include "runners/suite.h"
#include "runners/workflow.h"

/* "NAME=VALUE" as typed; the caller frees ret->name. */
static int split_set(const char *text, struct ep_subst *ret, struct ep_err *err)
{
	size_t len = strcspn(text, "=");

	if (len == 0 || !text[len])
		return ep_err_set(err, -EINVAL,
				  "--set: '%.80s' is not NAME=VALUE", text);
	ret->name = strndup(text, len);
	ret->value = text + len + 1;
	return ret->name ? 0 : ep_err_set(err, -ENOMEM, "out of memory");
}

/* {threads} and what --set declares, in the arguments; the command's name too
 * may hold them. */
static int fill_in(struct ep_run_options *o, char ***ret_argv,
		   struct ep_err *err)
{
	struct ep_subst list[EP_SETS_MAX + 2] = { { NULL, NULL } };
	char ***argv = o->drive.server ? &o->drive.server : &o->record.argv;
	char threads[24];
	size_t count = 0;
	int r = 0;

	for (; r == 0 && count < o->set_count; count += r == 0)
		r = split_set(o->sets[count], &list[count], err);
	(void)ep_str_format(threads, sizeof(threads), "%lld",
			    (long long)o->record.thread_count);
	if (r == 0 && o->record.thread_count > 0)
		list[count] = (struct ep_subst){ "threads", threads };
	if (r == 0 && list[0].name && *argv) {
		r = ep_subst_argv(*argv, list, ret_argv);
		if (r == 0)
			*argv = *ret_argv;
		else
			ep_err_set(err, r, "the arguments of the command: %s",
				   strerror(-r));
	}
	for (size_t i = 0; i < count; i++)
		free((char *)(uintptr_t)list[i].name);
	return r;
}

/* What it says stands where the command line says nothing. */
static int read_workflow(struct ep_run_options *o, struct ep_workflow **ret,
			 struct ep_err *err)
{
	struct ep_drive *d = &o->drive;
	double randomness;
	int r;

	if (!o->record.drive || !d->workflow)
		return 0;
	if (d->prompts || d->prompt_token_count > 0 ||
	    d->output_token_count > 0)
		return ep_err_set(err, -EINVAL,
				  "--workflow says itself what is asked: leave "
				  "out %s",
				  d->prompts ? "--prompts"
				  : d->prompt_token_count > 0
					  ? "--prompt-tokens"
					  : "--output-tokens");
	r = ep_drive_randomness(d, 0, &randomness, err);
	if (r == 0)
		r = ep_workflow_load(d->workflow, ret, err);
	if (r == 0)
		ep_workflow_apply(*ret, d);
	if (r == 0 && d->ignore_eos && d->max_token_count == 0 &&
	    ep_workflow_unlimited(*ret))
		return ep_err_set(err, -EINVAL,
				  "--ignore-eos goes on until a limit, and "
				  "call '%.60s' has none: add --max-tokens N",
				  ep_workflow_unlimited(*ret));
	return r;
}

static int plan(struct ep_run_options *o, struct ep_run_prepared *p,
		struct ep_err *err)
{
	struct ep_env env;
	int r;

	o->record.changes = &p->changes;
	if (ep_control_is_empty(&o->control))
		return 0;
	r = ep_env_init(&env, err);
	if (r < 0)
		return r;
	r = ep_control_plan(&o->control, &env, &p->changes, &p->notes, err);
	ep_env_done(&env);
	return r;
}

/* What --cpus switches off is nobody's CPU.  (Not with a board whose CPUs are
 * not this machine's.) */
static void leave_out_cpus(const struct ep_run_options *o,
			   struct ep_process_state *state)
{
	cpu_set_t left;

	if (!o->control.cpus || ep_cpus_parse(o->control.cpus, &left) < 0)
		return;
	CPU_AND(&left, &left, &state->affinity);
	if (CPU_COUNT(&left) > 0)
		state->affinity = left;
}

int ep_run_prepare(struct ep_run_options *o, struct ep_process_state *state,
		   struct ep_run_prepared *ret, struct ep_err *err)
{
	char note[200] = "";
	int r;

	memset(ret, 0, sizeof(*ret));
	r = fill_in(o, &ret->argv, err);
	if (r == 0)
		r = read_workflow(o, &ret->workflow, err);
	if (r == 0)
		r = plan(o, ret, err);
	leave_out_cpus(o, state);
	if (r == 0)
		r = ep_place_apply(&o->record.place, state, note, sizeof(note),
				   err);
	if (r == 0 && note[0] &&
	    ret->notes.count <
		    sizeof(ret->notes.text) / sizeof(ret->notes.text[0]))
		(void)ep_str_copy(ret->notes.text[ret->notes.count++],
				  sizeof(ret->notes.text[0]), note);
	return r;
}

void ep_run_prepared_done(struct ep_run_prepared *prepared)
{
	ep_subst_free_argv(prepared->argv);
	prepared->argv = NULL;
	ep_workflow_free(prepared->workflow);
	prepared->workflow = NULL;
	ep_change_list_done(&prepared->changes);
}
