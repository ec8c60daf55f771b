/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_SPAWN_H
#define EP_BASE_SPAWN_H

#include "base/err.h"

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

/*
 * Who the measured program runs as.  From sudo, doas or pkexec that is the
 * caller; a real root login stays root.
 */
struct ep_identity {
	bool changes; /* ids differ from ours: privileges are dropped */
	uid_t uid;
	gid_t gid;
	gid_t groups[64];
	int group_count;
	char home[256];
	char user[64];
	char shell[128];
	const char *via; /* "sudo", "doas", "pkexec" or "" */
};
/* -EINVAL when SUDO_UID and the like hold rubbish (never silently root). */
int ep_identity_get(struct ep_identity *ret, struct ep_err *err) EP_MUST_CHECK;
/*
 * Takes on the effective ids and groups of id, for making files where only the
 * caller may, and goes back to root.  Nothing happens when id does not change
 * anything.  Affects the whole process: not while other threads need root.
 */
int ep_identity_enter(const struct ep_identity *id,
		      struct ep_err *err) EP_MUST_CHECK;
void ep_identity_leave(const struct ep_identity *id);

#define EP_INHERITED_FDS_MAX 1024

/* What edgeprof changed in itself and the child gets back. */
struct ep_process_state {
	sigset_t mask;
	struct sigaction actions[65];
	mode_t umask;
	int policy;
	struct sched_param param;
	cpu_set_t affinity;
	int timer_slack_ns;
	struct rlimit limits[RLIM_NLIMITS];
	/* Descriptors above 2 that the user's shell gave us. */
	int inherited_fds[EP_INHERITED_FDS_MAX];
	int inherited_count;
};
/* Call before opening or changing anything. */
void ep_process_state_get(struct ep_process_state *ret);

/* All borrowed until ep_child_close(). */
struct ep_spawn {
	char *const *argv; /* NULL-terminated; argv[0] looked up in PATH */
	/*
	 * Instead of argv: a part of edgeprof in a process of its own, made by
	 * fork while there is one thread.  ready() before the gate, main()
	 * after it; what they return is the exit status.  keep_fds stay open.
	 */
	int (*ready)(void *ctx); /* not 0: ends before the gate */
	int (*main)(void *ctx);
	void *ctx;
	const int *keep_fds;
	int keep_count;
	const char *const *env_add; /* "NAME=value", NULL-terminated; may be
				       NULL */
	const struct ep_identity *identity;
	const struct ep_process_state *state;
	int stdin_fd;  /* -1: inherited */
	int stdout_fd; /* -1: inherited */
	int stderr_fd;
};

struct ep_child_usage {
	struct rusage ru;
	bool known;
};

/*
 * A child held at a gate before exec.  pidfd is -1 on kernels before 5.3.
 */
struct ep_child {
	pid_t pid;
	int pidfd;
	int gate_fd;   /* write end; -1 once open */
	int status_fd; /* read end: errno of a failed exec */
	bool ended;
	int wait_status;
	int64_t end_ns;
	struct ep_child_usage usage;
};

/*
 * Where argv[0] is: -ENOENT (127) or -EACCES (126) with a sentence; checked
 * before the baseline so that a typing error costs no ten seconds.
 */
int ep_spawn_resolve(const char *name, char *ret_path, size_t size,
		     struct ep_err *err) EP_MUST_CHECK;
/* The null device, for a process that leaves its terminal; -errno. */
int ep_spawn_open_null(void);
/*
 * Opens the null device for each of stdin, stdout and stderr that the shell
 * closed, so that no file of ours takes its place.  Call first of all.
 */
void ep_spawn_fill_standard(void);
/* Closes every descriptor above 2 but keep; for a process made by fork. */
void ep_spawn_close_others(const int *keep, int keep_count);
int ep_child_hold(struct ep_child *c, const struct ep_spawn *s,
		  struct ep_err *err) EP_MUST_CHECK;
/* Opens the gate; returns when exec has happened, or -errno of the exec. */
int ep_child_release(struct ep_child *c, int64_t *ret_gate_ns,
		     struct ep_err *err) EP_MUST_CHECK;
/* 1 running, 0 ended (status and usage filled), -errno.  Never blocks. */
int ep_child_reap(struct ep_child *c);
int ep_child_signal(struct ep_child *c, int signo);
/* Kills and reaps a child still held or running; frees descriptors. */
void ep_child_close(struct ep_child *c);

#endif
