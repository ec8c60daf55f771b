/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_CONTAINER_H
#define EP_RUNNERS_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Commands that ask a daemon for a container: its processes do not descend from
 * the command, so what is measured is the client.  podman starts its containers
 * itself, and is measured like any other program.
 */
struct ep_container_use {
	const char *engine; /* "docker", "nerdctl" */
	const char *verb;   /* "run", "exec", ... */
	const char *name;   /* of the container, where the command says it */
};
/* argv is borrowed.  Also behind sudo.  Pure. */
bool ep_container_parse(char *const *argv, struct ep_container_use *ret);
/* Whether a program file that is called docker is podman by another name. */
bool ep_container_is_podman(const char *path);
/* What is measured and what is not, and what to do; false when cut. */
bool ep_container_tell(const struct ep_container_use *use, char *ret,
		       size_t size);

#endif
