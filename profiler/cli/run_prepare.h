/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_RUN_PREPARE_H
#define EP_PROFILER_CLI_RUN_PREPARE_H

#include "base/spawn.h"
#include "profiler/cli/run_options.h"

/* What the options of run become before it starts; done() frees it. */
struct ep_run_prepared {
	char **argv; /* the command with its names filled in; NULL: as typed */
	struct ep_change_list changes;
	struct ep_control_notes notes; /* to be told */
	struct ep_workflow *workflow;  /* NULL none */
};

/*
 * Fills in {threads}, reads the workflow, gives the program and edgeprof their CPUs, and plans what
 * is to be set on the board.  o->record then refers to ret.  Call before any
 * thread is made.
 */
int ep_run_prepare(struct ep_run_options *o, struct ep_process_state *state,
		   struct ep_run_prepared *ret,
		   struct ep_err *err) EP_MUST_CHECK;
void ep_run_prepared_done(struct ep_run_prepared *prepared);

#endif
