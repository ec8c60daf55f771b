/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every wire format against its vectors: tests/golden/SENSOR/CASE.hex (bytes of
 * a stream in hex, '#' comments) or CASE.txt (one whole reply as it is) with
 * CASE.out, which holds "frames N skipped M" and one line per sample,
 * "CHANNEL_UNIT VALUE[ unproven][ gap]", VALUE "-" of an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/root.h"
#include "base/str.h"
#include "sensors/frames.h"
#include "sensors/table.h"

#define FOLDER "tests/golden"
#define FRAMES_MAX 256
#define BYTES_MAX (1 << 20)

/* One case: what goes in, what must come out, and what came out. */
struct golden {
	const struct ep_sensor_ops *ops;
	char name[200]; /* "um_meter/um34c" */
	struct ep_buf bytes;
	struct ep_buf expected;
	struct ep_buf samples; /* lines */
	size_t sample_count;
	size_t ends[FRAMES_MAX + 1]; /* of whole frames, in bytes */
	size_t frame_count, skipped;
};

static void must(int r, const char *what)
{
	if (r < 0)
		fail_msg("%s: %s", what, strerror(-r));
}

static void write_sample(void *ctx, const struct ep_sample *s)
{
	struct golden *g = ctx;
	const struct ep_channel *c = &g->ops->wire_channels[s->channel];

	assert_in_range(s->channel, 0, g->ops->wire_channel_count - 1);
	must(ep_buf_addf(&g->samples, "%s_%s ", c->name,
			 ep_quantity_unit(c->quantity)),
	     "samples");
	if (s->flags & EP_SAMPLE_ERROR)
		must(ep_buf_adds(&g->samples, "-"), "samples");
	else
		must(ep_buf_addf(&g->samples, "%" PRId64, s->value), "samples");
	must(ep_buf_addf(&g->samples, "%s%s\n",
			 s->flags & EP_SAMPLE_UNPROVEN ? " unproven" : "",
			 s->flags & EP_SAMPLE_GAP ? " gap" : ""),
	     "samples");
	if ((s->flags & EP_SAMPLE_ERROR) && s->value != 0)
		fail_msg("%s: an error sample of %s has a value", g->name,
			 c->name);
	g->sample_count++;
}

/* The channels are whole: named, of this sensor, no name twice. */
static void check_wire_channels(const struct ep_sensor_ops *ops)
{
	if (!ops->wire_channels || ops->wire_channel_count == 0)
		fail_msg("%s: decode without wire_channels", ops->name);
	for (size_t i = 0; i < ops->wire_channel_count; i++) {
		const struct ep_channel *c = &ops->wire_channels[i];

		if (!c->name[0] || (c->flags & EP_CHANNEL_PRODUCT))
			fail_msg("%s: wire channel %zu", ops->name, i);
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->name, ops->wire_channels[j].name) == 0)
				fail_msg("%s: %s twice", ops->name, c->name);
	}
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);

	return at && c ? (int)(at - digits) : -1;
}

/* In place: two digits are a byte; white space between bytes, # to line end. */
static void from_hex(struct golden *g)
{
	const char *p = g->bytes.data, *end = p + g->bytes.len;
	size_t n = 0;

	while (p < end) {
		int high, low;

		if (*p == '#') {
			p += strcspn(p, "\n");
			continue;
		}
		if (strchr(" \t\r\n", *p)) {
			p++;
			continue;
		}
		high = hex_digit(p[0]);
		low = hex_digit(p[1]);
		if (high < 0 || low < 0)
			fail_msg("%s: not hex: %.8s", g->name, p);
		g->bytes.data[n++] = (char)(high * 16 + low);
		p += 2;
	}
	g->bytes.len = n;
}

static void load(struct golden *g, const char *folder, const char *name)
{
	char path[512];
	const char *dot = strrchr(name, '.');

	memset(g, 0, sizeof(*g));
	ep_buf_init(&g->bytes, BYTES_MAX);
	ep_buf_init(&g->expected, BYTES_MAX);
	ep_buf_init(&g->samples, BYTES_MAX);
	(void)ep_str_format(g->name, sizeof(g->name), "%s/%s", folder, name);
	(void)ep_str_format(path, sizeof(path), FOLDER "/%s", g->name);
	must(ep_file_read(AT_FDCWD, path, &g->bytes), path);
	must(ep_buf_reserve(&g->bytes, 1), path);
	(void)ep_str_format(path, sizeof(path), FOLDER "/%s/%.*s.out", folder,
			    (int)(dot - name), name);
	must(ep_file_read(AT_FDCWD, path, &g->expected), path);
	if (strcmp(dot, ".hex") == 0)
		from_hex(g);
}

static void done(struct golden *g)
{
	ep_buf_done(&g->bytes);
	ep_buf_done(&g->expected);
	ep_buf_done(&g->samples);
}

static void restart(struct golden *g)
{
	ep_buf_reset(&g->samples);
	g->sample_count = g->frame_count = g->skipped = 0;
}

/* Does what came out equal CASE.out?  more_skipped: noise that was put in. */
static void compare(struct golden *g, const char *how, size_t more_skipped)
{
	struct ep_buf got;

	ep_buf_init(&got, BYTES_MAX);
	must(ep_buf_addf(&got, "frames %zu skipped %zu\n%s", g->frame_count,
			 g->skipped - more_skipped,
			 g->samples.len > 0 ? g->samples.data : ""),
	     g->name);
	if (got.len != g->expected.len ||
	    memcmp(got.data, g->expected.data, got.len) != 0)
		fail_msg("%s, %s, gave:\n%s", g->name, how, got.data);
	ep_buf_done(&got);
}

