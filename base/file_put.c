/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define DRAFT_BYTES 272

static int draft_name(const char *name, char *ret)
{
	return ep_str_format(ret, DRAFT_BYTES, ".%s.new", name) ? 0
								: -ENAMETOOLONG;
}

void ep_file_put_clean(int dir_fd, const char *name)
{
	char draft[DRAFT_BYTES];

	if (draft_name(name, draft) == 0)
		(void)unlinkat(dir_fd, draft, 0);
}

int ep_file_put(int dir_fd, const char *name, const struct ep_buf *content,
		mode_t mode, bool replace)
{
	char draft[DRAFT_BYTES];
	int fd, r = draft_name(name, draft);

	if (r < 0)
		return r;
	(void)unlinkat(dir_fd, draft, 0);
	fd = openat(dir_fd, draft,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = ep_file_write_all(fd, content->data, content->len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0 && errno != EINTR)
		r = -errno;
	if (r == 0 && replace && renameat(dir_fd, draft, dir_fd, name) < 0)
		r = -errno;
	if (r == 0 && !replace && linkat(dir_fd, draft, dir_fd, name, 0) < 0)
		r = -errno;
	(void)unlinkat(dir_fd, draft, 0);
	if (r == 0 && fsync(dir_fd) < 0)
		r = -errno;
	return r;
}
