/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_PROBED_FILES_H
#define EP_RUNNERS_PROBED_FILES_H

#include "base/env.h"
#include "drivers/uprobe_publish.h"
#include "runners/probed.h"

#include <sys/types.h>

/* The files of a program tree: those that hold a known library get probes. */
struct ep_probed_files;

/* published: what an ordinary user may open, or NULL.  Both are borrowed. */
int ep_probed_files_open(const struct ep_env *env,
			 const struct ep_uprobe_published *published,
			 struct ep_probed_files **ret) EP_MUST_CHECK;
void ep_probed_files_close(struct ep_probed_files *f);
/* The process that waits at the gate. */
void ep_probed_files_begin(struct ep_probed_files *f, pid_t pid);
/* When the files that come next were mapped; 0: before the gate. */
void ep_probed_files_time(struct ep_probed_files *f, int64_t mapped_ns);
/* Sets probes in an open file when it holds a library, whatever its name.  ctx
 * is the struct ep_probed_files. */
void ep_probed_files_look(void *ctx, int fd, const char *path);
/*
 * Fallbacks (struct ep_probed) wait a while for something better to come; now:
 * no longer.  True while one waits.
 */
bool ep_probed_files_settle(struct ep_probed_files *f, bool now);
/* A function at an address of a process gets the probe of that number. */
void ep_probed_files_function(struct ep_probed_files *f, pid_t pid,
			      uint64_t address, int number);
/* What got probes and is mapped, and what failed, each once. */
void ep_probed_files_tell(struct ep_probed_files *f,
			  const struct ep_event_sink *sink);
/* NULL until there is a probe. */
struct ep_uprobe_set *ep_probed_files_set(const struct ep_probed_files *f);

#endif
