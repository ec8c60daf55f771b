/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTE_H
#define EP_PROFILER_STUDY_EXECUTE_H

#include "profiler/study/store.h"

/* Runs a study on this machine, one run after the other. */
struct ep_study_progress {
	uint64_t config, config_count;
	int64_t run, run_count;		/* of this configuration */
	int64_t done_count, plan_count; /* of the study */
	double eta_s;			/* NAN unknown */
	double j_per_token;		/* mean so far of this one; NAN */
	double temperature_c;		/* NAN unknown */
	double pause_s;			/* now; 0 while it runs */
	const char *text; /* what happened: a run was rejected, why; or NULL */
};
struct ep_execute {
	const char *dir;
	const char *program; /* this edgeprof, to run again */
	bool quiet;
	void (*tell)(void *ctx, const struct ep_study_progress *p);
	void *ctx;
	/* Set by a signal: the run in progress ends, nothing more starts. */
	volatile int *stop;
};
/* 0 all done; 1 some configurations failed or have too few valid runs; -EINTR
 * stopped; -errno with a sentence. */
int ep_execute_study(const struct ep_execute *x, struct ep_store *store,
		     struct ep_err *err) EP_MUST_CHECK;

#endif
