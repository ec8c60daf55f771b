/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * NVIDIA's library as of long ago: names without versions, no energy counter,
 * no fields, no utilisation, no reasons.  One GPU that draws 75 W.
 */
#include <stdio.h>

static int gpu;

int nvmlInit(void);
int nvmlShutdown(void);
int nvmlDeviceGetCount(unsigned *ret);
int nvmlDeviceGetHandleByIndex(unsigned index, void **ret);
int nvmlDeviceGetName(void *device, char *ret, unsigned size);
int nvmlDeviceGetPowerUsage(void *device, unsigned *ret);
int nvmlDeviceGetCudaComputeCapability(void *device, int *ret_major,
				       int *ret_minor);

int nvmlInit(void)
{
	return 0;
}

int nvmlShutdown(void)
{
	return 0;
}

int nvmlDeviceGetCount(unsigned *ret)
{
	*ret = 1;
	return 0;
}

int nvmlDeviceGetHandleByIndex(unsigned index, void **ret)
{
	*ret = &gpu;
	return index == 0 ? 0 : 2;
}

int nvmlDeviceGetName(void *device, char *ret, unsigned size)
{
	snprintf(ret, size, "Simulated\033[31m old GPU");
	return device == &gpu ? 0 : 2;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *ret)
{
	*ret = 75000;
	return device == &gpu ? 0 : 2;
}

int nvmlDeviceGetCudaComputeCapability(void *device, int *ret_major,
				       int *ret_minor)
{
	*ret_major = 3;
	*ret_minor = 5;
	return device == &gpu ? 0 : 2;
}
