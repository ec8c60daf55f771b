/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "base/tree.h"
#include "profiler/export/archive_parts.h"
#include "profiler/export/folder.h"
#include "profiler/export/unpack.h"

#define BLOCK_BYTES 65536

struct reader {
	struct archive *archive;
	int to_fd;
	int64_t allowance_bytes, bytes_count;
	size_t entry_count;
	char top[EP_UNPACK_NAME_BYTES];
	struct ep_err *err;
};

static int refuse(struct reader *r, const char *path, const char *why)
{
	char clean[200];

	(void)ep_str_copy(clean, sizeof(clean), path ? path : "?");
	ep_str_printable(clean);
	return ep_err_set(r->err, -EBADMSG, "refused: '%s' %s", clean, why);
}

static int damaged(struct reader *r)
{
	const char *why = archive_error_string(r->archive);

	if (archive_errno(r->archive) == ENOMEM)
		return ep_err_set(r->err, -ENOMEM, "out of memory");
	return ep_err_set(r->err, -EBADMSG,
			  "is not a folder, and no archive or a damaged one: "
			  "%s",
			  why ? why : "it cannot be read");
}

static int too_large(struct reader *r)
{
	return ep_err_set(r->err, -EFBIG,
			  "refused: it unpacks to more than %lld MB, which is "
			  "too much for an archive of its size",
			  (long long)(r->allowance_bytes / 1000000));
}

static size_t depth_of(const char *path)
{
	size_t depth = 1;

	for (; *path; path++)
		depth += *path == '/';
	return depth;
}

/* Copies the path without a slash at its end; checks it. */
static int take_path(struct reader *r, struct archive_entry *e, char *ret,
		     size_t size)
{
	const char *path = archive_entry_pathname(e);
	size_t top;

	if (!path || !ep_str_copy(ret, size, path))
		return refuse(r, path, "is no name we write");
	if (ret[0] && ret[strlen(ret) - 1] == '/')
		ret[strlen(ret) - 1] = '\0';
	for (const char *c = ret; *c; c++)
		if ((unsigned char)*c < ' ' || *c == '\\' || *c == 0x7f)
			return refuse(r, path, "is no name we write");
	if (!ep_tree_path_is_plain(ret) || depth_of(ret) > EP_TREE_DEPTH_MAX)
		return refuse(r, path, "leads out of the folder, or too deep");
	top = strcspn(ret, "/");
	if (!r->top[0] &&
	    !ep_str_format(r->top, sizeof(r->top), "%.*s", (int)top, ret))
		return refuse(r, path, "is too long");
	if (strncmp(r->top, ret, top) != 0 || r->top[top] != '\0')
		return refuse(r, path, "lies beside the folder of the others");
	return 0;
}

static int check_kind(struct reader *r, struct archive_entry *e,
		      const char *path)
{
	if (archive_entry_hardlink(e) || archive_entry_symlink(e) ||
	    (archive_entry_filetype(e) != AE_IFREG &&
	     archive_entry_filetype(e) != AE_IFDIR))
		return refuse(r, path, "is a link, or a device");
	if (archive_entry_sparse_count(e) > 0)
		return refuse(r, path, "has holes");
	if (archive_entry_filetype(e) == AE_IFREG &&
	    (!archive_entry_size_is_set(e) || archive_entry_size(e) < 0))
		return refuse(r, path, "does not tell its size");
	if (archive_entry_filetype(e) == AE_IFREG &&
	    archive_entry_size(e) > r->allowance_bytes - r->bytes_count)
		return too_large(r);
	if (++r->entry_count > EP_TREE_ENTRIES_MAX)
		return ep_err_set(r->err, -EFBIG,
				  "refused: more than %d files in it",
				  EP_TREE_ENTRIES_MAX);
	return 0;
}

/* The folders of path; nothing in to_fd was made by anybody else. */
static int make_folders(struct reader *r, const char *path, bool whole)
{
	char part[EP_SUMS_PATH_BYTES_MAX];

	for (size_t i = 0;; i++) {
		if (path[i] != '/' && (path[i] != '\0' || !whole)) {
			if (path[i] == '\0')
				return 0;
			continue;
		}
		(void)ep_str_format(part, sizeof(part), "%.*s", (int)i, path);
		if (mkdirat(r->to_fd, part, 0700) < 0 && errno != EEXIST)
			return ep_err_set(r->err, -errno, "%s: %s", part,
					  strerror(errno));
		if (path[i] == '\0')
			return 0;
	}
}

