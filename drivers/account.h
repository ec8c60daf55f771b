/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_ACCOUNT_H
#define EP_DRIVERS_ACCOUNT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What this process may do, and its user. */

enum ep_capability { /* linux/capability.h */
		     EP_CAP_SYS_ADMIN = 21,
		     EP_CAP_SYS_NICE = 23,
		     EP_CAP_PERFMON = 38, /* kernel 5.8 */
};
bool ep_account_can(enum ep_capability capability);
/* The bits of a "CapEff:" line of /proc/PID/status; -EBADMSG.  Pure. */
int ep_account_parse_caps(const char *status, uint64_t *ret) EP_MUST_CHECK;

/* May a thread ask for SCHED_FIFO?  Tried, in a thread that ends at once. */
bool ep_account_realtime(void);

/* The user's name, or its number. */
void ep_account_user(char *ret, size_t size);
/* A group's name, or its number. */
void ep_account_group(gid_t gid, char *ret, size_t size);
/* Is this process in the group?  And would it be after another login? */
bool ep_account_in_group(gid_t gid);
bool ep_account_joins_group(gid_t gid);

#endif
