/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/uprobe_publish.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/state.h"
#include "base/str.h"
#include "drivers/uprobe_parts.h"

#define FOLDER "/run/edgeprof"
#define FILE_NAME "probes"
#define PREFIX EP_UPROBE_GROUP "/"

struct publisher {
	int trace_fd;
	struct ep_uprobe_published *old, *new;
	size_t next; /* number of the next event's name */
	int r;	     /* of a removal */
};

static bool event_is_there(const struct publisher *p,
			   const struct ep_uprobe_shared *e)
{
	struct ep_uprobe_kind kind = { .flags = e->flags };
	char name[EP_UPROBE_NAME_BYTES];
	uint64_t config = 0;

	if (p->trace_fd < 0) /* a user who only looks */
		return true;
	return ep_str_format(name, sizeof(name), PREFIX "%s", e->name) &&
	       ep_uprobe_trace_layout(p->trace_fd, name, &kind, &config) == 0 &&
	       config == e->config && kind.probe_at == e->probe_at &&
	       kind.first_at == e->first_at && kind.second_at == e->second_at &&
	       kind.third_at == e->third_at && kind.value_at == e->value_at;
}

/* Published already, and all its events still there. */
static const struct ep_uprobe_library *
find_old(const struct publisher *p, const struct ep_uprobe_library *l)
{
	for (size_t i = 0; i < p->old->count; i++) {
		const struct ep_uprobe_library *o = &p->old->libraries[i];
		size_t there = 0;

		if (!ep_uprobe_library_same(o, l) ||
		    !ep_uprobe_library_same_points(o, l) ||
		    strcmp(o->path, l->path) != 0)
			continue;
		while (there < o->event_count &&
		       event_is_there(p, &o->events[there]))
			there++;
		return there > 0 && there == o->event_count ? o : NULL;
	}
	return NULL;
}

static int define(struct publisher *p, struct ep_uprobe_library *l,
		  unsigned flags)
{
	const struct ep_uprobe_batch batch = { l->fd, l->points,
					       l->point_count };
	struct ep_uprobe_shared *e = &l->events[l->event_count];
	struct ep_uprobe_kind kind = { .flags = flags, .probe = -1 };
	char name[EP_UPROBE_NAME_BYTES];
	int r;

	(void)ep_str_format(e->name, sizeof(e->name), "%s%zu",
			    flags & EP_UPROBE_RETURN ? "out" : "in", p->next);
	(void)ep_str_format(name, sizeof(name), PREFIX "%s", e->name);
	r = ep_uprobe_trace_define(p->trace_fd, name, &batch, &kind,
				   &e->config);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	e->flags = flags;
	e->first_at = kind.first_at;
	e->second_at = kind.second_at;
	e->third_at = kind.third_at;
	e->value_at = kind.value_at;
	e->probe_at = kind.probe_at;
	l->event_count++;
	return 0;
}

static int take(struct publisher *p, struct ep_uprobe_library *l)
{
	const struct ep_uprobe_library *old = find_old(p, l);
	int r;

	l->event_count = 0;
	if (old) {
		l->event_count = old->event_count;
		memcpy(l->events, old->events, sizeof(l->events));
		return 0;
	}
	r = define(p, l, 0);
	if (r == 0)
		r = define(p, l, EP_UPROBE_RETURN);
	p->next++;
	return r;
}

static bool is_named(const struct ep_uprobe_published *list, const char *event)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t k = 0; k < list->libraries[i].event_count; k++)
			if (strcmp(list->libraries[i].events[k].name, event) ==
			    0)
				return true;
	return false;
}

static void remove_unnamed(void *ctx, const char *name)
{
	struct publisher *p = ctx;
	int r;

	if (p->new &&is_named(p->new, name + strlen(PREFIX)))
		return;
	r = ep_uprobe_trace_remove(p->trace_fd, name);
	/* It is listed once for each of its points. */
	if (r < 0 && r != -ENOENT)
		p->r = r;
}

/* "in7": names of events that are there are not taken again. */
static void note_number(void *ctx, const char *name)
{
	struct publisher *p = ctx;
	int64_t number = 0;

	name += strlen(PREFIX);
	name += strcspn(name, "0123456789");
	if (ep_num_parse_i64(name, &number) == 0 && number >= 0 &&
	    number < INT32_MAX && p->next <= (size_t)number)
		p->next = (size_t)number + 1;
}

/* The folder is made by us, or was: nobody else may write there. */
static int open_folder(bool create, struct ep_err *err)
{
	struct stat st;
	int fd = -1, r = 0;

	if (create && mkdir(FOLDER, 0755) == 0 && chmod(FOLDER, 0755) < 0)
		r = -errno;
	if (r == 0)
		fd = open(FOLDER,
			  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (r == 0 && (fd < 0 || fstat(fd, &st) < 0))
		r = -errno;
	else if (r == 0 &&
		 (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH))))
		r = -EPERM;
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return ep_err_set(err, r, FOLDER ": %s",
			  r == -EPERM ? "others than root may write there"
				      : strerror(-r));
}

