/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_UPROBE_PUBLISH_H
#define EP_DRIVERS_UPROBE_PUBLISH_H

#include "base/buf.h"
#include "base/err.h"
#include "drivers/uprobe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Probes that root has set once (edgeprof setup), so that ordinary users may
 * open them in their own programs: tracefs events in the group "edgeprof".
 * They cost nothing while nobody has them open, follow the file and not its
 * name, and are gone after a reboot.  What is needed to open them lies in a
 * file that all may read and only root may write.  Kernel 5.4.
 *
 * Not below EDGEPROF_ROOT: probes belong to the kernel that runs here.
 */
#define EP_UPROBE_PUBLISHED "/run/edgeprof/probes"
/* The libraries that were asked for, over reboots: "UID PATH" in each line. */
#define EP_UPROBE_WANTED "/etc/edgeprof/libraries"
#define EP_UPROBE_LIBRARIES_MAX 16
#define EP_UPROBE_PATH_BYTES 1024
#define EP_UPROBE_PUBLISHED_BYTES (128 * 1024)

/* A file with its probes, and what tells it from another. */
struct ep_uprobe_library {
	int fd; /* borrowed; -1 in what was read */
	char path[EP_UPROBE_PATH_BYTES];
	uint64_t dev, ino;
	int64_t mtime_ns, size_bytes;
	char build_id[72]; /* hex; "" none */
	struct ep_uprobe_point points[EP_UPROBE_POINTS_MAX];
	size_t point_count;
	/* One for what is entered, one for what returns. */
	struct ep_uprobe_shared {
		char name[16]; /* "in0", "out0" */
		unsigned flags;
		uint64_t config;
		uint16_t first_at, second_at, third_at, value_at, probe_at;
	} events[2];
	size_t event_count;
};

struct ep_uprobe_published {
	char boot_id[64];
	struct ep_uprobe_library libraries[EP_UPROBE_LIBRARIES_MAX];
	size_t count;
};

/* The file's text.  Pure.  -EBADMSG, -EFBIG; ret untouched then. */
int ep_uprobe_published_parse(const char *text,
			      struct ep_uprobe_published *ret) EP_MUST_CHECK;
int ep_uprobe_published_format(const struct ep_uprobe_published *p,
			       struct ep_buf *ret) EP_MUST_CHECK;

/* The same file, unchanged; the same probes in it. */
bool ep_uprobe_library_same(const struct ep_uprobe_library *a,
			    const struct ep_uprobe_library *b);
bool ep_uprobe_library_same_points(const struct ep_uprobe_library *a,
				   const struct ep_uprobe_library *b);
/* Fills dev, ino, mtime_ns and size_bytes of the open file fd. */
int ep_uprobe_library_identify(struct ep_uprobe_library *l) EP_MUST_CHECK;
/*
 * What was published of the library, as it is now: NULL and a sentence when it
 * never was, when it was built again since, or when its probes are others.
 */
const struct ep_uprobe_library *
ep_uprobe_published_find(const struct ep_uprobe_published *p,
			 const struct ep_uprobe_library *now,
			 struct ep_err *err);

/* The file as it is: -ENOENT, -EPERM when others than root could have written
 * it, -EBADMSG. */
int ep_uprobe_published_read(struct ep_uprobe_published *ret,
			     struct ep_err *err) EP_MUST_CHECK;
/*
 * What is published here: -ENOENT never set up; -ESTALE before the last
 * reboot; as ep_uprobe_published_read(); -EACCES when perf is refused even so.  Each with the command that helps.  Free with
 * free().
 */
int ep_uprobe_published_load(struct ep_uprobe_published **ret,
			     struct ep_err *err) EP_MUST_CHECK;

/* A set (drivers/uprobe.h) of published probes in a process and what it makes;
 * it need not be ours alone, but the user's. */
int ep_uprobe_set_open_own(pid_t pid, struct ep_uprobe_set **ret,
			   struct ep_err *err) EP_MUST_CHECK;
/* In all threads that the process has now and will have. */
int ep_uprobe_set_add_published(struct ep_uprobe_set *s,
				const struct ep_uprobe_library *l,
				struct ep_err *err) EP_MUST_CHECK;

/*
 * Root: publishes these libraries (open, with points and build id) and no
 * others.  What is so already is left as it is; with look only that is told:
 * 1 something would change, 0 nothing.
 */
int ep_uprobe_publish(struct ep_uprobe_library *libraries, size_t count,
		      bool look, struct ep_err *err) EP_MUST_CHECK;
/* Root: ends all that and removes the file.  -EBUSY while a run uses one. */
int ep_uprobe_unpublish(struct ep_err *err) EP_MUST_CHECK;
/* 1 when there is anything to end. */
int ep_uprobe_is_published(void);

#endif
