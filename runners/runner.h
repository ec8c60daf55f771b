/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_RUNNER_H
#define EP_RUNNERS_RUNNER_H

#include "base/env.h"
#include "base/err.h"
#include "base/phase.h"
#include "base/spawn.h"
#include "runners/drive.h"

#include <stdbool.h>

/* Each runner's .c file defines its own struct ep_runner. */
struct ep_runner;

struct ep_attach_job; /* runners/attach.h */

struct ep_runner_job {
	struct ep_spawn spawn;		    /* command, streams, identity */
	const struct ep_drive *drive;	    /* requests to a server; or NULL */
	const struct ep_attach_job *attach; /* whom to measure; or NULL */
};

struct ep_runner_result {
	bool exited;	/* false: killed by signal */
	int status;	/* exit status or signal number */
	int64_t end_ns; /* when the end was seen */
	struct ep_child_usage usage;
	struct ep_child_usage client; /* of client(), if there is one */
	char fault[200]; /* "" or a sentence: why it ended before its time */
};

/*
 * A workload.
 * starts   would it start the server that it drives?  The program for that when
 *          nobody names one; NULL: no.  May be absent.
 * prepare  child held at a gate before exec, so counters attach first; job is
 *          borrowed until close.
 * drives   it sends requests to a server instead of running a command.
 * pid      of the child, 0 if none.
 * client   pid of a second process, a part of edgeprof that asks the child and
 *          ends before it; 0 if none.  May be absent.
 * command  what the child executes; may be absent: the job's argv.
 * target   whom to measure when that is not the child: the server's process,
 *          text is then its name; or 0, text tells why it cannot be measured.
 *          May be absent.
 * fd       readable when step has work; -1 if there is none.
 * go       opens the gate; -ENOENT / -EACCES when exec failed (126, 127).
 * step     never blocks: 1 running, 0 ended, -errno.
 * signal   sends a signal to the workload.
 * close    before go(): releases and reaps the held child.
 */
struct ep_runner_ops {
	const char *name;
	const char *summary;
	bool drives;
	const char *(*starts)(const struct ep_drive *drive);
	int (*prepare)(const struct ep_env *env,
		       const struct ep_runner_job *job, struct ep_runner **ret,
		       struct ep_err *err);
	pid_t (*pid)(const struct ep_runner *r);
	pid_t (*client)(const struct ep_runner *r);
	char *const *(*command)(const struct ep_runner *r);
	pid_t (*target)(const struct ep_runner *r, char *text, size_t size);
	int (*fd)(const struct ep_runner *r);
	int (*go)(struct ep_runner *r, int64_t *ret_gate_ns,
		  struct ep_err *err);
	int (*step)(struct ep_runner *r, const struct ep_event_sink *sink);
	int (*signal)(struct ep_runner *r, int signo);
	void (*result)(const struct ep_runner *r, struct ep_runner_result *ret);
	void (*close)(struct ep_runner *r);
};
extern const struct ep_runner_ops *const ep_runners[]; /* NULL-terminated */
const struct ep_runner_ops *ep_runner_find(const char *name,
					   struct ep_err *err);

/* Each observer's .c file defines its own struct ep_observer. */
struct ep_observer;

/* What a run is, for observers that depend on it.  Borrowed during setup. */
struct ep_watch_job {
	const char *runner; /* by name */
	char *const *argv;  /* of the command; or NULL */
	const char *const *phase_rules;
	size_t phase_rule_count;
};

/* Bytes the program wrote, as they pass. */
struct ep_output {
	int stream; /* 1 stdout, 2 stderr */
	int64_t t_ns;
	int64_t span_ns; /* they may be this much older */
	const char *bytes;
	size_t len; /* 0: the stream has ended */
};

/*
 * Tells where phases and tokens are, whatever runs.
 *
 * open      absent: it only reads what others told.  Before the child is made.
 *           -EACCES, -ENOTSUP with the remedy when it cannot work here; the
 *           run goes on without it.
 * setup     after open; -ENODATA: there is nothing for it in this run, else as
 *           open.  May be absent.
 * setenv    a variable the child needs ("NAME=value") or NULL; may be absent.
 * attach    the child, of user uid, waits at the gate; env->target_path and
 *           target_argv tell what it will execute.
 * fd        to wait on; -1 when drain is to be called every 20 ms.
 * drain     everything pending into the sink as events (mark, token, probe,
 *           fact, warning); never blocks; count or -errno.  Absent: it only
 *           feeds.
 * feed      output of the program, into the sink as events; on a thread of its
 *           own, that of all feed calls.  May be absent.
 * close     also ends what it attached.
 * timeline  pure: events of a run folder to phases and tokens of this
 *           evidence.  gate_ns and exit_ns bound them.  0 phases: saw nothing.
 */
struct ep_observer_ops {
	const char *name;
	enum ep_evidence evidence;
	int (*open)(const struct ep_env *env, struct ep_observer **ret,
		    struct ep_err *err);
	int (*setup)(struct ep_observer *o, const struct ep_watch_job *job,
		     struct ep_err *err);
	const char *(*setenv)(const struct ep_observer *o);
	int (*attach)(struct ep_observer *o, pid_t pid, uid_t uid,
		      struct ep_err *err);
	int (*fd)(const struct ep_observer *o);
	int (*drain)(struct ep_observer *o, const struct ep_event_sink *sink);
	void (*feed)(struct ep_observer *o, const struct ep_output *piece,
		     const struct ep_event_sink *sink);
	void (*close)(struct ep_observer *o);
	int (*timeline)(const struct ep_event *events, size_t count,
			int64_t gate_ns, int64_t exit_ns,
			struct ep_timeline *ret);
};
extern const struct ep_observer_ops *const ep_observers[]; /* best first */

#endif
