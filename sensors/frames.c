/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/frames.h"

#include <string.h>

void ep_frames_init(struct ep_frames *f, const struct ep_sensor_ops *ops)
{
	f->ops = ops;
	f->frame_count = 0;
	f->skipped_bytes = 0;
	f->len = 0;
}

/* Whole frames at the front; what remains is the start of one. */
static size_t take_frames(struct ep_frames *f, int64_t t_ns,
			  const struct ep_sink *sink)
{
	size_t at = 0, count = 0;

	while (at < f->len) {
		size_t left = f->len - at;
		int used = f->ops->decode(f->bytes + at, left, t_ns, sink);

		if (used > 0 && (size_t)used <= left) {
			at += (size_t)used;
			count++;
		} else if (used == 0 && left < EP_FRAMES_BYTES_MAX) {
			break;
		} else {
			at++;
			f->skipped_bytes++;
		}
	}
	f->len -= at;
	if (at > 0 && f->len > 0)
		memmove(f->bytes, f->bytes + at, f->len);
	f->frame_count += count;
	return count;
}

size_t ep_frames_feed(struct ep_frames *f, const uint8_t *bytes, size_t len,
		      int64_t t_ns, const struct ep_sink *sink)
{
	size_t count = 0;

	while (len > 0) {
		size_t room = EP_FRAMES_BYTES_MAX - f->len;
		size_t n = len < room ? len : room;

		memcpy(f->bytes + f->len, bytes, n);
		f->len += n;
		bytes += n;
		len -= n;
		count += take_frames(f, t_ns, sink);
	}
	return count;
}

void ep_frames_drop(struct ep_frames *f)
{
	f->skipped_bytes += f->len;
	f->len = 0;
}
