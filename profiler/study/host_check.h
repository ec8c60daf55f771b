/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_HOST_CHECK_H
#define EP_PROFILER_STUDY_HOST_CHECK_H

#include "profiler/study/work.h"

#include <stdbool.h>

/* What `edgeprof sweep --host-check` finds on a machine, and what that means
 * for a study. */
struct ep_host_wanted {
	const char *nonce;
	const char *version; /* that it shall have; NULL: any */
	const char *board;   /* that it shall be; "" any */
};
struct ep_host_found {
	bool usable;
	char version[64]; /* "" it did not say */
	char board[64], serial[128];
	char text[700]; /* one line for a person */
};

/* From all that the machine wrote; noise is left out. */
void ep_host_check_read(const struct ep_host_wanted *wanted, const char *output,
			int status, struct ep_host_found *ret);

/* Is this board asked for by name, and so to be found there?  "demo", "none"
 * and files suit every machine. */
bool ep_host_check_is_kind(const char *board);

/* The shell command that says it all; extra: options for --host-check, quoted.
 * -E2BIG. */
int ep_host_check_command(const char *edgeprof, const char *nonce,
			  const char *extra, char *ret,
			  size_t size) EP_MUST_CHECK;

#endif
