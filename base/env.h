/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_ENV_H
#define EP_BASE_ENV_H

#include "base/root.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * The only door to the machine: a test points root at a fixture tree and the
 * clock at one of its own.  Borrowed by everything that is opened with it.
 */
struct ep_env {
	struct ep_root root;	 /* what describes or controls the board */
	int64_t (*now_ns)(void); /* CLOCK_MONOTONIC */
	pid_t target_pid; /* the program at the gate; 0 = none yet, or the
			     whole system when system_wide is set */
	int target_runs;  /* the target was there before us: it is no child at a
			    gate but a server */
	const char *target_path;  /* its program file; NULL unknown */
	char *const *target_argv; /* NULL-terminated; NULL unknown */
	int system_wide;	  /* --duration without a command */
	int64_t interval_ns;	  /* the grid */
	bool full_rate;		  /* a stream's samples are stored one by one */
	/* Has the user had enough?  Asked by what opens slowly; may be NULL. */
	bool (*is_cancelled)(void *ctx);
	void *cancel_ctx;
};

/* Root from EDGEPROF_ROOT (secure_getenv), the real clock, no target. */
int ep_env_init(struct ep_env *env, struct ep_err *err) EP_MUST_CHECK;
void ep_env_done(struct ep_env *env);
bool ep_env_is_cancelled(const struct ep_env *env);

#endif
