/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_WRITER_H
#define EP_PROFILER_RECORD_WRITER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/phase.h"
#include "base/sample.h"
#include "base/spawn.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#define EP_OUTFILES_MAX 64
#define EP_OUTFILE_BYTES_MAX (4 * 1024 * 1024)
/* A stream at its full rate makes more between two flushes. */
#define EP_OUTFILE_EARLY_BYTES (EP_OUTFILE_BYTES_MAX / 4)

/* One append-only file.  While the disk is full rows wait in the buffer; what
 * does not fit is dropped and counted. */
struct ep_outfile {
	int fd;
	char name[160]; /* within the folder */
	struct ep_buf pending;
	size_t early_bytes;	/* so many are written at once */
	uint64_t dropped_count; /* rows lost */
};

/* The row of one sensor that is being put together. */
struct ep_outrow {
	const struct ep_channel *channels; /* borrowed */
	size_t channel_count;		   /* products excluded */
	int64_t t_ns;
	uint32_t span_ns;
	uint16_t flags;
	bool open;
	int64_t *values;  /* owned */
	uint8_t *present; /* owned */
};

/*
 * The raw part of a run folder.  Rows and events are buffered; flush writes
 * them, and so does a row that makes the buffer long.  Safe from several threads; never call from the sampler.
 */
struct ep_writer {
	pthread_mutex_t lock;
	int dir_fd;
	char dir[4096];
	bool made;  /* the folder was made by us */
	bool began; /* it was empty: what is in it now is ours */
	const struct ep_identity *owner; /* borrowed */
	struct ep_outfile events, ticks;
	struct ep_outfile sensors[EP_OUTFILES_MAX];
	struct ep_outrow rows[EP_OUTFILES_MAX];
	size_t sensor_count;
	int write_errno; /* first write that failed, 0 = none */
	int64_t bytes_count;
};

/*
 * Makes the folder (owned by the caller of sudo) with events.csv and
 * ticks.csv.  dir NULL: ./edgeprof-<UTC>.  -EEXIST when it holds anything.
 */
int ep_writer_open(struct ep_writer *w, const char *dir,
		   const struct ep_identity *owner,
		   struct ep_err *err) EP_MUST_CHECK;
/* A new file in the folder, O_EXCL, the owner's; a descriptor or -errno.
 * Before other threads start only. */
int ep_writer_create(struct ep_writer *w, const char *name) EP_MUST_CHECK;
/* Adds sensors/<id>.csv; returns its index.  channels is borrowed. */
int ep_writer_add_sensor(struct ep_writer *w, const char *id,
			 const struct ep_channel *channels, size_t count,
			 struct ep_err *err) EP_MUST_CHECK;

void ep_writer_event(struct ep_writer *w, const struct ep_event *event);
void ep_writer_tick(struct ep_writer *w, int64_t due_ns, int64_t late_ns,
		    int64_t missed_count);
/* Samples of one instant become one row; channel 0xffff is a failed poll. */
#define EP_CHANNEL_WHOLE_POLL 0xffff
void ep_writer_sample(struct ep_writer *w, size_t index,
		      const struct ep_sample *s);
/* The poll is over: its row is complete. */
void ep_writer_row_end(struct ep_writer *w, size_t index);
/* Writes all complete rows; 0 or the first -errno. */
int ep_writer_flush(struct ep_writer *w);
/* Rows lost so far in all files. */
uint64_t ep_writer_dropped(struct ep_writer *w);
/* The run never began: removes the files made so far, and the folder when
 * ep_writer_open() made it. */
void ep_writer_discard(struct ep_writer *w);
void ep_writer_close(struct ep_writer *w);

#endif
