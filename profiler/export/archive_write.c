/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "profiler/export/archive_parts.h"
#include "profiler/export/folder.h"

#define BLOCK_BYTES 65536
/* 1980-01-01: tar warns of times at or before 1970. */
#define TIME_S 315532800

struct ep_packer {
	int fd, error; /* of writing to it */
	struct archive *archive;
	struct archive_entry *entry;
	int64_t bytes_count;
};

static const struct {
	const char *suffix;
	int (*filter)(struct archive *);
} filters[] = {
	{ ".tar.gz", archive_write_add_filter_gzip },
	{ ".tgz", archive_write_add_filter_gzip },
	{ ".tar.xz", archive_write_add_filter_xz },
	{ ".tar.zst", archive_write_add_filter_zstd },
};
#define FILTERS (sizeof(filters) / sizeof(filters[0]))

const char *ep_packer_known(void)
{
	return ".tar.gz, .tar.xz or .tar.zst";
}

size_t ep_packer_suffix_len(const char *name)
{
	for (size_t i = 0; i < FILTERS; i++)
		if (ep_str_ends(name, filters[i].suffix))
			return strlen(filters[i].suffix);
	return 0;
}

/* What libarchive says, with the errno behind it when there is one. */
static int fail(struct archive *a, const char *what, struct ep_err *err)
{
	const char *why = archive_error_string(a);
	int number = archive_errno(a);

	/* Numbers of its own are negative. */
	if (number > 0)
		why = strerror(number);
	return ep_err_set(err, number > 0 ? -number : -EIO, "%s: %s", what,
			  why ? why : "the archive cannot be written");
}

/*
 * After a write that failed libarchive (up to 3.8) never frees what its filters
 * hold, so failures are kept here and it goes on without writing.
 */
static la_ssize_t write_out(struct archive *a, void *ctx, const void *data,
			    size_t len)
{
	struct ep_packer *p = ctx;

	(void)a;
	if (p->error == 0)
		p->error = ep_file_write_all(p->fd, data, len);
	return (la_ssize_t)len;
}

static int check_written(const struct ep_packer *p, const char *path,
			 struct ep_err *err)
{
	return p->error == 0 ? 0
			     : ep_err_set(err, p->error, "%s: %s", path,
					  strerror(-p->error));
}

static int set_up(struct ep_packer *p, const char *name)
{
	struct archive *a = p->archive;
	int r = archive_write_set_format_pax_restricted(a);

	for (size_t i = 0; r == ARCHIVE_OK && i < FILTERS; i++)
		if (ep_str_ends(name, filters[i].suffix)) {
			r = filters[i].filter(a);
			break;
		}
	/* gzip would write the present time. */
	if (r == ARCHIVE_OK && archive_filter_code(a, 0) == ARCHIVE_FILTER_GZIP)
		r = archive_write_set_filter_option(a, "gzip", "timestamp",
						    NULL);
	/* No zeros behind the end, as a tape would get. */
	if (r == ARCHIVE_OK)
		r = archive_write_set_bytes_in_last_block(a, 1);
	return r == ARCHIVE_OK ? archive_write_open(a, p, NULL, write_out, NULL)
			       : r;
}

int ep_packer_open(int fd, const char *name, struct ep_packer **ret,
		   struct ep_err *err)
{
	struct ep_packer *p;
	int r;

	if (ep_packer_suffix_len(name) == 0)
		return ep_err_set(err, -EINVAL,
				  "-o %.200s: end the name of the archive with "
				  "%s",
				  name, ep_packer_known());
	p = calloc(1, sizeof(*p));
	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	p->fd = fd;
	p->archive = archive_write_new();
	p->entry = archive_entry_new();
	r = p->archive && p->entry ? 0
				   : ep_err_set(err, -ENOMEM, "out of memory");
	if (r == 0 && set_up(p, name) != ARCHIVE_OK)
		r = fail(p->archive, name, err);
	if (r < 0) {
		ep_packer_abandon(p);
		return r;
	}
	*ret = p;
	return 0;
}

static int put_head(struct ep_packer *p, const char *path, int64_t bytes,
		    struct ep_err *err)
{
	struct archive_entry *e = archive_entry_clear(p->entry);

	archive_entry_set_pathname(e, path);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_size(e, bytes);
	archive_entry_set_mtime(e, TIME_S, 0);
	archive_entry_set_uid(e, 0);
	archive_entry_set_gid(e, 0);
	p->bytes_count += bytes;
	return archive_write_header(p->archive, e) == ARCHIVE_OK
		       ? check_written(p, path, err)
		       : fail(p->archive, path, err);
}

static int put_block(struct ep_packer *p, const char *path, const void *data,
		     size_t len, struct ep_err *err)
{
	la_ssize_t n = archive_write_data(p->archive, data, len);

	if (n == (la_ssize_t)len)
		return check_written(p, path, err);
	if (n >= 0)
		return ep_err_set(err, -EBUSY,
				  "%s: grew while it was packed; wait until "
				  "the recording has ended",
				  path);
	return fail(p->archive, path, err);
}

int ep_packer_put(struct ep_packer *p, const char *path,
		  const struct ep_buf *content, struct ep_err *err)
{
	int r = put_head(p, path, (int64_t)content->len, err);

	if (r == 0 && content->len > 0)
		r = put_block(p, path, content->data, content->len, err);
	return r;
}

int ep_packer_put_file(struct ep_packer *p, const char *path, int fd,
		       struct ep_err *err)
{
	char block[BLOCK_BYTES];
	int64_t left;
	struct stat st;
	int r = fstat(fd, &st) < 0
			? ep_err_set(err, -errno, "%s: %s", path,
				     strerror(errno))
			: put_head(p, path, (int64_t)st.st_size, err);

	left = r == 0 ? (int64_t)st.st_size : 0;
	while (r == 0) {
		ssize_t got = read(fd, block, sizeof(block));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ep_err_set(err, -errno, "%s: %s", path,
					  strerror(errno));
		if (got == 0)
			break;
		if (ep_hold_waiting())
			return ep_err_set(err, -EINTR, "interrupted");
		r = put_block(p, path, block, (size_t)got, err);
		left -= got;
	}
	if (r == 0 && left != 0)
		r = ep_err_set(err, -EBUSY,
			       "%s: changed while it was packed; wait until "
			       "the recording has ended",
			       path);
	return r;
}

int ep_packer_close(struct ep_packer *p, int64_t *ret_packed_bytes,
		    struct ep_err *err)
{
	int r = archive_write_close(p->archive) == ARCHIVE_OK
			? check_written(p, "the archive", err)
			: fail(p->archive, "the archive", err);

	if (r == 0)
		*ret_packed_bytes = p->bytes_count;
	ep_packer_abandon(p);
	return r;
}

void ep_packer_abandon(struct ep_packer *p)
{
	if (!p)
		return;
	archive_entry_free(p->entry);
	/* It writes an end to what will be thrown away. */
	(void)archive_write_free(p->archive);
	free(p);
}

int64_t ep_archive_allowance(int64_t archive_bytes)
{
	int64_t bytes = EP_ARCHIVE_SLACK_BYTES;

	if (archive_bytes > EP_ARCHIVE_BYTES_MAX / EP_ARCHIVE_RATIO_MAX)
		return EP_ARCHIVE_BYTES_MAX;
	bytes += archive_bytes * EP_ARCHIVE_RATIO_MAX;
	return bytes < EP_ARCHIVE_BYTES_MAX ? bytes : EP_ARCHIVE_BYTES_MAX;
}
