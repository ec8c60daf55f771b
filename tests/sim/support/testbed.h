/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_TESTBED_H
#define EP_TESTS_SIM_SUPPORT_TESTBED_H

/*
 * Simulators that run a command on a machine played by umockdev.  What cannot
 * be done ends them: "PROGRAM: what: why" and 2.
 */
#define NO_UMOCKDEV 77

_Noreturn void testbed_fail(const char *what, const char *why);
/* Starts the program again with umockdev's preload, which has to be there
 * before main. */
void testbed_preload(char **argv);
/* After umockdev_testbed_new: whether the preload works; tells if not. */
int testbed_is_there(void);
/* PATH may be NULL. */
void testbed_write_epoch(const char *path, long long epoch_ns);
/* The exit status of COMMAND, 128 + its signal; step, which may be NULL, is
 * called every pause_ns until then. */
int testbed_run(char **command, void (*step)(void *ctx), void *ctx,
		long pause_ns);

#endif
