/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_TOOL_H
#define EP_BASE_TOOL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/root.h"

#include <stdint.h>

/*
 * A program of the system that sets or tells what no file does (nvpmodel,
 * systemctl).  No shell: the arguments arrive as they are.  It reads the null
 * device, gets no descriptor of ours, default signals, PATH and LC_ALL=C only,
 * and a session of its own, and is killed with its whole group at the deadline.
 */
struct ep_tool {
	const struct ep_root *root; /* path is looked up below it */
	const char *path;	    /* "/usr/sbin/nvpmodel" */
	const char *const *argv;    /* NULL-terminated; argv[0] its name */
	int64_t timeout_ns;
};

/*
 * Runs it and waits.  ret_output (may be NULL) gets what it wrote to stdout and
 * stderr, together, up to the buffer's maximum; more is read and dropped.
 * Returns its exit status (>= 0).  -ENOENT, -EACCES; -ETIMEDOUT; -ECHILD: it
 * was ended by a signal.  Blocks for timeout_ns at most.
 */
int ep_tool_run(const struct ep_tool *tool, struct ep_buf *ret_output,
		struct ep_err *err) EP_MUST_CHECK;

/* The first of paths (NULL-terminated) that is there; NULL when none is. */
const char *ep_tool_find(const struct ep_root *root, const char *const *paths);

#endif
