/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_EXPORT_H
#define EP_PROFILER_EXPORT_EXPORT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Run and study folders for other programs: files, and receivers over HTTP. */

/* What was asked for; NULL: it was not.  Everything is borrowed. */
struct ep_export {
	const char *dir; /* as it was typed */
	int dir_fd;
	bool study;	    /* a folder that sweep made: runs below it */
	const char *output; /* a file; NULL: standard output */
	const char *url;    /* of a receiver, instead of output */
	const char *database, *bucket, *org;
	const char *user, *token_file, *ca_file;
	int64_t timeout_ns; /* of one request */
	int64_t retry_ns;   /* how long one request is tried again */
	bool anonymous;	    /* nothing that tells whose machine it was */
	bool with_output;   /* what the program printed, all the same */
	/* A sentence for a person: progress, and what was left out. */
	void (*say)(void *ctx, const char *sentence);
	void *say_ctx;
};

/* Options that an exporter takes; -o and --anonymous all of them do. */
enum {
	EP_EXPORT_URL = 1 << 0, /* and what goes with it */
	EP_EXPORT_DATABASE = 1 << 1,
	EP_EXPORT_LOGS = 1 << 2, /* --with-output */
};

/*
 * run: 0 done; 1 a receiver did not take all of it; -errno.  Both of these
 * with a sentence.  -ENOENT, -EBADMSG, -ENODATA, -EINVAL and the like are the
 * user's to put right; -ENOMEM and -EIO are not.  Nothing in the folder is
 * changed, and no half file is left where the output should be.
 */
struct ep_exporter {
	const char *name; /* "perfetto" */
	const char *summary;
	unsigned takes;
	int (*run)(const struct ep_export *x, struct ep_err *err);
};

/* One line for each; the table in exporters.c names them. */
extern const struct ep_exporter *const ep_exporters[]; /* NULL-terminated */
/* -ENOENT as NULL, with what there is. */
const struct ep_exporter *ep_exporter_find(const char *name,
					   struct ep_err *err);

extern const struct ep_exporter ep_exporter_perfetto;
extern const struct ep_exporter ep_exporter_influx;
extern const struct ep_exporter ep_exporter_prometheus;
extern const struct ep_exporter ep_exporter_otlp;
extern const struct ep_exporter ep_exporter_archive; /* EP_WITH_ARCHIVE */

/* printf to x->say; the text is cut at 500 bytes. */
void ep_export_say(const struct ep_export *x, const char *format, ...)
	EP_PRINTF(2, 3);

#endif
