/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_GUARDIAN_H
#define EP_PROFILER_RECORD_GUARDIAN_H

#include "base/err.h"

#include <sys/types.h>

/*
 * A process that outlives SIGKILL of edgeprof: when edgeprof is gone it sends
 * the measured program and its descendants SIGTERM, and SIGKILL 5 s later.
 * Its own session, no descriptor but its socket, deaf to SIGINT and SIGTERM.
 */
struct ep_guardian {
	pid_t pid;
	int fd; /* its end of the world: closed by the kernel when we die */
};

/* Before any thread is started. */
int ep_guardian_start(struct ep_guardian *g, struct ep_err *err) EP_MUST_CHECK;
/* Names the program to end; again with 0 when it has ended by itself. */
int ep_guardian_watch(struct ep_guardian *g, pid_t pid);
/* Sends it home and reaps it. */
/* It was killed: takes its end.  Nothing ends the program with us any more. */
void ep_guardian_collect(struct ep_guardian *g);
void ep_guardian_stop(struct ep_guardian *g);

#endif
