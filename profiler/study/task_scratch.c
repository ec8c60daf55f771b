/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/tree.h"
#include "profiler/study/task.h"

/* Tasks of one study that one machine can have at a time. */
#define SCRATCH_MAX 64
#define DYING_NS (10 * EP_NS_PER_S)
#define TICK_MS 50

/* Ours alone, and nobody works in it: a descriptor, else -errno. */
static int open_own(const char *path)
{
	struct stat st;
	int fd, r = 0;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		r = -errno;
	else if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		r = -EBUSY;
	else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

/* What a task that died had begun. */
static int empty(int dir_fd)
{
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = ep_tree_remove(dir_fd, entry->d_name);
	closedir(dir);
	return r;
}

/* The run of a task that was killed ends a moment after it, and writes until
 * then. */
static int empty_for_good(int dir_fd)
{
	int64_t begin_ns = ep_clock_monotonic_ns();
	int r;

	while ((r = empty(dir_fd)) == -ENOTEMPTY &&
	       ep_clock_monotonic_ns() - begin_ns < DYING_NS)
		(void)poll(NULL, 0, TICK_MS);
	return r;
}

int ep_task_scratch_open(const char *study_id, struct ep_task_scratch *ret,
			 struct ep_err *err)
{
	const char *top = secure_getenv("TMPDIR");
	struct ep_task_scratch s = { .fd = -EBUSY };
	int r;

	if (!top || top[0] != '/')
		top = P_tmpdir;
	for (int i = 1; s.fd == -EBUSY && i <= SCRATCH_MAX; i++) {
		if (!ep_str_format(s.path, sizeof(s.path),
				   "%s/edgeprof-%.8s-%d", top, study_id, i))
			return ep_err_set(err, -ENAMETOOLONG,
					  "%s: the path is too long", top);
		s.fd = open_own(s.path);
	}
	r = s.fd < 0 ? s.fd : empty_for_good(s.fd);
	if (r < 0) {
		if (s.fd >= 0)
			close(s.fd);
		return ep_err_set(err, r, "%s: %s", s.path, strerror(-r));
	}
	*ret = s;
	return 0;
}

void ep_task_scratch_close(struct ep_task_scratch *s)
{
	if (s->fd < 0)
		return;
	if (empty(s->fd) == 0)
		(void)rmdir(s->path);
	close(s->fd);
	s->fd = -1;
}
