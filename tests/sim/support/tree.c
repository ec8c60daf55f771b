/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Calls each() for every entry of the folder, then closes it. */
static int walk(int fd, int (*each)(int folder, const char *name, int to),
		int to)
{
	DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = dir ? 0 : -errno;

	while (r == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = each(dirfd(dir), entry->d_name, to);
	if (dir)
		closedir(dir);
	else
		close(fd);
	return r;
}

static int copy_entry(int from, const char *name, int to)
{
	return tree_copy(from, name, to, name);
}

static int copy_file(int from, int to)
{
	char bytes[4096];
	ssize_t got;

	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			return -errno;
	return got < 0 ? -errno : 0;
}

static int copy_link(int from, const char *name, int to, const char *to_name)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(from, name, target, sizeof(target) - 1);

	if (len < 0)
		return -errno;
	target[len] = '\0';
	return symlinkat(target, to, to_name) < 0 ? -errno : 0;
}

int tree_copy(int from, const char *name, int to, const char *to_name)
{
	struct stat st;
	int source, copy, r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return copy_link(from, name, to, to_name);
	if (S_ISDIR(st.st_mode) && mkdirat(to, to_name, 0755) < 0)
		return -errno;
	source = openat(from, name, O_RDONLY | O_CLOEXEC);
	copy = S_ISDIR(st.st_mode)
		       ? openat(to, to_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
		       : openat(to, to_name,
				O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	r = source < 0 || copy < 0 ? -errno : 0;
	if (r == 0 && S_ISDIR(st.st_mode)) {
		r = walk(source, copy_entry, copy);
		source = -1;
	} else if (r == 0) {
		r = copy_file(source, copy);
	}
	if (r == 0 && fchmod(copy, st.st_mode & 07777) < 0)
		r = -errno;
	if (source >= 0)
		close(source);
	if (copy >= 0)
		close(copy);
	return r;
}

static int remove_entry(int folder, const char *name, int unused)
{
	(void)unused;
	return tree_remove(folder, name);
}

int tree_remove(int folder, const char *name)
{
	struct stat st;
	int fd, r = 0;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode)) {
		fd = openat(folder, name,
			    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -errno : walk(fd, remove_entry, 0);
		if (r == 0 && unlinkat(folder, name, AT_REMOVEDIR) < 0)
			r = -errno;
		return r;
	}
	if (S_ISREG(st.st_mode)) {
		fd = openat(folder, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
		if (fd >= 0)
			close(fd);
	}
	return unlinkat(folder, name, 0) < 0 ? -errno : 0;
}
