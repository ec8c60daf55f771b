/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_COURIER_H
#define EP_PROFILER_STUDY_COURIER_H

#include "base/err.h"
#include "profiler/study/work.h"

/*
 * What a task on another machine writes to its stdout, and how it is read.  A
 * login there may print what it likes before: lines that count begin with
 * "EDGEPROF-<nonce> ", where the nonce came with the work.
 *
 *   hello VERSION HOST        keep NAME       already there, or thrown away
 *   starts NAME               alive           a run goes on
 *   folder NAME               the run folder follows:
 *     dir PATH    file BYTES SHA256 PATH, then the bytes and a line end
 *   ends NAME
 *   refused TEXT              done            the end
 */
#define EP_COURIER_LINE_BYTES 8192

struct ep_courier {
	int fd;
	const char *nonce;
};
/* Blocks until it is written; -EPIPE when nobody reads any more. */
int ep_courier_say(const struct ep_courier *c, const char *format, ...)
	EP_PRINTF(2, 3) EP_MUST_CHECK;
int ep_courier_send(const struct ep_courier *c, int dir_fd,
		    const char *name) EP_MUST_CHECK;

struct ep_courier_in {
	const char *nonce;
	int to_fd; /* folders are made here, under their names only when whole */
	/* Every line but those of folders; "arrived NAME" and "damaged NAME
	 * TEXT" say how these ended. */
	void (*said)(void *ctx, const char *verb, const char *rest);
	void *ctx;
	/* For courier_in.c: */
	char line[EP_COURIER_LINE_BYTES];
	size_t len;
	bool overlong;
	int folder_fd, file_fd; /* -1: none */
	int64_t left_bytes;	/* of the file */
	char folder[EP_WORK_NAME_BYTES], hash[EP_STUDY_HASH_BYTES];
	char failure[200]; /* of the folder; "" none */
};
void ep_courier_in_init(struct ep_courier_in *in, const char *nonce, int to_fd);
void ep_courier_in_feed(struct ep_courier_in *in, const char *data, size_t len);
/* A folder that has not come whole is removed. */
void ep_courier_in_done(struct ep_courier_in *in);
/* 1: the text after the marker of a line; 0: noise. */
int ep_courier_line(const char *line, const char *nonce, const char **ret_text);

#endif
