/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_COMMAND_H
#define EP_PROFILER_STUDY_COMMAND_H

#include "base/buf.h"
#include "base/spawn.h"

/*
 * A program of the user (sbatch, parallel, ssh, what power-cycles a board): no
 * shell, found in PATH, run as the user with his environment.
 */
struct ep_command_order {
	char *const *argv;
	const struct ep_identity *identity; /* entered; NULL: nobody changed */
	const char *const *env_add;
	bool feed;     /* its stdin is a pipe of ours; else the null device */
	bool read;     /* its stdout is */
	bool join;     /* and its stderr with it */
	int keep_fd;   /* it and its children hold it, too; -1 none */
	int output_fd; /* for stdout and stderr where they are not read; -1:
			   ours */
};
struct ep_command {
	struct ep_child child;
	int in_fd, out_fd; /* non-blocking; -1 none */
};
int ep_command_start(const struct ep_command_order *o, struct ep_command *ret,
		     struct ep_err *err) EP_MUST_CHECK;
/* Kills what still runs. */
void ep_command_close(struct ep_command *c);
/* After ep_child_reap() said 0: exit status, or 128 + signal. */
int ep_command_status(const struct ep_command *c);

/*
 * Runs it to its end: its exit status, or 128 + signal.  ret (may be NULL) gets
 * stdout and stderr up to its maximum.  -ETIMEDOUT: it was killed.
 */
int ep_command_run(const struct ep_command_order *o, int64_t timeout_ns,
		   struct ep_buf *ret, struct ep_err *err) EP_MUST_CHECK;

/* One word for a POSIX shell: 'it'\''s'; "~/" stays in front of the quotes.
 * -E2BIG. */
int ep_command_quote(const char *word, char *ret, size_t size) EP_MUST_CHECK;

#endif
