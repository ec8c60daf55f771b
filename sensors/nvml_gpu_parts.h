/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_NVML_GPU_PARTS_H
#define EP_SENSORS_NVML_GPU_PARTS_H

#include "drivers/nvml.h"
#include "sensors/sensor.h"

/* Energy, two powers, two uses, two clocks, a temperature, four alarms. */
#define EP_NVML_CHANNELS_PER_GPU 12
#define EP_NVML_CHANNELS_MAX (EP_NVML_GPUS_MAX * EP_NVML_CHANNELS_PER_GPU)

/* What the keys say. */
struct ep_nvml_keys {
	const char *library; /* NULL: the usual one */
	const char *gpus;    /* "all", "0+2" */
	int64_t period_ns;
	int64_t window_ns; /* of averaged power; 0: as the chip is known */
	double gain_percent;
};

struct ep_nvml_unit {
	struct ep_nvml_gpu gpu;
	unsigned wanted; /* readings that are channels */
	struct ep_nvml_values values;
	bool gone;	/* lost, or its driver was unloaded */
	bool found;	/* it was, until this poll */
	int bad_rounds; /* one after the other, without any answer */
};

/* Where a channel's value comes from. */
struct ep_nvml_source {
	size_t unit;
	enum ep_nvml_reading reading;
	unsigned mask; /* alarms: bits of EP_NVML_THROTTLE */
};

/* Channels of one GPU are added after those of the one before. */
struct ep_nvml_set {
	struct ep_nvml_unit units[EP_NVML_GPUS_MAX];
	size_t unit_count;
	struct ep_channel channels[EP_NVML_CHANNELS_MAX];
	struct ep_nvml_source sources[EP_NVML_CHANNELS_MAX];
	size_t channel_count;
};

/*
 * Reads every kind once and adds a channel for each that answers: the best
 * measure of energy as "gpuN" with role total, the others beside it.  What does
 * not answer is named in notes.  The count of channels; 0: notes say why.
 */
size_t ep_nvml_unit_add(struct ep_nvml_set *set, const struct ep_nvml *nvml,
			const struct ep_nvml_gpu *gpu,
			const struct ep_nvml_keys *keys,
			struct ep_sensor_notes *notes);

#endif
