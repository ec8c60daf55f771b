/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_FOLDER_H
#define EP_PROFILER_EXPORT_FOLDER_H

#include "base/buf.h"
#include "base/err.h"
#include "profiler/export/sums.h"

#include <jansson.h>
#include <signal.h>

/* Files below a folder that somebody else may have filled. */

/* -EBADMSG: no ordinary file; -EFBIG past b's maximum. */
int ep_folder_read(int dir_fd, const char *path,
		   struct ep_buf *b) EP_MUST_CHECK;
/* An object; -EBADMSG with a sentence. */
int ep_folder_json(int dir_fd, const char *path, json_t **ret,
		   struct ep_err *err) EP_MUST_CHECK;
/* report.json of a run folder, computed from its raw files and nowhere
 * written.  trace_bytes: of trace.csv, which is made beside it. */
int ep_folder_compute(int dir_fd, int64_t trace_bytes, struct ep_buf *b,
		      struct ep_err *err) EP_MUST_CHECK;
/* The folder of a path in it, which begins with a folder: -errno. */
int ep_folder_open(int dir_fd, const char *path) EP_MUST_CHECK;

/* Signals that end the program wait until ep_hold_end(): long loops ask. */
void ep_hold_begin(sigset_t *old);
bool ep_hold_waiting(void); /* stop soon */
void ep_hold_end(const sigset_t *old);

/*
 * A folder that only we can look into, in $TMPDIR or /tmp.  Signals are to be
 * held until it is removed.
 */
struct ep_private {
	char path[4096];
	int parent_fd, fd;
	char name[32];
};
int ep_private_open(struct ep_private *p, struct ep_err *err) EP_MUST_CHECK;
void ep_private_close(struct ep_private *p); /* removes it */

#endif
