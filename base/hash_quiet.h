/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_HASH_QUIET_H
#define EP_BASE_HASH_QUIET_H

#include "base/hash.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * SHA-256 of the first size bytes of an open regular file, which leaves the
 * page cache about as it was: what is cached is read from there, the rest past
 * it (O_DIRECT), or dropped again where the file system knows no O_DIRECT.
 *
 * Blocks for as long as reading takes; stop() is asked between blocks of some
 * MiB and ends it.  -ECANCELED: it did; -ESTALE: the file is shorter than that;
 * -ENOMEM, or what reading says.
 */
struct ep_hash_stop {
	bool (*stop)(void *ctx); /* NULL: never */
	void *ctx;
};
int ep_hash_file_quietly(int fd, off_t size, struct ep_hash_stop stop,
			 char ret[EP_HASH_BYTES]) EP_MUST_CHECK;

#endif
