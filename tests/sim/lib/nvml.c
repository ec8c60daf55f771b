/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands for NVIDIA's libnvidia-ml.so.1: loaded with the sensor's key library,
 * or through LD_LIBRARY_PATH under that name.  tests/sim/support/nvml_sim.h
 * says how its GPUs are scripted.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "drivers/nvml_parts.h"
#include "tests/sim/support/nvml_sim.h"

/* Handles of before a restart are void, as with the real one. */
struct device {
	unsigned gpu;
	unsigned generation;
};

static struct sim sim;
static struct device devices[SIM_GPUS_MAX];
static unsigned generation;
static int started;

int nvmlInit_v2(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int status);
int nvmlSystemGetDriverVersion(char *ret, unsigned size);
int nvmlDeviceGetCount_v2(unsigned *ret);
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret);
int nvmlDeviceGetHandleByUUID(const char *uuid, void **ret);
int nvmlDeviceGetName(void *device, char *ret, unsigned size);
int nvmlDeviceGetUUID(void *device, char *ret, unsigned size);
int nvmlDeviceGetCudaComputeCapability(void *device, int *ret_major,
				       int *ret_minor);
int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *ret);
int nvmlDeviceGetPowerUsage(void *device, unsigned *ret);
int nvmlDeviceGetFieldValues(void *device, int count,
			     struct ep_nvml_field *fields);
int nvmlDeviceGetUtilizationRates(void *device, struct ep_nvml_use *ret);
int nvmlDeviceGetClockInfo(void *device, int which, unsigned *ret);
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *ret);
int nvmlDeviceGetCurrentClocksEventReasons(void *device,
					   unsigned long long *ret);

static int library_status(void)
{
	if (!started)
		return EP_NVML_UNINITIALIZED;
	/* Once gone, this start of the library is of no more use. */
	if (sim.unload.until_s > 0 && sim_now_s(&sim) >= sim.unload.at_s &&
	    started == 1)
		return EP_NVML_UNINITIALIZED;
	return EP_NVML_SUCCESS;
}

static int device_status(const void *device, unsigned *ret_gpu)
{
	const struct device *d = device;
	int status = library_status();

	if (status != EP_NVML_SUCCESS)
		return status;
	if (!d || d->generation != generation)
		return EP_NVML_INVALID_ARGUMENT;
	*ret_gpu = d->gpu;
	return sim_within(sim.lost[d->gpu], sim_now_s(&sim))
		       ? EP_NVML_GPU_IS_LOST
		       : EP_NVML_SUCCESS;
}

static int ask(const void *device, enum sim_word word, unsigned *ret_gpu)
{
	int status = device_status(device, ret_gpu);

	if (status == EP_NVML_SUCCESS && sim.unsupported[word])
		return EP_NVML_NOT_SUPPORTED;
	if (status == EP_NVML_SUCCESS && sim.denied[word])
		return EP_NVML_NO_PERMISSION;
	return status;
}

int nvmlInit_v2(void)
{
	if (started)
		return EP_NVML_SUCCESS;
	if (sim_load(&sim) < 0)
		return 999;
	if (sim.fail_init)
		return sim.fail_init;
	if (sim.unload.until_s > 0 && sim_within(sim.unload, sim_now_s(&sim)))
		return EP_NVML_DRIVER_NOT_LOADED;
	generation++;
	started =
		sim.unload.until_s > 0 && sim_now_s(&sim) >= sim.unload.until_s
			? 2
			: 1;
	return EP_NVML_SUCCESS;
}

int nvmlShutdown(void)
{
	if (!started)
		return EP_NVML_UNINITIALIZED;
	sim_done(&sim);
	started = 0;
	return EP_NVML_SUCCESS;
}

const char *nvmlErrorString(int status)
{
	switch (status) {
	case EP_NVML_GPU_IS_LOST:
		return "GPU is lost";
	case EP_NVML_NOT_SUPPORTED:
		return "Not Supported";
	case EP_NVML_TIMEOUT:
		return "Timeout";
	default:
		return "Unknown Error";
	}
}

int nvmlSystemGetDriverVersion(char *ret, unsigned size)
{
	snprintf(ret, size, "999.99.01");
	return library_status();
}

int nvmlDeviceGetCount_v2(unsigned *ret)
{
	*ret = sim.gpu_count;
	return library_status();
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **ret)
{
	int status = library_status();

	if (status != EP_NVML_SUCCESS)
		return status;
	if (index >= sim.gpu_count || index >= SIM_GPUS_MAX)
		return EP_NVML_INVALID_ARGUMENT;
	if (sim_within(sim.lost[index], sim_now_s(&sim)))
		return EP_NVML_GPU_IS_LOST;
	devices[index].gpu = index;
	devices[index].generation = generation;
	*ret = &devices[index];
	return EP_NVML_SUCCESS;
}

static void put_uuid(unsigned gpu, char *ret, unsigned size)
{
	snprintf(ret, size, "GPU-00000000-0000-0000-0000-%012u", gpu);
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **ret)
{
	char text[64];

	for (unsigned i = 0; i < sim.gpu_count && i < SIM_GPUS_MAX; i++) {
		put_uuid(i, text, sizeof(text));
		if (strcmp(text, uuid) == 0)
			return nvmlDeviceGetHandleByIndex_v2(i, ret);
	}
	return started ? EP_NVML_NOT_FOUND : EP_NVML_UNINITIALIZED;
}

