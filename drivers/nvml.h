/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_NVML_H
#define EP_DRIVERS_NVML_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * NVIDIA's management library (NVML), loaded at run time: nothing of NVIDIA's
 * is needed to build.  NVML API Reference Guide, docs.nvidia.com/deploy/
 * nvml-api.  Calls may block: fractions of a microsecond to some milliseconds
 * each, seconds while a driver starts.
 */
#define EP_NVML_GPUS_MAX 16

struct ep_nvml;

struct ep_nvml_gpu {
	void *handle;
	unsigned index;
	char name[64];
	char uuid[64];	  /* "" where it does not tell */
	int major, minor; /* CUDA compute capability; 0, 0 unknown */
};

enum ep_nvml_reading {
	EP_NVML_ENERGY,	       /* uJ since the driver was loaded */
	EP_NVML_POWER_INSTANT, /* uW */
	EP_NVML_POWER_AVERAGE, /* uW, over one second */
	EP_NVML_POWER_USAGE,   /* uW; which of the two depends on the chip */
	EP_NVML_USE,	       /* ppm of time a kernel was running */
	EP_NVML_MEMORY_USE,    /* ppm of time memory was read or written */
	EP_NVML_SM_CLOCK,      /* Hz */
	EP_NVML_MEMORY_CLOCK,  /* Hz */
	EP_NVML_TEMP,	       /* m degC of the chip */
	EP_NVML_THROTTLE,      /* EP_NVML_SLOWED_... */
	EP_NVML_READING_COUNT
};
#define EP_NVML_BIT(reading) (1u << (reading))
#define EP_NVML_ALL (EP_NVML_BIT(EP_NVML_READING_COUNT) - 1)

/* Why the clocks are lower than they could be. */
enum {
	EP_NVML_SLOWED_POWER_CAP = 0x04,   /* the board's power limit */
	EP_NVML_SLOWED_HARDWARE = 0x08,	   /* any reason of the hardware's */
	EP_NVML_SLOWED_SW_THERMAL = 0x20,  /* too hot, says the driver */
	EP_NVML_SLOWED_HW_THERMAL = 0x40,  /* too hot, says the chip */
	EP_NVML_SLOWED_POWER_BRAKE = 0x80, /* the power supply asked for it */
};

/*
 * -EOPNOTSUPP  this GPU, or this library, does not tell
 * -EACCES      not to this user
 * -ENODATA     it answered with "no value", or a zero that cannot be
 * -ENXIO       the GPU fell off the bus, or must be reset
 * -ESHUTDOWN   the driver was unloaded under us
 * -EIO, ...    anything else
 */
struct ep_nvml_values {
	int64_t value[EP_NVML_READING_COUNT];
	int error[EP_NVML_READING_COUNT]; /* 0 good */
};

/* Is there any sign of NVIDIA's driver?  Opens nothing, wakes nothing. */
bool ep_nvml_present(const struct ep_root *root);

/*
 * Loads and starts the library: NULL is libnvidia-ml.so.1 as the linker finds
 * it, a name with a slash is a file.  Below a redirected root both are looked
 * for there only.  Errors name what is missing: -ELIBACC (no library),
 * -ELIBBAD (not a usable one), -ENXIO (driver not loaded, or no GPU), -EPROTO
 * (library and driver differ), -EACCES, -EIO.
 */
int ep_nvml_open(const struct ep_root *root, const char *library,
		 struct ep_nvml **ret, struct ep_err *err) EP_MUST_CHECK;
void ep_nvml_close(struct ep_nvml *nvml);
const char *ep_nvml_driver_version(const struct ep_nvml *nvml);
/* At least 1 after open; more than EP_NVML_GPUS_MAX may be there. */
unsigned ep_nvml_count(const struct ep_nvml *nvml);
/* -ENXIO and the like with the library's own sentence. */
int ep_nvml_gpu_open(struct ep_nvml *nvml, unsigned index,
		     struct ep_nvml_gpu *ret, struct ep_err *err) EP_MUST_CHECK;

/* Reads what wanted has bits of; the rest of ret is left as it is. */
void ep_nvml_read(const struct ep_nvml *nvml, const struct ep_nvml_gpu *gpu,
		  unsigned wanted, struct ep_nvml_values *ret);

/* After -ESHUTDOWN: starts the library anew.  Handles are void until
 * ep_nvml_gpu_find() has renewed them. */
int ep_nvml_restart(struct ep_nvml *nvml) EP_MUST_CHECK;
/* The same GPU (by UUID, else by index) under a new handle. */
int ep_nvml_gpu_find(const struct ep_nvml *nvml,
		     struct ep_nvml_gpu *gpu) EP_MUST_CHECK;

#endif
