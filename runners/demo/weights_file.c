/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_VERSION 1
#define FILE_ORDER UINT32_C(0x01020304) /* as this machine stores it */
#define HEADER_BYTES 4096 /* the payload starts on a page border */

static const char file_magic[16] = "edgeprof-infer\n";

struct file_header {
	char magic[16];
	uint32_t order;
	uint32_t version;
	struct infer_shape shape;
	uint64_t seed;
	uint64_t payload_bytes;
	uint64_t payload_sum;
	uint64_t header_sum; /* of the bytes before it */
};

/* FNV-1a */
static uint64_t checksum(const uint8_t *bytes, size_t count)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < count; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t header_checksum(const struct file_header *h)
{
	return checksum((const uint8_t *)h,
			offsetof(struct file_header, header_sum));
}

static bool shape_is_sane(const struct infer_shape *s)
{
	if (s->dim < 16 || s->dim > INFER_WIDTH_MAX || s->dim % 16 != 0)
		return false;
	if (s->ffn < 16 || s->ffn > INFER_WIDTH_MAX || s->ffn % 16 != 0)
		return false;
	if (s->layers < 1 || s->layers > INFER_LAYERS_MAX)
		return false;
	if (s->heads < 1 || s->dim % s->heads != 0 ||
	    s->dim / s->heads % 2 != 0)
		return false;
	return s->vocab == infer_shape_default.vocab && s->context >= 1 &&
	       s->context <= INFER_WIDTH_MAX;
}

static int check_header(const struct file_header *h, uint64_t file_bytes,
			const char *path, struct infer_err *err)
{
	if (memcmp(h->magic, file_magic, sizeof(file_magic)) != 0)
		return infer_err_set(
			err, -EMEDIUMTYPE,
			"%s: not a model of this program, and left "
			"as it is; name another file",
			path);
	if (h->order != FILE_ORDER)
		return infer_err_set(err, -EBADMSG,
				     "%s: made on a machine of the other byte "
				     "order",
				     path);
	if (h->version != FILE_VERSION)
		return infer_err_set(err, -EBADMSG,
				     "%s: model file version %u, this program "
				     "knows %d",
				     path, h->version, FILE_VERSION);
	if (h->header_sum != header_checksum(h) || !shape_is_sane(&h->shape))
		return infer_err_set(err, -EBADMSG, "%s: the header is damaged",
				     path);
	if (file_bytes != HEADER_BYTES + h->payload_bytes)
		return infer_err_set(
			err, -EBADMSG, "%s: %llu bytes where %llu belong", path,
			(unsigned long long)file_bytes,
			(unsigned long long)(HEADER_BYTES + h->payload_bytes));
	return 0;
}

static int read_header(int fd, struct file_header *ret, const char *path,
		       struct infer_err *err)
{
	struct file_header h = { .magic = "" };
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) < 0)
		return infer_err_set(err, -errno, "%s: %s", path,
				     strerror(errno));
	if (!S_ISREG(st.st_mode))
		return infer_err_set(err, -EMEDIUMTYPE,
				     "%s: not a regular file", path);
	if (st.st_size == 0)
		return infer_err_set(err, -ENODATA, "%s: empty file", path);
	got = pread(fd, &h, sizeof(h), 0);
	if (got < 0)
		return infer_err_set(err, -errno, "%s: %s", path,
				     strerror(errno));
	if ((size_t)got < sizeof(h) && (size_t)got >= sizeof(file_magic) &&
	    memcmp(h.magic, file_magic, sizeof(file_magic)) == 0)
		return infer_err_set(err, -EBADMSG, "%s: cut short", path);
	*ret = h;
	return check_header(ret, (uint64_t)st.st_size, path, err);
}

static int map_payload(struct infer_weights *w, int fd,
		       const struct file_header *h, const char *path,
		       struct infer_err *err)
{
	uint8_t *payload;

