/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "drivers/proc_list.h"
#include "profiler/study/execute.h"

#define LOCK_NAME "study.lock"
#define WAIT_NS (10 * EP_NS_PER_S)
#define LOOK_MS 50

/* Two processes, each as "PID START": the study and its run. */
struct owners {
	struct ep_proc_id study, run;
};

static const char *read_process(const char *text, struct ep_proc_id *ret)
{
	char number[24];
	int64_t values[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		size_t len = strcspn(text, " \n");

		(void)ep_str_format(number, sizeof(number), "%.*s", (int)len,
				    text);
		if (ep_num_parse_i64(number, &values[i]) < 0)
			values[0] = 0;
		text += len + (text[len] != '\0');
	}
	*ret = (struct ep_proc_id){
		.pid = (pid_t)values[0],
		.start_ticks = (unsigned long long)values[1],
	};
	return text;
}

static void read_owners(int fd, struct owners *ret)
{
	char text[120];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	(void)read_process(read_process(text, &ret->study), &ret->run);
}

static bool lives(const struct ep_proc_id *id)
{
	return id->pid > 0 && ep_proc_is(id);
}

static void write_owners(int fd, pid_t run)
{
	struct ep_proc_id us = { .pid = getpid() }, it = { .pid = run };
	char text[120];

	if (ep_proc_get(us.pid, &us) < 0)
		return;
	if (run > 0 && ep_proc_get(run, &it) < 0)
		it.pid = 0;
	(void)ep_str_format(text, sizeof(text), "%d %llu %d %llu\n", us.pid,
			    us.start_ticks, it.pid, it.start_ticks);
	/* It only names us: the lock holds without. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, strlen(text), 0) < 0)
		return;
}

void ep_execute_lock_note(int fd, pid_t run)
{
	write_owners(fd, run);
}

/* 0 it is ours; -EBUSY with who it is. */
static int try_lock(int fd, const char *dir, struct ep_err *err)
{
	struct owners o;
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;

	if (!locked && errno != EWOULDBLOCK)
		return ep_err_set(err, -errno, "%s/" LOCK_NAME ": %s", dir,
				  strerror(errno));
	read_owners(fd, &o);
	if (locked && !lives(&o.run))
		return 0;
	if (locked) {
		flock(fd, LOCK_UN);
		return ep_err_set(
			err, -EBUSY,
			"%s: a run that was started before still goes "
			"on (process %d): end it, or wait for it",
			dir, (int)o.run.pid);
	}
	return ep_err_set(err, -EBUSY,
			  "%s is being worked on by process %d: end it, or "
			  "wait for it",
			  dir, (int)o.study.pid);
}

int ep_execute_lock(const char *dir, int *ret_fd, struct ep_err *err)
{
	int64_t begin_ns = ep_clock_monotonic_ns();
	char path[4200];
	int fd, r;

	(void)ep_str_format(path, sizeof(path), "%s/" LOCK_NAME, dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return ep_err_set(err, -errno, "%s: %s", path, strerror(errno));
	while ((r = try_lock(fd, dir, err)) == -EBUSY &&
	       ep_clock_monotonic_ns() - begin_ns < WAIT_NS)
		(void)poll(NULL, 0, LOOK_MS);
	if (r < 0) {
		close(fd);
		return r;
	}
	write_owners(fd, 0);
	*ret_fd = fd;
	return 0;
}
