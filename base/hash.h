/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_HASH_H
#define EP_BASE_HASH_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define EP_HASH_BYTES 65 /* SHA-256 in hex, with NUL */

void ep_hash_bytes(const void *data, size_t len, char ret[EP_HASH_BYTES]);
/* From where the file stands to its end; blocks for it.  -errno. */
int ep_hash_file(int fd, char ret[EP_HASH_BYTES]) EP_MUST_CHECK;

/* The 32 bytes of a digest as text. */
void ep_hash_hex(const uint8_t *digest, char ret[EP_HASH_BYTES]);

#endif
