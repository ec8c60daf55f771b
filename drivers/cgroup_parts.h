/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_CGROUP_PARTS_H
#define EP_DRIVERS_CGROUP_PARTS_H

#include "drivers/cgroup.h"

/* Between cgroup_find.c (processes) and cgroup_engine.c, cgroup_podman.c (who
 * knows names). */

struct ep_engine_said {
	char id[EP_CGROUP_ID_BYTES];
	pid_t pid; /* of its first process, as the engine numbers it; 0 none */
};
/* A reply to GET /containers/NAME/json of the Docker Engine API; -ENOENT: there
 * is no such container, -EBADMSG.  Pure. */
int ep_engine_parse(const char *reply, size_t len,
		    struct ep_engine_said *ret) EP_MUST_CHECK;
/* Asks the engines that listen on this machine: read-only, 2 s at most each.
 * -ENOENT, -EACCES, -ECONNREFUSED, -EAGAIN (no answer in time), -EBADMSG. */
int ep_engine_find(const char *name, struct ep_engine_said *ret) EP_MUST_CHECK;

/* podman's own list: the id of a name in it; -ENOENT.  Pure. */
int ep_podman_parse(const char *text, size_t len, const char *name,
		    char ret[EP_CGROUP_ID_BYTES]) EP_MUST_CHECK;
/* podman needs no engine: its list is a file.  -ENOENT, -EACCES. */
int ep_podman_find(const char *name,
		   char ret[EP_CGROUP_ID_BYTES]) EP_MUST_CHECK;

#endif