	w->shape = h->shape;
	if (infer_weights_bind(w, NULL) != h->payload_bytes)
		return infer_err_set(err, -EBADMSG,
				     "%s: size and shape disagree", path);
	w->map_bytes = HEADER_BYTES + h->payload_bytes;
	w->map = mmap(NULL, w->map_bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (w->map == MAP_FAILED) {
		w->map = NULL;
		return infer_err_set(err, -errno, "%s: cannot be mapped: %s",
				     path, strerror(errno));
	}
	payload = (uint8_t *)w->map + HEADER_BYTES;
	if (checksum(payload, h->payload_bytes) != h->payload_sum)
		return infer_err_set(err, -EBADMSG,
				     "%s: the checksum is wrong: the file is "
				     "damaged",
				     path);
	(void)infer_weights_bind(w, payload);
	return 0;
}

int infer_weights_map(struct infer_weights *ret, const char *path,
		      struct infer_err *err)
{
	struct infer_weights w = { .map = NULL };
	struct file_header h = { .magic = "" };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return infer_err_set(err, -errno, "%s: %s", path,
				     strerror(errno));
	r = read_header(fd, &h, path, err);
	if (r == 0)
		r = map_payload(&w, fd, &h, path, err);
	(void)close(fd);
	if (r < 0) {
		infer_weights_done(&w);
		return r;
	}
	*ret = w;
	return 0;
}

void infer_weights_done(struct infer_weights *w)
{
	if (w->map)
		(void)munmap(w->map, w->map_bytes);
	w->map = NULL;
}

int infer_weights_verify(const char *path, struct infer_err *err)
{
	struct infer_weights w = { .map = NULL };
	int r = infer_weights_map(&w, path, err);

	if (r == 0)
		infer_weights_done(&w);
	return r;
}

static int write_all(int fd, const uint8_t *bytes, size_t count)
{
	while (count > 0) {
		ssize_t n = write(fd, bytes, count);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		count -= (size_t)n;
	}
	return 0;
}

/* The whole file in memory, to be freed; its size in *ret_bytes. */
static uint8_t *build_file(const struct infer_shape *shape, uint64_t seed,
			   size_t *ret_bytes)
{
	struct infer_weights w = { .shape = *shape };
	struct file_header h = {
		.order = FILE_ORDER,
		.version = FILE_VERSION,
		.shape = *shape,
		.seed = seed,
		.payload_bytes = infer_weights_bind(&w, NULL),
	};
	uint8_t *file = calloc(1, HEADER_BYTES + h.payload_bytes);

	if (!file)
		return NULL;
	(void)infer_weights_bind(&w, file + HEADER_BYTES);
	infer_weights_fill(&w, seed);
	memcpy(h.magic, file_magic, sizeof(h.magic));
	h.payload_sum = checksum(file + HEADER_BYTES, h.payload_bytes);
	h.header_sum = header_checksum(&h);
	memcpy(file, &h, sizeof(h));
	*ret_bytes = HEADER_BYTES + h.payload_bytes;
	return file;
}

static int write_beside(const char *path, const uint8_t *file, size_t bytes)
{
	char name[4096];
	int length = snprintf(name, sizeof(name), "%s.XXXXXX", path);
	int fd;
	int r;

	if (length < 0 || (size_t)length >= sizeof(name))
		return -ENAMETOOLONG;
	fd = mkostemp(name, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write_all(fd, file, bytes);
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0))
		r = -errno;
	if (close(fd) < 0 && r == 0)
		r = -errno;
	if (r == 0 && rename(name, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(name);
	return r;
}

int infer_weights_make(const char *path, const struct infer_shape *shape,
		       uint64_t seed, struct infer_err *err)
{
	size_t bytes;
	uint8_t *file = build_file(shape, seed, &bytes);
	int r;

	if (!file)
		return infer_err_set(err, -ENOMEM,
				     "out of memory while making the model");
	r = write_beside(path, file, bytes);
	free(file);
	if (r < 0)
		return infer_err_set(err, r, "%s: cannot be written: %s", path,
				     strerror(-r));
	return 0;
}