static int write_file(const struct ep_uprobe_published *p, struct ep_err *err)
{
	struct ep_buf text;
	int fd = open_folder(true, err), r;

	if (fd < 0)
		return fd;
	ep_buf_init(&text, EP_UPROBE_PUBLISHED_BYTES);
	r = ep_uprobe_published_format(p, &text);
	if (r == 0)
		r = ep_file_put(fd, FILE_NAME, &text, 0644, true);
	ep_buf_done(&text);
	close(fd);
	return r < 0 ? ep_err_set(err, r, EP_UPROBE_PUBLISHED ": %s",
				  strerror(-r))
		     : 0;
}

/* 1: something is not as it should be. */
static int differs(const struct publisher *p)
{
	if (p->old->count != p->new->count)
		return 1;
	for (size_t i = 0; i < p->new->count; i++)
		if (!find_old(p, &p->new->libraries[i]))
			return 1;
	return 0;
}

static int define_all(struct publisher *p, struct ep_err *err)
{
	int r = 0;

	(void)ep_uprobe_trace_list(p->trace_fd, PREFIX, note_number, p);
	for (size_t i = 0; r == 0 && i < p->new->count; i++) {
		struct ep_uprobe_library *l = &p->new->libraries[i];

		r = take(p, l);
		if (r < 0)
			r = ep_err_set(err, r,
				       "cannot set probes in %.300s: %s%s",
				       l->path, strerror(-r),
				       r == -EINVAL ? " (events that several "
						      "probes share need Linux "
						      "5.4)"
						    : "");
	}
	if (r == 0)
		r = write_file(p->new, err);
	if (r < 0) /* what the file names stays */
		p->new = p->old;
	(void)ep_uprobe_trace_list(p->trace_fd, PREFIX, remove_unnamed, p);
	return r;
}

int ep_uprobe_publish(struct ep_uprobe_library *libraries, size_t count,
		      bool look, struct ep_err *err)
{
	struct ep_uprobe_published *both = calloc(2, sizeof(*both));
	struct publisher p = { .old = both, .new = both ? &both[1] : NULL };
	char boot[EP_BOOT_ID_BYTES] = "";
	int r = -ENOMEM;

	if (!both)
		return ep_err_set(err, r, "out of memory");
	p.trace_fd = ep_uprobe_trace_open();
	r = p.trace_fd < 0
		    ? p.trace_fd
		    : ep_state_boot_id(&ep_root_machine, boot, sizeof(boot));
	if (r < 0) {
		r = ep_err_set(err, r, "tracefs: %s", strerror(-r));
		goto out;
	}
	if (ep_uprobe_published_read(p.old, NULL) < 0 ||
	    strcmp(p.old->boot_id, boot) != 0)
		p.old->count = 0;
	(void)ep_str_copy(p.new->boot_id, sizeof(p.new->boot_id), boot);
	p.new->count = count < EP_UPROBE_LIBRARIES_MAX
			       ? count
			       : EP_UPROBE_LIBRARIES_MAX;
	memcpy(p.new->libraries, libraries, p.new->count * sizeof(*libraries));
	r = look ? differs(&p) : define_all(&p, err);
out:
	if (p.trace_fd >= 0)
		close(p.trace_fd);
	free(both);
	return r;
}

static void note_any(void *ctx, const char *name)
{
	bool *any = ctx;

	(void)name;
	*any = true;
}

int ep_uprobe_is_published(void)
{
	int trace_fd = ep_uprobe_trace_open();
	bool any = access(EP_UPROBE_PUBLISHED, F_OK) == 0;

	if (trace_fd >= 0) {
		(void)ep_uprobe_trace_list(trace_fd, PREFIX, note_any, &any);
		close(trace_fd);
	}
	return any;
}

int ep_uprobe_unpublish(struct ep_err *err)
{
	struct publisher p = { .trace_fd = ep_uprobe_trace_open() };
	int fd = open_folder(false, NULL);

	if (fd >= 0) {
		if (unlinkat(fd, FILE_NAME, 0) < 0 && errno != ENOENT)
			p.r = -errno;
		ep_file_put_clean(fd, FILE_NAME);
		close(fd);
		(void)rmdir(FOLDER); /* with something of another's: it stays */
	}
	if (p.trace_fd >= 0) {
		(void)ep_uprobe_trace_list(p.trace_fd, PREFIX, remove_unnamed,
					   &p);
		close(p.trace_fd);
	}
	if (p.r < 0)
		return ep_err_set(err, p.r, "probes cannot be removed: %s%s",
				  strerror(-p.r),
				  p.r == -EBUSY ? " (a run uses them: again "
						  "when it has ended)"
						: "");
	return 0;
}
