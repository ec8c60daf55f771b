/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/client_wire.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

#define TEXT_COUNT 4
#define TEXT_BYTES_MAX 4096
#define FULL_BYTES (EP_WIRE_BYTES_MAX / 2)

/* Both ends are the same program. */
struct head {
	struct ep_event event; /* its pointers mean nothing */
	uint32_t lens[TEXT_COUNT];
};

void ep_wire_out_init(struct ep_wire_out *w, int fd)
{
	memset(w, 0, sizeof(*w));
	w->fd = fd;
	ep_buf_init(&w->buf, (size_t)4 * EP_WIRE_BYTES_MAX);
}

void ep_wire_out_done(struct ep_wire_out *w)
{
	ep_buf_done(&w->buf);
}

void ep_wire_flush(struct ep_wire_out *w)
{
	if (w->error == 0 && w->buf.len > 0)
		w->error = ep_file_write_all(w->fd, w->buf.data, w->buf.len);
	ep_buf_reset(&w->buf);
	w->flushed_ns = ep_clock_monotonic_ns();
}

void ep_wire_flush_due(struct ep_wire_out *w, int64_t now_ns)
{
	if (now_ns - w->flushed_ns >= EP_WIRE_FLUSH_NS)
		ep_wire_flush(w);
}

void ep_wire_put(struct ep_wire_out *w, const struct ep_event *event)
{
	const char *texts[TEXT_COUNT] = { event->event, event->phase,
					  event->source, event->text };
	struct head h = { .event = *event };
	int r;

	for (int i = 0; i < TEXT_COUNT; i++)
		h.lens[i] = (uint32_t)strnlen(texts[i], TEXT_BYTES_MAX);
	r = ep_buf_add(&w->buf, &h, sizeof(h));
	for (int i = 0; r == 0 && i < TEXT_COUNT; i++)
		r = ep_buf_add(&w->buf, texts[i], h.lens[i]);
	if (r < 0 && w->error == 0)
		w->error = r;
	if (w->buf.len >= FULL_BYTES)
		ep_wire_flush(w);
}

void ep_wire_in_init(struct ep_wire_in *w)
{
	ep_buf_init(&w->buf, (size_t)4 * EP_WIRE_BYTES_MAX);
}

void ep_wire_in_done(struct ep_wire_in *w)
{
	ep_buf_done(&w->buf);
}

/* One event at the front: its bytes, 0 when it is not whole yet, -EBADMSG. */
static int take(const char *data, size_t len, const struct ep_event_sink *sink)
{
	char texts[TEXT_COUNT][TEXT_BYTES_MAX + 1];
	size_t used = sizeof(struct head);
	struct head h;

	if (len < used)
		return 0;
	memcpy(&h, data, sizeof(h));
	for (int i = 0; i < TEXT_COUNT; i++) {
		if (h.lens[i] > TEXT_BYTES_MAX)
			return -EBADMSG;
		if (len - used < h.lens[i])
			return 0;
		memcpy(texts[i], data + used, h.lens[i]);
		texts[i][h.lens[i]] = '\0';
		used += h.lens[i];
	}
	h.event.event = texts[0];
	h.event.phase = texts[1];
	h.event.source = texts[2];
	h.event.text = texts[3];
	sink->emit(sink->ctx, &h.event);
	return (int)used;
}

static int take_all(struct ep_wire_in *w, const struct ep_event_sink *sink)
{
	size_t done = 0;
	int r;

	do {
		r = take(w->buf.data + done, w->buf.len - done, sink);
		done += r > 0 ? (size_t)r : 0;
	} while (r > 0);
	if (done > 0) {
		w->buf.len -= done;
		memmove(w->buf.data, w->buf.data + done, w->buf.len + 1);
	}
	return r;
}

int ep_wire_read(struct ep_wire_in *w, int fd, const struct ep_event_sink *sink)
{
	for (;;) {
		ssize_t n;
		int r = ep_buf_reserve(&w->buf, EP_WIRE_BYTES_MAX);

		if (r < 0)
			return r;
		n = read(fd, w->buf.data + w->buf.len, EP_WIRE_BYTES_MAX);
		if (n == 0)
			return 0;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 1 : -errno;
		w->buf.len += (size_t)n;
		w->buf.data[w->buf.len] = '\0';
		r = take_all(w, sink);
		if (r < 0)
			return r;
	}
}
