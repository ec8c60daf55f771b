/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_NVML_PARTS_H
#define EP_DRIVERS_NVML_PARTS_H

#include "drivers/nvml.h"

/*
 * What NVML's binary interface looks like (NVML API Reference Guide: "Device
 * Queries", "Field Value Queries", "NvmlClocksEventReasons").  Functions return
 * one of these; devices are pointers we never look behind.
 */
enum {
	EP_NVML_SUCCESS = 0,
	EP_NVML_UNINITIALIZED = 1,
	EP_NVML_INVALID_ARGUMENT = 2,
	EP_NVML_NOT_SUPPORTED = 3,
	EP_NVML_NO_PERMISSION = 4,
	EP_NVML_NOT_FOUND = 6,
	EP_NVML_DRIVER_NOT_LOADED = 9,
	EP_NVML_TIMEOUT = 10,
	EP_NVML_FUNCTION_NOT_FOUND = 13,
	EP_NVML_GPU_IS_LOST = 15,
	EP_NVML_RESET_REQUIRED = 16,
	EP_NVML_VERSION_MISMATCH = 18,
	EP_NVML_IN_USE = 19,
	EP_NVML_MEMORY = 20,
	EP_NVML_NO_DATA = 21,
};

/* Kinds of a field's value; drivers differ in which they use for one field. */
enum {
	EP_NVML_TYPE_DOUBLE = 0,
	EP_NVML_TYPE_UINT = 1,
	EP_NVML_TYPE_ULONG = 2,
	EP_NVML_TYPE_ULLONG = 3,
	EP_NVML_TYPE_LLONG = 4,
	EP_NVML_TYPE_INT = 5,
	EP_NVML_TYPE_USHORT = 6,
};

/* Field numbers: milliwatts over a second, and at this moment (driver 530). */
enum { EP_NVML_FIELD_AVERAGE = 185, EP_NVML_FIELD_INSTANT = 186 };

enum { EP_NVML_CLOCK_OF_SM = 1, EP_NVML_CLOCK_OF_MEMORY = 2 };

struct ep_nvml_field {
	unsigned field;
	unsigned scope;
	long long stamp_us; /* since 1970 */
	long long took_us;
	int type;
	int status; /* of this field alone */
	union {
		double f64;
		int i;
		unsigned u;
		unsigned long ul;
		unsigned long long ull;
		long long ll;
		unsigned short us;
	} value;
};

struct ep_nvml_use {
	unsigned chip_percent;
	unsigned memory_percent;
};

/* NULL where this library lacks it. */
struct ep_nvml_calls {
	int (*init)(void);
	int (*shutdown)(void);
	const char *(*error_string)(int status);
	int (*driver_version)(char *ret, unsigned size);
	int (*count)(unsigned *ret);
	int (*by_index)(unsigned index, void **ret);
	int (*by_uuid)(const char *uuid, void **ret);
	int (*name)(void *device, char *ret, unsigned size);
	int (*uuid)(void *device, char *ret, unsigned size);
	int (*capability)(void *device, int *ret_major, int *ret_minor);
	int (*energy)(void *device, unsigned long long *ret_mj);
	int (*power)(void *device, unsigned *ret_mw);
	int (*fields)(void *device, int count, struct ep_nvml_field *fields);
	int (*use)(void *device, struct ep_nvml_use *ret);
	int (*clock)(void *device, int which, unsigned *ret_mhz);
	int (*temp)(void *device, int sensor, unsigned *ret_c);
	int (*throttle)(void *device, unsigned long long *ret);
};

struct ep_nvml {
	void *library;
	bool started;
	struct ep_nvml_calls calls;
	unsigned gpu_count;
	char driver_version[80];
};

/* 0 or -errno, as ep_nvml_values has them. */
int ep_nvml_errno(int status);

#endif
