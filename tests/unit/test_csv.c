/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/csv.h"
#include "base/num.h"
#include "tests/unit/support_tmp.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct ep_tmp tmp;

static int make(void **state)
{
	(void)state;
	ep_tmp_make(&tmp);
	return 0;
}

static int clear(void **state)
{
	(void)state;
	ep_tmp_remove(&tmp);
	return 0;
}

static int open_bytes(struct ep_csv_ints *r, const void *data, size_t len,
		      struct ep_err *err)
{
	ep_tmp_write(&tmp, "t.csv", data, len);
	return ep_csv_ints_open(r, ep_tmp_open(&tmp, "t.csv"), err);
}

static int open_text(struct ep_csv_ints *r, const char *text)
{
	return open_bytes(r, text, strlen(text), NULL);
}

static void close_reader(struct ep_csv_ints *r)
{
	int fd = r->fd;

	ep_csv_ints_close(r);
	ep_csv_ints_close(r);
	close(fd);
}

static void cells_may_be_empty_and_stay_untouched(void **state)
{
	struct ep_csv_ints r;
	int64_t v[3] = { 7, 7, 7 };
	uint8_t p[3];

	(void)state;
	assert_int_equal(open_text(&r, "t_ns,a_uw,b_uj\n1,2,3\n,-5,\n,,\n"), 0);
	assert_int_equal(r.columns, 3);
	assert_string_equal(r.names[0], "t_ns");
	assert_string_equal(r.names[2], "b_uj");
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[0] == 1 && v[1] == 2 && v[2] == 3);
	assert_true(p[0] == 1 && p[1] == 1 && p[2] == 1);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[0] == 1 && v[1] == -5 && v[2] == 3);
	assert_true(p[0] == 0 && p[1] == 1 && p[2] == 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(p[0] == 0 && p[1] == 0 && p[2] == 0);
	assert_int_equal(r.line, 4);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	assert_false(r.torn);
	assert_int_equal(r.bad_count, 0);
	close_reader(&r);
}

static void numbers_of_every_length_are_exact(void **state)
{
	static const char *const texts[] = {
		"0",
		"7",
		"-1",
		"12345678",
		"123456789",
		"1234567890123456",
		"12345678901234567",
		"123456789012345678",
		"1234567890123456789",
		"9223372036854775807",
		"-9223372036854775808",
		"-9999999",
		"-87654321",
		"0000000000000000012",
		"-0",
	};
	size_t count = sizeof(texts) / sizeof(texts[0]);
	struct ep_csv_ints r;
	int64_t v[2];
	uint8_t p[2];
	char file[2000] = "a,b\n";

	(void)state;
	for (size_t i = 0; i < count; i++) {
		strcat(strcat(file, texts[i]), ",");
		strcat(strcat(file, texts[i]), "\n");
	}
	assert_int_equal(open_text(&r, file), 0);
	for (size_t i = 0; i < count; i++) {
		int64_t want = strtoll(texts[i], NULL, 10);

		assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
		assert_true(v[0] == want && v[1] == want);
		assert_true(p[0] == 1 && p[1] == 1);
	}
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	close_reader(&r);
}

static void bad_lines_are_skipped_and_counted(void **state)
{
	static const char *const bad[] = {
		"1",
		"1,2,3",
		"1,2,",
		"1,x",
		"x,1",
		"1,2x",
		"1,-",
		"1,--2",
		"1,+2",
		" 1,2",
		"1, 2",
		"1,2 ",
		"1.5,2",
		"\"1\",2",
		"1,1e5",
		"0x1,2",
		"nan,2",
		"",
		"1,9223372036854775808",
		"1,-9223372036854775809",
		"1,18446744073709551616",
		"1,00000000000000000001",
		"1,99999999999999999999999999999",
		"1;2",
		"1,12345678x",
		"1,1234567812345678x",
		"1\r,2",
		"\xff,2",
	};
	size_t count = sizeof(bad) / sizeof(bad[0]);
	struct ep_csv_ints r;
	int64_t v[2];
	uint8_t p[2];
	char file[2000] = "a,b\n";

	(void)state;
	for (size_t i = 0; i < count; i++)
		strcat(strcat(file, bad[i]), "\n");
	strcat(file, "5,6\n");
	assert_int_equal(open_text(&r, file), 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[0] == 5 && v[1] == 6);
	assert_int_equal(r.bad_count, count);
	assert_int_equal(r.line, count + 2);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	close_reader(&r);
}

static void nul_bytes_make_a_line_bad(void **state)
{
	static const char file[] = "a,b\n1\0,2\n\0\0\0\n3,4\n5,6\0";
	struct ep_csv_ints r;
	int64_t v[2];
	uint8_t p[2];

	(void)state;
	assert_int_equal(open_bytes(&r, file, sizeof(file) - 1, NULL), 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[0] == 3 && v[1] == 4);
	assert_int_equal(r.bad_count, 2);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	assert_true(r.torn);
	close_reader(&r);
}

static void a_torn_last_line_is_dropped(void **state)
{
	struct ep_csv_ints r;
	int64_t v[2];
	uint8_t p[2];

	(void)state;
	assert_int_equal(open_text(&r, "a,b\n1,2\n3,4"), 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	assert_true(v[0] == 1 && v[1] == 2);
	assert_true(r.torn);
	assert_int_equal(r.bad_count, 0);
	close_reader(&r);
}

static void carriage_returns_are_line_ends(void **state)
{
	struct ep_csv_ints r;
	int64_t v[2];
	uint8_t p[2];

	(void)state;
	assert_int_equal(open_text(&r, "a,b\r\n1,2\r\n3,\r\n"), 0);
	assert_string_equal(r.names[1], "b");
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[1] == 2 && p[1] == 1);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
	assert_true(v[0] == 3 && p[1] == 0);
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	close_reader(&r);
}

