/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_CGROUP_H
#define EP_DRIVERS_CGROUP_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Containers: their processes are no descendants of the command that asked for
 * them, and are known by their control group alone.
 */
#define EP_CGROUP_ID_BYTES 65 /* 64 hex digits */
#define EP_CGROUP_PATH_BYTES 1024

/*
 * The container in the text of a /proc/PID/cgroup: its id, and its path in the
 * unified hierarchy ("" where that knows nothing of it).  A helper of the
 * engine (conmon) is in none.  Pure.
 */
bool ep_cgroup_parse(const char *text, char ret_id[EP_CGROUP_ID_BYTES],
		     char *ret_path, size_t size);

/*
 * A running container by its name, its id or the beginning of its id (at least
 * four digits): its first process, and its control group's path below the
 * mount of the unified hierarchy ("" unknown).
 * -ENOENT, -EACCES (names need root, or the right to ask the engine),
 * -ENOTUNIQ (several), with a sentence.  Takes milliseconds.
 */
int ep_container_find(const char *name, pid_t *ret_pid, char *ret_cgroup,
		      size_t size, struct ep_err *err) EP_MUST_CHECK;

#endif
