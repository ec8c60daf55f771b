/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_LISTENER_H
#define EP_DRIVERS_LISTENER_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Which process listens on a TCP port of this machine (of our own network
 * namespace): /proc/net/tcp and tcp6 name the socket, /proc/PID/fd its owner.
 * Of several owners the one with the lowest number, which is the parent of the
 * others.  name: its program file without folders, or comm where that may not
 * be read.
 *
 * -ENOENT nobody listens, -EACCES the owner is another user's process; with a
 * sentence.  Takes milliseconds.
 */
int ep_listener_find(unsigned port, pid_t *ret, char *name, size_t size,
		     struct ep_err *err) EP_MUST_CHECK;

/* One line of /proc/net/tcp: the inode of a socket that listens on port; 0 for
 * any other line.  Pure. */
uint64_t ep_listener_parse(const char *line, unsigned port);

#endif
