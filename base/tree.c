/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

#define BLOCK_BYTES 65536

static int add(struct ep_tree *t, const char *path, const struct stat *st)
{
	struct ep_tree_entry *bigger;

	if (t->count == EP_TREE_ENTRIES_MAX)
		return -EFBIG;
	if (t->count % 64 == 0) {
		bigger = realloc(t->entries, (t->count + 64) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		t->entries = bigger;
	}
	t->entries[t->count] = (struct ep_tree_entry){
		.path = strdup(path),
		.folder = S_ISDIR(st->st_mode),
		.size_bytes = S_ISDIR(st->st_mode) ? 0 : (int64_t)st->st_size,
		.changed_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 +
			      (int64_t)st->st_mtim.tv_nsec,
	};
	return t->entries[t->count].path ? (t->count++, 0) : -ENOMEM;
}

static int walk(int dir_fd, const char *prefix, int depth, struct ep_tree *t);

static int look_at(int dir_fd, const char *prefix, const char *name,
		   struct ep_tree *t)
{
	char path[4096];
	struct stat st;
	int fd, r;

	if (!ep_str_format(path, sizeof(path), "%s%s%s", prefix,
			   prefix[0] ? "/" : "", name))
		return -ENAMETOOLONG;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return -ENOTSUP;
	r = add(t, path, &st);
	if (r < 0 || !S_ISDIR(st.st_mode))
		return r;
	fd = openat(dir_fd, name,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	r = 1;
	for (const char *p = path; *p; p++)
		r += *p == '/';
	return walk(fd, path, r, t);
}

/* Takes dir_fd over. */
static int walk(int dir_fd, const char *prefix, int depth, struct ep_tree *t)
{
	DIR *dir = depth > EP_TREE_DEPTH_MAX ? NULL : fdopendir(dir_fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = depth > EP_TREE_DEPTH_MAX ? -ELOOP : -errno;
		close(dir_fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = look_at(dirfd(dir), prefix, entry->d_name, t);
	closedir(dir);
	return r;
}

static int by_path(const void *a, const void *b)
{
	const struct ep_tree_entry *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int ep_tree_list(int dir_fd, struct ep_tree *ret)
{
	struct ep_tree t = { NULL, 0 };
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -errno : walk(fd, "", 0, &t);

	if (r < 0) {
		ep_tree_done(&t);
		return r;
	}
	if (t.count > 0)
		qsort(t.entries, t.count, sizeof(t.entries[0]), by_path);
	*ret = t;
	return 0;
}

void ep_tree_done(struct ep_tree *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		free(t->entries[i].path);
	free(t->entries);
	*t = (struct ep_tree){ NULL, 0 };
}

bool ep_tree_same(const struct ep_tree *a, const struct ep_tree *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		const struct ep_tree_entry *x = &a->entries[i];
		const struct ep_tree_entry *y = &b->entries[i];

		if (strcmp(x->path, y->path) != 0 || x->folder != y->folder ||
		    x->size_bytes != y->size_bytes ||
		    x->changed_ns != y->changed_ns)
			return false;
	}
	return true;
}

/* No more than it had: somebody may write faster than we read. */
static int copy_content(int from, int to, int64_t left_bytes)
{
	char block[BLOCK_BYTES];
	int r = 0;

	while (r == 0 && left_bytes > 0) {
		size_t want = left_bytes < BLOCK_BYTES ? (size_t)left_bytes
						       : BLOCK_BYTES;
		ssize_t n = read(from, block, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			break;
		r = n < 0 ? -errno : ep_file_write_all(to, block, (size_t)n);
		left_bytes -= n;
	}
	return r;
}

static int copy_file(const struct ep_tree_entry *e, int from_fd, int to_fd)
{
	const char *path = e->path;
	int from = openat(from_fd, path,
			  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int to = -1, r = from < 0 ? -errno : 0;

	if (r == 0) {
		to = openat(to_fd, path,
			    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
				    O_NOFOLLOW,
			    0644);
		r = to < 0 ? -errno : copy_content(from, to, e->size_bytes);
	}
	/* Some file systems tell of a full disk only now. */
	if (to >= 0 && close(to) < 0 && r == 0)
		r = -errno;
	if (from >= 0)
		close(from);
	return r;
}

int ep_tree_copy(const struct ep_tree *t, int from_fd, int to_fd)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < t->count; i++) {
		const struct ep_tree_entry *e = &t->entries[i];

		if (!e->folder)
			r = copy_file(e, from_fd, to_fd);
		else if (mkdirat(to_fd, e->path, 0755) < 0)
			r = -errno;
	}
	return r;
}

int ep_tree_remove(int parent_fd, const char *name)
{
	struct ep_tree t;
	int fd = openat(parent_fd, name,
			O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = ep_tree_list(fd, &t);
	if (r < 0) {
		close(fd);
		return r;
	}
	for (size_t i = t.count; r == 0 && i-- > 0;)
		if (unlinkat(fd, t.entries[i].path,
			     t.entries[i].folder ? AT_REMOVEDIR : 0) < 0 &&
		    errno != ENOENT)
			r = -errno;
	ep_tree_done(&t);
	close(fd);
	if (r == 0 && unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 &&
	    errno != ENOENT)
		r = -errno;
	return r;
}

bool ep_tree_path_is_plain(const char *path)
{
	if (path[0] == '\0')
		return false;
	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += len;
		if (*path == '/' && *++path == '\0')
			return false;
	}
	return true;
}
