/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_ARCHIVE_PARTS_H
#define EP_PROFILER_EXPORT_ARCHIVE_PARTS_H

#include "base/buf.h"
#include "base/err.h"

#include <stdint.h>

/* A tar by libarchive: the same files give the same bytes. */
struct ep_packer;

/* name: of the output; its end picks the compression (.tar.gz, .tar.xz,
 * .tar.zst; -EINVAL).  fd is borrowed. */
int ep_packer_open(int fd, const char *name, struct ep_packer **ret,
		   struct ep_err *err) EP_MUST_CHECK;
/* path: with the folder in the archive before it. */
int ep_packer_put(struct ep_packer *p, const char *path,
		  const struct ep_buf *content,
		  struct ep_err *err) EP_MUST_CHECK;
/* The content of an open file from where it stands. */
int ep_packer_put_file(struct ep_packer *p, const char *path, int fd,
		       struct ep_err *err) EP_MUST_CHECK;
/* Writes the end; p is gone in any case.  ret_packed: bytes of the files. */
int ep_packer_close(struct ep_packer *p, int64_t *ret_packed_bytes,
		    struct ep_err *err) EP_MUST_CHECK;
void ep_packer_abandon(struct ep_packer *p);

/* What a reader takes; more is not made either. */
#define EP_ARCHIVE_BYTES_MAX ((int64_t)64 << 30)
#define EP_ARCHIVE_RATIO_MAX 200
#define EP_ARCHIVE_SLACK_BYTES ((int64_t)64 << 20)
/* Bytes that an archive of this size may unpack to. */
int64_t ep_archive_allowance(int64_t archive_bytes);

/* Does the end of a file's name pick a compression? */
const char *ep_packer_known(void); /* ".tar.gz, .tar.xz or .tar.zst" */
size_t ep_packer_suffix_len(const char *name); /* 0: it does not */

#endif
