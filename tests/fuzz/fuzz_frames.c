/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every wire format with the same bytes: as one reply, and as a stream in one
 * piece and in small ones, which must come to the same.
 */
#include "sensors/frames.h"
#include "sensors/table.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <stdlib.h>

#define T_NS 1000

struct seen {
	const struct ep_sensor_ops *ops;
	uint64_t sample_count;
	uint64_t sum; /* of all that was emitted, in order */
};

static void mix(struct seen *seen, uint64_t value)
{
	seen->sum = (seen->sum ^ value) * UINT64_C(0x100000001b3);
}

static void look(void *ctx, const struct ep_sample *s)
{
	struct seen *seen = ctx;

	if (s->channel >= seen->ops->wire_channel_count)
		abort();
	if ((s->flags & EP_SAMPLE_ERROR) && s->value != 0)
		abort();
	seen->sample_count++;
	mix(seen, s->channel);
	mix(seen, s->flags);
	mix(seen, (uint64_t)s->value);
	mix(seen, (uint64_t)s->t_ns);
}

/* One call; whether the format is a stream. */
static bool decode_whole(const struct ep_sensor_ops *ops, const uint8_t *data,
			 size_t size)
{
	struct seen seen = { .ops = ops };
	const struct ep_sink sink = { look, &seen };
	bool stream = ops->decode((const uint8_t *)"", 0, T_NS, &sink) == 0;
	int r = ops->decode(data, size, T_NS, &sink);

	if (r > 0 ? (size_t)r > size : r != 0 && r != -EBADMSG)
		abort();
	if (r <= 0 && seen.sample_count > 0)
		abort();
	if (r == 0 && !stream)
		abort();
	return stream;
}

static void feed(struct ep_frames *f, const uint8_t *data, size_t size,
		 struct seen *seen)
{
	const struct ep_sink sink = { look, seen };
	uint64_t before = f->frame_count;
	size_t n = ep_frames_feed(f, data, size, T_NS, &sink);

	if (f->len >= sizeof(f->bytes) || f->frame_count != before + n)
		abort();
}

static void decode_stream(const struct ep_sensor_ops *ops, const uint8_t *data,
			  size_t size)
{
	static struct ep_frames whole, pieces;
	struct seen one = { .ops = ops }, many = { .ops = ops };
	size_t at = 0;

	ep_frames_init(&whole, ops);
	ep_frames_init(&pieces, ops);
	feed(&whole, data, size, &one);
	while (at < size) {
		size_t n = 1 + data[at] % 97;

		n = n < size - at ? n : size - at;
		feed(&pieces, data + at, n, &many);
		at += n;
	}
	if (one.sum != many.sum || one.sample_count != many.sample_count ||
	    whole.frame_count != pieces.frame_count ||
	    whole.skipped_bytes != pieces.skipped_bytes ||
	    whole.len != pieces.len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (size_t i = 0; ep_sensors[i]; i++)
		if (ep_sensors[i]->decode &&
		    decode_whole(ep_sensors[i], data, size))
			decode_stream(ep_sensors[i], data, size);
	return 0;
}
