/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_VERIFY_H
#define EP_PROFILER_EXPORT_VERIFY_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Are the files of a folder those of its MANIFEST, and do their figures come
 * out of them again?  Nothing in the folder is changed.
 */
struct ep_verify {
	int dir_fd;
	bool study;
	bool packed; /* an archive: no file beside those of the manifest */
	/* One line for each thing that differs. */
	void (*tell)(void *ctx, const char *line);
	void *ctx;
	bool has_manifest;
	size_t file_count;	  /* in the manifest */
	size_t file_differ_count; /* changed, missing, too many */
	size_t run_count, figure_count, figure_differ_count;
	size_t new_count;	 /* figures that report.json has not */
	size_t unreported_count; /* runs without a report.json */
	bool other_build; /* a report.json was computed by another build */
};

/* 0: done, whatever was found; -EBADMSG, -ENOENT: it cannot be checked;
 * -EINTR. */
int ep_verify(struct ep_verify *v, struct ep_err *err) EP_MUST_CHECK;
/* All equal? */
bool ep_verify_good(const struct ep_verify *v);

#endif
