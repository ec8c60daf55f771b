/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What edgeprof setup publishes of its probes, and who is let in by it. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/str.h"
#include "drivers/elf.h"
#include "drivers/setup.h"
#include "drivers/uprobe_publish.h"
#include "tests/unit/support_tmp.h"

#define HEAD "edgeprof-probes 1\nboot b\n"
#define LIBRARY "library 65024 7 1795241902833107613 4620496 3b71 /a b/l.so\n"
#define POINTS "points 0x1f2174/2/0 0x1f2174/1/1\n"
#define EVENTS "event in1 0 2328 16 24 28 0 36\nevent out1 1 2329 0 0 0 24 32\n"

static struct ep_uprobe_published *parsed(const char *text)
{
	struct ep_uprobe_published *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	assert_int_equal(ep_uprobe_published_parse(text, p), 0);
	return p;
}

static void what_is_written_is_read_again(void **state)
{
	static const char text[] = HEAD LIBRARY POINTS EVENTS
		"library 1 2 -3 4 - /c\npoints 0x4/0/26\nevent in2 0 9 8 16 20 "
		"0 28\n";
	struct ep_uprobe_published *p = parsed(text);
	const struct ep_uprobe_library *l = &p->libraries[0];
	struct ep_buf out;

	(void)state;
	assert_string_equal(p->boot_id, "b");
	assert_int_equal(p->count, 2);
	assert_string_equal(l->path, "/a b/l.so");
	assert_string_equal(l->build_id, "3b71");
	assert_string_equal(p->libraries[1].build_id, "");
	assert_int_equal(l->mtime_ns, INT64_C(1795241902833107613));
	assert_int_equal(l->point_count, 2);
	assert_int_equal(l->points[1].offset, 0x1f2174);
	assert_int_equal(l->points[1].flags, EP_UPROBE_RETURN);
	assert_int_equal(l->points[1].probe, 1);
	assert_int_equal(l->event_count, 2);
	assert_int_equal(l->events[1].config, 2329);
	assert_int_equal(l->events[0].third_at, 28);
	assert_int_equal(l->events[1].value_at, 24);
	assert_int_equal(p->libraries[1].mtime_ns, -3);
	ep_buf_init(&out, 65536);
	assert_int_equal(ep_uprobe_published_format(p, &out), 0);
	assert_string_equal(out.data, text);
	ep_buf_done(&out);
	free(p);
}

static void broken_files_are_refused(void **state)
{
	static const char *const broken[] = {
		"", "edgeprof-probes 2\nboot b\n", "edgeprof-probes 1\n",
		HEAD "rubbish\n", HEAD POINTS, HEAD "library 1 2 3 4 -\n",
		HEAD "library 1 2 3 4 - relative\n",
		HEAD "library x 2 3 4 - /a\n", HEAD LIBRARY "points\n",
		HEAD LIBRARY "points 0x1\n", HEAD LIBRARY "points 0x1/0/-1\n",
		HEAD LIBRARY "points 0x1/0/1x\n", HEAD LIBRARY POINTS POINTS,
		HEAD LIBRARY POINTS EVENTS "event in2 0 9 8 16 20 0 28\n",
		/* beyond a sample */
		HEAD LIBRARY POINTS "event in2 0 9 8 16 20 0 65\n",
		HEAD LIBRARY POINTS "event in2 2 9 8 16 20 0 28\n",
		HEAD LIBRARY POINTS "event in2 0 -9 8 16 20 0 28\n",
		HEAD LIBRARY POINTS "event a-much-too-long-name 0 9 8 16 20 0 "
				    "28\n",
		HEAD "library 1 2 3 4 - /a", /* cut short */
	};
	struct ep_uprobe_published *p = calloc(1, sizeof(*p));

	(void)state;
	assert_non_null(p);
	p->count = 77;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		if (ep_uprobe_published_parse(broken[i], p) != -EBADMSG)
			fail_msg("number %zu was taken", i);
	assert_int_equal(p->count, 77);
	free(p);
}

static void limits_are_kept(void **state)
{
	struct ep_uprobe_published *p = calloc(1, sizeof(*p));
	struct ep_buf text;

	(void)state;
	assert_non_null(p);
	ep_buf_init(&text, 1 << 20);
	assert_int_equal(ep_buf_adds(&text, HEAD), 0);
	for (size_t i = 0; i <= EP_UPROBE_LIBRARIES_MAX; i++)
		assert_int_equal(ep_buf_adds(&text, LIBRARY), 0);
	assert_int_equal(ep_uprobe_published_parse(text.data, p), -EFBIG);
	ep_buf_reset(&text);
	assert_int_equal(ep_buf_adds(&text, HEAD LIBRARY "points"), 0);
	for (size_t i = 0; i <= EP_UPROBE_POINTS_MAX; i++)
		assert_int_equal(ep_buf_adds(&text, " 0x1/0/1"), 0);
	assert_int_equal(ep_buf_adds(&text, "\n"), 0);
	assert_int_equal(ep_uprobe_published_parse(text.data, p), -EBADMSG);
	ep_buf_done(&text);
	free(p);
}

