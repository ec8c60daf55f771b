/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_FILES_H
#define EP_SENSORS_FILES_H

#include "base/env.h"
#include "base/sample.h"
#include "sensors/sensor.h"

/* Channels that are one small file with one integer each. */
struct ep_file {
	int fd;
	int error;     /* of the last read, 0 or -errno */
	int64_t scale; /* multiplies what the file says */
	int64_t value;
};

struct ep_files {
	struct ep_channel *channels; /* one per file, then products */
	struct ep_file *files;
	size_t file_count;
	size_t channel_count;
	size_t max;
};

/* Room for max channels.  -ENOMEM. */
int ep_files_init(struct ep_files *f, size_t max) EP_MUST_CHECK;
void ep_files_done(struct ep_files *f);

/*
 * Reads fd once and takes it as a channel whose name is made a slug and unique.
 * On failure fd is closed: the -errno of the read, -E2BIG.
 */
int ep_files_add(struct ep_files *f, int fd, int64_t scale,
		 const struct ep_channel *channel) EP_MUST_CHECK;
/* volts x amps of two files; no more files after that.  -E2BIG. */
int ep_files_add_product(struct ep_files *f, size_t volts, size_t amps,
			 const char *name) EP_MUST_CHECK;

/*
 * Reads all, then emits all as one instant, unproven: nothing in such a file
 * says when its value was made.  The count, or -errno when no read succeeded
 * (the error samples are emitted all the same).
 */
int ep_files_poll(struct ep_files *f, const struct ep_env *env,
		  const struct ep_sink *sink);

/* Makes name a slug no other of the channels has, by "_2" and so on. */
void ep_channel_name_unique(const struct ep_channel *channels, size_t count,
			    char name[EP_CHANNEL_NAME_BYTES]);
/* The middle and width of a read between two clock readings. */
void ep_sample_stamp(struct ep_sample *s, int64_t begin_ns, int64_t end_ns);

/* A note "NAME left out: REASON"; after the seventh only a count is kept. */
struct ep_left_out {
	struct ep_sensor_notes *notes;
	size_t count;
};
void ep_left_out_add(struct ep_left_out *l, const char *name, int error);
void ep_left_out_end(const struct ep_left_out *l);

#endif
