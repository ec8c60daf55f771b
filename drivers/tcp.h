/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_TCP_H
#define EP_DRIVERS_TCP_H

#include "base/env.h"
#include "base/err.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* A plain TCP connection to an instrument, as a client. */
#define EP_TCP_ADDRESSES_MAX 4

struct ep_tcp {
	int fd; /* -1: closed */
	size_t count;
	struct sockaddr_storage at[EP_TCP_ADDRESSES_MAX];
	socklen_t at_len[EP_TCP_ADDRESSES_MAX];
};

/*
 * Looks a name or number up, which may wait some seconds for a name server, but
 * not for one who cancelled; opens nothing.  -ENXIO, -EINTR with a sentence.
 */
int ep_tcp_find(struct ep_tcp *t, const char *host, const char *port,
		const struct ep_env *env, struct ep_err *err) EP_MUST_CHECK;
/*
 * All wait at most until deadline_ns (CLOCK_MONOTONIC; 0: not at all):
 * -ETIMEDOUT.
 */
/* The first address that answers; -errno of the last that did not.  -ETIMEDOUT
 * also when env (NULL: nobody asks) is cancelled. */
int ep_tcp_connect(struct ep_tcp *t, int64_t deadline_ns,
		   const struct ep_env *env) EP_MUST_CHECK;
/* A closed one is fine. */
void ep_tcp_close(struct ep_tcp *t);
/* -EIO: the connection is gone; close it. */
int ep_tcp_write(struct ep_tcp *t, const void *data, size_t len,
		 int64_t deadline_ns) EP_MUST_CHECK;
/* At least one byte; their number. */
int ep_tcp_read(struct ep_tcp *t, void *ret, size_t size,
		int64_t deadline_ns) EP_MUST_CHECK;

#endif
