/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_REPORT_ARCHIVE_H
#define EP_PROFILER_CLI_REPORT_ARCHIVE_H

#include "base/err.h"
#include "profiler/export/folder.h"

#include <stdbool.h>

/* Where the files of a run or study are: the folder that was named, or one of
 * ours, into which the archive that was named is unpacked. */
struct ep_report_place {
	const char *named;
	char dir[4400]; /* the folder */
	bool unpacked;
	struct ep_private temporary;
	sigset_t held;
};
/* An exit status with its sentence on stderr, or EP_EXIT_OK. */
int ep_report_place_open(struct ep_report_place *p, const char *named);
/* Removes what was unpacked; a signal that waited ends the program here. */
void ep_report_place_close(struct ep_report_place *p);
/* `--verify`; prints what differs; an exit status. */
int ep_report_verify(const struct ep_report_place *p, int dir_fd, bool study);

#endif
