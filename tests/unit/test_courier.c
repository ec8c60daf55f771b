/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "profiler/study/arrived.h"
#include "profiler/study/courier.h"
#include "tests/unit/support_tmp.h"

/* Run folders on their way from one machine to another. */

#define NONCE "00112233aabbccdd"

struct desk {
	struct ep_tmp tmp;
	int from_fd, to_fd;
	struct ep_buf sent;
	char told[1000];
};

static void said(void *ctx, const char *verb, const char *rest)
{
	struct desk *d = ctx;
	size_t used = strlen(d->told);

	(void)ep_str_format(d->told + used, sizeof(d->told) - used, "%s:%s\n",
			    verb, rest);
}

static int open_dir(const struct desk *d, const char *name)
{
	int fd = openat(d->tmp.fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void begin(struct desk *d)
{
	char binary[300];

	memset(d, 0, sizeof(*d));
	ep_tmp_make(&d->tmp);
	for (size_t i = 0; i < sizeof(binary); i++)
		binary[i] = (char)(i % 256);
	ep_tmp_write(&d->tmp, "run/stdout.log", binary, sizeof(binary));
	ep_tmp_puts(&d->tmp, "run/run.json",
		    "{}\n\nEDGEPROF-" NONCE " ends c0001-r1-a1\n");
	ep_tmp_puts(&d->tmp, "run/empty", "");
	ep_tmp_puts(&d->tmp, "run/sensors/pmic.csv", "a,b\n1,2\n");
	ep_tmp_mkdir(&d->tmp, "to");
	d->from_fd = open_dir(d, "run");
	d->to_fd = open_dir(d, "to");
	ep_buf_init(&d->sent, 1 << 20);
}

static void end(struct desk *d)
{
	ep_buf_done(&d->sent);
	close(d->from_fd);
	close(d->to_fd);
	ep_tmp_remove(&d->tmp);
}

/* All that a task would write of this run. */
static void send(struct desk *d, const char *nonce)
{
	struct ep_courier c = { .nonce = nonce };
	int fd = openat(d->tmp.fd, "pipe", O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	c.fd = fd;
	assert_int_equal(ep_courier_say(&c, "hello 0.1.0 pi1"), 0);
	assert_int_equal(ep_courier_send(&c, d->from_fd, "c0001-r1-a1"), 0);
	assert_int_equal(ep_courier_say(&c, "done "), 0);
	close(fd);
	ep_buf_reset(&d->sent);
	assert_int_equal(ep_file_read(d->tmp.fd, "pipe", &d->sent), 0);
}

/* In pieces of so many bytes. */
static void receive(struct desk *d, const char *data, size_t len, size_t step)
{
	struct ep_courier_in *in = malloc(sizeof(*in));

	assert_non_null(in);
	ep_courier_in_init(in, NONCE, d->to_fd);
	in->said = said;
	in->ctx = d;
	d->told[0] = '\0';
	for (size_t i = 0; i < len; i += step)
		ep_courier_in_feed(in, data + i,
				   len - i < step ? len - i : step);
	ep_courier_in_done(in);
	free(in);
}

static size_t count_arrived(const struct desk *d)
{
	struct ep_tree t;
	size_t count;

	assert_int_equal(ep_tree_list(d->to_fd, &t), 0);
	count = t.count;
	ep_tree_done(&t);
	return count;
}

static void check_same(const struct desk *d)
{
	int fd = openat(d->to_fd, "c0001-r1-a1", O_RDONLY | O_DIRECTORY);
	struct ep_tree a, b;

	assert_true(fd >= 0);
	assert_int_equal(ep_tree_list(d->from_fd, &a), 0);
	assert_int_equal(ep_tree_list(fd, &b), 0);
	assert_int_equal(a.count, b.count);
	for (size_t i = 0; i < a.count; i++) {
		struct ep_buf x, y;

		assert_string_equal(a.entries[i].path, b.entries[i].path);
		if (a.entries[i].folder)
			continue;
		ep_buf_init(&x, 1 << 20);
		ep_buf_init(&y, 1 << 20);
		assert_int_equal(
			ep_file_read(d->from_fd, a.entries[i].path, &x), 0);
		assert_int_equal(ep_file_read(fd, a.entries[i].path, &y), 0);
		assert_int_equal(x.len, y.len);
		if (x.len > 0)
			assert_memory_equal(x.data, y.data, x.len);
		ep_buf_done(&x);
		ep_buf_done(&y);
	}
	ep_tree_done(&a);
	ep_tree_done(&b);
	close(fd);
}

static void a_folder_arrives_as_it_was(void **state)
{
	static const size_t steps[] = { 1, 7, 64, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct desk d;

		begin(&d);
		send(&d, NONCE);
		receive(&d, d.sent.data, d.sent.len, steps[i]);
		assert_string_equal(d.told, "hello:0.1.0 pi1\n"
					    "arrived:c0001-r1-a1\ndone:\n");
		check_same(&d);
		end(&d);
	}
}

/* What logins print, also without a line end, also as if they were us. */
static void noise_before_it_is_left_out(void **state)
{
	static const char noise[] =
		"Welcome!\nEDGEPROF-ffff hello 9.9.9 x\r\n"
		"EDGEPROF-" NONCE "x done \nLast login: Mon";
	struct desk d;
	struct ep_buf b;

	(void)state;
	begin(&d);
	send(&d, NONCE);
	ep_buf_init(&b, 1 << 20);
	for (int i = 0; i < 3000; i++)
		assert_int_equal(ep_buf_adds(&b, "motd"), 0);
	assert_int_equal(ep_buf_adds(&b, "\n"), 0);
	assert_int_equal(ep_buf_adds(&b, noise), 0);
	assert_int_equal(ep_buf_add(&b, d.sent.data, d.sent.len), 0);
	receive(&d, b.data, b.len, 13);
	assert_string_equal(d.told, "hello:0.1.0 pi1\n"
				    "arrived:c0001-r1-a1\ndone:\n");
	check_same(&d);
	ep_buf_done(&b);
	end(&d);
}

static void of_another_nonce_nothing_is_heard(void **state)
{
	struct desk d;

	(void)state;
	begin(&d);
	send(&d, "ffeeddccbbaa9988");
	receive(&d, d.sent.data, d.sent.len, 64);
	assert_string_equal(d.told, "");
	assert_int_equal(count_arrived(&d), 0);
	end(&d);
}

/* Cut anywhere: there is the whole folder or nothing. */
static void a_cut_leaves_nothing(void **state)
{
	struct desk d;

	(void)state;
	begin(&d);
	send(&d, NONCE);
	for (size_t len = 0; len < d.sent.len; len += 11) {
		receive(&d, d.sent.data, len, 50);
		if (strstr(d.told, "arrived") == NULL) {
			assert_int_equal(count_arrived(&d), 0);
			continue;
		}
		check_same(&d);
		assert_int_equal(ep_tree_remove(d.to_fd, "c0001-r1-a1"), 0);
	}
	end(&d);
}

static void a_changed_byte_is_found(void **state)
{
	struct desk d;
	char *at;

	(void)state;
	begin(&d);
	send(&d, NONCE);
	at = memmem(d.sent.data, d.sent.len, "1,2\n", 4);
	assert_non_null(at);
	*at = '7';
	receive(&d, d.sent.data, d.sent.len, 64);
	assert_non_null(strstr(d.told, "damaged:c0001-r1-a1 a file: "));
	assert_int_equal(count_arrived(&d), 0);
	end(&d);
}

static void names_stay_below_the_folder(void **state)
{
	static const char *const bad[] = {
		"folder ../x",
		"folder a/b",
		"folder ",
		"folder c0001-r1-a1\n\nEDGEPROF-" NONCE " dir ../out",
		"folder c0001-r1-a1\n\nEDGEPROF-" NONCE
		" file 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495"
		"991b7852b855 ../../evil\nx",
		"folder c0001-r1-a1\n\nEDGEPROF-" NONCE " file -1 abc x",
		"folder c0001-r1-a1\n\nEDGEPROF-" NONCE
		" file 99999999999999999 e3b0c44298fc1c149afbf4c8996fb92427ae41"
		"e4649b934ca495991b7852b855 x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char text[700];
		struct desk d;

		begin(&d);
		(void)ep_str_format(text, sizeof(text),
				    "\nEDGEPROF-" NONCE " %s\n\nEDGEPROF-" NONCE
				    " ends c0001-r1-a1\n",
				    bad[i]);
		receive(&d, text, strlen(text), 64);
		assert_null(strstr(d.told, "arrived"));
		assert_int_equal(count_arrived(&d), 0);
		assert_int_equal(faccessat(d.tmp.fd, "evil", F_OK, 0), -1);
		assert_int_equal(faccessat(d.tmp.fd, "out", F_OK, 0), -1);
		end(&d);
	}
}

static int name_one(void *ctx, const char *name)
{
	(void)ep_str_copy(ctx, 64, name);
	return 0;
}

static void what_arrived_is_taken_once(void **state)
{
	char name[64] = "";
	struct desk d;

	(void)state;
	begin(&d);
	assert_false(ep_arrived_has(d.to_fd, "c0001-r1-a1"));
	assert_int_equal(ep_arrived_put(d.to_fd, "c0001-r1-a1", d.from_fd), 0);
	check_same(&d);
	assert_true(ep_arrived_has(d.to_fd, "c0001-r1-a1"));
	/* Again, by a task that was put back into the queue. */
	assert_int_equal(ep_arrived_put(d.to_fd, "c0001-r1-a1", d.from_fd), 0);
	check_same(&d);
	ep_tmp_mkdir(&d.tmp, "to/c0002-r1-a1.part-pi1-7");
	assert_int_equal(ep_arrived_each(d.to_fd, name_one, name), 0);
	assert_string_equal(name, "c0001-r1-a1");
	assert_int_equal(ep_arrived_take(d.to_fd, "c0001-r1-a1"), 0);
	assert_true(ep_arrived_has(d.to_fd, "c0001-r1-a1"));
	assert_int_equal(faccessat(d.to_fd, "c0001-r1-a1", F_OK, 0), -1);
	name[0] = '\0';
	assert_int_equal(ep_arrived_each(d.to_fd, name_one, name), 0);
	assert_string_equal(name, "");
	end(&d);
}

static void one_that_is_refused_is_kept_aside(void **state)
{
	struct desk d;

	(void)state;
	begin(&d);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			ep_arrived_put(d.to_fd, "c0001-r1-a1", d.from_fd), 0);
		assert_int_equal(ep_arrived_refuse(d.to_fd, "c0001-r1-a1"), 0);
		assert_false(ep_arrived_has(d.to_fd, "c0001-r1-a1"));
		assert_int_equal(faccessat(d.to_fd,
					   "c0001-r1-a1.refused/run.json", F_OK,
					   0),
				 0);
	}
	end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_folder_arrives_as_it_was),
		cmocka_unit_test(noise_before_it_is_left_out),
		cmocka_unit_test(of_another_nonce_nothing_is_heard),
		cmocka_unit_test(a_cut_leaves_nothing),
		cmocka_unit_test(a_changed_byte_is_found),
		cmocka_unit_test(names_stay_below_the_folder),
		cmocka_unit_test(what_arrived_is_taken_once),
		cmocka_unit_test(one_that_is_refused_is_kept_aside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