static void each_errno_of_a_bad_header(void **state)
{
	struct ep_csv_ints r;
	struct ep_err err = { 0, "" };
	char *big = malloc(400000);
	int fd;

	(void)state;
	assert_non_null(big);
	assert_int_equal(open_bytes(&r, "", 0, &err), -ENODATA);
	assert_string_equal(err.text, "the file is empty");
	close_reader(&r);
	assert_int_equal(open_bytes(&r, "a,b", 3, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "cut off"));
	close_reader(&r);
	assert_int_equal(open_bytes(&r, "a,\0b\n", 5, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "NUL"));
	close_reader(&r);
	assert_int_equal(open_bytes(&r, "a,\"b\n", 5, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "quote"));
	close_reader(&r);
	memset(big, ',', 400000);
	big[EP_CSV_COLUMNS_MAX] = '\n';
	assert_int_equal(open_bytes(&r, big, EP_CSV_COLUMNS_MAX + 1, &err),
			 -E2BIG);
	close_reader(&r);
	big[EP_CSV_COLUMNS_MAX - 1] = '\n';
	assert_int_equal(open_bytes(&r, big, EP_CSV_COLUMNS_MAX, &err), 0);
	assert_int_equal(r.columns, EP_CSV_COLUMNS_MAX);
	close_reader(&r);
	memset(big, 'a', 400000);
	big[399999] = '\n';
	assert_int_equal(open_bytes(&r, big, 400000, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "longer than"));
	close_reader(&r);
	free(big);
	fd = ep_tmp_open(&tmp, ".");
	assert_int_equal(ep_csv_ints_open(&r, fd, &err), -EISDIR);
	close_reader(&r);
	assert_int_equal(ep_csv_ints_next(&r, NULL, NULL), 0);
	ep_csv_ints_close(NULL);
}

static void a_huge_line_is_skipped_as_one_bad_line(void **state)
{
	static const size_t lengths[] = {
		EP_CSV_LINE_BYTES_MAX - 1,
		EP_CSV_LINE_BYTES_MAX,
		EP_CSV_LINE_BYTES_MAX + 1,
		3 * EP_CSV_LINE_BYTES_MAX + 17,
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct ep_csv_ints r;
		struct ep_buf b;
		int64_t v[2];
		uint8_t p[2];

		ep_buf_init(&b, 4 << 20);
		assert_int_equal(ep_buf_adds(&b, "a,b\n1,2\n"), 0);
		assert_int_equal(ep_buf_reserve(&b, lengths[i]), 0);
		memset(b.data + b.len, '7', lengths[i]);
		b.len += lengths[i];
		assert_int_equal(ep_buf_adds(&b, "\n3,4\n"), 0);
		assert_int_equal(open_bytes(&r, b.data, b.len, NULL), 0);
		assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
		assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
		assert_true(v[0] == 3 && v[1] == 4);
		assert_int_equal(r.bad_count, 1);
		assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
		assert_false(r.torn);
		close_reader(&r);
		ep_buf_done(&b);
	}
}

/* One line of random integers: values kept in want, text appended to b. */
static void add_random_line(struct ep_buf *b, int64_t *want, uint64_t *seed)
{
	char text[32];

	for (int c = 0; c < 7; c++) {
		*seed = *seed * UINT64_C(6364136223846793005) +
			1442695040888963407;
		want[c] = (int64_t)(*seed >> (*seed >> 58));
		if (*seed & 1)
			want[c] = (int64_t)(0 - (uint64_t)want[c]);
		text[ep_num_put_i64(text, want[c])] = '\0';
		assert_int_equal(ep_buf_adds(b, c ? "," : ""), 0);
		assert_int_equal(ep_buf_adds(b, text), 0);
	}
	assert_int_equal(ep_buf_adds(b, "\n"), 0);
}

static void random_files_read_back_over_many_blocks(void **state)
{
	const size_t lines = 20000;
	int64_t *want = calloc(lines * 7, sizeof(*want)), v[7];
	struct ep_csv_ints r;
	struct ep_buf b;
	uint64_t seed = 99;
	uint8_t p[7];

	(void)state;
	assert_non_null(want);
	ep_buf_init(&b, 16 << 20);
	assert_int_equal(ep_buf_adds(&b, "a,b,c,d,e,f,g\n"), 0);
	for (size_t i = 0; i < lines; i++)
		add_random_line(&b, want + i * 7, &seed);
	assert_true(b.len > 4 * EP_CSV_LINE_BYTES_MAX);
	assert_int_equal(open_bytes(&r, b.data, b.len, NULL), 0);
	for (size_t i = 0; i < lines; i++) {
		assert_int_equal(ep_csv_ints_next(&r, v, p), 1);
		assert_memory_equal(v, want + i * 7, sizeof(v));
	}
	assert_int_equal(ep_csv_ints_next(&r, v, p), 0);
	assert_int_equal(r.bad_count, 0);
	close_reader(&r);
	ep_buf_done(&b);
	free(want);
}

#define CSV_TEST(f) cmocka_unit_test_setup_teardown(f, make, clear)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CSV_TEST(cells_may_be_empty_and_stay_untouched),
		CSV_TEST(numbers_of_every_length_are_exact),
		CSV_TEST(bad_lines_are_skipped_and_counted),
		CSV_TEST(nul_bytes_make_a_line_bad),
		CSV_TEST(a_torn_last_line_is_dropped),
		CSV_TEST(carriage_returns_are_line_ends),
		CSV_TEST(each_errno_of_a_bad_header),
		CSV_TEST(a_huge_line_is_skipped_as_one_bad_line),
		CSV_TEST(random_files_read_back_over_many_blocks),
	};

	return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
