/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drivers/uprobe.h"

struct maps {
	char exe[4096];
	int seen;
	pid_t pid;
};

static void note_map(void *ctx, const struct ep_uprobe_map *m)
{
	struct maps *maps = ctx;
	int fd;

	assert_true(m->end > m->start && m->t_ns > 0);
	if (m->pid != maps->pid || strcmp(m->path, maps->exe) != 0)
		return;
	fd = ep_uprobe_map_open(m);
	assert_true(fd >= 0);
	close(fd);
	maps->seen++;
}

/* The child says something once it runs, and ends when its input does. */
static pid_t hold_child(int *ret_gate, int *ret_talk, int *ret_end)
{
	int gate[2], talk[2], end[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	assert_int_equal(pipe2(talk, O_CLOEXEC), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		if (read(gate[0], &byte, 1) == 1) {
			dup2(end[0], 0);
			dup2(talk[1], 1);
			execl("/proc/self/exe", "test_uprobe_track", "child",
			      NULL);
		}
		_exit(1);
	}
	close(gate[0]);
	close(talk[1]);
	close(end[0]);
	*ret_gate = gate[1];
	*ret_talk = talk[0];
	*ret_end = end[1];
	return pid;
}

static void track_sees_mappings_and_forks(void **state)
{
	struct epoll_event ev;
	struct ep_uprobe_track *track = NULL;
	struct maps maps = { .exe = "" };
	struct ep_err err = { 0 };
	int64_t lost = 0, records;
	int gate, talk, end, status, epoll_fd;
	int32_t grandchild = 0;

	(void)state;
	if (ep_uprobe_check(&err) < 0) {
		print_message("SKIP: %s\n", err.text);
		skip();
	}
	assert_true(readlink("/proc/self/exe", maps.exe, sizeof(maps.exe) - 1) >
		    0);
	maps.pid = hold_child(&gate, &talk, &end);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	assert_int_equal(ep_uprobe_track_open(maps.pid, &track, &err), 0);
	assert_int_equal(ep_uprobe_track_watch(track, epoll_fd, true), 0);
	assert_int_equal(ep_uprobe_track_drain(track, note_map, &maps, &lost),
			 0);
	assert_int_equal(write(gate, "g", 1), 1);
	assert_int_equal(epoll_wait(epoll_fd, &ev, 1, 10000), 1);
	assert_int_equal(read(talk, &grandchild, sizeof(grandchild)),
			 sizeof(grandchild));
	records = ep_uprobe_track_drain(track, note_map, &maps, &lost);
	assert_true(records > 0);
	assert_int_equal(lost, 0);
	assert_int_equal(maps.seen, 1);
	assert_true(ep_uprobe_track_has(track, maps.pid));
	assert_true(ep_uprobe_track_has(track, grandchild));
	assert_false(ep_uprobe_track_has(track, getpid()));
	assert_int_equal(ep_uprobe_track_watch(track, epoll_fd, false), 0);
	close(end);
	assert_int_equal(waitpid(maps.pid, &status, 0), maps.pid);
	assert_int_equal(status, 0);
	ep_uprobe_track_close(track);
	close(gate);
	close(talk);
	close(epoll_fd);
}

static void find_exe(void *ctx, const struct ep_uprobe_map *m)
{
	struct maps *maps = ctx;

	assert_true(m->end > m->start && m->t_ns == 0);
	assert_int_equal(m->pid, maps->pid);
	maps->seen += strcmp(m->path, maps->exe) == 0;
}

static void what_is_mapped_already_is_listed(void **state)
{
	struct maps maps = { .exe = "", .pid = getpid() };

	(void)state;
	assert_true(readlink("/proc/self/exe", maps.exe, sizeof(maps.exe) - 1) >
		    0);
	assert_int_equal(ep_uprobe_maps(getpid(), find_exe, &maps), 0);
	assert_int_equal(maps.seen, 1);
	assert_int_equal(ep_uprobe_maps(0x3fffffff, find_exe, &maps), -ENOENT);
}

/* A child that runs, and what it forks and maps from then on; nobody else. */
static void track_follows_what_runs_already(void **state)
{
	struct ep_uprobe_track *track = NULL;
	struct maps maps = { .exe = "" };
	struct ep_err err = { 0 };
	int64_t lost = 0;
	int gate, talk, end, status;
	int32_t grandchild = 0;
	pid_t stranger;

	(void)state;
	if (ep_uprobe_check(&err) < 0) {
		print_message("SKIP: %s\n", err.text);
		skip();
	}
	assert_true(readlink("/proc/self/exe", maps.exe, sizeof(maps.exe) - 1) >
		    0);
	maps.pid = hold_child(&gate, &talk, &end);
	assert_int_equal(ep_uprobe_track_open_running(&track, &err), 0);
	assert_false(ep_uprobe_track_has(track, maps.pid));
	ep_uprobe_track_add(track, maps.pid);
	stranger = fork();
	if (stranger == 0)
		_exit(0);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
	assert_int_equal(write(gate, "g", 1), 1);
	assert_int_equal(read(talk, &grandchild, sizeof(grandchild)),
			 sizeof(grandchild));
	assert_true(ep_uprobe_track_drain(track, note_map, &maps, &lost) > 0);
	assert_int_equal(lost, 0);
	assert_int_equal(maps.seen, 1);
	assert_true(ep_uprobe_track_has(track, grandchild));
	assert_false(ep_uprobe_track_has(track, stranger));
	close(end);
	assert_int_equal(waitpid(maps.pid, &status, 0), maps.pid);
	assert_int_equal(status, 0);
	ep_uprobe_track_close(track);
	close(gate);
	close(talk);
}

/* What track_sees_mappings_and_forks() executes. */
static int child_main(void)
{
	pid_t pid = fork();
	int32_t number = pid;
	char byte;

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	if (write(1, &number, sizeof(number)) != sizeof(number))
		return 1;
	return read(0, &byte, 1) == 0 ? 0 : 1;
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ep_uprobe_track_close(NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(track_sees_mappings_and_forks),
		cmocka_unit_test(what_is_mapped_already_is_listed),
		cmocka_unit_test(track_follows_what_runs_already),
		cmocka_unit_test(closing_nothing_is_fine),
	};

	if (argc == 2 && strcmp(argv[1], "child") == 0)
		return child_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
