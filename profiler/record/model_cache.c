/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/record/models.h"

#define OWN_NAME "edgeprof"
#define ENTRY_BYTES_MAX 256
/* A file that was written this short ago may be written again within the
 * same step of its time stamps. */
#define SETTLED_NS (2 * EP_NS_PER_S)

static int open_in(int dir_fd, const char *name)
{
	int fd;

	if (mkdirat(dir_fd, name, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* Nobody else may have put hashes there. */
static int check_folder(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_uid == geteuid() && (st.st_mode & 022) == 0 ? 0 : -EPERM;
}

/* $XDG_CACHE_HOME/edgeprof or ~/.cache/edgeprof of whom the run is for. */
static int open_folder(const struct ep_identity *identity)
{
	const char *xdg = secure_getenv("XDG_CACHE_HOME");
	const char *home = secure_getenv("HOME");
	int at, fd, r;

	if (identity->changes) {
		/* The environment is that of root. */
		xdg = NULL;
		home = identity->home;
	}
	if (xdg && xdg[0] == '/') {
		at = open(xdg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	} else if (home && home[0] == '/') {
		fd = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		at = open_in(fd, ".cache");
		(void)close(fd);
		if (at < 0)
			return at;
	} else {
		return -ENOENT;
	}
	if (at < 0)
		return -errno;
	fd = open_in(at, OWN_NAME);
	(void)close(at);
	r = fd < 0 ? fd : check_folder(fd);
	if (r < 0 && fd >= 0)
		(void)close(fd);
	return r < 0 ? r : fd;
}

static void name_of(const struct ep_model_key *key, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "model-%" PRIx64 "-%" PRIu64,
			    key->device, key->inode);
}

/* "SIZE MTIME CTIME ", then the hash. */
static void state_of(const struct ep_model_key *key, char *ret, size_t size)
{
	(void)ep_str_format(ret, size, "%" PRId64 " %" PRId64 " %" PRId64 " ",
			    key->size_bytes, key->mtime_ns, key->ctime_ns);
}

int ep_model_cache_get(const struct ep_identity *identity,
		       const struct ep_model_key *key, char ret[EP_HASH_BYTES])
{
	int fd = open_folder(identity), r;
	char name[64], state[80];
	const char *hash;
	struct ep_buf b;

	if (fd < 0)
		return fd;
	name_of(key, name, sizeof(name));
	state_of(key, state, sizeof(state));
	ep_buf_init(&b, ENTRY_BYTES_MAX);
	r = ep_file_read(fd, name, &b);
	(void)close(fd);
	if (r == 0) {
		hash = b.len == strlen(state) + EP_HASH_BYTES &&
				       ep_str_starts(b.data, state)
			       ? b.data + strlen(state)
			       : "";
		if (strspn(hash, "0123456789abcdef") == EP_HASH_BYTES - 1)
			(void)ep_str_format(ret, EP_HASH_BYTES, "%.*s",
					    EP_HASH_BYTES - 1, hash);
		else
			r = -ENOENT;
	}
	ep_buf_done(&b);
	return r;
}

int ep_model_cache_put(const struct ep_identity *identity,
		       const struct ep_model_key *key, const char *hash)
{
	char name[64], state[80], text[ENTRY_BYTES_MAX];
	int fd, r;

	if (ep_clock_realtime_ns() - key->ctime_ns < SETTLED_NS)
		return -EAGAIN;
	fd = open_folder(identity);
	if (fd < 0)
		return fd;
	name_of(key, name, sizeof(name));
	state_of(key, state, sizeof(state));
	(void)ep_str_format(text, sizeof(text), "%s%s\n", state, hash);
	r = ep_file_replace(fd, name, text, strlen(text));
	(void)close(fd);
	return r;
}
