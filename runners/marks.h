/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_MARKS_H
#define EP_RUNNERS_MARKS_H

#include "base/phase.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What a program says of itself: one datagram per mark (docs/marks.md).
 *
 *	ep1 STREAM SEQUENCE T_NS phase NAME TOKENS
 *	ep1 STREAM SEQUENCE T_NS end
 *	ep1 STREAM SEQUENCE T_NS token
 *
 * Fields are separated by one space; a line feed may follow.  T_NS is the
 * sender's CLOCK_MONOTONIC.  SEQUENCE counts from 1 within a process and
 * STREAM; 0: the sender keeps no count, and STREAM names it instead of its
 * process id (a shell script whose every mark is a process).  TOKENS: -1
 * unknown.
 */
#define EP_MARK_BYTES_MAX 128
#define EP_MARK_ENV "EDGEPROF_SOCKET"

enum ep_mark_kind {
	EP_MARK_PHASE,
	EP_MARK_END,
	EP_MARK_TOKEN,
};

struct ep_mark {
	enum ep_mark_kind kind;
	int64_t stream;
	int64_t sequence;
	int64_t t_ns;
	char name[EP_PHASE_NAME_BYTES]; /* [A-Za-z0-9_.-]+; "" but for PHASE */
	int64_t tokens_count;		/* -1 unknown */
};

/* Pure.  -EBADMSG: not a mark; *ret untouched. */
int ep_mark_decode(const char *data, size_t len,
		   struct ep_mark *ret) EP_MUST_CHECK;
/* The length, or -EINVAL (bad name), -ENOSPC.  NUL ended. */
int ep_mark_encode(const struct ep_mark *mark, char *ret,
		   size_t size) EP_MUST_CHECK;
bool ep_mark_name_valid(const char *name);

#define EP_MARKS_SOCKET_NAME "marks"
#define EP_MARKS_FOLDER_GLOB "edgeprof-??????"
/* Removes from base the mark sockets of runs that were killed. */
void ep_marks_sweep(const char *base);

/* The observer's timeline() (runners/runner.h). */
int ep_marks_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns,
		      struct ep_timeline *ret);

#endif
