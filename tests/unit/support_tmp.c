/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_tmp.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(int good, const char *what, const char *name)
{
	if (good)
		return;
	fprintf(stderr, "test folder: %s %s: %s\n", what, name,
		strerror(errno));
	abort();
}

void ep_tmp_make(struct ep_tmp *tmp)
{
	const char *base = getenv("TMPDIR");

	snprintf(tmp->path, sizeof(tmp->path), "%.90s/edgeprof-test-XXXXXX",
		 base && base[0] ? base : "/tmp");
	need(mkdtemp(tmp->path) != NULL, "make", tmp->path);
	tmp->fd = open(tmp->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(tmp->fd >= 0, "open", tmp->path);
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void ep_tmp_remove(struct ep_tmp *tmp)
{
	close(tmp->fd);
	need(nftw(tmp->path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0,
	     "remove", tmp->path);
}

static void make_parents(const struct ep_tmp *tmp, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s", name);
	for (char *p = strchr(path, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		need(mkdirat(tmp->fd, path, 0755) == 0 || errno == EEXIST,
		     "make", path);
		*p = '/';
	}
}

void ep_tmp_write(const struct ep_tmp *tmp, const char *name, const void *data,
		  size_t len)
{
	FILE *f;
	int fd;

	make_parents(tmp, name);
	fd = openat(tmp->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		    0644);
	need(fd >= 0, "create", name);
	f = fdopen(fd, "w");
	need(f != NULL, "open", name);
	need(fwrite(data, 1, len, f) == len, "write", name);
	need(fclose(f) == 0, "close", name);
}

void ep_tmp_puts(const struct ep_tmp *tmp, const char *name, const char *text)
{
	ep_tmp_write(tmp, name, text, strlen(text));
}

void ep_tmp_mkdir(const struct ep_tmp *tmp, const char *name)
{
	make_parents(tmp, name);
	need(mkdirat(tmp->fd, name, 0755) == 0 || errno == EEXIST, "make",
	     name);
}

void ep_tmp_symlink(const struct ep_tmp *tmp, const char *target,
		    const char *name)
{
	make_parents(tmp, name);
	need(symlinkat(target, tmp->fd, name) == 0, "link", name);
}

int ep_tmp_open(const struct ep_tmp *tmp, const char *name)
{
	int fd = openat(tmp->fd, name, O_RDONLY | O_CLOEXEC);

	need(fd >= 0, "open", name);
	return fd;
}

const char *ep_tmp_path(const struct ep_tmp *tmp, const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", tmp->path, name);
	return path;
}
