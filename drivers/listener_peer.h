/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_LISTENER_PEER_H
#define EP_DRIVERS_LISTENER_PEER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who is connected to a TCP port, and where a host is. */

#define EP_LISTENER_PEERS_MAX 256

/*
 * The sockets of this network namespace whose other end is the port, by inode:
 * connecting, connected or closing, as long as a process holds them.  The count,
 * at most max; -errno.
 */
int ep_listener_peers(unsigned port, uint64_t *ret, int max) EP_MUST_CHECK;
/* One line of /proc/net/tcp: the inode of such a socket; 0 for any other line.
 * Pure. */
uint64_t ep_listener_peer_parse(const char *line, unsigned port);
/* The sockets of any kind that a process holds, by inode.  The count, at most
 * max; -errno. */
int ep_listener_sockets(pid_t pid, uint64_t *ret, int max) EP_MUST_CHECK;

/*
 * 1: the host (a name or an address) is this machine, 0: another one.  Names
 * are looked up, which may ask the network; -ENOENT with a sentence when there
 * is no such host.
 */
int ep_listener_is_here(const char *host, struct ep_err *err) EP_MUST_CHECK;

#endif
