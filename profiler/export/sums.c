/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/sums.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tree.h"

#define HASH_LEN (EP_HASH_BYTES - 1)

void ep_sums_done(struct ep_sums *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i].path);
	free(s->items);
	*s = (struct ep_sums){ 0 };
}

static bool is_hash(const char *text, size_t len)
{
	return len == HASH_LEN && strspn(text, "0123456789abcdef") >= HASH_LEN;
}

/* sha256sum writes these otherwise. */
static bool is_writable(const char *path)
{
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == '\\' || *p == 0x7f)
			return false;
	return strlen(path) < EP_SUMS_PATH_BYTES_MAX &&
	       ep_tree_path_is_plain(path);
}

static int make_room(struct ep_sums *s)
{
	size_t count = s->size_count ? 2 * s->size_count : 64;
	struct ep_sum *items;

	if (s->count < s->size_count)
		return 0;
	if (s->count >= EP_TREE_ENTRIES_MAX)
		return -E2BIG;
	items = reallocarray(s->items, count, sizeof(*items));
	if (!items)
		return -ENOMEM;
	s->items = items;
	s->size_count = count;
	return 0;
}

int ep_sums_add(struct ep_sums *s, const char *hash, const char *path,
		struct ep_err *err)
{
	struct ep_sum *item;
	int r;

	if (!is_writable(path))
		return ep_err_set(
			err, -EINVAL,
			"'%.200s' is no name that a manifest can hold", path);
	r = make_room(s);
	if (r < 0)
		return ep_err_set(err, r, "more than %d files",
				  EP_TREE_ENTRIES_MAX);
	item = &s->items[s->count];
	item->path = strdup(path);
	if (!item->path)
		return ep_err_set(err, -ENOMEM, "out of memory");
	memcpy(item->hash, hash, HASH_LEN);
	item->hash[HASH_LEN] = '\0';
	s->count++;
	return 0;
}

static int by_path(const void *a, const void *b)
{
	const struct ep_sum *x = a, *y = b;

	return strcmp(x->path, y->path);
}

void ep_sums_sort(struct ep_sums *s)
{
	if (s->count > 0)
		qsort(s->items, s->count, sizeof(s->items[0]), by_path);
}

int ep_sums_put(const struct ep_sums *s, struct ep_buf *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->count; i++)
		r = ep_buf_addf(b, "%s  %s\n", s->items[i].hash,
				s->items[i].path);
	return r;
}

/* "HASH  PATH" or, of a binary file, "HASH *PATH". */
static int take_line(const char *line, size_t len, size_t number,
		     struct ep_sums *s, struct ep_err *err)
{
	char path[EP_SUMS_PATH_BYTES_MAX];
	size_t path_len = len > HASH_LEN + 2 ? len - HASH_LEN - 2 : 0;

	if (path_len == 0 || path_len >= sizeof(path) ||
	    !is_hash(line, HASH_LEN) || line[HASH_LEN] != ' ' ||
	    (line[HASH_LEN + 1] != ' ' && line[HASH_LEN + 1] != '*') ||
	    memchr(line, '\0', len))
		return ep_err_set(err, -EBADMSG,
				  EP_SUMS_NAME " line %zu is not "
					       "'SHA-256  NAME'",
				  number);
	memcpy(path, line + HASH_LEN + 2, path_len);
	path[path_len] = '\0';
	if (!is_writable(path))
		return ep_err_set(err, -EBADMSG,
				  EP_SUMS_NAME " line %zu names no file of "
					       "this folder",
				  number);
	return ep_sums_add(s, line, path, err);
}

static int check_twice(const struct ep_sums *s, struct ep_err *err)
{
	for (size_t i = 1; i < s->count; i++)
		if (strcmp(s->items[i - 1].path, s->items[i].path) == 0)
			return ep_err_set(err, -EBADMSG,
					  EP_SUMS_NAME " names %.200s twice",
					  s->items[i].path);
	return 0;
}

int ep_sums_parse(const char *text, size_t len, struct ep_sums *ret,
		  struct ep_err *err)
{
	struct ep_sums s = { 0 };
	size_t at = 0, number = 0;
	int r = 0;

	while (r == 0 && at < len) {
		const char *end = memchr(text + at, '\n', len - at);

		number++;
		if (!end)
			r = ep_err_set(err, -EBADMSG,
				       EP_SUMS_NAME " line %zu has no end",
				       number);
		else
			r = take_line(text + at, (size_t)(end - text) - at,
				      number, &s, err);
		if (end)
			at = (size_t)(end - text) + 1;
	}
	ep_sums_sort(&s);
	if (r == 0)
		r = check_twice(&s, err);
	if (r == 0 && s.count == 0)
		r = ep_err_set(err, -EBADMSG, EP_SUMS_NAME " is empty");
	if (r < 0) {
		ep_sums_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

const struct ep_sum *ep_sums_find(const struct ep_sums *s, const char *path)
{
	size_t low = 0, high = s->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(s->items[middle].path, path);

		if (order == 0)
			return &s->items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int ep_sums_open(int dir_fd, const char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int at = dir_fd, next, r = 0;
	char name[256];
	struct stat st;

	do {
		size_t len = strcspn(path, "/");
		bool last = path[len] == '\0';

		next = ep_str_format(name, sizeof(name), "%.*s", (int)len, path)
			       ? openat(at, name,
					last ? flags : flags | O_DIRECTORY)
			       : -1;
		r = next < 0 ? -errno : 0;
		if (at != dir_fd)
			(void)close(at);
		at = next;
		path += last ? len : len + 1;
	} while (r == 0 && *path);
	if (r < 0)
		return r == -ELOOP ? -EBADMSG : r;
	if (fstat(at, &st) == 0 && S_ISREG(st.st_mode))
		return at;
	(void)close(at);
	return -EBADMSG;
}

int ep_sums_hash(int dir_fd, const char *path, char ret[EP_HASH_BYTES])
{
	int r, fd = ep_sums_open(dir_fd, path);

	if (fd < 0)
		return fd;
	r = ep_hash_file(fd, ret);
	(void)close(fd);
	return r;
}
