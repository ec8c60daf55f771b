/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_CLIENT_WIRE_H
#define EP_RUNNERS_CLIENT_WIRE_H

#include "base/buf.h"
#include "base/phase.h"

/*
 * Events from the client, a process of our own made by fork, to the recorder:
 * through a pipe, in blocks, so that a token wakes nobody but the client.
 */
#define EP_WIRE_BYTES_MAX (64 * 1024)
#define EP_WIRE_FLUSH_NS (200 * INT64_C(1000000))

struct ep_wire_out {
	int fd;
	struct ep_buf buf;
	int64_t flushed_ns;
	int error; /* the first failure; later calls do nothing */
};
void ep_wire_out_init(struct ep_wire_out *w, int fd);
void ep_wire_out_done(struct ep_wire_out *w);
void ep_wire_put(struct ep_wire_out *w, const struct ep_event *event);
/* Blocks while the pipe is full. */
void ep_wire_flush(struct ep_wire_out *w);
/* Only when the last one is EP_WIRE_FLUSH_NS ago. */
void ep_wire_flush_due(struct ep_wire_out *w, int64_t now_ns);

struct ep_wire_in {
	struct ep_buf buf;
};
void ep_wire_in_init(struct ep_wire_in *w);
void ep_wire_in_done(struct ep_wire_in *w);
/* What can be read without waiting, into the sink: 1 more may come, 0 the
 * other end is closed, -errno, -EBADMSG. */
int ep_wire_read(struct ep_wire_in *w, int fd,
		 const struct ep_event_sink *sink) EP_MUST_CHECK;

#endif
