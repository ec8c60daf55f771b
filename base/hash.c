/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash.h"

#include <errno.h>
#include <nettle/sha2.h>
#include <unistd.h>

void ep_hash_hex(const uint8_t *digest, char ret[EP_HASH_BYTES])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA256_DIGEST_SIZE; i++) {
		ret[2 * i] = digits[digest[i] >> 4];
		ret[2 * i + 1] = digits[digest[i] & 15];
	}
	ret[EP_HASH_BYTES - 1] = '\0';
}

static void finish(struct sha256_ctx *ctx, char ret[EP_HASH_BYTES])
{
	uint8_t digest[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(digest), digest);
	ep_hash_hex(digest, ret);
}

void ep_hash_bytes(const void *data, size_t len, char ret[EP_HASH_BYTES])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, data);
	finish(&ctx, ret);
}

int ep_hash_file(int fd, char ret[EP_HASH_BYTES])
{
	struct sha256_ctx ctx;
	uint8_t block[64 * 1024];
	ssize_t n;

	sha256_init(&ctx);
	for (;;) {
		n = read(fd, block, sizeof(block));
		if (n == 0)
			break;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sha256_update(&ctx, (size_t)n, block);
	}
	finish(&ctx, ret);
	return 0;
}
