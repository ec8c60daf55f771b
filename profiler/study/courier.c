/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/courier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/tree.h"

#define BLOCK_BYTES 65536

/* Noise may have left the line open: every one begins with a line end. */
int ep_courier_say(const struct ep_courier *c, const char *format, ...)
{
	char text[EP_COURIER_LINE_BYTES - 64], line[EP_COURIER_LINE_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_str_printable(text);
	(void)ep_str_format(line, sizeof(line), "\nEDGEPROF-%s %s\n", c->nonce,
			    text);
	return ep_file_write_all(c->fd, line, strlen(line));
}

static int send_bytes(const struct ep_courier *c, int fd, int64_t left_bytes)
{
	char block[BLOCK_BYTES];
	int r = 0;

	while (r == 0 && left_bytes > 0) {
		size_t want = left_bytes < BLOCK_BYTES ? (size_t)left_bytes
						       : BLOCK_BYTES;
		ssize_t n = read(fd, block, want);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		r = ep_file_write_all(c->fd, block, (size_t)n);
		left_bytes -= n;
	}
	return r;
}

static int send_file(const struct ep_courier *c, int dir_fd,
		     const struct ep_tree_entry *e)
{
	char hash[EP_HASH_BYTES];
	struct stat st;
	int fd = openat(dir_fd, e->path,
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int r = fd < 0 ? -errno : ep_hash_file(fd, hash);

	if (r == 0 && (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0))
		r = -errno;
	if (r == 0)
		r = ep_courier_say(c, "file %lld %s %s", (long long)st.st_size,
				   hash, e->path);
	if (r == 0)
		r = send_bytes(c, fd, st.st_size);
	if (fd >= 0)
		close(fd);
	return r;
}

int ep_courier_send(const struct ep_courier *c, int dir_fd, const char *name)
{
	struct ep_tree t;
	int r = ep_tree_list(dir_fd, &t);

	if (r < 0)
		return r;
	r = ep_courier_say(c, "folder %s", name);
	for (size_t i = 0; r == 0 && i < t.count; i++) {
		if (t.entries[i].folder)
			r = ep_courier_say(c, "dir %s", t.entries[i].path);
		else
			r = send_file(c, dir_fd, &t.entries[i]);
	}
	if (r == 0)
		r = ep_courier_say(c, "ends %s", name);
	ep_tree_done(&t);
	return r;
}

int ep_courier_line(const char *line, const char *nonce, const char **ret_text)
{
	static const char mark[] = "EDGEPROF-";
	size_t len = strlen(nonce);

	if (!ep_str_starts(line, mark) ||
	    strncmp(line + strlen(mark), nonce, len) != 0 ||
	    line[strlen(mark) + len] != ' ')
		return 0;
	*ret_text = line + strlen(mark) + len + 1;
	return 1;
}
