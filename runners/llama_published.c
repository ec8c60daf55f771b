/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_published.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "drivers/elf.h"
#include "runners/llama.h"

static int describe(int fd, const char *path, struct ep_uprobe_library *l)
{
	struct ep_elf elf;

	l->fd = fd;
	if (!ep_str_copy(l->path, sizeof(l->path), path))
		return -ENAMETOOLONG;
	if (ep_elf_init(&elf, fd) < 0 ||
	    ep_elf_build_id(&elf, l->build_id, sizeof(l->build_id)) < 0)
		l->build_id[0] = '\0';
	return ep_uprobe_library_identify(l);
}

int ep_llama_library(int fd, const char *path, struct ep_uprobe_library *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->point_count =
		ep_probed_find(fd, ret->points, EP_UPROBE_POINTS_MAX);
	return ret->point_count > 0 ? describe(fd, path, ret) : -ENOENT;
}

void ep_llama_each_published(const struct ep_uprobe_published *p,
			     void (*each)(void *ctx, int fd, const char *path),
			     void *ctx)
{
	for (size_t i = 0; i < p->count; i++) {
		int fd = open(p->libraries[i].path,
			      O_RDONLY | O_CLOEXEC | O_NONBLOCK);

		if (fd < 0)
			continue;
		each(ctx, fd, p->libraries[i].path);
		close(fd);
	}
}

int ep_llama_add_published(const struct ep_uprobe_published *p, pid_t pid,
			   const struct ep_uprobe_library *now,
			   struct ep_uprobe_set **set, struct ep_err *err)
{
	const struct ep_uprobe_library *l =
		ep_uprobe_published_find(p, now, err);
	int r = l ? 0 : -ESTALE;

	if (r == 0 && !*set)
		r = ep_uprobe_set_open_own(pid, set, err);
	return r == 0 ? ep_uprobe_set_add_published(*set, l, err) : r;
}
