/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void content_is_always_nul_terminated(void **state)
{
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 100);
	assert_int_equal(ep_buf_adds(&b, "ab"), 0);
	assert_int_equal(ep_buf_add(&b, "c\0d", 3), 0);
	assert_int_equal(ep_buf_addf(&b, "%d-%s", 5, "x"), 0);
	assert_int_equal(b.len, 8);
	assert_memory_equal(b.data, "abc\0d5-x", 9);
	ep_buf_reset(&b);
	assert_int_equal(b.len, 0);
	assert_string_equal(b.data, "");
	ep_buf_done(&b);
	assert_null(b.data);
	ep_buf_done(&b);
	ep_buf_done(NULL);
}

static void nothing_past_the_maximum_and_content_stays(void **state)
{
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 10);
	assert_int_equal(ep_buf_adds(&b, "0123456789"), 0);
	assert_int_equal(ep_buf_adds(&b, "x"), -EFBIG);
	assert_int_equal(ep_buf_addf(&b, "%d", 1), -EFBIG);
	assert_int_equal(ep_buf_reserve(&b, SIZE_MAX), -EFBIG);
	assert_string_equal(b.data, "0123456789");
	assert_int_equal(b.len, 10);
	assert_int_equal(ep_buf_add(&b, "", 0), 0);
	ep_buf_done(&b);

	ep_buf_init(&b, 4);
	assert_int_equal(ep_buf_addf(&b, "%s", "12345"), -EFBIG);
	assert_int_equal(b.len, 0);
	assert_int_equal(ep_buf_addf(&b, "%s", "1234"), 0);
	assert_string_equal(b.data, "1234");
	ep_buf_done(&b);
}

static void grows_to_large_sizes(void **state)
{
	struct ep_buf b;
	char big[5000];

	(void)state;
	memset(big, 'q', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	ep_buf_init(&b, 1 << 20);
	for (int i = 0; i < 200; i++)
		assert_int_equal(ep_buf_addf(&b, "%s\n", big), 0);
	assert_int_equal(b.len, 200 * sizeof(big));
	assert_int_equal(strlen(b.data), b.len);
	assert_true(b.size_bytes <= b.max_bytes + 1);
	ep_buf_done(&b);
}

static void reserve_gives_room_to_write(void **state)
{
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, SIZE_MAX);
	assert_int_equal(ep_buf_reserve(&b, SIZE_MAX), -EFBIG);
	assert_int_equal(ep_buf_reserve(&b, 1000), 0);
	memset(b.data + b.len, 'r', 1000);
	b.len += 1000;
	assert_int_equal(ep_buf_adds(&b, "!"), 0);
	assert_int_equal(b.len, 1001);
	assert_int_equal(b.data[1000], '!');
	ep_buf_done(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_is_always_nul_terminated),
		cmocka_unit_test(nothing_past_the_maximum_and_content_stays),
		cmocka_unit_test(grows_to_large_sizes),
		cmocka_unit_test(reserve_gives_room_to_write),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
