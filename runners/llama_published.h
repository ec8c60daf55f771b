/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_PUBLISHED_H
#define EP_RUNNERS_LLAMA_PUBLISHED_H

#include "base/err.h"
#include "drivers/uprobe_publish.h"

/* libllama's probes as edgeprof setup publishes them for ordinary users. */

/* What is to be probed in the open file, and what tells it from another:
 * -ENOENT when it is no libllama. */
int ep_llama_library(int fd, const char *path,
		     struct ep_uprobe_library *ret) EP_MUST_CHECK;
/* Calls each() with all that is published, as far as it can be opened: before
 * the gate, since a thread that exists already would be missed. */
void ep_llama_each_published(const struct ep_uprobe_published *p,
			     void (*each)(void *ctx, int fd, const char *path),
			     void *ctx);
/* Opens the probes of a library in a process that waits at the gate; makes the
 * set when there is none.  -ESTALE when they are not those that are wanted. */
int ep_llama_add_published(const struct ep_uprobe_published *p, pid_t pid,
			   const struct ep_uprobe_library *now,
			   struct ep_uprobe_set **set,
			   struct ep_err *err) EP_MUST_CHECK;

#endif
