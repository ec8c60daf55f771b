/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_HELPER_H
#define EP_TESTS_UNIT_SUPPORT_HELPER_H

#include <stdint.h>
#include <sys/types.h>

/* A child that works in steps a test asks for, and dies with the test. */
struct ep_helper {
	pid_t pid;
	int to, from; /* one byte each way per step */
};

/* Runs act(0), act(1), ... in the child, one for each ep_helper_step(). */
struct ep_helper ep_helper_start(void (*act)(int step));
/* Returns when the step is done. */
void ep_helper_step(const struct ep_helper *h);
/* Kills and reaps it. */
void ep_helper_end(struct ep_helper *h);
/* Spins until at least ns of this thread's CPU time have gone. */
void ep_helper_burn(int64_t ns);

#endif
