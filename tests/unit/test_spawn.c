/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spawn.h"

#define S(text) ((char *)(uintptr_t)(text))

static void wait_end(struct ep_child *c)
{
	while (ep_child_reap(c) == 1) {
		struct pollfd p = { .fd = c->pidfd, .events = POLLIN };

		poll(&p, 1, 50);
	}
}

/* Runs argv and gives back what it wrote. */
static int run(char *const *argv, const struct ep_spawn *like, char *ret,
	       size_t size)
{
	struct ep_spawn s = *like;
	struct ep_child c;
	struct ep_err err = { 0 };
	int64_t gate_ns = 0;
	int ends[2];
	ssize_t n;
	size_t len = 0;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.argv = argv;
	s.stdin_fd = -1;
	s.stderr_fd = -1;
	s.stdout_fd = ends[1];
	assert_int_equal(ep_child_hold(&c, &s, &err), 0);
	close(ends[1]);
	assert_int_equal(ep_child_release(&c, &gate_ns, &err), 0);
	while ((n = read(ends[0], ret + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ret[len] = '\0';
	close(ends[0]);
	wait_end(&c);
	assert_true(c.end_ns >= gate_ns);
	n = c.wait_status;
	ep_child_close(&c);
	return (int)n;
}

static void nothing_runs_before_the_gate(void **state)
{
	char *argv[] = { S("sh"), S("-c"), S("echo x"), NULL };
	struct ep_process_state ps;
	struct ep_spawn s = {
		.argv = argv, .state = &ps, .stdin_fd = -1, .stderr_fd = -1
	};
	struct pollfd p;
	struct ep_child c;
	int64_t gate_ns;
	int ends[2];
	char byte;

	(void)state;
	ep_process_state_get(&ps);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	s.stdout_fd = ends[1];
	assert_int_equal(ep_child_hold(&c, &s, NULL), 0);
	close(ends[1]);
	p = (struct pollfd){ .fd = ends[0], .events = POLLIN };
	assert_int_equal(poll(&p, 1, 30), 0);
	assert_int_equal(ep_child_release(&c, &gate_ns, NULL), 0);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	assert_int_equal(byte, 'x');
	wait_end(&c);
	assert_true(WIFEXITED(c.wait_status));
	ep_child_close(&c);
	close(ends[0]);
}

static void a_held_child_is_killed_and_reaped_by_close(void **state)
{
	char *argv[] = { S("true"), NULL };
	struct ep_spawn s = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1
	};
	struct ep_child c;
	pid_t pid;

	(void)state;
	assert_int_equal(ep_child_hold(&c, &s, NULL), 0);
	pid = c.pid;
	ep_child_close(&c);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void a_script_without_interpreter_reports_the_errno_of_exec(void **state)
{
	char path[] = "/tmp/ep-spawn-XXXXXX";
	int fd = mkstemp(path);
	char *argv[] = { path, NULL };
	struct ep_spawn s = {
		.argv = argv, .stdin_fd = -1, .stdout_fd = -1, .stderr_fd = -1
	};
	struct ep_child c;
	struct ep_err err = { 0 };
	int64_t gate_ns = 0;

	(void)state;
	assert_true(write(fd, "#!/nonexistent/sh\n", 18) == 18);
	fchmod(fd, 0755);
	close(fd);
	assert_int_equal(ep_child_hold(&c, &s, NULL), 0);
	assert_int_equal(ep_child_release(&c, &gate_ns, &err), -ENOENT);
	assert_int_equal(gate_ns, 0);
	ep_child_close(&c);
	unlink(path);
}

static void resolve_tells_missing_from_not_executable(void **state)
{
	char path[4096];
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_spawn_resolve("true", path, sizeof(path), &err), 0);
	assert_true(access(path, X_OK) == 0);
	assert_int_equal(ep_spawn_resolve("no-such-program-here", path,
					  sizeof(path), &err),
			 -ENOENT);
	assert_non_null(strstr(err.text, "no-such-program-here"));
	assert_int_equal(
		ep_spawn_resolve("/etc/passwd", path, sizeof(path), &err),
		-EACCES);
	assert_int_equal(ep_spawn_resolve("/etc", path, sizeof(path), &err),
			 -EACCES);
	assert_int_equal(ep_spawn_resolve("", path, sizeof(path), &err),
			 -ENOENT);
}

/* "SigIgn:..." of this process, as the kernel has it. */
static void ignored_line(char *ret, size_t size)
{
	FILE *status = fopen("/proc/self/status", "re");

	assert_non_null(status);
	while (fgets(ret, (int)size, status))
		if (strncmp(ret, "SigIgn:", 7) == 0)
			break;
	fclose(status);
	assert_true(strncmp(ret, "SigIgn:", 7) == 0);
}

static void the_child_gets_back_mask_umask_and_dispositions(void **state)
{
	char *argv[] = { S("sh"), S("-c"),
			 S("umask; grep SigBlk /proc/self/status;"
			   "grep SigIgn /proc/self/status"),
			 NULL };
	struct ep_process_state ps;
	struct ep_spawn s = { .state = &ps };
	char out[512], ignored[64];
	sigset_t set;

	(void)state;
	umask(027);
	ignored_line(ignored, sizeof(ignored));
	ep_process_state_get(&ps);
	umask(0);
	sigfillset(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(run(argv, &s, out, sizeof(out)), 0);
	sigprocmask(SIG_SETMASK, &ps.mask, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_non_null(strstr(out, "0027"));
	assert_non_null(strstr(out, "SigBlk:\t0000000000000000"));
	assert_non_null(strstr(out, ignored));
}

static void only_descriptors_of_the_shell_reach_the_child(void **state)
{
	char *argv[] = { S("sh"), S("-c"), S("ls /proc/self/fd | tr '\\n' ' '"),
			 NULL };
	struct ep_process_state ps;
	struct ep_spawn s = { .state = &ps };
	int given = open("/dev/null", O_RDONLY), ours;
	char out[512], number[16];

	(void)state;
	ep_process_state_get(&ps);
	ours = open("/dev/zero", O_RDONLY);
	assert_int_equal(run(argv, &s, out, sizeof(out)), 0);
	snprintf(number, sizeof(number), " %d ", given);
	assert_non_null(strstr(out, number));
	snprintf(number, sizeof(number), " %d ", ours);
	/* ls has one descriptor of its own, which may reuse the number of
	 * ours: then the list is no longer than it must be. */
	if (strstr(out, number)) {
		size_t words = 0;

		for (const char *p = out; *p; p++)
			words += *p == ' ';
		assert_true(words <= (size_t)ps.inherited_count + 4);
	}
	close(given);
	close(ours);
}

static void a_caller_of_sudo_gets_his_own_ids(void **state)
{
	char *argv[] = { S("sh"), S("-c"), S("id -u; id -g; echo $HOME; id -G"),
			 NULL };
	struct ep_identity id;
	struct ep_err err = { 0 };
	struct ep_spawn s = { .identity = &id };
	char out[512];

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root\n");
		skip();
	}
	setenv("SUDO_UID", "65534", 1);
	setenv("SUDO_GID", "65534", 1);
	assert_int_equal(ep_identity_get(&id, &err), 0);
	assert_true(id.changes);
	assert_string_equal(id.via, "sudo");
	assert_int_equal(run(argv, &s, out, sizeof(out)), 0);
	assert_true(strncmp(out, "65534\n65534\n/nonexistent\n65534\n", 32) ==
		    0);
	unsetenv("SUDO_UID");
	unsetenv("SUDO_GID");
}

static void rubbish_in_sudo_uid_is_refused(void **state)
{
	struct ep_identity id;
	struct ep_err err = { 0 };

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root\n");
		skip();
	}
	setenv("SUDO_UID", "-1", 1);
	assert_int_equal(ep_identity_get(&id, &err), -EINVAL);
	setenv("SUDO_UID", "12x", 1);
	assert_int_equal(ep_identity_get(&id, &err), -EINVAL);
	assert_non_null(strstr(err.text, "SUDO_UID"));
	unsetenv("SUDO_UID");
	assert_int_equal(ep_identity_get(&id, &err), 0);
	assert_false(id.changes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_runs_before_the_gate),
		cmocka_unit_test(a_held_child_is_killed_and_reaped_by_close),
		cmocka_unit_test(
			a_script_without_interpreter_reports_the_errno_of_exec),
		cmocka_unit_test(resolve_tells_missing_from_not_executable),
		cmocka_unit_test(
			the_child_gets_back_mask_umask_and_dispositions),
		cmocka_unit_test(only_descriptors_of_the_shell_reach_the_child),
		cmocka_unit_test(a_caller_of_sudo_gets_his_own_ids),
		cmocka_unit_test(rubbish_in_sudo_uid_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
