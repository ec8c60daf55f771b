/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/file.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES 65536
#define DRAFT_TRIES 100

int ep_file_mkdir(const char *path, struct ep_err *err)
{
	struct stat st;
	int code;

	if (mkdir(path, 0755) == 0)
		return 0;
	code = -errno;
	if (code == -EEXIST) {
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return 0;
		code = -ENOTDIR;
	}
	if (code == -ENOTDIR)
		return ep_err_set(err, code,
				  "%s: not a folder: something else has that "
				  "name; choose another",
				  path);
	if (code == -ENOENT)
		return ep_err_set(err, code,
				  "%s: the folder above it does not exist; "
				  "create it first",
				  path);
	return ep_err_set(err, code, "%s: cannot create the folder: %s", path,
			  strerror(-code));
}

int ep_file_read(int dir_fd, const char *name, struct ep_buf *b)
{
	size_t before = b->len, room;
	ssize_t got;
	int fd, r = 0;

	/* O_NONBLOCK: a FIFO in a stranger's folder must not hang us. */
	fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return -errno;
	for (;;) {
		room = b->max_bytes - b->len;
		if (room > READ_BYTES)
			room = READ_BYTES;
		/* One byte more than allowed tells "full" from "too long". */
		if (room == 0) {
			char extra;

			got = read(fd, &extra, 1);
			if (got > 0)
				r = -EFBIG;
		} else {
			r = ep_buf_reserve(b, room);
			if (r < 0)
				break;
			got = read(fd, b->data + b->len, room);
		}
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			r = -errno;
		if (got <= 0 || r < 0)
			break;
		b->len += (size_t)got;
	}
	if (r < 0)
		b->len = before;
	if (b->data)
		b->data[b->len] = '\0';
	(void)close(fd);
	return r;
}

int ep_file_write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len > 0) {
		ssize_t put = write(fd, p, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		if (put == 0)
			return -EIO;
		p += put;
		len -= (size_t)put;
	}
	return 0;
}

int ep_file_draft_begin(struct ep_file_draft *d, int dir_fd, const char *name)
{
	int fd = -1;

	d->fd = -1;
	d->dir_fd = dir_fd;
	if (!ep_str_copy(d->name, sizeof(d->name), name))
		return -ENAMETOOLONG;
	for (int i = 0; i < DRAFT_TRIES; i++) {
		if (!ep_str_format(d->draft, sizeof(d->draft), ".%.200s.%x-%d",
				   name, (unsigned)getpid(), i))
			return -ENAMETOOLONG;
		fd = openat(dir_fd, d->draft,
			    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				    O_CLOEXEC,
			    0666);
		if (fd >= 0 || errno != EEXIST)
			break;
	}
	if (fd < 0)
		return -errno;
	d->fd = fd;
	return 0;
}

int ep_file_draft_commit(struct ep_file_draft *d)
{
	int r = 0;

	if (d->fd < 0)
		return -EBADF;
	/* Network file systems report a full disk only here. */
	if (close(d->fd) < 0 && errno != EINTR)
		r = -errno;
	d->fd = -1;
	if (r == 0 && renameat(d->dir_fd, d->draft, d->dir_fd, d->name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(d->dir_fd, d->draft, 0);
	return r;
}

void ep_file_draft_abandon(struct ep_file_draft *d)
{
	if (!d || d->fd < 0)
		return;
	(void)close(d->fd);
	d->fd = -1;
	(void)unlinkat(d->dir_fd, d->draft, 0);
}

int ep_file_replace(int dir_fd, const char *name, const void *data, size_t len)
{
	struct ep_file_draft d;
	int r = ep_file_draft_begin(&d, dir_fd, name);

	if (r < 0)
		return r;
	r = ep_file_write_all(d.fd, data, len);
	if (r < 0) {
		ep_file_draft_abandon(&d);
		return r;
	}
	return ep_file_draft_commit(&d);
}
