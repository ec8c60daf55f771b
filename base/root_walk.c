/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/root_walk.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40
#define DEPTH_MAX 64
/* No errno: the walk goes on. */
#define GO_ON INT_MIN

struct walk {
	int flags;
	int dirs[DEPTH_MAX + 1]; /* dirs[0] is the root, borrowed */
	int depth;
	int links;
	char rest[PATH_MAX];	 /* what is still to be walked */
	char name[NAME_MAX + 1]; /* the component being looked at */
	bool last;		 /* nothing but slashes follows it */
	bool folder; /* ... and there are some: it must be a folder */
};

static void leave(struct walk *w)
{
	if (w->depth > 0)
		(void)close(w->dirs[w->depth--]);
}

static void leave_all(struct walk *w)
{
	while (w->depth > 0)
		leave(w);
}

/* Cuts the next component off rest: 1, 0 when there is none, -errno. */
static int next_name(struct walk *w)
{
	char *p = w->rest + strspn(w->rest, "/");
	size_t len = strcspn(p, "/"), slashes;

	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(w->name, p, len);
	w->name[len] = '\0';
	slashes = strspn(p + len, "/");
	w->last = p[len + slashes] == '\0';
	w->folder = slashes > 0;
	memmove(w->rest, p + len, strlen(p + len) + 1);
	return 1;
}

/* Puts the target of the link before what is still to be walked. */
static int follow(struct walk *w, int link_fd)
{
	char target[PATH_MAX];
	ssize_t len = readlinkat(link_fd, "", target, sizeof(target));

	if (len < 0)
		return -errno;
	if (len == 0)
		return -ENOENT;
	if (++w->links > LINKS_MAX)
		return -ELOOP;
	if ((size_t)len + strlen(w->rest) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memmove(w->rest + len, w->rest, strlen(w->rest) + 1);
	memcpy(w->rest, target, (size_t)len);
	if (target[0] == '/')
		leave_all(w);
	return 0;
}

/* Looks at one component: a descriptor when it was the last, GO_ON, or
 * -errno. */
static int step(struct walk *w)
{
	int top = w->dirs[w->depth], fd, r;
	struct stat st;

	fd = openat(top, w->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0) {
		r = -errno;
	} else if (S_ISLNK(st.st_mode) &&
		   !(w->last && !w->folder && (w->flags & O_NOFOLLOW))) {
		r = follow(w, fd);
		r = r < 0 ? r : GO_ON;
	} else if (w->last) {
		r = openat(top, w->name,
			   w->flags | O_NOFOLLOW | O_CLOEXEC |
				   (w->folder ? O_DIRECTORY : 0));
		r = r < 0 ? -errno : r;
	} else if (!S_ISDIR(st.st_mode)) {
		r = -ENOTDIR;
	} else if (w->depth == DEPTH_MAX) {
		r = -ENAMETOOLONG;
	} else {
		w->dirs[++w->depth] = fd;
		return GO_ON;
	}
	(void)close(fd);
	return r;
}

int ep_root_walk(int root_fd, const char *path, int flags)
{
	struct walk w;
	int r;

	w.flags = flags;
	w.depth = 0;
	w.links = 0;
	w.dirs[0] = root_fd;
	if (path[0] == '\0')
		return -ENOENT;
	if (!ep_str_copy(w.rest, sizeof(w.rest), path))
		return -ENAMETOOLONG;
	for (;;) {
		r = next_name(&w);
		if (r < 0)
			break;
		if (r == 0) {
			/* The way ended in a folder: "/", ".", "..". */
			r = openat(w.dirs[w.depth], ".", flags | O_CLOEXEC);
			r = r < 0 ? -errno : r;
			break;
		}
		if (strcmp(w.name, ".") == 0)
			continue;
		if (strcmp(w.name, "..") == 0) {
			leave(&w);
			continue;
		}
		r = step(&w);
		if (r != GO_ON)
			break;
	}
	leave_all(&w);
	return r;
}
