/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_SESSION_H
#define EP_PROFILER_RECORD_SESSION_H

#include "base/spawn.h"
#include "profiler/record/drain.h"
#include "profiler/record/environment.h"
#include "profiler/record/guardian.h"
#include "profiler/record/models.h"
#include "profiler/record/options.h"
#include "profiler/record/sampler.h"
#include "profiler/record/slot.h"
#include "profiler/record/stdio.h"
#include "profiler/record/writer.h"
#include "runners/attach.h"
#include "runners/runner.h"
#include "sensors/board.h"

#include <jansson.h>
#include <stdbool.h>

#define EP_OBSERVERS_MAX 8

/* What the person in front of the terminal is told while it runs. */
enum ep_progress {
	EP_PROGRESS_NOTE, /* text says it */
	EP_PROGRESS_WARNING,
	EP_PROGRESS_IDLE, /* the baseline begins; seconds */
	EP_PROGRESS_GATE,
	EP_PROGRESS_TAIL, /* the program has ended; seconds */
};
struct ep_progress_sink {
	void (*tell)(void *ctx, enum ep_progress what, const char *text,
		     double seconds);
	void *ctx;
};

struct ep_watched {
	const struct ep_observer_ops *ops;
	struct ep_observer *observer; /* NULL: does not work here */
	char reason[480];
};

/* One recording, from the board file to the last flush. */
struct ep_session {
	const struct ep_record_options *options;
	const struct ep_process_state *state;
	struct ep_progress_sink progress;
	struct ep_identity identity;
	struct ep_env env;
	char program[4096];   /* where argv[0] was found */
	char threads_env[48]; /* OMP_NUM_THREADS=N */
	struct ep_board *board;
	char detected[EP_BOARD_NAME_BYTES];
	bool board_matches;
	struct ep_slot_list slots;
	struct ep_total total;
	struct ep_models models; /* files the command names */
	struct ep_writer writer;
	bool writer_open;
	struct ep_stdio stdio;
	struct ep_guardian guardian;
	struct ep_environment environment;
	const struct ep_runner_ops *runner_ops;
	struct ep_runner *runner; /* NULL with --duration */
	pid_t child_pid;  /* its own process; env.target_pid is measured */
	pid_t client_pid; /* ours, that asks the child; 0 none */
	bool attaches;	  /* --attach or --client */
	struct ep_attached attached;
	struct ep_env client_env; /* target_pid: the command beside it */
	struct ep_watched observers[EP_OBSERVERS_MAX];
	size_t observer_count;
	struct ep_gate gate;
	struct ep_sampler sampler;
	struct ep_drain drain;
	int signal_fd;
	int interrupt_count; /* SIGINTs so far */
	int ended_by;	     /* signal that ends edgeprof itself; 0 none */
	bool clock_started;
	int64_t gate_cpu_ns;   /* edgeprof's CPU time at the gate */
	int64_t swap_in_count; /* by the machine: at the gate, then since; -1 */
	int64_t wakeup_count;  /* of the main thread */
};

/* How it went. */
struct ep_outcome {
	int exit_status;   /* as edgeprof run shall exit */
	char folder[4096]; /* "" when none was made */
	bool gate_opened;  /* there is something to report */
};

/*
 * Records a run as options say; state is the process as the user's shell made
 * it.  Blocks until everything is written.  Returns 0 when the folder is
 * whole, else -errno with a sentence; outcome is filled in both cases.
 */
int ep_session_record(const struct ep_record_options *options,
		      const struct ep_process_state *state,
		      const struct ep_progress_sink *progress,
		      struct ep_outcome *outcome,
		      struct ep_err *err) EP_MUST_CHECK;

/* Parts of it, each in a file of its own. */
/* Holds the workload at the gate and attaches the observers. */
int ep_session_hold(struct ep_session *s, struct ep_err *err) EP_MUST_CHECK;
int ep_session_prepare(struct ep_session *s, struct ep_outcome *outcome,
		       struct ep_err *err) EP_MUST_CHECK;
int ep_session_loop(struct ep_session *s, struct ep_outcome *outcome,
		    struct ep_err *err) EP_MUST_CHECK;
/* Blocks the signals we act on and opens signal_fd; acts on what came. */
int ep_session_take_signals(struct ep_session *s,
			    struct ep_err *err) EP_MUST_CHECK;
void ep_session_read_signals(struct ep_session *s);
/* End facts into events.csv: the child's usage, our own cost, losses. */
void ep_session_facts(struct ep_session *s);
/* The sensors of --sensor that could not be opened: whoever named one need not
 * wait for the report to learn it. */
void ep_session_tell_failed(const struct ep_session *s);
/* Why the workload ended before its time, with the last line of its stderr. */
void ep_session_tell_fault(struct ep_session *s);
void ep_session_event(struct ep_session *s, const char *event,
		      const char *source, const char *text);
/* Before the streams start: the program's output goes to the observers. */
void ep_session_start_feed(struct ep_session *s);

#endif
