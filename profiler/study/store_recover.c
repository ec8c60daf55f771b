/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/study/store_parts.h"

#define RUNS_MAX 1000000

struct numbers {
	int64_t *items;
	size_t count;
};

static int push(struct numbers *n, int64_t number)
{
	int64_t *bigger;

	if (n->count == RUNS_MAX)
		return -E2BIG;
	if (n->count % 256 == 0) {
		bigger = realloc(n->items, (n->count + 256) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		n->items = bigger;
	}
	n->items[n->count++] = number;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Folders of runs/ that are called by a number, in order. */
static int list_folders(const struct ep_store *s, struct numbers *ret)
{
	int fd = openat(s->runs_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		int64_t number = 0;
		const char *digits = entry->d_name + strspn(entry->d_name, "0");

		if (strlen(entry->d_name) >= 4 &&
		    ep_num_parse_i64(digits, &number) == 0 && number > 0)
			r = push(ret, number);
	}
	closedir(dir);
	if (r == 0 && ret->count > 0)
		qsort(ret->items, ret->count, sizeof(ret->items[0]), by_number);
	return r;
}

static int list_rows(struct ep_store *s, const char *sql, struct numbers *ret,
		     struct ep_err *err)
{
	sqlite3_stmt *stmt;
	int code = SQLITE_DONE, r = ep_store_prepare(s, sql, &stmt, err);

	if (r < 0)
		return r;
	while (r == 0 && (code = sqlite3_step(stmt)) == SQLITE_ROW)
		r = push(ret, sqlite3_column_int64(stmt, 0));
	if (r == 0 && code != SQLITE_DONE)
		r = ep_store_fail(s, sql, err);
	else if (r < 0)
		ep_err_set(err, r, "too many runs: %s", strerror(-r));
	sqlite3_finalize(stmt);
	return r;
}

/* A run that was begun and of which nothing can be read was interrupted; a
 * folder that nobody began and that cannot be read, or is a copy, is left where
 * it is. */
static int take(struct ep_store *s, int64_t number, bool begun,
		struct ep_err *err)
{
	struct ep_reasons why = { .count = 0 };
	struct ep_err left = { 0 };
	int r = ep_store_take(s, number, &why, &left);

	if (r >= 0 || r == -EINTR)
		return r != -EINTR;
	if (r != -ENOENT && r != -EBADMSG && r != -ENOTDIR && r != -ELOOP &&
	    r != -EEXIST)
		return ep_err_set(err, r, "%s", left.text);
	return begun ? ep_store_interrupted(s, number, err) : 0;
}

int ep_store_recover(struct ep_store *s, struct ep_err *err)
{
	struct numbers begun = { NULL, 0 }, known = { NULL, 0 },
		       folders = { NULL, 0 };
	int taken = 0, r;

	r = list_rows(s, "SELECT number FROM run WHERE state = 'begun'", &begun,
		      err);
	if (r == 0)
		r = list_rows(s, "SELECT number FROM run ORDER BY number",
			      &known, err);
	if (r == 0) {
		r = list_folders(s, &folders);
		if (r < 0)
			ep_err_set(err, r, "%s/runs: %s", s->dir, strerror(-r));
	}
	for (size_t i = 0; r >= 0 && i < begun.count; i++) {
		r = take(s, begun.items[i], true, err);
		taken += r > 0;
	}
	for (size_t i = 0; r >= 0 && i < folders.count; i++) {
		if (known.count > 0 &&
		    bsearch(&folders.items[i], known.items, known.count,
			    sizeof(known.items[0]), by_number))
			continue;
		r = take(s, folders.items[i], false, err);
		taken += r > 0;
	}
	free(begun.items);
	free(known.items);
	free(folders.items);
	return r < 0 ? r : taken;
}
