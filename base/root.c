/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/root.h"

#include "base/num.h"
#include "base/root_walk.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LIST_MAX 65536

/* Kernel headers before 5.6 have neither; the numbers are the same on every
 * architecture. */
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#define IN_ROOT 0x10 /* RESOLVE_IN_ROOT */

struct open_how_v0 {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};

const struct ep_root ep_root_machine = { .fd = -1 };

int ep_root_open(struct ep_root *root, const char *path, struct ep_err *err)
{
	int fd, code;

	if (!path || path[0] == '\0') {
		root->fd = -1;
		return 0;
	}
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		root->fd = fd;
		return 0;
	}
	code = -errno;
	if (code == -ENOENT)
		return ep_err_set(err, code,
				  "%s: there is no such folder; name one that "
				  "holds sys/ and the like, or unset it",
				  path);
	if (code == -ENOTDIR)
		return ep_err_set(err, code,
				  "%s: not a folder; name one that holds sys/ "
				  "and the like, or unset it",
				  path);
	return ep_err_set(err, code, "%s: cannot open the folder: %s", path,
			  strerror(-code));
}

void ep_root_close(struct ep_root *root)
{
	if (!root)
		return;
	if (root->fd >= 0)
		(void)close(root->fd);
	root->fd = -1;
}

bool ep_root_redirected(const struct ep_root *root)
{
	return root->fd >= 0;
}

int ep_root_openat(const struct ep_root *root, const char *path, int flags)
{
	struct open_how_v0 how = { 0, 0, IN_ROOT };
	long fd;

	/* Only what somebody typed may lie beside him. */
	if ((path[0] != '/' && root != &ep_root_machine) || (flags & O_CREAT))
		return -EINVAL;
	if (root->fd < 0) {
		fd = open(path, flags | O_CLOEXEC);
		return fd < 0 ? -errno : (int)fd;
	}
	how.flags = (uint64_t)(unsigned)(flags | O_CLOEXEC);
	/* -EAGAIN: a rename below the root raced with "..". */
	for (int i = 0; i < 16; i++) {
		fd = syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd >= 0)
		return (int)fd;
	/* EPERM: container filters that know no openat2 say so. */
	if (errno == ENOSYS || errno == EPERM || errno == EAGAIN)
		return ep_root_walk(root->fd, path, flags);
	return -errno;
}

int ep_root_exists(const struct ep_root *root, const char *path)
{
	int fd = ep_root_openat(root, path, O_PATH);

	if (fd < 0)
		return fd;
	(void)close(fd);
	return 0;
}

int ep_root_readlink(const struct ep_root *root, const char *path, char *ret,
		     size_t size)
{
	char target[PATH_MAX];
	ssize_t len;
	int fd;

	if (root->fd < 0) {
		len = readlink(path, target, sizeof(target));
		if (len < 0)
			return -errno;
	} else {
		fd = ep_root_openat(root, path, O_PATH | O_NOFOLLOW);
		if (fd < 0)
			return fd;
		len = readlinkat(fd, "", target, sizeof(target));
		/* A descriptor that is no link says ENOENT. */
		if (len < 0)
			len = errno == ENOENT ? -EINVAL : -errno;
		(void)close(fd);
		if (len < 0)
			return (int)len;
	}
	if ((size_t)len >= size || (size_t)len >= sizeof(target))
		return -ENAMETOOLONG;
	memcpy(ret, target, (size_t)len);
	ret[len] = '\0';
	return (int)len;
}

/* Everything up to the end into text: the length, -EFBIG, -errno. */
static int read_whole(int fd, char *text, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, text + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return (int)len;
		len += (size_t)got;
	}
	return -EFBIG;
}

static bool ends_blank(const char *text, int len)
{
	return len > 0 && strchr(" \t\r\n\v\f", text[len - 1]) != NULL;
}

