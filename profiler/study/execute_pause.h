/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_EXECUTE_PAUSE_H
#define EP_PROFILER_STUDY_EXECUTE_PAUSE_H

#include "base/root.h"
#include "profiler/study/study.h"

#include <signal.h>

/* The pause before a run that a study asks for (cooldown). */
struct ep_execute_pause {
	const struct ep_study *study;
	const struct ep_root *root;
	const volatile sig_atomic_t *stop; /* not 0: enough */
	/* About ten times a second: the temperature (NAN unknown) and what is
	 * left of the time. */
	void (*wait)(void *ctx, double now_c, double left_s);
	void (*warn)(void *ctx, const char *text);
	void *ctx;
};

/* Until the board has cooled down, or for the time that was asked; no longer
 * than the study's limit.  0, or -EINTR. */
int ep_execute_pause(const struct ep_execute_pause *p) EP_MUST_CHECK;

#endif
