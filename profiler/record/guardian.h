/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_GUARDIAN_H
#define EP_PROFILER_RECORD_GUARDIAN_H

#include "base/err.h"
#include "profiler/record/journal.h"

#include <sys/types.h>

/*
 * A process that outlives SIGKILL of edgeprof.  When edgeprof is gone it sends
 * the measured program and its descendants SIGTERM, puts back what the journal
 * says, and sends those that are still there after 5 s SIGKILL.
 *
 * Its own session, no descriptor but its socket and the journal's, deaf to all
 * signals but SIGKILL, sheltered as drivers/shelter.h says.
 */
struct ep_guardian {
	pid_t pid;
	int fd; /* its end of the world: closed by the kernel when we die */
};

/*
 * Before any thread is started and any change is made.  journal is begun, or
 * NULL: nothing is to be put back; then env is not used.
 */
int ep_guardian_start(struct ep_guardian *g, const struct ep_env *env,
		      const struct ep_journal *journal,
		      struct ep_err *err) EP_MUST_CHECK;
#define EP_GUARDIAN_WATCHED_MAX 2
/* Names a program to end; 0: those that were named have ended by themselves. */
int ep_guardian_watch(struct ep_guardian *g, pid_t pid);
/* It was killed: takes its end.  Nothing ends the program with us any more. */
void ep_guardian_collect(struct ep_guardian *g);
/* Sends it home and reaps it; what the journal holds stays as it is. */
void ep_guardian_stop(struct ep_guardian *g);

#endif
