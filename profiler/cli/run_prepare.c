/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/run_prepare.h"

#include <string.h>

#include "base/cpus.h"
#include "base/env.h"
#include "base/str.h"
#include "base/subst.h"

/* {threads} in the arguments; the command's name too may hold it. */
static int fill_in(struct ep_run_options *o, char ***ret_argv,
		   struct ep_err *err)
{
	char threads[24];
	const struct ep_subst list[] = { { "threads", threads },
					 { NULL, NULL } };
	int r;

	if (o->record.thread_count == 0 || !o->record.argv)
		return 0;
	(void)ep_str_format(threads, sizeof(threads), "%lld",
			    (long long)o->record.thread_count);
	r = ep_subst_argv(o->record.argv, list, ret_argv);
	if (r < 0)
		return ep_err_set(err, r, "the arguments of the command: %s",
				  strerror(-r));
	o->record.argv = *ret_argv;
	return 0;
}

static int plan(struct ep_run_options *o, struct ep_run_prepared *p,
		struct ep_err *err)
{
	struct ep_env env;
	int r;

	if (ep_control_is_empty(&o->control))
		return 0;
	r = ep_env_init(&env, err);
	if (r < 0)
		return r;
	r = ep_control_plan(&o->control, &env, &p->changes, &p->notes, err);
	ep_env_done(&env);
	o->record.changes = &p->changes;
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
	ep_change_list_done(&prepared->changes);
}
