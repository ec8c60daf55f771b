/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "drivers/elf_cfi.h"
#include "drivers/elf_code.h"
#include "drivers/elf_frame.h"

int frame_target(int x);

__attribute__((noinline)) int frame_target(int x)
{
	return x * 5 + 1;
}

static struct ep_cfi_bytes bytes_of(const uint8_t *data, size_t len)
{
	return (struct ep_cfi_bytes){ .data = data, .len = len };
}

static void numbers_end_where_the_bytes_do(void **state)
{
	static const uint8_t good[] = { 0xe5, 0x8e, 0x26, 0x7f, 0x80, 0x01 };
	static const uint8_t endless[] = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
					   0x80, 0x80, 0x80, 0x80, 0x80, 0x01 };
	struct ep_cfi_bytes b = bytes_of(good, sizeof(good));

	(void)state;
	assert_int_equal(ep_cfi_uleb(&b), 624485);
	assert_int_equal(ep_cfi_sleb(&b), -1);
	assert_int_equal(ep_cfi_uleb(&b), 128);
	assert_false(b.bad);
	assert_int_equal(ep_cfi_fixed(&b, 1), 0);
	assert_true(b.bad);
	b = bytes_of(endless, sizeof(endless));
	assert_int_equal(ep_cfi_uleb(&b), 0);
	assert_true(b.bad);
}

static void pointers_of_each_kind(void **state)
{
	static const uint8_t near[] = { 0xfc, 0xff, 0xff, 0xff };
	static const uint8_t whole[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct ep_cfi_bytes b = bytes_of(near, sizeof(near));

	(void)state;
	assert_int_equal(ep_cfi_pointer(&b, 0x1b, 0x1000), 0xffc);
	b = bytes_of(near, sizeof(near));
	assert_int_equal(ep_cfi_pointer(&b, 0x03, 0), 0xfffffffc);
	b = bytes_of(whole, sizeof(whole));
	assert_true(ep_cfi_pointer(&b, 0x00, 0) ==
		    UINT64_C(0x0807060504030201));
	b = bytes_of(near, sizeof(near));
	(void)ep_cfi_pointer(&b, 0x3b, 0); /* relative to a table */
	assert_true(b.bad);
	b = bytes_of(near, sizeof(near));
	(void)ep_cfi_pointer(&b, 0x0d, 0);
	assert_true(b.bad);
}

/* What gcc writes for push %r12; ...; pop %r12; ret. */
static void a_frame_grows_and_shrinks(void **state)
{
	static const uint8_t program[] = { 0x46, 0x0e, 0x10, 0x8c, 0x02,
					   0x75, 0x0e, 0x08, 0x00, 0x00 };
	static const uint8_t cold[] = { 0x0e, 0x10, 0x46, 0x0e, 0x08 };
	const struct ep_cfi_cie cie = {
		.code_align = 1, .data_align = -8, .base = 7, .offset = 8
	};
	struct ep_elf_cfa rows[4];

	(void)state;
	assert_int_equal(ep_cfi_run(&cie, bytes_of(program, sizeof(program)),
				    0x100, rows, 4),
			 3);
	assert_int_equal(rows[0].from, 0x100);
	assert_int_equal(rows[0].offset, 8);
	assert_int_equal(rows[1].from, 0x106);
	assert_int_equal(rows[1].offset, 16);
	assert_int_equal(rows[2].from, 0x13b);
	assert_int_equal(rows[2].offset, 8);
	assert_true(rows[0].known && rows[1].known && rows[2].known);
	assert_true(ep_cfi_is_entry(bytes_of(program, sizeof(program))));
	assert_false(ep_cfi_is_entry(bytes_of(cold, sizeof(cold))));
	/* A program that is cut, or restores what it never kept. */
	assert_int_equal(ep_cfi_run(&cie, bytes_of(program, 2), 0x100, rows, 4),
			 2);
	assert_false(rows[1].known);
	assert_int_equal(ep_cfi_run(&cie, bytes_of((const uint8_t *)"\x0b", 1),
				    0, rows, 4),
			 1);
	assert_false(rows[0].known);
}

static void own_functions(void **state)
{
	const struct ep_elf_function *at;
	struct ep_elf_functions all;
	struct ep_elf_symbol found[1];
	const char *const names[] = { "frame_target" };
	struct ep_elf_cfa rows[EP_ELF_CFA_MAX];
	struct ep_elf e;
	uint64_t offset = 0;
	uint8_t code[4];
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_find(&e, names, 1, found), 1);
	assert_int_equal(ep_elf_functions_load(&e, &all), 0);
	assert_true(all.count > 100);
	for (size_t i = 1; i < all.count; i++)
		assert_true(all.items[i].start >=
			    all.items[i - 1].start + all.items[i - 1].bytes);
	at = NULL;
	for (size_t i = 0; i < all.count; i++)
		if (ep_elf_code_at(&e, all.items[i].start, code, 4, &offset) ==
			    0 &&
		    offset == found[0].file_offset)
			at = &all.items[i];
	assert_non_null(at);
	if (!at)
		return;
	assert_true(at->entry);
	assert_ptr_equal(ep_elf_function_at(&all, at->start + at->bytes - 1),
			 at);
	assert_null(ep_elf_function_at(&all, 0));
	assert_true(ep_elf_function_cfa(&e, at, rows, EP_ELF_CFA_MAX) > 0);
	assert_int_equal(rows[0].from, at->start);
	assert_true(rows[0].known);
	ep_elf_functions_done(&all);
	close(fd);
}

/* A header of a program and nothing else. */
static void a_file_without_any(void **state)
{
	struct ep_elf_functions all;
	char head[4096];
	struct ep_elf e;
	int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int fd = memfd_create("cut", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(pread(self, head, sizeof(head), 0), sizeof(head));
	memset(head + 0x28, 0, 8); /* where the sections are */
	memset(head + 0x38, 0, 2); /* how many segments */
	memset(head + 0x3c, 0, 4); /* how many sections */
	assert_int_equal(ep_file_write_all(fd, head, sizeof(head)), 0);
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_functions_load(&e, &all), -ENOENT);
	close(self);
	close(fd);
}

static void texts_and_what_mentions_them(void **state)
{
	static const char *const wanted[] = { "\xc2\xa7 a text of its own %d\n",
					      "another that is in here too" };
	const char *const *texts = wanted;
	struct ep_elf_text found[4];
	struct ep_elf e;
	char absent[40];
	const char *none[1] = { absent };
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(ep_elf_init(&e, fd), 0);
	assert_int_equal(ep_elf_find_texts(&e, texts, 1, found, 4), 1);
	assert_int_equal(found[0].text, 0);
	assert_int_equal(ep_elf_find_texts(&e, texts, 2, found, 1), -E2BIG);
	/* Built here, so that the program does not hold it. */
	for (size_t i = 0; i < sizeof(absent) - 1; i++)
		absent[i] = (char)('a' + (i * 7) % 26);
	absent[sizeof(absent) - 1] = '\0';
	assert_int_equal(ep_elf_find_texts(&e, none, 1, found, 4), 0);
	absent[0] = '\0';
	assert_int_equal(ep_elf_find_texts(&e, none, 1, found, 4), -EINVAL);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_end_where_the_bytes_do),
		cmocka_unit_test(pointers_of_each_kind),
		cmocka_unit_test(a_frame_grows_and_shrinks),
		cmocka_unit_test(own_functions),
		cmocka_unit_test(a_file_without_any),
		cmocka_unit_test(texts_and_what_mentions_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
