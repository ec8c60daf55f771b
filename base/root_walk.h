/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_ROOT_WALK_H
#define EP_BASE_ROOT_WALK_H

#include "base/err.h"

/*
 * openat2(RESOLVE_IN_ROOT) without openat2: walks path one component at a time
 * below root_fd.  Absolute links restart at the root, ".." stops there, and a
 * rename on the way cannot lead outside, because every folder passed is held
 * open.  At most 40 links and 64 folders deep.
 * A descriptor (O_CLOEXEC), or -errno as open(2), -ENAMETOOLONG when too deep.
 */
int ep_root_walk(int root_fd, const char *path, int flags) EP_MUST_CHECK;

#endif
