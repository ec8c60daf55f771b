/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_USBTMC_H
#define EP_DRIVERS_USBTMC_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * USB test and measurement class through the kernel's usbtmc driver: a write is
 * one message, a read one or a part of it.  The driver itself waits, 0.1 s at
 * least.
 */
struct ep_usbtmc {
	int fd; /* -1: closed */
	uint32_t timeout_ms;
};

/* -EACCES, -ENOENT, -ENOTTY (no usbtmc node), -errno with a sentence. */
int ep_usbtmc_open(struct ep_usbtmc *u, const struct ep_root *root,
		   const char *path, struct ep_err *err) EP_MUST_CHECK;
/* A closed one is fine. */
void ep_usbtmc_close(struct ep_usbtmc *u);
/* Both until deadline_ns (CLOCK_MONOTONIC): -ETIMEDOUT.  -EIO: it is gone. */
int ep_usbtmc_write(struct ep_usbtmc *u, const void *data, size_t len,
		    int64_t deadline_ns) EP_MUST_CHECK;
/* The number of bytes; *ret_end: the message ends with them. */
int ep_usbtmc_read(struct ep_usbtmc *u, void *ret, size_t size,
		   int64_t deadline_ns, bool *ret_end) EP_MUST_CHECK;
/* Drops what it was asked and has not answered; -errno. */
int ep_usbtmc_clear(struct ep_usbtmc *u) EP_MUST_CHECK;

#endif