int ep_root_read_text(const struct ep_root *root, const char *path, char *ret,
		      size_t size)
{
	int fd, len;
	char *text;

	if (size == 0 || size > INT_MAX)
		return -EINVAL;
	text = malloc(size);
	if (!text)
		return -ENOMEM;
	fd = ep_root_openat(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
	len = fd < 0 ? fd : read_whole(fd, text, size);
	if (fd >= 0)
		(void)close(fd);
	/* strchr() finds the NUL of its own text too: NULs are cut here. */
	while (ends_blank(text, len))
		len--;
	if (len >= 0) {
		memcpy(ret, text, (size_t)len);
		ret[len] = '\0';
	}
	free(text);
	return len;
}

/* One integer and nothing but white space after it. */
static int parse_value(const char *text, int len, int64_t *ret)
{
	int64_t value;
	int used;

	while (ends_blank(text, len))
		len--;
	used = ep_num_scan_i64(text, (size_t)len, &value);
	if (used < 0 || used != len)
		return -EBADMSG;
	*ret = value;
	return 0;
}

int ep_root_read_i64(const struct ep_root *root, const char *path, int64_t *ret)
{
	char text[64];
	int len = ep_root_read_text(root, path, text, sizeof(text));

	if (len == -EFBIG)
		return -EBADMSG;
	return len < 0 ? len : parse_value(text, len, ret);
}

int ep_root_read_i64_in(const struct ep_root *root, const char *dir,
			const char *name, int64_t *ret)
{
	char path[PATH_MAX];

	if (!ep_str_format(path, sizeof(path), "%s/%s", dir, name))
		return -ENAMETOOLONG;
	return ep_root_read_i64(root, path, ret);
}

int ep_root_read_text_in(const struct ep_root *root, const char *dir,
			 const char *name, char *ret, size_t size)
{
	char path[PATH_MAX];

	if (!ep_str_format(path, sizeof(path), "%s/%s", dir, name))
		return -ENAMETOOLONG;
	return ep_root_read_text(root, path, ret, size);
}

static int compare_natural(const void *left, const void *right)
{
	/* versionsort's order, which is what people expect of hwmon10. */
	return strverscmp(*(char *const *)left, *(char *const *)right);
}

struct names {
	char **items;
	size_t count;
};

static int read_names(DIR *dir, struct names *n)
{
	struct dirent *entry;
	char **bigger;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") == 0 ||
		    strcmp(entry->d_name, "..") == 0)
			continue;
		if (n->count == LIST_MAX)
			return -EFBIG;
		if ((n->count & (n->count - 1)) == 0) {
			bigger = realloc(n->items, (n->count * 2 + 1) *
							   sizeof(*n->items));
			if (!bigger)
				return -ENOMEM;
			n->items = bigger;
		}
		n->items[n->count] = strdup(entry->d_name);
		if (!n->items[n->count])
			return -ENOMEM;
		n->count++;
	}
}

int ep_root_list(const struct ep_root *root, const char *path,
		 int (*each)(void *ctx, const char *name), void *ctx)
{
	struct names n = { NULL, 0 };
	DIR *dir;
	int fd, r;

	fd = ep_root_openat(root, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		(void)close(fd);
		return r;
	}
	r = read_names(dir, &n);
	(void)closedir(dir);
	if (n.count > 0)
		qsort(n.items, n.count, sizeof(*n.items), compare_natural);
	for (size_t i = 0; r == 0 && i < n.count; i++)
		r = each(ctx, n.items[i]);
	for (size_t i = 0; i < n.count; i++)
		free(n.items[i]);
	free(n.items);
	return r;
}

int ep_kept_read_text(int fd, char *ret, size_t size)
{
	ssize_t got;

	if (size == 0)
		return -EINVAL;
	do {
		got = pread(fd, ret, size - 1, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	ret[got] = '\0';
	return (int)got;
}

int ep_kept_read_i64(int fd, int64_t *ret)
{
	char text[32];
	int len = ep_kept_read_text(fd, text, sizeof(text));

	if (len < 0)
		return len;
	if (len == 0)
		return -ENODATA;
	return parse_value(text, len, ret);
}
