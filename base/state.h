/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_STATE_H
#define EP_BASE_STATE_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <sys/types.h>

#define EP_BOOT_ID_BYTES 64

/*
 * The folder in which edgeprof keeps what must outlive it: /var/lib/edgeprof
 * for root (also through sudo), $XDG_STATE_HOME/edgeprof or
 * ~/.local/state/edgeprof for others, and /var/lib/edgeprof below EDGEPROF_ROOT
 * when that is set.
 */
struct ep_state {
	int dir_fd;
	char path[4096]; /* for people */
};

/*
 * Opens it, and makes it (0700) when create is set.  -ENOENT; -EPERM with a
 * sentence when it is a symbolic link, belongs to someone else or others may
 * write to it; -EROFS, -EACCES.
 */
int ep_state_open(struct ep_state *state, const struct ep_root *root,
		  bool create, struct ep_err *err) EP_MUST_CHECK;
void ep_state_close(struct ep_state *state);

/* A file in it, O_NOFOLLOW, ours, 0600; a descriptor or -errno. */
int ep_state_openat(const struct ep_state *state, const char *name,
		    int flags) EP_MUST_CHECK;
/* "journal-<host>": several boards may share one home folder. */
int ep_state_name(const char *what, char *ret, size_t size) EP_MUST_CHECK;

/* Of this boot; below the root when it has one there. */
int ep_state_boot_id(const struct ep_root *root, char *ret,
		     size_t size) EP_MUST_CHECK;

/*
 * A descriptor that holds the board for all users (flock on its folder of
 * CPUs), -EWOULDBLOCK when another process does (ret_pid says which, 0 not
 * known), -ENOENT when the board has no such folder.
 */
int ep_state_lock_board(const struct ep_root *root,
			pid_t *ret_pid) EP_MUST_CHECK;

#endif
