/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runners/lines.h"

struct heard {
	char text[4096]; /* each line in <> */
	int answer;
};

static int hear(void *ctx, char *text, size_t len)
{
	struct heard *h = ctx;

	assert_int_equal(strlen(text), len);
	if (strlen(h->text) + len + 3 < sizeof(h->text)) {
		strcat(h->text, "<");
		strcat(h->text, text);
		strcat(h->text, ">");
	}
	return h->answer;
}

/* The same stream in pieces of every size must say the same. */
static void expect(bool events, const char *stream, const char *want)
{
	size_t len = strlen(stream);

	for (size_t step = 1; step <= len; step++) {
		struct heard h = { .text = "" };
		struct ep_lines l;

		ep_lines_init(&l, events, hear, &h);
		for (size_t at = 0; at < len; at += step)
			assert_int_equal(ep_lines_feed(&l, stream + at,
						       at + step < len
							       ? step
							       : len - at),
					 0);
		assert_int_equal(ep_lines_finish(&l), 0);
		assert_string_equal(h.text, want);
		ep_lines_done(&l);
	}
}

static void lines_end_at_line_feeds_whatever_the_pieces(void **state)
{
	(void)state;
	expect(false, "{\"a\":1}\n{\"b\":\"caf\xc3\xa9\"}\r\n\n{\"c\":2}",
	       "<{\"a\":1}><{\"b\":\"caf\xc3\xa9\"}><{\"c\":2}>");
}

static void events_are_data_up_to_an_empty_line(void **state)
{
	(void)state;
	expect(true,
	       ": keep-alive\n\ndata: one\n\nevent: x\nid: 7\ndata:two\n\n"
	       "data: a\ndata: b\n\n\n\ndata: [DONE]\n\n",
	       "<one><two><a\nb><[DONE]>");
	expect(true, "data: one\r\n\r\ndata: two\r\n\r\n", "<one><two>");
}

static void the_last_event_needs_no_empty_line(void **state)
{
	(void)state;
	expect(true, "data: one\n\ndata: two", "<one><two>");
	expect(true, "error: {\"code\":500}\n", "<{\"code\":500}>");
}

static void an_overlong_line_is_refused_and_a_long_one_is_not(void **state)
{
	struct heard h = { .text = "" };
	char *block = calloc(1, 100 * 1024);
	struct ep_lines l;
	int r = 0;

	(void)state;
	assert_non_null(block);
	memset(block, 'x', 100 * 1024);
	ep_lines_init(&l, false, hear, &h);
	assert_int_equal(ep_lines_feed(&l, block, 100 * 1024), 0);
	assert_int_equal(ep_lines_feed(&l, "\n", 1), 0);
	for (int i = 0; i < 12 && r == 0; i++)
		r = ep_lines_feed(&l, block, 100 * 1024);
	assert_int_equal(r, -EFBIG);
	ep_lines_done(&l);
	free(block);
}

static void what_the_receiver_says_stops_the_stream(void **state)
{
	struct heard h = { .text = "", .answer = -EBADMSG };
	struct ep_lines l;

	(void)state;
	ep_lines_init(&l, false, hear, &h);
	assert_int_equal(ep_lines_feed(&l, "a\nb\n", 4), -EBADMSG);
	assert_string_equal(h.text, "<a>");
	ep_lines_done(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_end_at_line_feeds_whatever_the_pieces),
		cmocka_unit_test(events_are_data_up_to_an_empty_line),
		cmocka_unit_test(the_last_event_needs_no_empty_line),
		cmocka_unit_test(
			an_overlong_line_is_refused_and_a_long_one_is_not),
		cmocka_unit_test(what_the_receiver_says_stops_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