static void only_the_same_file_is_found(void **state)
{
	struct ep_uprobe_published *p = parsed(HEAD LIBRARY POINTS EVENTS);
	struct ep_uprobe_library now = p->libraries[0];
	struct ep_err err = { 0 };

	(void)state;
	assert_ptr_equal(ep_uprobe_published_find(p, &now, &err),
			 &p->libraries[0]);
	/* By another name it is the same. */
	(void)ep_str_copy(now.path, sizeof(now.path), "/other");
	assert_non_null(ep_uprobe_published_find(p, &now, &err));
	now.mtime_ns++;
	assert_null(ep_uprobe_published_find(p, &now, &err));
	assert_int_equal(err.code, -ESTALE);
	assert_string_equal(err.text, "libllama rebuilt since setup: sudo "
				      "edgeprof setup --lib /other");
	now.ino++;
	assert_null(ep_uprobe_published_find(p, &now, &err));
	assert_int_equal(err.code, -ENOENT);
	assert_non_null(strstr(err.text, "setup --lib /other"));
	now = p->libraries[0];
	(void)ep_str_copy(now.build_id, sizeof(now.build_id), "3b72");
	assert_null(ep_uprobe_published_find(p, &now, &err));
	assert_non_null(strstr(err.text, "rebuilt since setup"));
	/* Probes that mean another thing in this version. */
	now = p->libraries[0];
	now.points[1].probe = 3;
	assert_null(ep_uprobe_published_find(p, &now, &err));
	assert_string_equal(err.text, "set up by another edgeprof: run sudo "
				      "edgeprof setup again");
	free(p);
}

static void build_ids_are_read(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char id[128] = "", small[8];
	struct ep_elf elf;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ep_elf_init(&elf, fd), 0);
	assert_int_equal(ep_elf_build_id(&elf, id, sizeof(id)), 0);
	assert_int_equal(strlen(id), 40);
	assert_int_equal(strspn(id, "0123456789abcdef"), 40);
	assert_int_equal(ep_elf_build_id(&elf, small, sizeof(small)), -ENOENT);
	elf.size_bytes = 80;
	assert_int_equal(ep_elf_build_id(&elf, id, sizeof(id)), -EBADMSG);
	close(fd);
}

static void files_are_put_whole(void **state)
{
	struct ep_buf text;
	struct ep_tmp tmp;
	int fd;

	(void)state;
	ep_tmp_make(&tmp);
	fd = tmp.fd;
	ep_buf_init(&text, 100);
	assert_int_equal(ep_buf_adds(&text, "one\n"), 0);
	/* A draft that a killed process left is in nobody's way. */
	close(openat(fd, ".f.new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_int_equal(ep_file_put(fd, "f", &text, 0640, false), 0);
	assert_int_equal(faccessat(fd, ".f.new", F_OK, 0), -1);
	assert_int_equal(ep_file_put(fd, "f", &text, 0644, false), -EEXIST);
	assert_int_equal(faccessat(fd, ".f.new", F_OK, 0), -1);
	assert_int_equal(ep_file_put(fd, "f", &text, 0644, true), 0);
	ep_buf_reset(&text);
	assert_int_equal(ep_file_read(fd, "f", &text), 0);
	assert_string_equal(text.data, "one\n");
	assert_int_equal(ep_file_put(-1, "f", &text, 0644, true), -EBADF);
	close(openat(fd, ".f.new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	ep_file_put_clean(fd, "f");
	assert_int_equal(faccessat(fd, ".f.new", F_OK, 0), -1);
	ep_buf_done(&text);
	ep_tmp_remove(&tmp);
}

static void folders_are_safe_or_not(void **state)
{
	(void)state;
	assert_true(ep_setup_is_safe("/usr/bin/env"));
	assert_false(ep_setup_is_safe("/tmp/edgeprof"));
	assert_false(ep_setup_is_safe("/tmp/x/edgeprof"));
	assert_false(ep_setup_is_safe("bin/edgeprof"));
	assert_false(ep_setup_is_safe("/no/such/folder/edgeprof"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_again),
		cmocka_unit_test(broken_files_are_refused),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(only_the_same_file_is_found),
		cmocka_unit_test(build_ids_are_read),
		cmocka_unit_test(files_are_put_whole),
		cmocka_unit_test(folders_are_safe_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
