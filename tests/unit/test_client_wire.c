/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "runners/client_wire.h"

struct heard {
	size_t count;
	struct ep_event last;
	char text[8192], phase[64];
};

static void hear(void *ctx, const struct ep_event *e)
{
	struct heard *h = ctx;

	h->count++;
	h->last = *e;
	(void)snprintf(h->text, sizeof(h->text), "%s", e->text);
	(void)snprintf(h->phase, sizeof(h->phase), "%s", e->phase);
}

static void open_pipe(int ends[2])
{
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[0], F_SETFL, O_NONBLOCK) >= 0);
}

static void events_arrive_as_they_were_sent(void **state)
{
	struct heard h = { .count = 0 };
	const struct ep_event_sink sink = { hear, &h };
	struct ep_event e = ep_event_make(123456789, "piece");
	struct ep_wire_out out;
	struct ep_wire_in in;
	int ends[2];

	(void)state;
	open_pipe(ends);
	ep_wire_out_init(&out, ends[1]);
	ep_wire_in_init(&in);
	e.request = 7;
	e.tokens = -1;
	e.phase = "thinking";
	e.text = "{\"a\":1}";
	ep_wire_put(&out, &e);
	assert_int_equal(ep_wire_read(&in, ends[0], &sink), 1);
	assert_int_equal(h.count, 0); /* not flushed yet */
	ep_wire_flush(&out);
	assert_int_equal(ep_wire_read(&in, ends[0], &sink), 1);
	assert_int_equal(h.count, 1);
	assert_int_equal(h.last.t_ns, 123456789);
	assert_int_equal(h.last.request, 7);
	assert_int_equal(h.last.tokens, -1);
	assert_string_equal(h.text, "{\"a\":1}");
	assert_string_equal(h.phase, "thinking");
	close(ends[1]);
	assert_int_equal(ep_wire_read(&in, ends[0], &sink), 0);
	close(ends[0]);
	ep_wire_out_done(&out);
	ep_wire_in_done(&in);
}

/* Byte by byte, and texts that are cut to what the wire carries. */
static void torn_blocks_are_put_together(void **state)
{
	static char longer[6000], bytes[16384];
	struct heard h = { .count = 0 };
	const struct ep_event_sink sink = { hear, &h };
	struct ep_event e = ep_event_make(1, "reply");
	struct ep_wire_out out;
	struct ep_wire_in in;
	int first[2], second[2];
	ssize_t n;

	(void)state;
	open_pipe(first);
	open_pipe(second);
	ep_wire_out_init(&out, first[1]);
	ep_wire_in_init(&in);
	memset(longer, 'x', sizeof(longer) - 1);
	e.text = longer;
	ep_wire_put(&out, &e);
	ep_wire_flush(&out);
	n = read(first[0], bytes, sizeof(bytes));
	assert_true(n > 4096);
	for (ssize_t i = 0; i < n; i++) {
		assert_int_equal(h.count, 0);
		assert_int_equal(write(second[1], bytes + i, 1), 1);
		assert_int_equal(ep_wire_read(&in, second[0], &sink), 1);
	}
	assert_int_equal(h.count, 1);
	assert_int_equal(strlen(h.text), 4096);
	for (int i = 0; i < 2; i++) {
		close(first[i]);
		close(second[i]);
	}
	ep_wire_out_done(&out);
	ep_wire_in_done(&in);
}

static void rubbish_is_refused(void **state)
{
	struct heard h = { .count = 0 };
	const struct ep_event_sink sink = { hear, &h };
	struct ep_wire_in in;
	char bytes[512];
	int ends[2];

	(void)state;
	open_pipe(ends);
	ep_wire_in_init(&in);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(write(ends[1], bytes, sizeof(bytes)), sizeof(bytes));
	assert_int_equal(ep_wire_read(&in, ends[0], &sink), -EBADMSG);
	assert_int_equal(h.count, 0);
	close(ends[0]);
	close(ends[1]);
	ep_wire_in_done(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_arrive_as_they_were_sent),
		cmocka_unit_test(torn_blocks_are_put_together),
		cmocka_unit_test(rubbish_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
