/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_SWEEP_MACHINES_H
#define EP_PROFILER_CLI_SWEEP_MACHINES_H

#include "profiler/study/executor.h"

/* The part of `edgeprof sweep` that is about more than one machine. */
struct ep_sweep_machines {
	const struct ep_executor_ops *executor; /* NULL: this one */
	struct ep_executor_options options;
	char **sbatch; /* owned */
	char **dirs;   /* --collect; of argv, dir_count of them */
	size_t dir_count;
	bool asked; /* any of them */
};

/* Takes one of our options off argv.  1 it was one, 0 it is none. */
int ep_sweep_machines_take(struct ep_sweep_machines *m, char **argv, int *i,
			   struct ep_err *err);
/* A folder for --collect. */
int ep_sweep_machines_add_dir(struct ep_sweep_machines *m, char **arg,
			      struct ep_err *err) EP_MUST_CHECK;
int ep_sweep_machines_check(const struct ep_sweep_machines *m, bool collect,
			    struct ep_err *err) EP_MUST_CHECK;
void ep_sweep_machines_done(struct ep_sweep_machines *m);

/* What these need of the command. */
struct ep_sweep_place {
	struct ep_store *store; /* NULL for a plan */
	const struct ep_study *study;
	const struct ep_identity *identity; /* entered */
	const volatile sig_atomic_t *stop;
	const char *program; /* this one */
	bool quiet;
};
/* As ep_executor_run(). */
int ep_sweep_machines_run(const struct ep_sweep_machines *m,
			  const struct ep_sweep_place *place,
			  struct ep_err *err) EP_MUST_CHECK;
/* One line for each machine, on stdout. */
int ep_sweep_machines_plan(const struct ep_sweep_machines *m,
			   const struct ep_sweep_place *place,
			   struct ep_err *err) EP_MUST_CHECK;
/* 0; 1 some folders were left out. */
int ep_sweep_machines_collect(const struct ep_sweep_machines *m,
			      const struct ep_sweep_place *place,
			      struct ep_err *err) EP_MUST_CHECK;

/* The forms in which machines call each other: --task, --task-ssh,
 * --host-check. */
bool ep_sweep_task_is_asked(int argc, char **argv);
int ep_sweep_task_main(int argc, char **argv);

#endif