static int copy_blocks(struct reader *r, int fd, const char *path)
{
	char block[BLOCK_BYTES];
	int code = 0;

	while (code == 0) {
		la_ssize_t n =
			archive_read_data(r->archive, block, sizeof(block));

		if (n == 0)
			return 0;
		if (n < 0)
			return damaged(r);
		if (ep_hold_waiting())
			return ep_err_set(r->err, -EINTR, "interrupted");
		r->bytes_count += n;
		if (r->bytes_count > r->allowance_bytes)
			return too_large(r);
		code = ep_file_write_all(fd, block, (size_t)n);
	}
	return ep_err_set(r->err, code, "cannot unpack %s: %s%s", path,
			  strerror(-code),
			  code == -ENOSPC ? "; name a place with room with "
					    "TMPDIR"
					  : "");
}

static int take_file(struct reader *r, const char *path)
{
	int fd, code;

	fd = openat(r->to_fd, path,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EEXIST || errno == EISDIR || errno == ENOTDIR))
		return refuse(r, path, "is in it twice");
	if (fd < 0)
		return ep_err_set(r->err, -errno, "cannot unpack %s: %s", path,
				  strerror(errno));
	code = copy_blocks(r, fd, path);
	if (close(fd) < 0 && code == 0)
		code = ep_err_set(r->err, -errno, "cannot unpack %s: %s", path,
				  strerror(errno));
	return code;
}

static int take_entry(struct reader *r, struct archive_entry *e)
{
	bool folder = archive_entry_filetype(e) == AE_IFDIR;
	char path[EP_SUMS_PATH_BYTES_MAX];
	int code = take_path(r, e, path, sizeof(path));

	if (code == 0)
		code = check_kind(r, e, path);
	if (code == 0)
		code = make_folders(r, path, folder);
	if (code == 0 && !folder)
		code = take_file(r, path);
	return code;
}

static int open_archive(struct reader *r, int fd)
{
	struct archive *a = r->archive;

	/* Not all of them: some start a program to unpack. */
	if (archive_read_support_format_tar(a) != ARCHIVE_OK ||
	    archive_read_support_filter_gzip(a) != ARCHIVE_OK ||
	    archive_read_support_filter_xz(a) != ARCHIVE_OK ||
	    archive_read_support_filter_zstd(a) != ARCHIVE_OK)
		return ep_err_set(r->err, -ENOTSUP,
				  "this system's libarchive reads no %s",
				  ep_packer_known());
	return archive_read_open_fd(a, fd, BLOCK_BYTES) == ARCHIVE_OK
		       ? 0
		       : damaged(r);
}

static int take_all(struct reader *r, int fd)
{
	struct archive_entry *e;
	int code = open_archive(r, fd);

	while (code == 0) {
		int next = archive_read_next_header(r->archive, &e);

		if (next == ARCHIVE_EOF)
			break;
		/* A warning is about the time or owner, which is not used. */
		code = next == ARCHIVE_OK || next == ARCHIVE_WARN
			       ? take_entry(r, e)
			       : damaged(r);
	}
	if (code == 0 && !r->top[0])
		code = ep_err_set(r->err, -EBADMSG,
				  "is no archive: nothing is in it");
	return code;
}

int ep_unpack(const char *path, int to_fd, char ret_top[EP_UNPACK_NAME_BYTES],
	      struct ep_err *err)
{
	struct reader r = { .to_fd = to_fd, .err = err };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), code;
	struct stat st;

	if (fd < 0)
		return ep_err_set(err, -errno, "%s", strerror(errno));
	r.archive = archive_read_new();
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		code = ep_err_set(err, -EBADMSG, "is no archive");
	else if (!r.archive)
		code = ep_err_set(err, -ENOMEM, "out of memory");
	else
		code = 0;
	if (code == 0) {
		r.allowance_bytes = ep_archive_allowance(st.st_size);
		code = take_all(&r, fd);
	}
	(void)archive_read_free(r.archive);
	(void)close(fd);
	if (code == 0)
		(void)ep_str_copy(ret_top, EP_UNPACK_NAME_BYTES, r.top);
	return code;
}
