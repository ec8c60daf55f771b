/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "runners/llama_published.h"
#include "runners/probed.h"

#define LIST_BYTES_MAX 65536

static bool is_wanted(const struct ep_setup *s,
		      const struct ep_uprobe_library *l)
{
	for (size_t i = 0; i < s->wanted_count; i++)
		if (s->wanted[i].dev == l->dev && s->wanted[i].ino == l->ino)
			return true;
	return false;
}

/* Root's, or his who asks for it: nobody else chooses where probes go. */
static int check_owner(int fd, const char *path, uid_t owner,
		       struct ep_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return ep_err_set(err, -errno, "%.300s: %s", path,
				  strerror(errno));
	if (st.st_uid != 0 && st.st_uid != owner)
		return ep_err_set(err, -EPERM,
				  "%.300s belongs to user id %u, neither to "
				  "root nor to you: sudo chown root it first",
				  path, (unsigned)st.st_uid);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return ep_err_set(err, -EPERM,
				  "%.300s can be written to by others: chmod "
				  "go-w it first",
				  path);
	return 0;
}

/* Takes fd.  -ENOENT: no libllama. */
static int add(struct ep_setup *s, int fd, const char *path, uid_t owner,
	       struct ep_err *err)
{
	struct ep_uprobe_library *l = &s->wanted[s->wanted_count];
	struct ep_probed_hit hit;
	int r = -EFBIG;

	if (s->wanted_count == EP_UPROBE_LIBRARIES_MAX)
		ep_err_set(err, r, "%.300s: more than %d libraries", path,
			   EP_UPROBE_LIBRARIES_MAX);
	else
		r = ep_llama_library(fd, path, l);
	/* Of a fallback too little is known to set it up for everyone. */
	if (r == 0 && (!ep_probed_hit_of(l->points[0].probe, &hit) ||
		       hit.library->fallback))
		r = -ENOENT;
	if (r == -ENOENT)
		ep_err_set(err, r,
			   "%.300s: no libllama in it, nor another library "
			   "whose functions edgeprof knows",
			   path);
	if (r == 0 && is_wanted(s, l)) {
		close(fd);
		return 0;
	}
	if (r == 0)
		r = check_owner(fd, path, owner, err);
	if (r == 0 && strpbrk(path, "\n\t"))
		r = ep_err_set(err, -EINVAL, "a path with a line end");
	if (r < 0) {
		close(fd);
		return r;
	}
	s->owners[s->wanted_count++] = owner;
	return 0;
}

static int add_path(struct ep_setup *s, const char *path, uid_t owner,
		    struct ep_err *err)
{
	char *real = realpath(path, NULL);
	int fd = real ? open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	int r;

	if (fd < 0)
		r = ep_err_set(err, -errno, "%.300s: %s", path,
			       strerror(errno));
	else
		r = add(s, fd, real, owner, err);
	free(real);
	return r;
}

/* "1000 /home/u/llama.cpp/build/bin/libllama.so" */
static void add_line(struct ep_setup *s, char *line)
{
	char *path = strchr(line, ' ');
	struct ep_err err = { 0 };
	int64_t owner = 0;

	if (!path)
		return;
	*path++ = '\0';
	if (ep_num_parse_i64(line, &owner) < 0 || owner < 0 ||
	    owner >= UINT32_MAX)
		return;
	if (add_path(s, path, (uid_t)owner, &err) < 0)
		ep_setup_note(s, "left out: %s", err.text);
}

/* Only a file that root alone may write is followed. */
static int add_known(struct ep_setup *s)
{
	struct ep_buf text;
	struct stat st;
	int r;

	if (lstat(EP_UPROBE_WANTED, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return 0;
	ep_buf_init(&text, LIST_BYTES_MAX);
	r = ep_file_read(AT_FDCWD, EP_UPROBE_WANTED, &text);
	for (char *line = r == 0 ? text.data : NULL; line && *line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end = '\0';
		add_line(s, line);
		line = end ? end + 1 : NULL;
	}
	ep_buf_done(&text);
	return r;
}

static void add_found(void *ctx, int fd, const char *path)
{
	struct ep_setup *s = ctx;
	struct ep_err err = { 0 };
	char *real = realpath(path, NULL);
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int r = -ENOENT;

	if (real && copy >= 0)
		r = add(s, copy, real, s->identity.uid, &err);
	else if (copy >= 0)
		close(copy);
	if (r < 0 && r != -ENOENT)
		ep_setup_note(s, "left out: %s", err.text);
	free(real);
}

int ep_setup_libraries(struct ep_setup *s, bool search, struct ep_err *err)
{
	int r = 0;

	s->wanted = calloc(EP_UPROBE_LIBRARIES_MAX, sizeof(*s->wanted));
	if (!s->wanted)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; r == 0 && i < s->library_count; i++)
		if (add_path(s, s->libraries[i], s->identity.uid, err) < 0)
			r = -EINVAL;
	if (r == 0)
		r = add_known(s);
	if (r == 0 && search && s->wanted_count == 0)
		ep_setup_search(s, add_found, s);
	return r;
}

void ep_setup_libraries_done(struct ep_setup *s)
{
	for (size_t i = 0; i < s->wanted_count; i++)
		close(s->wanted[i].fd);
	free(s->wanted);
	s->wanted = NULL;
	s->wanted_count = 0;
}
