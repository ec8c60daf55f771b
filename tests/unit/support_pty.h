/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_PTY_H
#define EP_TESTS_UNIT_SUPPORT_PTY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A pseudo-terminal with a device behind it; every failure ends the test. */
struct ep_pty {
	int master, slave; /* -1: hung up */
	char path[64];	   /* of the slave */
	pthread_t thread;
	bool started;
	size_t request_len;
	const struct ep_pty_answer *answers;
	size_t count;
};

/* What one request gets; len 0: silence. */
struct ep_pty_answer {
	const void *bytes;
	size_t len;
	bool hang_up;
};

void ep_pty_make(struct ep_pty *pty);
void ep_pty_end(struct ep_pty *pty);
void ep_pty_hang_up(struct ep_pty *pty);
/*
 * A thread that gives the n-th answer to the n-th request_len bytes, then ends.
 * answers are borrowed.
 */
void ep_pty_serve(struct ep_pty *pty, size_t request_len,
		  const struct ep_pty_answer *answers, size_t count);
/* Waits for it. */
void ep_pty_join(struct ep_pty *pty);
void ep_pty_write(const struct ep_pty *pty, const void *bytes, size_t len);

#endif
