/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_SERVE_H
#define EP_RUNNERS_SERVE_H

#include "base/spawn.h"
#include "drivers/proc_list.h"
#include "runners/runner.h"
#include "runners/serve_command.h"

#define EP_SERVE_TREE_MAX 256

/* A server that is started for the run and ends with it. */
struct ep_serve {
	struct ep_child child;
	struct ep_serve_command command;
	int timer_fd, epoll_fd;
	bool told;     /* its end */
	bool early;    /* it ended before it was told to */
	bool waited;   /* for an end of its own, after its client failed */
	bool stopping; /* SIGTERM was sent */
	bool killed;   /* SIGKILL was needed */
	int64_t patience_ns; /* until when what is left may end by itself */
	struct ep_proc_id tree[EP_SERVE_TREE_MAX]; /* when it was stopped */
	int tree_count;
};

/* As good as nothing: ep_serve_close() may follow. */
void ep_serve_init(struct ep_serve *s);
/*
 * Holds the server at the gate.  Before that its model file is opened as the
 * user it will run as, and its port looked at: -ENOENT, -EACCES, -EADDRINUSE
 * and so on, with a sentence.
 */
int ep_serve_hold(struct ep_serve *s, const struct ep_runner_job *job,
		  struct ep_err *err) EP_MUST_CHECK;
/* Its epoll_fd is readable, too, when this is. */
int ep_serve_watch(struct ep_serve *s, int fd,
		   struct ep_err *err) EP_MUST_CHECK;
void ep_serve_unwatch(const struct ep_serve *s, int fd);
enum ep_serve_client {
	EP_SERVE_CLIENT_RUNS,
	EP_SERVE_CLIENT_FAILED, /* it ended and could not ask everything */
	EP_SERVE_CLIENT_ENDED,
};
/*
 * Never blocks: 1 while anything of it is there, else 0.  Without a client it
 * is stopped: SIGTERM to all its processes, SIGKILL 10 s later.  An early end
 * leaves the client 1 s to find that out, then *ret_hush is true; a failed
 * client leaves the server 0.5 s to end by itself.
 */
int ep_serve_step(struct ep_serve *s, enum ep_serve_client client,
		  bool *ret_hush, const struct ep_event_sink *sink);
/* To all its processes. */
void ep_serve_signal(struct ep_serve *s, int signo);
/* How it ended, when that was early: a sentence. */
void ep_serve_explain(const struct ep_serve *s, char *ret, size_t size);
/* Kills what still runs. */
void ep_serve_close(struct ep_serve *s);

struct ep_client;
/*
 * In the client: until the server that was started says that it can be asked,
 * told as an event "ready"; --request-timeout at most.  -EINTR when stopped,
 * else why not.
 */
int ep_serve_wait(struct ep_client *c, struct ep_err *err) EP_MUST_CHECK;

#endif
