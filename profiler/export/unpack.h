/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_UNPACK_H
#define EP_PROFILER_EXPORT_UNPACK_H

#include "base/err.h"

#include <stddef.h>

/*
 * An archive that anybody may have made, into to_fd, an empty folder that only
 * we can look into.  Files and folders in one folder only: no links, devices,
 * absolute or climbing paths, sparse files, nothing twice.  At most
 * EP_TREE_ENTRIES_MAX files, EP_TREE_DEPTH_MAX folders deep, 64 GiB, and 200
 * times the size of the archive and 64 MiB.
 *
 * ret_top: name of that one folder.  -EBADMSG: it is no archive, or damaged, or
 * has what an archive of ours has not; -EFBIG; -ENOSPC; -EINTR a signal waits.
 * All with a sentence.
 */
#define EP_UNPACK_NAME_BYTES 128

int ep_unpack(const char *path, int to_fd, char ret_top[EP_UNPACK_NAME_BYTES],
	      struct ep_err *err) EP_MUST_CHECK;

#endif
