/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/frames.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* 'F', a length, so many bytes, their sum.  'L' claims more than it has, 'T'
 * never ends, 'E' fails otherwise. */
static int toy_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		      const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };

	if (len == 0 || bytes[0] == 'T')
		return 0;
	if (bytes[0] == 'L')
		return (int)len + 1;
	if (bytes[0] == 'E')
		return -EIO;
	if (bytes[0] != 'F')
		return -EBADMSG;
	if (len < 2 || len < (size_t)bytes[1] + 3)
		return 0;
	for (size_t i = 0; i < bytes[1]; i++)
		s.value += bytes[2 + i];
	if ((uint8_t)s.value != bytes[2 + bytes[1]])
		return -EBADMSG;
	sink->emit(sink->ctx, &s);
	return bytes[1] + 3;
}

static const struct ep_sensor_ops toy = { .name = "toy", .decode = toy_decode };

struct got {
	struct ep_sample samples[64];
	size_t count;
};

static void take(void *ctx, const struct ep_sample *s)
{
	struct got *g = ctx;

	assert_true(g->count < 64);
	g->samples[g->count++] = *s;
}

static size_t feed(struct ep_frames *f, struct got *g, const char *bytes,
		   size_t len)
{
	const struct ep_sink sink = { take, g };

	return ep_frames_feed(f, (const uint8_t *)bytes, len, 77, &sink);
}

static void frames_in_one_piece_and_in_many(void **state)
{
	static const char bytes[] = "F\x02\x01\x02\x03"
				    "F\x00\x00"
				    "F\x01\x09\x09";
	struct ep_frames f;
	struct got g = { .count = 0 };

	(void)state;
	ep_frames_init(&f, &toy);
	assert_int_equal(feed(&f, &g, bytes, sizeof(bytes) - 1), 3);
	assert_int_equal(g.count, 3);
	assert_int_equal(g.samples[0].value, 3);
	assert_int_equal(g.samples[0].t_ns, 77);
	assert_int_equal(g.samples[2].value, 9);
	for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		feed(&f, &g, bytes + i, 1);
	assert_int_equal(g.count, 6);
	assert_int_equal(f.frame_count, 6);
	assert_int_equal(f.skipped_bytes, 0);
	assert_int_equal(f.len, 0);
}

static void noise_is_skipped_and_counted(void **state)
{
	/* A false start whose claim reaches over a whole frame. */
	static const char bytes[] = "xyF\x08zzF\x01\x09\x09q";
	struct ep_frames f;
	struct got g = { .count = 0 };

	(void)state;
	ep_frames_init(&f, &toy);
	assert_int_equal(feed(&f, &g, bytes, sizeof(bytes) - 1), 0);
	assert_int_equal(f.skipped_bytes, 2);
	assert_int_equal(feed(&f, &g, "....", 4), 1);
	assert_int_equal(g.samples[0].value, 9);
	assert_int_equal(f.skipped_bytes, 2 + 4 + 1 + 4);
}

static void a_decoder_that_lies_does_not_stop_it(void **state)
{
	struct ep_frames f;
	struct got g = { .count = 0 };

	(void)state;
	ep_frames_init(&f, &toy);
	assert_int_equal(feed(&f, &g, "LLEF\x00\x00", 6), 1);
	assert_int_equal(f.skipped_bytes, 3);
}

static void a_frame_that_never_ends_is_given_up(void **state)
{
	static char bytes[3 * EP_FRAMES_BYTES_MAX];
	struct ep_frames f;
	struct got g = { .count = 0 };

	(void)state;
	memset(bytes, '.', sizeof(bytes));
	bytes[0] = 'T';
	memcpy(bytes + EP_FRAMES_BYTES_MAX - 2, "F\x01\x09\x09", 4);
	ep_frames_init(&f, &toy);
	assert_int_equal(feed(&f, &g, bytes, EP_FRAMES_BYTES_MAX - 1), 0);
	assert_int_equal(f.len, EP_FRAMES_BYTES_MAX - 1);
	assert_int_equal(feed(&f, &g, bytes + EP_FRAMES_BYTES_MAX - 1,
			      sizeof(bytes) - EP_FRAMES_BYTES_MAX + 1),
			 1);
	assert_int_equal(f.len, 0);
	assert_int_equal(f.skipped_bytes, sizeof(bytes) - 4);
}

static void what_is_dropped_counts(void **state)
{
	struct ep_frames f;
	struct got g = { .count = 0 };

	(void)state;
	ep_frames_init(&f, &toy);
	assert_int_equal(feed(&f, &g, "F\x02\x01", 3), 0);
	ep_frames_drop(&f);
	assert_int_equal(f.skipped_bytes, 3);
	assert_int_equal(feed(&f, &g, "F\x00\x00", 3), 1);
	assert_int_equal(feed(&f, &g, NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_in_one_piece_and_in_many),
		cmocka_unit_test(noise_is_skipped_and_counted),
		cmocka_unit_test(a_decoder_that_lies_does_not_stop_it),
		cmocka_unit_test(a_frame_that_never_ends_is_given_up),
		cmocka_unit_test(what_is_dropped_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
