/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"

/* The folder of a path, open, and its last part. */
static int open_parent(const struct ep_root *root, const char *path,
		       const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char folder[EP_SETUP_TEXT_BYTES];

	if (!slash || !slash[1] ||
	    !ep_str_format(folder, sizeof(folder), "%.*s",
			   slash == path ? 1 : (int)(slash - path), path))
		return -EINVAL;
	*ret_name = slash + 1;
	return ep_root_openat(root, folder, O_RDONLY | O_DIRECTORY);
}

/* Where others may write, what we made could be exchanged. */
static int open_safe_parent(const struct ep_root *root, const char *path,
			    const char **ret_name, struct ep_err *err)
{
	int fd = open_parent(root, path, ret_name);
	struct stat st;

	if (fd < 0)
		return ep_err_set(err, fd, "%s: %s", path, strerror(-fd));
	if (fstat(fd, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid()) &&
	    !(st.st_mode & (S_IWGRP | S_IWOTH)))
		return fd;
	close(fd);
	return ep_err_set(err, -EPERM,
			  "%s: others than root may write to that folder: "
			  "give it to root alone first",
			  path);
}

void ep_setup_hash(struct ep_setup_act *a)
{
	char text[EP_HASH_BYTES];

	ep_hash_bytes(a->content, strlen(a->content), text);
	(void)ep_str_copy(a->after, sizeof(a->after), text);
}

static int file_state(const struct ep_root *root, const struct ep_setup_act *a)
{
	char text[EP_HASH_BYTES];
	int fd = ep_root_openat(root, a->target,
				O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	int r;

	if (fd == -ENOENT)
		return EP_SETUP_BEFORE;
	if (fd == -ELOOP)
		return EP_SETUP_FOREIGN;
	if (fd < 0)
		return fd;
	r = ep_hash_file(fd, text);
	close(fd);
	if (r < 0)
		return r == -EISDIR ? EP_SETUP_FOREIGN : r;
	return strcmp(text, a->after) == 0 ? EP_SETUP_DONE : EP_SETUP_FOREIGN;
}

/* What is there already is one of ours: the caller knows. */
static int file_make(const struct ep_root *root, const struct ep_setup_act *a,
		     struct ep_err *err)
{
	struct ep_buf content;
	const char *name;
	int fd = open_safe_parent(root, a->target, &name, err);
	int r;

	if (fd < 0)
		return fd;
	ep_buf_init(&content, 65536);
	r = ep_buf_adds(&content, a->content);
	if (r == 0)
		r = ep_file_put(fd, name, &content, 0644, true);
	ep_buf_done(&content);
	close(fd);
	return r < 0 ? ep_err_set(err, r, "%s: %s", a->target, strerror(-r))
		     : 0;
}

static int file_undo(const struct ep_root *root, const struct ep_setup_act *a,
		     struct ep_err *err)
{
	const char *name;
	int fd = open_parent(root, a->target, &name);
	int r = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0
				     : ep_err_set(err, fd, "%s: %s", a->target,
						  strerror(-fd));
	ep_file_put_clean(fd, name);
	if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		r = ep_err_set(err, -errno, "%s: %s", a->target,
			       strerror(errno));
	(void)fsync(fd);
	close(fd);
	return r;
}

static void path_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%s", a->target);
}

const struct ep_setup_ops ep_setup_file = {
	.name = "file",
	.state = file_state,
	.make = file_make,
	.undo = file_undo,
	.tell = path_tell,
};

static int folder_state(const struct ep_root *root,
			const struct ep_setup_act *a)
{
	int fd = ep_root_openat(root, a->target, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd == -ENOENT ? EP_SETUP_BEFORE : fd;
	close(fd);
	return EP_SETUP_DONE;
}

static int folder_make(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	const char *name;
	int fd = open_safe_parent(root, a->target, &name, err);
	int r = 0;

	if (fd < 0)
		return fd;
	if (mkdirat(fd, name, 0700) < 0 || fchmodat(fd, name, 0755, 0) < 0 ||
	    fsync(fd) < 0)
		r = ep_err_set(err, -errno, "%s: %s", a->target,
			       strerror(errno));
	close(fd);
	return r;
}

static int folder_undo(const struct ep_root *root, const struct ep_setup_act *a,
		       struct ep_err *err)
{
	const char *name;
	int fd = open_parent(root, a->target, &name);
	int r = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = ep_err_set(err, -errno, "%s: %s", a->target,
			       errno == ENOTEMPTY ? "there is more in it now"
						  : strerror(errno));
	close(fd);
	return r;
}

static void folder_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%s/", a->target);
}

const struct ep_setup_ops ep_setup_folder = {
	.name = "folder",
	.state = folder_state,
	.make = folder_make,
	.undo = folder_undo,
	.tell = folder_tell,
};

static int link_state(const struct ep_root *root, const struct ep_setup_act *a)
{
	char text[EP_SETUP_TEXT_BYTES];
	int r = ep_root_readlink(root, a->target, text, sizeof(text));

	if (r < 0)
		return r == -ENOENT   ? EP_SETUP_BEFORE
		       : r == -EINVAL ? EP_SETUP_FOREIGN
				      : r;
	return strcmp(text, a->after) == 0 ? EP_SETUP_DONE : EP_SETUP_FOREIGN;
}

static int link_make(const struct ep_root *root, const struct ep_setup_act *a,
		     struct ep_err *err)
{
	const char *name;
	int fd = open_safe_parent(root, a->target, &name, err);
	int r = 0;

	if (fd < 0)
		return fd;
	if (symlinkat(a->after, fd, name) < 0 || fsync(fd) < 0)
		r = ep_err_set(err, -errno, "%s: %s", a->target,
			       strerror(errno));
	close(fd);
	return r;
}

static void link_tell(const struct ep_setup_act *a, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%s -> %s", a->target, a->after);
}

const struct ep_setup_ops ep_setup_link = {
	.name = "link",
	.state = link_state,
	.make = link_make,
	.undo = file_undo,
	.tell = link_tell,
};
