/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_SUMS_H
#define EP_PROFILER_EXPORT_SUMS_H

#include "base/buf.h"
#include "base/hash.h"

#include <stdbool.h>

/*
 * MANIFEST of an archive: a SHA-256 for each file, as sha256sum(1) writes and
 * checks them.  Names are relative, plain and sorted by bytes.
 */
#define EP_SUMS_NAME "MANIFEST"
#define EP_SUMS_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define EP_SUMS_PATH_BYTES_MAX 512

struct ep_sum {
	char hash[EP_HASH_BYTES];
	char *path;
};
struct ep_sums {
	struct ep_sum *items;
	size_t count, size_count;
};

void ep_sums_done(struct ep_sums *s);
/* -EINVAL: a path that a manifest cannot hold. */
int ep_sums_add(struct ep_sums *s, const char *hash, const char *path,
		struct ep_err *err) EP_MUST_CHECK;
void ep_sums_sort(struct ep_sums *s);
int ep_sums_put(const struct ep_sums *s, struct ep_buf *b) EP_MUST_CHECK;
/* -EBADMSG with the line; *ret is sorted and has no path twice. */
int ep_sums_parse(const char *text, size_t len, struct ep_sums *ret,
		  struct ep_err *err) EP_MUST_CHECK;
/* NULL: not in it. */
const struct ep_sum *ep_sums_find(const struct ep_sums *s, const char *path);
/* An ordinary file below dir_fd for reading; links are not followed.  -errno,
 * -EBADMSG: it is something else. */
int ep_sums_open(int dir_fd, const char *path) EP_MUST_CHECK;
/* SHA-256 of an ordinary file below dir_fd; as ep_sums_open(). */
int ep_sums_hash(int dir_fd, const char *path,
		 char ret[EP_HASH_BYTES]) EP_MUST_CHECK;

#endif
