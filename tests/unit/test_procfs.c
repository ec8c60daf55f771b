/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/procfs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void status_lines_become_bytes(void **state)
{
	struct ep_proc_memory m;

	(void)state;
	assert_int_equal(
		ep_proc_memory_parse("Name:\tinfer\nUmask:\t0022\n"
				     "VmPeak:\t  999 kB\nVmHWM:\t    2048 kB\n"
				     "VmRSS:\t    1024 kB\nRssAnon:\t 512 kB\n"
				     "RssFile:\t 500 kB\nRssShmem:\t 12 kB\n"
				     "VmSwap:\t       3 kB\nThreads:\t10001\n",
				     &m),
		0);
	assert_int_equal(m.peak_bytes, 2048 * 1024);
	assert_int_equal(m.rss_bytes, 1024 * 1024);
	assert_int_equal(m.rss_anon_bytes, 512 * 1024);
	assert_int_equal(m.rss_file_bytes, 500 * 1024);
	assert_int_equal(m.swap_bytes, 3 * 1024);
	assert_int_equal(m.threads_count, 10001);
}

static void a_zombie_has_no_memory_lines(void **state)
{
	struct ep_proc_memory m;

	(void)state;
	assert_int_equal(ep_proc_memory_parse("Name:\tx\nThreads:\t1", &m), 0);
	assert_int_equal(m.rss_bytes, -1);
	assert_int_equal(m.peak_bytes, -1);
	assert_int_equal(m.threads_count, 1);
}

static void garbage_is_refused_and_leaves_the_result(void **state)
{
	static const char *const bad[] = {
		"VmRSS:\t12x kB\n",
		"VmRSS:\t\n",
		"VmRSS:\t-4 kB\n",
		"VmRSS:\t9223372036854775807 kB\n",
		"VmRSS:\t99999999999999999999999 kB\n",
	};
	struct ep_proc_memory m = { 1, 2, 3, 4, 5, 6 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(ep_proc_memory_parse(bad[i], &m), -EBADMSG);
		assert_int_equal(m.rss_bytes, 2);
	}
}

static void the_kernel_tells_of_this_process(void **state)
{
	const size_t len = (size_t)32 << 20;
	struct ep_proc_memory before, after;
	char *map;

	(void)state;
	assert_int_equal(ep_proc_memory_read(getpid(), &before), 0);
	map = mmap(NULL, len, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(map != MAP_FAILED);
	memset(map, 1, len);
	assert_int_equal(ep_proc_memory_read(getpid(), &after), 0);
	/* the kernel keeps its counts per CPU in batches */
	assert_true(after.rss_anon_bytes - before.rss_anon_bytes >
		    (int64_t)len - (2 << 20));
	assert_true(after.peak_bytes >= after.rss_bytes - (2 << 20));
	munmap(map, len);
}

static void a_process_that_is_gone(void **state)
{
	struct ep_proc_memory m;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(0);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(ep_proc_memory_read(pid, &m), -ESRCH);
}

static void meminfo_becomes_bytes(void **state)
{
	struct ep_meminfo m;
	int fd;

	(void)state;
	assert_int_equal(ep_meminfo_parse("MemTotal: 8000000 kB\n"
					  "MemAvailable:    4096 kB\n"
					  "SwapTotal:  100 kB\n"
					  "SwapFree:    40 kB\n",
					  &m),
			 0);
	assert_int_equal(m.available_bytes, 4096 * 1024);
	assert_int_equal(m.swap_total_bytes - m.swap_free_bytes, 60 * 1024);
	assert_int_equal(ep_meminfo_parse("MemTotal: 5 kB\n", &m), 0);
	assert_int_equal(m.available_bytes, -1);
	fd = ep_meminfo_open();
	assert_true(fd >= 0);
	assert_int_equal(ep_meminfo_read(fd, &m), 0);
	assert_true(m.available_bytes > 0);
	assert_int_equal(ep_meminfo_read(fd, &m), 0);
	close(fd);
}

static void pressure_totals_become_ns(void **state)
{
	struct ep_psi psi;

	(void)state;
	assert_int_equal(
		ep_psi_parse("some avg10=0.00 avg60=0.00 avg300=0.00 "
			     "total=4607853\n"
			     "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n",
			     &psi),
		0);
	assert_int_equal(psi.some_ns, INT64_C(4607853000));
	assert_int_equal(psi.full_ns, 7000);
	/* cpu before kernel 5.13 */
	assert_int_equal(ep_psi_parse("some avg10=0.00 total=1\n", &psi), 0);
	assert_int_equal(psi.full_ns, -1);
	assert_int_equal(ep_psi_parse("full avg10=0.00 total=2\n", &psi), 0);
	assert_int_equal(psi.some_ns, -1);
	assert_int_equal(psi.full_ns, 2000);
}

static void broken_pressure_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"some\n",
		"some avg10=0.00\nfull total=3\n",
		"some total=\n",
		"some total=12a\n",
		"some total=9223372036854775807\n",
		"total=3\n",
	};
	struct ep_psi psi = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(ep_psi_parse(bad[i], &psi), -EBADMSG);
	assert_int_equal(psi.some_ns, 1);
	assert_int_equal(ep_psi_open("nothing"), -ENOENT);
}

static void the_path_of_this_program(void **state)
{
	char path[512], small[4];

	(void)state;
	assert_int_equal(ep_proc_self_exe(path, sizeof(path)), 0);
	assert_non_null(strstr(path, "test_procfs"));
	assert_int_equal(ep_proc_self_exe(small, sizeof(small)), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_lines_become_bytes),
		cmocka_unit_test(a_zombie_has_no_memory_lines),
		cmocka_unit_test(garbage_is_refused_and_leaves_the_result),
		cmocka_unit_test(the_kernel_tells_of_this_process),
		cmocka_unit_test(a_process_that_is_gone),
		cmocka_unit_test(meminfo_becomes_bytes),
		cmocka_unit_test(pressure_totals_become_ns),
		cmocka_unit_test(broken_pressure_is_refused),
		cmocka_unit_test(the_path_of_this_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
