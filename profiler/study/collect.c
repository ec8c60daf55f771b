/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/collect.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/study/arrived.h"

/* study/runs/0001 and one more on both sides. */
#define DEPTH_MAX 4

struct walk {
	struct ep_collect *collect;
	size_t run_count;
	struct ep_err *err;
};

static int open_dir(int at_fd, const char *name)
{
	int fd = openat(at_fd, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

static bool has(int dir_fd, const char *name)
{
	return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int take_run(struct walk *w, int fd, const char *path)
{
	struct ep_collect *c = w->collect;
	struct ep_collected got;
	int r = ep_store_collect(c->store, fd, c->mixed_versions, &got, w->err);

	if (r < 0)
		return r;
	w->run_count++;
	c->counts[got.outcome]++;
	c->tell(c->ctx, path, &got);
	return 0;
}

static int walk(struct walk *w, int fd, const char *path, int depth);

/* Links are not followed; what is not a folder is none of ours. */
static int look_into(struct walk *w, int dir_fd, const char *dir,
		     const char *name, int depth)
{
	char path[4096];
	struct stat st;
	int fd, r;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	if (!ep_str_format(path, sizeof(path), "%s/%s", dir, name))
		return ep_err_set(w->err, -ENAMETOOLONG, "%s: too long", dir);
	fd = open_dir(dir_fd, name);
	if (fd < 0)
		return ep_err_set(w->err, fd, "%s: %s", path, strerror(-fd));
	r = walk(w, fd, path, depth);
	close(fd);
	return r;
}

static int walk(struct walk *w, int fd, const char *path, int depth)
{
	const struct dirent *entry;
	int own, r = 0;
	DIR *dir;

	if (has(fd, "run.json") || has(fd, "lost.json"))
		return take_run(w, fd, path);
	if (depth == DEPTH_MAX)
		return 0;
	own = open_dir(fd, ".");
	dir = own < 0 ? NULL : fdopendir(own);
	if (!dir)
		return ep_err_set(w->err, -errno, "%s: %s", path,
				  strerror(errno));
	while (r == 0 && (entry = readdir(dir)))
		r = look_into(w, fd, path, entry->d_name, depth + 1);
	closedir(dir);
	return r;
}

int ep_collect_path(struct ep_collect *c, const char *path, struct ep_err *err)
{
	struct walk w = { .collect = c, .err = err };
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return ep_err_set(err, -errno, "%s: %s", path, strerror(errno));
	r = walk(&w, fd, path, 0);
	close(fd);
	if (r == 0 && w.run_count == 0)
		r = ep_err_set(err, -ENOENT,
			       "%s holds no run: name a run folder, or a "
			       "folder with run folders in it",
			       path);
	return r;
}

struct arrivals {
	struct walk walk;
	int dir_fd;
};

static int take_arrived(void *ctx, const char *name)
{
	struct arrivals *a = ctx;
	struct ep_collect *c = a->walk.collect;
	struct ep_collected got;
	int fd = open_dir(a->dir_fd, name), r;

	if (fd < 0)
		return fd == -ENOENT ? 0
				     : ep_err_set(a->walk.err, fd, "%s: %s",
						  name, strerror(-fd));
	r = ep_store_collect(c->store, fd, c->mixed_versions, &got,
			     a->walk.err);
	close(fd);
	if (r < 0)
		return r;
	c->counts[got.outcome]++;
	c->tell(c->ctx, name, &got);
	r = got.outcome > EP_COLLECT_KNOWN ? ep_arrived_refuse(a->dir_fd, name)
					   : ep_arrived_take(a->dir_fd, name);
	return r < 0 ? ep_err_set(a->walk.err, r, "%s: %s", name, strerror(-r))
		     : 0;
}

int ep_collect_arrived(struct ep_collect *c, int dir_fd, struct ep_err *err)
{
	struct arrivals a = { .walk = { .collect = c, .err = err },
			      .dir_fd = dir_fd };

	return ep_arrived_each(dir_fd, take_arrived, &a);
}
