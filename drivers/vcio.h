/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_VCIO_H
#define EP_DRIVERS_VCIO_H

#include "base/err.h"
#include "base/root.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Text commands ("gencmd") to the VideoCore firmware of a Raspberry Pi, by
 * ioctl on its mailbox device.  The firmware answers one at a time, and takes
 * its time: a call may wait for milliseconds behind a change of clock.
 */

#define EP_VCIO_TEXT_BYTES 4096 /* a command or a reply, with its NUL */
#define EP_VCIO_WORDS (EP_VCIO_TEXT_BYTES / 4 + 7)

struct ep_vcio {
	const struct ep_root *root; /* borrowed */
	const char *wanted;	    /* borrowed; "" the usual nodes */
	char path[128];		    /* the node that is open */
	int fd;			    /* -1 none */
	uint32_t words[EP_VCIO_WORDS];
};

/*
 * path "" or NULL: /dev/vcio_gencmd, then /dev/vcio.  -ENOENT: no such node;
 * -EACCES, ... with what to do about it.
 */
int ep_vcio_open(struct ep_vcio *v, const struct ep_root *root,
		 const char *path, struct ep_err *err) EP_MUST_CHECK;
/* Once more, as it was opened. */
int ep_vcio_reopen(struct ep_vcio *v, struct ep_err *err) EP_MUST_CHECK;
void ep_vcio_close(struct ep_vcio *v);

/*
 * Sends a command and returns the length of its reply; *ret points to the
 * text, which ends with NUL and is good until the next command.
 * -ENOTTY          the node is no mailbox
 * -EOPNOTSUPP      the firmware does not know the command
 * -EREMOTEIO       it knows it, and it failed there
 * -EPROTO          the mailbox refused the request
 * -ENODATA         an empty reply
 * -EMSGSIZE        a reply without an end, or a command too long
 * and what the ioctl says: -EACCES, -EIO, -ENODEV, ...
 */
int ep_vcio_command(struct ep_vcio *v, const char *command, const char **ret,
		    struct ep_err *err) EP_MUST_CHECK;

#endif
