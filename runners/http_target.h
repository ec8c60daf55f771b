/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_HTTP_TARGET_H
#define EP_RUNNERS_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The server's process on this machine: the one that listens on port, its
 * program file called exe ("" any); its name into text.  0: text tells why its
 * process is not known.
 */
pid_t ep_http_target(unsigned port, const char *exe, char *text, size_t size);
/* Is it a program that only passes connections on, so that the work is done
 * elsewhere? */
bool ep_http_passes_on(const char *name);

#endif
