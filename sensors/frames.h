/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_FRAMES_H
#define EP_SENSORS_FRAMES_H

#include "sensors/sensor.h"

#include <stddef.h>
#include <stdint.h>

/* Longer than the longest frame of any instrument. */
#define EP_FRAMES_BYTES_MAX 4096

/*
 * Frames in a stream of bytes, found by a sensor's decode() at the front: what
 * it takes is a frame, where it finds none one byte is skipped, where it wants
 * more the bytes wait.  Memory of the caller, no allocation, never blocks.
 */
struct ep_frames {
	const struct ep_sensor_ops *ops;
	uint64_t frame_count;
	uint64_t skipped_bytes; /* belonged to no frame */
	size_t len;
	uint8_t bytes[EP_FRAMES_BYTES_MAX];
};

void ep_frames_init(struct ep_frames *f, const struct ep_sensor_ops *ops);
/* Takes len bytes that arrived at t_ns, emits the samples of every frame that
 * they complete, and returns the number of these frames. */
size_t ep_frames_feed(struct ep_frames *f, const uint8_t *bytes, size_t len,
		      int64_t t_ns, const struct ep_sink *sink);
/* Gives up an unfinished frame; its bytes count as skipped. */
void ep_frames_drop(struct ep_frames *f);

#endif
