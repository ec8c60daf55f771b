/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_PERF_H
#define EP_TESTS_UNIT_SUPPORT_PERF_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/* A child of the test program, held before it executes itself as a workload. */
struct ep_held {
	pid_t pid;
	int gate_fd;
};

/*
 * what: "switches" (at least n, in two threads and a forked child) or "faults"
 * (at least n pages touched).
 */
void ep_held_start(struct ep_held *h, const char *what, int64_t n);
/* Opens the gate and waits; true when the workload did its work. */
bool ep_held_run(struct ep_held *h, struct rusage *ret);

/* To be called first in main: 0 or 1 is the exit status, -1 go on testing. */
int ep_held_main(int argc, char **argv);

/* Skips the test where perf_event_open is refused altogether. */
void ep_need_perf(void);

/*
 * Runs fn in a forked child as uid 65534 (as itself when not root), able to
 * watch its own children.  What fn returns, 0..99, or -1 when it crashed.
 */
int ep_as_nobody(int (*fn)(void *ctx), void *ctx);
/* The same without changing ids: for a filter that cannot be taken back. */
int ep_in_child(int (*fn)(void *ctx), void *ctx);

#endif