static void feed(struct golden *g, struct ep_frames *f, const void *bytes,
		 size_t len)
{
	const struct ep_sink sink = { write_sample, g };

	ep_frames_feed(f, bytes, len, 1000, &sink);
	g->frame_count = (size_t)f->frame_count;
	g->skipped = (size_t)f->skipped_bytes;
}

static void check_reply(struct golden *g)
{
	const struct ep_sink sink = { write_sample, g };
	int used = g->ops->decode((const uint8_t *)g->bytes.data, g->bytes.len,
				  1000, &sink);

	if (used == 0 || used > (int)g->bytes.len)
		fail_msg("%s: %d bytes used of %zu; a reply is whole or "
			 "refused",
			 g->name, used, g->bytes.len);
	g->frame_count = used > 0;
	g->skipped = g->bytes.len - (size_t)(used > 0 ? used : 0);
	if (used > 0 && strspn(g->bytes.data + used, "\r\n") == g->skipped)
		g->skipped = 0;
	compare(g, "whole", 0);
}

static void check_whole(struct golden *g)
{
	struct ep_frames f;

	ep_frames_init(&f, g->ops);
	feed(g, &f, g->bytes.data, g->bytes.len);
	compare(g, "whole", 0);
}

/* Also finds where the frames end. */
static void check_byte_by_byte(struct golden *g)
{
	struct ep_frames f;
	size_t frames = 0;

	ep_frames_init(&f, g->ops);
	for (size_t i = 0; i < g->bytes.len; i++) {
		size_t samples = g->sample_count;

		feed(g, &f, g->bytes.data + i, 1);
		if (g->frame_count == frames && g->sample_count != samples)
			fail_msg("%s: samples without a frame", g->name);
		for (; frames < g->frame_count; frames++) {
			assert_in_range(frames, 0, FRAMES_MAX - 1);
			g->ends[frames] = i + 1 - f.len;
		}
	}
	compare(g, "byte by byte", 0);
}

static void check_with_noise(struct golden *g)
{
	static const struct {
		const char *bytes;
		size_t len;
	} noise[] = { { "\0\0\0\0\0", 5 },
		      { "\xff", 1 },
		      { "\x55\xaa\x7f\x01\xfe\x0d\x0a", 7 },
		      { "\xf8\xe0\xf8\xe0", 4 } };

	for (size_t n = 0; n < sizeof(noise) / sizeof(noise[0]); n++) {
		struct ep_frames f;
		size_t at = 0, put_in = noise[n].len;

		restart(g);
		ep_frames_init(&f, g->ops);
		feed(g, &f, noise[n].bytes, noise[n].len);
		for (size_t i = 0; g->ends[i] > 0; i++) {
			feed(g, &f, g->bytes.data + at, g->ends[i] - at);
			at = g->ends[i];
			if (g->ends[i + 1] == 0)
				break;
			feed(g, &f, noise[n].bytes, noise[n].len);
			put_in += noise[n].len;
		}
		feed(g, &f, g->bytes.data + at, g->bytes.len - at);
		compare(g, "with noise between frames", put_in);
	}
}

static void check_stream(struct golden *g)
{
	check_whole(g);
	restart(g);
	check_byte_by_byte(g);
	if (g->frame_count > 0)
		check_with_noise(g);
}

struct walk {
	const struct ep_sensor_ops *ops;
	bool stream; /* else replies come whole */
	size_t case_count;
};

static int check_case(void *ctx, const char *name)
{
	struct walk *w = ctx;
	struct golden g;
	const char *ending = w->stream ? ".hex" : ".txt";

	if (ep_str_ends(name, ".out"))
		return 0;
	if (!ep_str_ends(name, ending))
		fail_msg("%s/%s: the cases of %s end in %s", w->ops->name, name,
			 w->stream ? "a stream" : "whole replies", ending);
	load(&g, w->ops->name, name);
	g.ops = w->ops;
	if (w->stream)
		check_stream(&g);
	else
		check_reply(&g);
	done(&g);
	w->case_count++;
	return 0;
}

static void no_sample(void *ctx, const struct ep_sample *s)
{
	(void)ctx;
	fail_msg("a sample of channel %u out of nothing", s->channel);
}

static void keeps_its_vectors(void **state)
{
	const struct ep_sink none = { no_sample, NULL };
	struct walk w = { .ops = *state };
	char path[200], *whole;
	int r;

	check_wire_channels(w.ops);
	r = w.ops->decode((const uint8_t *)"", 0, 0, &none);
	if (r != 0 && r != -EBADMSG)
		fail_msg("%s: decode of nothing is %d", w.ops->name, r);
	w.stream = r == 0;
	(void)ep_str_format(path, sizeof(path), FOLDER "/%s", w.ops->name);
	whole = realpath(path, NULL);
	if (whole)
		must(ep_root_list(&ep_root_machine, whole, check_case, &w),
		     whole);
	free(whole);
	if (w.case_count == 0)
		fail_msg("there is no case in %s", path);
	print_message("%s: %zu cases\n", w.ops->name, w.case_count);
}

/* One test per wire format. */
int main(void)
{
	struct CMUnitTest tests[64];
	union {
		const void *constant;
		void *plain;
	} state;
	size_t count = 0;

	for (size_t i = 0; ep_sensors[i] && count < 64; i++) {
		if (!ep_sensors[i]->decode)
			continue;
		state.constant = ep_sensors[i];
		tests[count++] = (struct CMUnitTest){
			.name = ep_sensors[i]->name,
			.test_func = keeps_its_vectors,
			.initial_state = state.plain,
		};
	}
	return _cmocka_run_group_tests("wire formats", tests, count, NULL,
				       NULL);
}
