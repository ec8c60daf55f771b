/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/hash_quiet.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

#define BLOCK_BYTES ((size_t)4 * 1024 * 1024)
/* Of memory and place in the file, for every device we know. */
#define DIRECT_ALIGN 4096
#define PAGE_BYTES_MIN 4096

struct reader {
	int fd;
	int direct_fd; /* -1: none */
	size_t page_bytes;
	uint8_t *block;
	unsigned char cached[BLOCK_BYTES / PAGE_BYTES_MIN];
};

static int open_direct(int fd)
{
	char path[40];

	(void)ep_str_format(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK);
}

static void close_direct(struct reader *r)
{
	if (r->direct_fd >= 0)
		(void)close(r->direct_fd);
	r->direct_fd = -1;
}

/* The kernel only tells an owner; to others everything is cached. */
static bool is_cached(struct reader *r, off_t at, size_t len)
{
	void *map = mmap(NULL, len, PROT_READ, MAP_SHARED, r->fd, at);
	size_t pages = (len + r->page_bytes - 1) / r->page_bytes;
	bool all = map != MAP_FAILED && pages <= sizeof(r->cached) &&
		   mincore(map, len, r->cached) == 0;

	for (size_t i = 0; all && i < pages; i++)
		all = r->cached[i] & 1;
	if (map != MAP_FAILED)
		(void)munmap(map, len);
	return all;
}

static ssize_t read_at(int fd, uint8_t *to, size_t len, off_t at)
{
	ssize_t n;

	do {
		n = pread(fd, to, len, at);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* How much of the block at `at` was read, 0 at the end, or -errno. */
static ssize_t read_block(struct reader *r, size_t len, off_t at)
{
	bool aligned = at % (off_t)r->page_bytes == 0;
	bool cached = aligned && is_cached(r, at, len);
	ssize_t n;

	if (!cached && aligned && r->direct_fd >= 0) {
		n = read_at(r->direct_fd, r->block, BLOCK_BYTES, at);
		if (n >= 0)
			return n < (ssize_t)len ? n : (ssize_t)len;
		if (n != -EINVAL && n != -EOPNOTSUPP)
			return n;
		close_direct(r);
	}
	n = read_at(r->fd, r->block, len, at);
	if (!cached && n > 0)
		(void)posix_fadvise(r->fd, at, (off_t)n, POSIX_FADV_DONTNEED);
	return n;
}

static int hash_blocks(struct reader *r, off_t size, struct ep_hash_stop stop,
		       struct sha256_ctx *ctx)
{
	for (off_t at = 0; at < size;) {
		size_t len = size - at < (off_t)BLOCK_BYTES
				     ? (size_t)(size - at)
				     : BLOCK_BYTES;
		ssize_t n;

		if (stop.stop && stop.stop(stop.ctx))
			return -ECANCELED;
		n = read_block(r, len, at);
		if (n <= 0)
			return n < 0 ? (int)n : -ESTALE;
		sha256_update(ctx, (size_t)n, r->block);
		at += n;
	}
	return 0;
}

int ep_hash_file_quietly(int fd, off_t size, struct ep_hash_stop stop,
			 char ret[EP_HASH_BYTES])
{
	struct reader *r = calloc(1, sizeof(*r));
	long page_bytes = sysconf(_SC_PAGESIZE);
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;
	int code = -ENOMEM;

	if (!r)
		return code;
	r->fd = fd;
	r->page_bytes = page_bytes > PAGE_BYTES_MIN ? (size_t)page_bytes
						    : PAGE_BYTES_MIN;
	r->block = aligned_alloc(DIRECT_ALIGN, BLOCK_BYTES);
	r->direct_fd = -1;
	if (r->block) {
		r->direct_fd = open_direct(fd);
		/* Reading ahead would fill the cache beyond the block. */
		(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
		sha256_init(&ctx);
		code = hash_blocks(r, size, stop, &ctx);
		close_direct(r);
	}
	if (code == 0) {
		sha256_digest(&ctx, sizeof(digest), digest);
		ep_hash_hex(digest, ret);
	}
	free(r->block);
	free(r);
	return code;
}
