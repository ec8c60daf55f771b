/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * decode FOLDER SECONDS: how many frames a second each wire format decodes, fed
 * through the resync loop in pieces of 4 KiB.  FOLDER is tests/golden; all the
 * whole frames of a format's streams are fed over and over.  One line each:
 * name, frames per second, bytes of a frame.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/num.h"
#include "base/root.h"
#include "base/str.h"
#include "sensors/frames.h"
#include "sensors/table.h"

#define BYTES_MAX (1 << 20)
#define PIECE_BYTES 4096

struct stream {
	const struct ep_sensor_ops *ops;
	const char *folder;
	struct ep_buf bytes;
	int64_t sum; /* so that nothing is optimised away */
};

static void add(void *ctx, const struct ep_sample *s)
{
	int64_t *sum = ctx;

	*sum += s->value;
}

static int hex(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The bytes of a .hex file, lines that begin with # left out. */
static int read_hex(const char *path, struct ep_buf *ret)
{
	struct ep_buf text;
	int r;

	ep_buf_init(&text, BYTES_MAX);
	r = ep_file_read(AT_FDCWD, path, &text);
	for (const char *p = text.data; r == 0 && p && *p;) {
		if (*p == '#') {
			p += strcspn(p, "\n");
		} else if (hex(p[0]) >= 0 && hex(p[1]) >= 0) {
			char byte = (char)(hex(p[0]) * 16 + hex(p[1]));

			r = ep_buf_add(ret, &byte, 1);
			p += 2;
		} else {
			p++;
		}
	}
	ep_buf_done(&text);
	return r;
}

/* Adds a case that is whole frames and nothing else. */
static int add_case(void *ctx, const char *name)
{
	struct stream *s = ctx;
	struct ep_frames frames;
	const struct ep_sink sink = { add, &s->sum };
	struct ep_buf bytes;
	char path[512];
	int r = 0;

	if (!ep_str_ends(name, ".hex"))
		return 0;
	snprintf(path, sizeof(path), "%s/%s", s->folder, name);
	ep_buf_init(&bytes, BYTES_MAX);
	if (read_hex(path, &bytes) == 0 && bytes.len > 0) {
		ep_frames_init(&frames, s->ops);
		ep_frames_feed(&frames, (const uint8_t *)bytes.data, bytes.len,
			       0, &sink);
		if (frames.len == 0 && frames.skipped_bytes == 0)
			r = ep_buf_add(&s->bytes, bytes.data, bytes.len);
	}
	ep_buf_done(&bytes);
	return r;
}

static int fill(struct stream *s)
{
	size_t once;
	int r = ep_root_list(&ep_root_machine, s->folder, add_case, s);

	once = s->bytes.len;
	while (r == 0 && once > 0 && s->bytes.len + once <= BYTES_MAX / 2) {
		r = ep_buf_reserve(&s->bytes, once);
		if (r == 0)
			r = ep_buf_add(&s->bytes, s->bytes.data, once);
	}
	return r;
}

static void measure(struct stream *s, double seconds)
{
	static struct ep_frames frames;
	const struct ep_sink sink = { add, &s->sum };
	int64_t begin_ns = ep_clock_thread_cpu_ns(), took_ns = 0;
	uint64_t bytes = 0;

	ep_frames_init(&frames, s->ops);
	while ((double)took_ns < seconds * 1e9) {
		for (size_t at = 0; at < s->bytes.len; at += PIECE_BYTES) {
			size_t n = s->bytes.len - at;

			n = n < PIECE_BYTES ? n : PIECE_BYTES;
			ep_frames_feed(&frames,
				       (const uint8_t *)s->bytes.data + at, n,
				       0, &sink);
			bytes += n;
		}
		took_ns = ep_clock_thread_cpu_ns() - begin_ns;
	}
	printf("%s %.0f %.0f\n", s->ops->name,
	       (double)frames.frame_count / ((double)took_ns / 1e9),
	       (double)bytes / (double)frames.frame_count);
}

int main(int argc, char **argv)
{
	double seconds;

	if (argc != 3 || argv[1][0] != '/' ||
	    ep_num_parse_f64(argv[2], &seconds) < 0) {
		fprintf(stderr, "usage: decode /FOLDER SECONDS\n");
		return 2;
	}
	for (size_t i = 0; ep_sensors[i]; i++) {
		struct stream s = { .ops = ep_sensors[i] };
		char folder[400];

		if (!s.ops->decode)
			continue;
		snprintf(folder, sizeof(folder), "%s/%s", argv[1], s.ops->name);
		s.folder = folder;
		ep_buf_init(&s.bytes, BYTES_MAX);
		if (fill(&s) == 0 && s.bytes.len > 0)
			measure(&s, seconds);
		ep_buf_done(&s.bytes);
	}
	return 0;
}
