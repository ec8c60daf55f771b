/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_ATTACH_H
#define EP_RUNNERS_ATTACH_H

#include "base/err.h"
#include "drivers/proc_list.h"
#include "drivers/uprobe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Measuring a process that runs already. */

enum ep_attach_kind {
	EP_ATTACH_PID,
	EP_ATTACH_NAME,
	EP_ATTACH_PORT,
	EP_ATTACH_CONTAINER,
};
struct ep_attach_asked {
	enum ep_attach_kind kind;
	int64_t number;	  /* of the process or port */
	const char *name; /* of the program or container; borrowed */
};
/* PID, NAME, :PORT or container:NAME.  -EINVAL.  Pure. */
int ep_attach_parse(const char *text, struct ep_attach_asked *ret,
		    struct ep_err *err) EP_MUST_CHECK;

/* Whom we measure. */
struct ep_attached {
	struct ep_proc_id id; /* pid 0: nobody, and why says it */
	char exe[256];	      /* program file without folders */
	char how[160];	      /* how it was found: "listens on port 8080" */
	char why[400];
	char note[300]; /* what else a reader must know; "" */
	unsigned port;	/* of a server that clients connect to; 0 unknown */
};
/* -ENOENT, -EACCES, -ENOTUNIQ, -EINVAL with what to do. */
int ep_attach_find(const char *text, struct ep_attached *ret,
		   struct ep_err *err) EP_MUST_CHECK;
/* A process by its number.  -ESRCH, -EACCES, -EINVAL. */
int ep_attach_take(pid_t pid, struct ep_attached *ret,
		   struct ep_err *err) EP_MUST_CHECK;

/*
 * The server at a URL, which must be the program exe ("" any).  0 also when it
 * cannot be measured (another machine, another program): id.pid is 0 then.
 * -EINVAL: no such URL.
 */
int ep_attach_server(const char *url, const char *exe, struct ep_attached *ret,
		     struct ep_err *err) EP_MUST_CHECK;
/* Host (without brackets) and port of http://host:port/...; -EINVAL.  Pure. */
int ep_attach_url(const char *url, char *host, size_t size, unsigned *ret_port,
		  struct ep_err *err) EP_MUST_CHECK;

/*
 * When a command first connects to a port.  Looks at the machine's table of
 * connections each time it is asked.
 */
struct ep_attach_watch {
	unsigned port;	 /* 0: nothing is watched */
	int64_t last_ns; /* the look before */
	int64_t due_ns;
	uint64_t inherited[32]; /* sockets that it may have from our caller */
	int inherited_count;
};
#define EP_ATTACH_LOOK_NS INT64_C(10000000)
/* Before the command is released: what is open in this process is not its. */
void ep_attach_watch_start(struct ep_attach_watch *w, unsigned port);
/* True when pid, or what it started, is connected: between last_ns and now. */
bool ep_attach_watch_look(struct ep_attach_watch *w, pid_t pid, int64_t now_ns);

/* Follows a running tree for probes: all its processes are in *ret. */
int ep_attach_track(pid_t pid, struct ep_uprobe_track **ret,
		    struct ep_err *err) EP_MUST_CHECK;
/* What that tree maps executable now; map() as for a drain, t_ns 0. */
void ep_attach_maps(pid_t pid,
		    void (*map)(void *ctx, const struct ep_uprobe_map *m),
		    void *ctx);

/* A command beside a process that runs, or that process alone. */
extern const struct ep_runner_ops ep_runner_attach;
struct ep_attach_job {
	const struct ep_attached *who;
	int64_t duration_ns; /* 0: no limit */
};

#endif
