/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_into(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = ep_file_write_all(fd, data, len);
	if (close(fd) < 0 && r == 0 && errno != EINTR)
		r = -errno;
	return r;
}

/* The folder of path, and in *ret its last part. */
static int open_folder(const char *path, const char **ret)
{
	const char *slash = strrchr(path, '/');
	char *folder =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int fd, r;

	if (!folder)
		return -ENOMEM;
	fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : fd;
	free(folder);
	*ret = slash ? slash + 1 : path;
	return r;
}

/* before: what is there already, or NULL. */
static int replace(const char *path, const struct stat *before,
		   const void *data, size_t len)
{
	struct ep_file_draft draft;
	const char *name;
	int dir_fd = open_folder(path, &name);
	int r = dir_fd;
	bool beside = false;

	if (r >= 0)
		r = ep_file_draft_begin(&draft, dir_fd, name);
	if (r == 0) {
		beside = true;
		/* A file of somebody else stays theirs where we may do that. */
		if (before &&
		    fchown(draft.fd, before->st_uid, before->st_gid) < 0 &&
		    errno != EPERM)
			r = -errno;
		if (r == 0 && before &&
		    fchmod(draft.fd, before->st_mode & 0777) < 0)
			r = -errno;
		if (r == 0)
			r = ep_file_write_all(draft.fd, data, len);
		if (r == 0)
			r = ep_file_draft_commit(&draft);
		ep_file_draft_abandon(&draft);
	}
	if (dir_fd >= 0)
		(void)close(dir_fd);
	return before && !beside && (r == -EACCES || r == -EPERM)
		       ? write_into(path, data, len)
		       : r;
}

int ep_file_output(const char *path, const void *data, size_t len)
{
	struct stat before;
	char *real;
	int r;

	if (stat(path, &before) < 0)
		return errno == ENOENT ? replace(path, NULL, data, len)
				       : -errno;
	if (!S_ISREG(before.st_mode))
		return write_into(path, data, len);
	if (access(path, W_OK) < 0)
		return -errno;
	real = realpath(path, NULL);
	if (!real)
		return -errno;
	r = replace(real, &before, data, len);
	free(real);
	return r;
}
