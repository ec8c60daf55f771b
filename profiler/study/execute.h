/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTE_H
#define EP_PROFILER_STUDY_EXECUTE_H

#include "base/root.h"
#include "base/spawn.h"
#include "profiler/study/store.h"

#include <signal.h>

/* Runs a study on this machine, one run after the other. */

enum ep_study_event {
	EP_STUDY_STARTS, /* a run */
	EP_STUDY_RUNS,	 /* still; about ten times a second */
	EP_STUDY_PAUSES, /* before a run; about ten times a second */
	EP_STUDY_VALID,
	EP_STUDY_REJECTED, /* text says why */
	EP_STUDY_LOST,
	EP_STUDY_WARNS, /* text */
};
struct ep_study_progress {
	enum ep_study_event event;
	const char *text;
	struct ep_next item;
	uint64_t config_count;
	int64_t run_count;		/* wanted of this configuration */
	int64_t done_count, plan_count; /* of the study, warm-ups too */
	double eta_s;			/* NAN unknown */
	double j_per_token;   /* of generation, mean so far of this one; NAN */
	double temperature_c; /* NAN unknown */
	double pause_s;	      /* still to go; NAN unknown */
};

struct ep_execute {
	const char *program; /* this edgeprof, to run again */
	const struct ep_root *root;
	const struct ep_identity *identity; /* entered; runs leave it */
	void (*tell)(void *ctx, const struct ep_study_progress *p);
	void *ctx;
	/* The number of the last signal, and how many came: nothing more
	 * starts.  The run in progress goes on to its end after a first SIGINT;
	 * every other signal is passed on to it. */
	const volatile sig_atomic_t *stop, *stop_count;
	int lock_fd;	    /* of ep_execute_lock() */
	const char *folder; /* runs start in it; NULL: where we are */
};

/* How a study went on, for who wants more than the verdict. */
struct ep_execute_outcome {
	int first_status; /* the first exit status that was not 0 */
};

/*
 * Blocks until all is done.  0; 1 when a configuration failed or has too few
 * valid runs; -EINTR stopped; -errno with a sentence.
 */
int ep_execute_study(const struct ep_execute *x, struct ep_store *store,
		     struct ep_execute_outcome *outcome,
		     struct ep_err *err) EP_MUST_CHECK;

/* One run of it, in a process of its own: its exit status, 128 + signal, or
 * -errno.  told gets the last line that it wrote to stderr. */
struct ep_execute_run {
	char *const *argv;
	void (*wait)(void *ctx); /* about ten times a second */
	void *ctx;
	char told[400];
};
int ep_execute_run(const struct ep_execute *x,
		   struct ep_execute_run *run) EP_MUST_CHECK;

/* The hottest zone now; NAN when there is none. */
double ep_execute_temperature_c(const struct ep_root *root);

/*
 * Keeps others out of DIR as long as the descriptor is open.  A run that a
 * killed study left behind counts as somebody too: waits 10 s for it to end.
 * -EBUSY names who is there.
 */
int ep_execute_lock(const char *dir, int *ret_fd,
		    struct ep_err *err) EP_MUST_CHECK;
/* The run that goes on now, for whoever comes after us; 0 none. */
void ep_execute_lock_note(int fd, pid_t run);

#endif
