/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_ROOT_H
#define EP_BASE_ROOT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Files that describe or control the board, below one root.
 *
 * The root is "/" or EDGEPROF_ROOT.  Paths are absolute as on the board
 * ("/sys/class/hwmon").  Redirected, every path and every symbolic link on the
 * way resolves below the root (openat2 RESOLVE_IN_ROOT, or a walk of our own on
 * kernels before 5.6); nothing outside is ever opened.  Not redirected, plain
 * open() of the absolute path is used, so that umockdev can intercept it.
 */
struct ep_root {
	int fd; /* -1: not redirected */
};

/* The machine itself: for paths that were typed on the command line, which may
 * be relative. */
extern const struct ep_root ep_root_machine;

/* path NULL or "" means "/".  -ENOENT, -ENOTDIR, -EACCES with a sentence. */
int ep_root_open(struct ep_root *root, const char *path,
		 struct ep_err *err) EP_MUST_CHECK;
void ep_root_close(struct ep_root *root);
bool ep_root_redirected(const struct ep_root *root);

/* Like open(2) with O_CLOEXEC added; a descriptor or -errno. */
int ep_root_openat(const struct ep_root *root, const char *path,
		   int flags) EP_MUST_CHECK;
/* 0 when the path can be reached, else -errno. */
int ep_root_exists(const struct ep_root *root, const char *path);
/* Where a symbolic link points to, as its text; -errno. */
int ep_root_readlink(const struct ep_root *root, const char *path, char *ret,
		     size_t size) EP_MUST_CHECK;

/*
 * The whole of a small text file into ret (size includes the NUL), white space
 * at the end and NULs cut.  Returns the length, -errno, or -EFBIG when it does
 * not fit.
 */
int ep_root_read_text(const struct ep_root *root, const char *path, char *ret,
		      size_t size) EP_MUST_CHECK;
/* A file that holds one decimal integer; -EBADMSG when it holds another thing */
int ep_root_read_i64(const struct ep_root *root, const char *path,
		     int64_t *ret) EP_MUST_CHECK;
/* The path "dir/name" formatted and read as above. */
int ep_root_read_i64_in(const struct ep_root *root, const char *dir,
			const char *name, int64_t *ret) EP_MUST_CHECK;
int ep_root_read_text_in(const struct ep_root *root, const char *dir,
			 const char *name, char *ret,
			 size_t size) EP_MUST_CHECK;

/*
 * Calls each() with every name in a directory but "." and "..", in natural
 * order (hwmon2 before hwmon10).  Stops when each() returns non-zero and
 * returns that; -errno when the directory cannot be read.
 */
int ep_root_list(const struct ep_root *root, const char *path,
		 int (*each)(void *ctx, const char *name), void *ctx);

/* A descriptor kept open and read from offset 0 each time: one pread, no
 * allocation. -errno of the read, -EBADMSG for garbage, -ENODATA for empty. */
int ep_kept_read_i64(int fd, int64_t *ret);
/* Raw text of at most size - 1 bytes, NUL ended; the length or -errno. */
int ep_kept_read_text(int fd, char *ret, size_t size);

#endif