int nvmlDeviceGetName(void *device, char *ret, unsigned size)
{
	unsigned gpu = 0;
	int status = device_status(device, &gpu);

	if (status == EP_NVML_SUCCESS)
		snprintf(ret, size, "Simulated GPU %u", gpu);
	return status;
}

int nvmlDeviceGetUUID(void *device, char *ret, unsigned size)
{
	unsigned gpu = 0;
	int status = ask(device, SIM_UUID, &gpu);

	if (status == EP_NVML_SUCCESS)
		put_uuid(gpu, ret, size);
	return status;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *ret_major,
				       int *ret_minor)
{
	unsigned gpu = 0;

	*ret_major = sim.major;
	*ret_minor = sim.minor;
	return ask(device, SIM_CAPABILITY, &gpu);
}

static void wait_s(double s)
{
	struct timespec left = { (time_t)s,
				 (long)((s - (double)(time_t)s) * 1e9) };

	while (nanosleep(&left, &left) < 0)
		;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *ret)
{
	unsigned gpu = 0;
	int status = ask(device, SIM_ENERGY, &gpu);
	double now_s = sim_now_s(&sim);

	if (status != EP_NVML_SUCCESS)
		return status;
	*ret = sim_within(sim.garbage, now_s)
		       ? UINT64_MAX
		       : (unsigned long long)sim_energy_mj(&sim, gpu, now_s);
	if (sim.slow_s > 0)
		wait_s(sim.slow_s);
	return status;
}

static unsigned tell_mw(double mw)
{
	double now_s = sim_now_s(&sim);

	if (sim_within(sim.garbage, now_s))
		return UINT32_MAX;
	return sim_within(sim.zero, now_s) ? 0 : (unsigned)(mw + 0.5);
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *ret)
{
	unsigned gpu = 0;
	int status = ask(device, SIM_USAGE, &gpu);
	double now_s = sim_now_s(&sim);
	int ga100 = sim.major == 8 && sim.minor == 0;

	if (status != EP_NVML_SUCCESS)
		return status;
	*ret = tell_mw(sim.major < 8 || ga100
			       ? sim_instant_mw(&sim, gpu, now_s)
			       : sim_average_mw(&sim, gpu, now_s));
	return status;
}

static void put_value(struct ep_nvml_field *f, unsigned mw)
{
	memset(&f->value, 0xee, sizeof(f->value));
	f->type = sim.type;
	switch (sim.type) {
	case EP_NVML_TYPE_DOUBLE:
		f->value.f64 = mw;
		break;
	case EP_NVML_TYPE_ULONG:
		f->value.ul = mw;
		break;
	case EP_NVML_TYPE_ULLONG:
		f->value.ull = mw;
		break;
	case EP_NVML_TYPE_LLONG:
		f->value.ll = mw;
		break;
	case EP_NVML_TYPE_INT:
		f->value.i = (int)mw;
		break;
	case EP_NVML_TYPE_USHORT:
		f->value.us = (unsigned short)mw;
		break;
	default:
		f->value.u = mw;
		break;
	}
}

int nvmlDeviceGetFieldValues(void *device, int count,
			     struct ep_nvml_field *fields)
{
	double now_s = sim_now_s(&sim);
	unsigned gpu = 0;
	int status = device_status(device, &gpu);

	for (int i = 0; status == EP_NVML_SUCCESS && i < count; i++) {
		struct ep_nvml_field *f = &fields[i];

		if (f->field == EP_NVML_FIELD_INSTANT) {
			f->status = ask(device, SIM_INSTANT, &gpu);
			put_value(f, tell_mw(sim_instant_mw(&sim, gpu, now_s)));
		} else if (f->field == EP_NVML_FIELD_AVERAGE) {
			f->status = ask(device, SIM_AVERAGE, &gpu);
			put_value(f, tell_mw(sim_average_mw(&sim, gpu, now_s)));
		} else {
			f->status = EP_NVML_INVALID_ARGUMENT;
		}
	}
	return status;
}

int nvmlDeviceGetUtilizationRates(void *device, struct ep_nvml_use *ret)
{
	unsigned gpu = 0;

	ret->chip_percent = 87;
	ret->memory_percent = 42;
	return ask(device, SIM_USE, &gpu);
}

int nvmlDeviceGetClockInfo(void *device, int which, unsigned *ret)
{
	unsigned gpu = 0;

	*ret = which == EP_NVML_CLOCK_OF_SM ? 1980 : 2619;
	return ask(device, SIM_CLOCK, &gpu);
}

int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *ret)
{
	unsigned gpu = 0;

	*ret = sensor == 0 ? 64 : 0;
	return ask(device, SIM_TEMP, &gpu);
}

int nvmlDeviceGetCurrentClocksEventReasons(void *device,
					   unsigned long long *ret)
{
	unsigned gpu = 0;
	bool now = sim_within(sim.throttle, sim_now_s(&sim));

	*ret = now ? sim.throttle_bits : 1;
	return ask(device, SIM_THROTTLE, &gpu);
}
