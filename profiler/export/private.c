/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "base/tree.h"
#include "profiler/export/folder.h"

#define NAME "edgeprof-XXXXXX"

void ep_hold_begin(sigset_t *old)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
				      SIGPIPE };
	sigset_t hold;

	sigemptyset(&hold);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		sigaddset(&hold, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &hold, old);
}

bool ep_hold_waiting(void)
{
	sigset_t waiting;

	return sigpending(&waiting) == 0 &&
	       (sigismember(&waiting, SIGINT) == 1 ||
		sigismember(&waiting, SIGTERM) == 1 ||
		sigismember(&waiting, SIGHUP) == 1 ||
		sigismember(&waiting, SIGQUIT) == 1);
}

void ep_hold_end(const sigset_t *old)
{
	(void)sigprocmask(SIG_SETMASK, old, NULL);
}

static int make(struct ep_private *p, const char *where, struct ep_err *err)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	if (!ep_str_format(p->path, sizeof(p->path), "%s/" NAME, where))
		return ep_err_set(err, -ENAMETOOLONG, "TMPDIR is too long");
	if (!mkdtemp(p->path))
		return ep_err_set(err, -errno,
				  "cannot make a folder in %.300s: %s; name "
				  "another place with TMPDIR",
				  where, strerror(errno));
	(void)ep_str_copy(p->name, sizeof(p->name), strrchr(p->path, '/') + 1);
	p->parent_fd = open(where, flags);
	p->fd = open(p->path, flags | O_NOFOLLOW);
	if (p->parent_fd >= 0 && p->fd >= 0)
		return 0;
	return ep_err_set(err, -errno, "%.300s: %s", p->path, strerror(errno));
}

int ep_private_open(struct ep_private *p, struct ep_err *err)
{
	const char *where = secure_getenv("TMPDIR");
	int r;

	*p = (struct ep_private){ .parent_fd = -1, .fd = -1 };
	r = make(p, where && where[0] ? where : "/tmp", err);
	if (r < 0)
		ep_private_close(p);
	return r;
}

void ep_private_close(struct ep_private *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	/* What is left is in a folder for passing files, and only ours. */
	if (p->parent_fd >= 0 && p->name[0] &&
	    ep_tree_remove(p->parent_fd, p->name) < 0)
		p->name[0] = '\0';
	if (p->parent_fd >= 0)
		(void)close(p->parent_fd);
	p->fd = p->parent_fd = -1;
	p->name[0] = '\0';
}
