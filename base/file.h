/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_FILE_H
#define EP_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Ordinary files, where the user said; nothing here touches the board. */

/* Creates one folder (0755 less umask); an existing one is fine. */
int ep_file_mkdir(const char *path, struct ep_err *err) EP_MUST_CHECK;
/* All of a file into b, bounded by b's maximum (-EFBIG). */
int ep_file_read(int dir_fd, const char *name, struct ep_buf *b) EP_MUST_CHECK;
/* Writes everything or fails: -errno (EINTR handled). */
int ep_file_write_all(int fd, const void *data, size_t len) EP_MUST_CHECK;
/*
 * Replaces dir_fd/name atomically: temporary file beside it (O_EXCL,
 * O_NOFOLLOW), write, rename.  Not synced: a power cut may undo it, never tear
 * it on the file systems we know.  Nothing is left on failure.
 */
int ep_file_replace(int dir_fd, const char *name, const void *data,
		    size_t len) EP_MUST_CHECK;

/*
 * To what a person named: an ordinary file is replaced as above and keeps its
 * mode, owner and links to it; pipes and devices are written to.  Only where
 * nothing can be made beside it, it is written in place.
 */
int ep_file_output(const char *path, const void *data,
		   size_t len) EP_MUST_CHECK;

/*
 * Creates dir_fd/name durably, and all of it or nothing even when the power
 * goes: a draft beside it, synced, then renamed (replace) or linked (-EEXIST
 * when there is one).  A draft that a killed process left is removed by the
 * next call, or by ep_file_put_clean().
 */
int ep_file_put(int dir_fd, const char *name, const struct ep_buf *content,
		mode_t mode, bool replace) EP_MUST_CHECK;
void ep_file_put_clean(int dir_fd, const char *name);

/* ep_file_replace() for a file too large for memory: begin, write with fd,
 * commit. */
struct ep_file_draft {
	int dir_fd; /* borrowed */
	int fd;
	char name[256];
	char draft[256];
};
int ep_file_draft_begin(struct ep_file_draft *d, int dir_fd,
			const char *name) EP_MUST_CHECK;
int ep_file_draft_commit(struct ep_file_draft *d) EP_MUST_CHECK;
void ep_file_draft_abandon(struct ep_file_draft *d); /* also after commit */

#endif
