/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/arrived.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tree.h"

#define NAME_BYTES (EP_WORK_NAME_BYTES + 64)

static const char taken_end[] = ".taken";

void ep_arrived_host(char *ret, size_t size)
{
	/* Set by Slurm; several nodes may live on one host. */
	const char *node = secure_getenv("SLURMD_NODENAME");

	if (node && node[0]) {
		(void)ep_str_copy(ret, size, node);
	} else if (gethostname(ret, size) < 0) {
		(void)ep_str_copy(ret, size, "?");
	}
	ret[size - 1] = '\0';
	ep_str_printable(ret);
}

static bool is_there(int dir_fd, const char *name, const char *end)
{
	char path[NAME_BYTES];

	return ep_str_format(path, sizeof(path), "%s%s", name, end) &&
	       faccessat(dir_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

bool ep_arrived_has(int dir_fd, const char *name)
{
	return is_there(dir_fd, name, "") || is_there(dir_fd, name, taken_end);
}

static int copy_into(int dir_fd, const char *part, int run_fd)
{
	struct ep_tree t;
	int fd, r;

	if (mkdirat(dir_fd, part, 0755) < 0)
		return -errno;
	fd = openat(dir_fd, part,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	r = ep_tree_list(run_fd, &t);
	if (r == 0) {
		r = ep_tree_copy(&t, run_fd, fd);
		ep_tree_done(&t);
	}
	if (r == 0 && syncfs(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

int ep_arrived_put(int dir_fd, const char *name, int run_fd)
{
	char part[NAME_BYTES], host[40];
	int r;

	ep_arrived_host(host, sizeof(host));
	ep_str_slug(host);
	if (!ep_str_format(part, sizeof(part), "%s.part-%s-%d", name, host,
			   (int)getpid()))
		return -ENAMETOOLONG;
	r = ep_tree_remove(dir_fd, part);
	if (r == 0)
		r = copy_into(dir_fd, part, run_fd);
	/* One that is there already is not empty, and so stays. */
	if (r == 0 && renameat(dir_fd, part, dir_fd, name) < 0)
		r = errno == EEXIST || errno == ENOTEMPTY ? 0 : -errno;
	(void)!ep_tree_remove(dir_fd, part);
	return r;
}

/* The name first: a task that looks between the two finds one of them. */
int ep_arrived_take(int dir_fd, const char *name)
{
	char path[NAME_BYTES];
	int fd;

	if (!ep_str_format(path, sizeof(path), "%s%s", name, taken_end))
		return -ENAMETOOLONG;
	fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		    0644);
	if (fd < 0)
		return -errno;
	close(fd);
	return ep_tree_remove(dir_fd, name);
}

int ep_arrived_refuse(int dir_fd, const char *name)
{
	char path[NAME_BYTES];
	int r;

	if (!ep_str_format(path, sizeof(path), "%s.refused", name))
		return -ENAMETOOLONG;
	r = ep_tree_remove(dir_fd, path);
	return r == 0 && renameat(dir_fd, name, dir_fd, path) < 0 ? -errno : r;
}

int ep_arrived_each(int dir_fd, int (*each)(void *ctx, const char *name),
		    void *ctx)
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
	/* The names of runs have no dot. */
	while (r >= 0 && (entry = readdir(dir)))
		if (entry->d_name[0] == 'c' && !strchr(entry->d_name, '.'))
			r = each(ctx, entry->d_name);
	closedir(dir);
	return r < 0 ? r : 0;
}
