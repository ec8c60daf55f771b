/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_STDIO_H
#define EP_PROFILER_RECORD_STDIO_H

#include "profiler/record/options.h"
#include "profiler/record/writer.h"
#include "runners/runner.h"

#include <pthread.h>
#include <stdatomic.h>

/* Of each log; the rest is passed on but not kept, and counted. */
#define EP_LOG_BYTES_MAX (INT64_C(64) * 1024 * 1024)

struct ep_stream {
	int child_fd; /* given to the program; closed after the fork */
	int our_fd;   /* what we read; -1 inherited */
	int out_fd;   /* where it goes on; -1 only the log */
	int log_fd;
	int64_t log_bytes;
	int64_t dropped_bytes;	   /* beyond the cap, or refused by the disk */
	int64_t undelivered_bytes; /* that out_fd did not take */
	int out_errno;		   /* why; 0: its reader stood still */
	bool pty;
	/* Its lines come when they are written; false: when a buffer of the
	 * program is full. */
	bool timed;
	int64_t since_ns; /* what comes next is not older */
};

/* Carries the program's output to ours and to the logs, on a thread. */
struct ep_stdio {
	struct ep_stream streams[2]; /* stdout, stderr */
	/* Gets all bytes, on the thread; set before the start, or NULL. */
	void (*feed)(void *ctx, const struct ep_output *piece);
	void *feed_ctx;
	int stop_fd;
	_Atomic int64_t gate_ns; /* nothing is said before it; 0 not yet */
	_Atomic bool stop;
	_Atomic bool give_up; /* on a reader that stands still */
	bool started;
	pthread_t thread;
};

/* Makes pipes or terminals and the log files. */
int ep_stdio_open(struct ep_stdio *io, const struct ep_record_options *options,
		  struct ep_writer *writer, struct ep_err *err) EP_MUST_CHECK;
/* Does a phase rule read the program's stdout, so that it needs a terminal? */
bool ep_stdio_rules_need(const struct ep_record_options *options);
/* After the fork: closes the child's ends and starts the thread. */
int ep_stdio_start(struct ep_stdio *io, struct ep_err *err) EP_MUST_CHECK;
/* SIGWINCH: passes the size of our terminal on. */
void ep_stdio_resize(struct ep_stdio *io);
/*
 * Takes what is there without waiting for survivors, and ends the thread.
 * False while a reader of our own output holds it up: call again.  With
 * give_up what that reader has not taken is only counted.
 */
bool ep_stdio_stop(struct ep_stdio *io, bool give_up);
void ep_stdio_close(struct ep_stdio *io);

#endif
