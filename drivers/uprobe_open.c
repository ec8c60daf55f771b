/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/state.h"
#include "base/str.h"
#include "drivers/uprobe_parts.h"

#define REBOOTED                                                             \
	"probes for ordinary users were set up before the last reboot: run " \
	"sudo edgeprof setup again"

/* Root's alone to write, so that nobody is shown probes of another's choice. */
static int check_owner(const char *path, struct ep_err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)))
		return ep_err_set(err, -EPERM,
				  "%s is not a file that root alone may write: "
				  "remove it, then sudo edgeprof setup",
				  path);
	return 0;
}

int ep_uprobe_published_read(struct ep_uprobe_published *ret,
			     struct ep_err *err)
{
	struct ep_buf text;
	int r = check_owner(EP_UPROBE_PUBLISHED, err);

	if (r < 0)
		return r;
	ep_buf_init(&text, EP_UPROBE_PUBLISHED_BYTES);
	r = ep_file_read(AT_FDCWD, EP_UPROBE_PUBLISHED, &text);
	if (r == 0)
		r = ep_uprobe_published_parse(text.data ? text.data : "", ret);
	ep_buf_done(&text);
	if (r < 0)
		return ep_err_set(err, r,
				  EP_UPROBE_PUBLISHED ": %s: run sudo edgeprof "
						      "setup again",
				  strerror(-r));
	return 0;
}

/* What an ordinary user needs besides: events in a process of his own. */
static int try_own(struct ep_err *err)
{
	struct perf_event_attr attr;
	int fd;

	if (!ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes()))
		return ep_uprobe_explain(-ENOTSUP, err);
	attr.type = PERF_TYPE_SOFTWARE;
	attr.config = PERF_COUNT_SW_DUMMY;
	ep_uprobe_attr_own(&attr);
	fd = ep_uprobe_event(&attr, 0, -1);
	if (fd < 0)
		return ep_err_set(err, fd,
				  "perf_event_open is refused here (%s): "
				  "kernel.perf_event_paranoid above 2? sudo "
				  "edgeprof setup",
				  strerror(-fd));
	close(fd);
	return 0;
}

int ep_uprobe_published_load(struct ep_uprobe_published **ret,
			     struct ep_err *err)
{
	struct ep_uprobe_published *p = calloc(1, sizeof(*p));
	char boot[EP_BOOT_ID_BYTES] = "";
	int r = p ? ep_uprobe_published_read(p, err) : -ENOMEM;

	if (r == -ENOENT && access(EP_UPROBE_WANTED, F_OK) == 0)
		r = ep_err_set(err, -ESTALE, REBOOTED);
	else if (r == -ENOENT)
		(void)ep_uprobe_explain(-EACCES, err);
	if (r == 0)
		r = ep_state_boot_id(&ep_root_machine, boot, sizeof(boot));
	if (r == 0 && strcmp(boot, p->boot_id) != 0)
		r = ep_err_set(err, -ESTALE, REBOOTED);
	if (r == 0)
		r = try_own(err);
	if (r < 0) {
		free(p);
		return r;
	}
	*ret = p;
	return 0;
}

int ep_uprobe_library_identify(struct ep_uprobe_library *l)
{
	struct stat st;

	if (fstat(l->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	l->mtime_ns =
		(int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	l->size_bytes = st.st_size;
	return 0;
}

static int open_shared(struct ep_uprobe_set *s,
		       const struct ep_uprobe_shared *e)
{
	struct ep_uprobe_kind kind = {
		.flags = e->flags,
		.probe = -1,
		.first_at = e->first_at,
		.second_at = e->second_at,
		.third_at = e->third_at,
		.value_at = e->value_at,
		.probe_at = e->probe_at,
	};
	struct perf_event_attr attr;
	int r = 0;

	(void)ep_uprobe_attr_init(&attr, ep_uprobe_ring_bytes());
	attr.type = PERF_TYPE_TRACEPOINT;
	attr.config = e->config;
	attr.sample_type |= PERF_SAMPLE_RAW;
	ep_uprobe_attr_own(&attr);
	for (int c = 0; r == 0 && c < s->ring_count; c++)
		if (s->rings[c].fd >= 0)
			r = ep_uprobe_set_event(s, &attr, s->pid, c, kind);
	return r;
}

int ep_uprobe_set_add_published(struct ep_uprobe_set *s,
				const struct ep_uprobe_library *l,
				struct ep_err *err)
{
	size_t before = s->event_count;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->event_count; i++)
		r = open_shared(s, &l->events[i]);
	if (r == 0)
		return 0;
	while (s->event_count > before)
		close(s->events[--s->event_count].fd);
	if (r == -EINVAL || r == -ENOENT)
		return ep_err_set(err, r,
				  "its probes are gone: run sudo edgeprof "
				  "setup again");
	return ep_err_set(err, r, "its probes cannot be opened: %s",
			  strerror(-r));
}
