/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTOR_H
#define EP_PROFILER_STUDY_EXECUTOR_H

#include "base/spawn.h"
#include "profiler/study/collect.h"
#include "profiler/study/work.h"

#include <signal.h>

/*
 * Runs a study on other machines, by what a lab has for that: Slurm, or GNU
 * parallel over ssh.  It deals out tasks in rounds, collects what arrives, and
 * goes on until nothing is missing.  Nothing here schedules.
 */
struct ep_executor_options {
	const char *program;	/* this edgeprof, where it is on the nodes */
	const char *hosts_file; /* parallel */
	const char *shared;	/* slurm: a folder that all nodes see; NULL: the
				   study's own */
	char *const *sbatch;	/* slurm: more options; NULL none */
	size_t block_count;	/* configurations of a task at most; 0 all */
	bool mixed_versions;
};

struct ep_executor_came {
	const struct ep_collected *run; /* NULL: it only goes on */
	int64_t done_count, plan_count;
	double eta_s;	    /* NAN unknown */
	const char *status; /* of the tasks: "2 run, 1 waits" */
};

struct ep_executor {
	const struct ep_executor_options *options;
	struct ep_store *store;
	const struct ep_identity *identity; /* entered */
	const volatile sig_atomic_t *stop;
	void (*tell)(void *ctx, const char *text);
	/* After every run that came, and about once a second. */
	void (*came)(void *ctx, const struct ep_executor_came *c);
	void *ctx;
	/* For the executors: */
	char dir[4096]; /* absolute: work, logs and, in arrived/, runs */
	int dir_fd, arrived_fd;
	int round;
	const struct ep_work *work;
	char board[64]; /* that the study names; "" none */
	void *state;	/* of the executor; freed by close() */
};

struct ep_executor_ops {
	const char *name;
	/* Looks at the machines, tells a line of each; thorough: also what
	 * takes its time.  -ENODEV: none can be used. */
	int (*check)(struct ep_executor *x, bool thorough, struct ep_err *err);
	/* 1: tasks of an earlier start still go on, poll() follows them. */
	int (*find)(struct ep_executor *x, struct ep_err *err);
	int (*submit)(struct ep_executor *x, struct ep_err *err);
	/* 1 they go on, 0 all have ended. */
	int (*poll)(struct ep_executor *x, char *status, size_t size,
		    struct ep_err *err);
	void (*cancel)(struct ep_executor *x);
	void (*close)(struct ep_executor *x);
	size_t task_max;
};
/* "slurm", "parallel"; NULL: no such. */
const struct ep_executor_ops *ep_executor_find(const char *name);
extern const struct ep_executor_ops ep_executor_slurm, ep_executor_parallel;

/* 0; 1 a configuration has too few valid runs; -EINTR; -errno. */
int ep_executor_run(struct ep_executor *x, const struct ep_executor_ops *ops,
		    struct ep_err *err) EP_MUST_CHECK;
/* Only looks at the machines, before there is a study; store and dir are not
 * needed. */
int ep_executor_check(struct ep_executor *x, const struct ep_executor_ops *ops,
		      const struct ep_study *study,
		      struct ep_err *err) EP_MUST_CHECK;

/* For the executors: "round-001", with an ending. */
void ep_executor_name(const struct ep_executor *x, const char *end, char *ret,
		      size_t size);
/* A file of the round in dir; what does not end in ".json" is a script. */
int ep_executor_write(struct ep_executor *x, const char *end, const char *text,
		      struct ep_err *err) EP_MUST_CHECK;

#endif
