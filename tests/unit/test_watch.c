/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profiler/record/watch.h"

struct fixture {
	char root[128];
	char dir[160];
	struct ep_env env;
	struct ep_identity owner;
	struct ep_writer writer;
	struct ep_watch watch;
	char text[4096];
};

static struct fixture f;

static void write_online(const char *list)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/online",
		 f.root);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(list, file);
	fclose(file);
}

static int setup(void **state)
{
	char command[256];

	(void)state;
	memset(&f, 0, sizeof(f));
	snprintf(f.root, sizeof(f.root), "/tmp/ep-watch-XXXXXX");
	assert_non_null(mkdtemp(f.root));
	snprintf(command, sizeof(command), "mkdir -p %s/sys/devices/system/cpu",
		 f.root);
	assert_int_equal(system(command), 0);
	snprintf(f.dir, sizeof(f.dir), "%s/run", f.root);
	assert_int_equal(ep_root_open(&f.env.root, f.root, NULL), 0);
	f.env.now_ns = ep_clock_monotonic_ns;
	write_online("0-3\n");
	assert_int_equal(ep_writer_open(&f.writer, f.dir, &f.owner, NULL), 0);
	ep_watch_look(&f.watch, &f.env, &f.writer);
	return 0;
}

static int teardown(void **state)
{
	char command[256];

	(void)state;
	ep_writer_close(&f.writer);
	ep_root_close(&f.env.root);
	snprintf(command, sizeof(command), "rm -rf %s", f.root);
	return system(command);
}

static const char *events(void)
{
	char path[256];
	int fd;
	ssize_t n;

	assert_int_equal(ep_writer_flush(&f.writer), 0);
	snprintf(path, sizeof(path), "%s/events.csv", f.dir);
	fd = open(path, O_RDONLY);
	n = read(fd, f.text, sizeof(f.text) - 1);
	assert_true(n > 0);
	f.text[n] = '\0';
	close(fd);
	return f.text;
}

static void a_quiet_second_is_one_clock_pair(void **state)
{
	(void)state;
	ep_watch_look(&f.watch, &f.env, &f.writer);
	assert_non_null(strstr(events(), ",clock,"));
	assert_null(strstr(f.text, ",step,"));
	assert_null(strstr(f.text, ",cpu,"));
}

static void a_wall_clock_set_by_an_hour_is_a_step(void **state)
{
	(void)state;
	/* Half a second keeps the reads' own spread out of the digits. */
	f.watch.last.real_ns -= 3600 * EP_NS_PER_S + EP_NS_PER_S / 2;
	ep_watch_look(&f.watch, &f.env, &f.writer);
	assert_non_null(strstr(events(), ",step,,,,,realtime,by_ns=36"));
}

static void a_suspended_machine_steps_its_boot_time(void **state)
{
	(void)state;
	f.watch.last.boot_ns -= 60 * EP_NS_PER_S + EP_NS_PER_S / 2;
	ep_watch_look(&f.watch, &f.env, &f.writer);
	assert_non_null(strstr(events(), ",step,,,,,boottime,by_ns=60"));
	assert_null(strstr(f.text, "realtime"));
}

static void a_cpu_taken_offline_is_an_event_with_both_lists(void **state)
{
	(void)state;
	write_online("0-2\n");
	ep_watch_look(&f.watch, &f.env, &f.writer);
	assert_non_null(strstr(events(), "\"online CPUs: 0-2, before: 0-3\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_quiet_second_is_one_clock_pair, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_wall_clock_set_by_an_hour_is_a_step, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_suspended_machine_steps_its_boot_time, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_cpu_taken_offline_is_an_event_with_both_lists, setup,
			teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
