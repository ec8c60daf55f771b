/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_TRACE_H
#define EP_TESTS_UNIT_SUPPORT_TRACE_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * Runs a function in a child under ptrace and stops it, and what it forks, at
 * each system call that changes something (write, fsync, ftruncate, unlink,
 * mkdir, rename, link): its "acts".  So a process can be killed exactly between two of them.
 */
enum support_blow {
	SUPPORT_KILL_MAIN,
	SUPPORT_KILL_ALL,
	SUPPORT_KILL_OTHERS, /* what it forked */
	SUPPORT_FAIL,	     /* the act fails with ENOSYS */
};

struct support_trace {
	int (*main)(void *ctx); /* its return value is the exit status */
	void *ctx;
	int act; /* the blow falls before this act, 1, 2...; 0 never */
	enum support_blow blow;
	void (*after_act)(void *ctx); /* NULL: none */
	void *after_ctx;
	/* Filled. */
	int act_count;
	int status; /* of waitpid */
	bool struck;
};

/* Returns when all of them have ended. */
void support_trace_run(struct support_trace *t);
/* Why there is no such tracing here, or NULL. */
const char *support_trace_lacks(void);

#endif
