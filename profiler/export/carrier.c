/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "profiler/export/push.h"

struct ep_carrier {
	const struct ep_export *x;
	struct ep_push *push; /* NULL: a file */
	bool drafted;	      /* else fd is written as it is */
	struct ep_file_draft draft;
	int folder_fd, fd;
};

static int cannot(const struct ep_carrier *c, int code, struct ep_err *err)
{
	return ep_err_set(err, code, "cannot write %s: %s",
			  c->x->output ? c->x->output : "standard output",
			  strerror(-code));
}

/* What is there already and is no ordinary file: a pipe, a terminal. */
static bool is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static int open_file(struct ep_carrier *c, struct ep_err *err)
{
	const char *path = c->x->output, *slash = strrchr(path, '/');
	char *folder;
	int r;

	if (is_special(path)) {
		c->fd = open(path, O_WRONLY | O_CLOEXEC);
		return c->fd < 0 ? cannot(c, -errno, err) : 0;
	}
	folder =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	if (!folder)
		return ep_err_set(err, -ENOMEM, "out of memory");
	c->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = c->folder_fd < 0 ? -errno : 0;
	free(folder);
	if (r == 0)
		r = ep_file_draft_begin(&c->draft, c->folder_fd,
					slash ? slash + 1 : path);
	if (r < 0)
		return cannot(c, r, err);
	c->drafted = true;
	c->fd = c->draft.fd;
	return 0;
}

int ep_carrier_open(const struct ep_export *x, const struct ep_address *address,
		    struct ep_carrier **ret, struct ep_err *err)
{
	struct ep_carrier *c = calloc(1, sizeof(*c));
	int r = 0;

	(void)address;
	if (!c)
		return ep_err_set(err, -ENOMEM, "out of memory");
	*c = (struct ep_carrier){ .x = x,
				  .folder_fd = -1,
				  .fd = STDOUT_FILENO };
#if EP_WITH_CURL
	if (x->url)
		r = ep_push_open(x, address, &c->push, err);
#endif
	if (!x->url && x->output)
		r = open_file(c, err);
	if (r < 0) {
		if (c->folder_fd >= 0)
			(void)close(c->folder_fd);
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

int ep_carrier_send(struct ep_carrier *c, const struct ep_parcel *p,
		    struct ep_err *err)
{
	int r;

#if EP_WITH_CURL
	if (c->push)
		return ep_push_send(c->push, p, err);
#endif
	r = ep_file_write_all(c->fd, p->data, p->len);
	return r < 0 ? cannot(c, r, err) : 0;
}

int ep_carrier_close(struct ep_carrier *c, int r, struct ep_err *err)
{
	int code = 0;

	if (!c)
		return r;
#if EP_WITH_CURL
	if (c->push)
		r = ep_push_close(c->push, r, err);
#endif
	if (c->drafted && r == 0)
		code = ep_file_draft_commit(&c->draft);
	else if (c->drafted)
		ep_file_draft_abandon(&c->draft);
	else if (c->fd > STDERR_FILENO && close(c->fd) < 0)
		code = -errno;
	if (r == 0 && code < 0)
		r = cannot(c, code, err);
	if (c->folder_fd >= 0)
		(void)close(c->folder_fd);
	free(c);
	return r;
}
