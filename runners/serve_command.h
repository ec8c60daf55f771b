/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_SERVE_COMMAND_H
#define EP_RUNNERS_SERVE_COMMAND_H

#include "base/err.h"
#include "runners/drive.h"

#include <stdbool.h>

/* The command that starts a llama-server, and where it will listen.  Pure. */
struct ep_serve_command {
	char **argv; /* NULL-terminated */
	char url[300];
	unsigned port;
};
/*
 * drive->server with -m, --host and --port appended unless it has them, and -t,
 * -c and -ngl where drive says so.  free_port is for a command without --port.
 * -EINVAL: the command and an option contradict each other, or it listens where
 * no request can be sent; -ENOMEM.
 */
int ep_serve_command_make(const struct ep_drive *drive, unsigned free_port,
			  struct ep_serve_command *ret,
			  struct ep_err *err) EP_MUST_CHECK;
void ep_serve_command_done(struct ep_serve_command *c);

/* Shall a server be started, where the runner can?  By a command for it, or a
 * model that is a file, without the address of one that is up. */
bool ep_serve_wanted(const struct ep_drive *drive);
/* Does --model name a file, rather than what a server calls its model? */
bool ep_serve_is_file(const char *model);

#endif
