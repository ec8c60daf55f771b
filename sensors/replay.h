/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_REPLAY_H
#define EP_SENSORS_REPLAY_H

#include "base/conf.h"
#include "base/sample.h"

#include <stdbool.h>

/* The recording behind the replay sensor: all of it in memory. */
#define EP_REPLAY_CELLS_MAX (16 * 1024 * 1024)

struct ep_replay {
	struct ep_channel *channels; /* one per column, then products */
	size_t column_count;
	size_t channel_count;
	int64_t *cells;	  /* t_ns, span_ns, flags and the columns, row by row */
	uint8_t *present; /* one per cell */
	size_t row_count;
	uint64_t bad_count; /* lines that could not be read */
	bool torn;	    /* the last line was cut off */
	bool described;	    /* by the run.json of its run */
};

/* How the file's channels are, where the recording does not say. */
struct ep_replay_wish {
	bool has_shape, has_role;
	enum ep_shape shape;
	enum ep_role role;
	int64_t refresh_ns, window_ns, gain_ppm, offset, resolution; /* -1 */
};

/* -ENOENT, -EBADMSG (not such a file), -EFBIG, with a sentence. */
int ep_replay_load(const char *path, struct ep_replay *ret,
		   struct ep_err *err) EP_MUST_CHECK;
void ep_replay_done(struct ep_replay *r);

/*
 * Takes what run.json, one folder up, knows of the channels, with products.
 * A folder without one is fine (0); 1 when it was found; -EBADMSG when it
 * cannot be understood.
 */
int ep_replay_describe(struct ep_replay *r, const char *path,
		       struct ep_err *err) EP_MUST_CHECK;
void ep_replay_apply(struct ep_replay *r, const struct ep_replay_wish *wish);

#endif
