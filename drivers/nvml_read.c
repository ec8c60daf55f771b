/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/nvml.h"

#include <errno.h>
#include <limits.h>

#include "drivers/nvml_parts.h"

/* No board draws so much; what exceeds it is a value that is none. */
#define POWER_MW_MAX 100000000LL

static bool wants(unsigned wanted, enum ep_nvml_reading reading)
{
	return (wanted & EP_NVML_BIT(reading)) != 0;
}

static void put(struct ep_nvml_values *v, enum ep_nvml_reading reading,
		int status, int64_t value)
{
	v->error[reading] = ep_nvml_errno(status);
	v->value[reading] = status == EP_NVML_SUCCESS ? value : 0;
}

static void refuse(struct ep_nvml_values *v, enum ep_nvml_reading reading,
		   int code)
{
	v->error[reading] = code;
	v->value[reading] = 0;
}

/* A board that answers draws power: 0 means that it was not measured. */
static void put_power(struct ep_nvml_values *v, enum ep_nvml_reading reading,
		      int status, int64_t mw)
{
	put(v, reading, status, mw * 1000);
	if (status == EP_NVML_SUCCESS && (mw <= 0 || mw > POWER_MW_MAX))
		refuse(v, reading, -ENODATA);
}

static void read_energy(const struct ep_nvml *n, void *device,
			struct ep_nvml_values *v)
{
	unsigned long long mj = 0;
	int status = n->calls.energy ? n->calls.energy(device, &mj)
				     : EP_NVML_FUNCTION_NOT_FOUND;

	if (status == EP_NVML_SUCCESS && mj > INT64_MAX / 1000)
		refuse(v, EP_NVML_ENERGY, -ENODATA);
	else
		put(v, EP_NVML_ENERGY, status, (int64_t)mj * 1000);
}

static void read_power(const struct ep_nvml *n, void *device,
		       struct ep_nvml_values *v)
{
	unsigned mw = 0;
	int status = n->calls.power ? n->calls.power(device, &mw)
				    : EP_NVML_FUNCTION_NOT_FOUND;

	put_power(v, EP_NVML_POWER_USAGE, status, mw);
}

/* -1 for what cannot be a power; the caller refuses it. */
static int64_t field_mw(const struct ep_nvml_field *f)
{
	switch (f->type) {
	case EP_NVML_TYPE_DOUBLE:
		return f->value.f64 > 0 && f->value.f64 < POWER_MW_MAX
			       ? (int64_t)f->value.f64
			       : -1;
	case EP_NVML_TYPE_UINT:
		return f->value.u;
	case EP_NVML_TYPE_ULONG:
		return f->value.ul > POWER_MW_MAX ? -1 : (int64_t)f->value.ul;
	case EP_NVML_TYPE_ULLONG:
		return f->value.ull > POWER_MW_MAX ? -1 : (int64_t)f->value.ull;
	case EP_NVML_TYPE_LLONG:
		return f->value.ll > POWER_MW_MAX ? -1 : f->value.ll;
	case EP_NVML_TYPE_INT:
		return f->value.i;
	case EP_NVML_TYPE_USHORT:
		return f->value.us;
	default:
		return -1;
	}
}

/* One call for both: in most drivers it costs as much as one alone. */
static void read_fields(const struct ep_nvml *n, void *device, unsigned wanted,
			struct ep_nvml_values *v)
{
	struct ep_nvml_field fields[2] = { { 0 }, { 0 } };
	enum ep_nvml_reading readings[2];
	int count = 0, status = EP_NVML_FUNCTION_NOT_FOUND;

	if (wants(wanted, EP_NVML_POWER_INSTANT)) {
		readings[count] = EP_NVML_POWER_INSTANT;
		fields[count++].field = EP_NVML_FIELD_INSTANT;
	}
	if (wants(wanted, EP_NVML_POWER_AVERAGE)) {
		readings[count] = EP_NVML_POWER_AVERAGE;
		fields[count++].field = EP_NVML_FIELD_AVERAGE;
	}
	for (int i = 0; i < count; i++)
		fields[i].status = EP_NVML_NOT_SUPPORTED;
	if (count > 0 && n->calls.fields)
		status = n->calls.fields(device, count, fields);
	for (int i = 0; i < count; i++) {
		if (status != EP_NVML_SUCCESS)
			put(v, readings[i], status, 0);
		else
			put_power(v, readings[i], fields[i].status,
				  fields[i].status == EP_NVML_SUCCESS
					  ? field_mw(&fields[i])
					  : 0);
	}
}

static void put_percent(struct ep_nvml_values *v, enum ep_nvml_reading reading,
			int status, unsigned percent)
{
	put(v, reading, status, (int64_t)percent * 10000);
	if (status == EP_NVML_SUCCESS && percent > 100)
		refuse(v, reading, -ENODATA);
}

static void read_use(const struct ep_nvml *n, void *device,
		     struct ep_nvml_values *v)
{
	struct ep_nvml_use use = { 0, 0 };
	int status = n->calls.use ? n->calls.use(device, &use)
				  : EP_NVML_FUNCTION_NOT_FOUND;

	put_percent(v, EP_NVML_USE, status, use.chip_percent);
	put_percent(v, EP_NVML_MEMORY_USE, status, use.memory_percent);
}

static void read_clock(const struct ep_nvml *n, void *device, int which,
		       struct ep_nvml_values *v)
{
	enum ep_nvml_reading reading = which == EP_NVML_CLOCK_OF_SM
					       ? EP_NVML_SM_CLOCK
					       : EP_NVML_MEMORY_CLOCK;
	unsigned mhz = 0;
	int status = n->calls.clock ? n->calls.clock(device, which, &mhz)
				    : EP_NVML_FUNCTION_NOT_FOUND;

	put(v, reading, status, (int64_t)mhz * 1000000);
	if (status == EP_NVML_SUCCESS && mhz > INT_MAX)
		refuse(v, reading, -ENODATA);
}

static void read_temp(const struct ep_nvml *n, void *device,
		      struct ep_nvml_values *v)
{
	unsigned celsius = 0;
	int status = n->calls.temp ? n->calls.temp(device, 0, &celsius)
				   : EP_NVML_FUNCTION_NOT_FOUND;

	/* Negative ones come as large numbers. */
	put(v, EP_NVML_TEMP, status, (int64_t)(int)celsius * 1000);
	if (status == EP_NVML_SUCCESS &&
	    ((int)celsius < -100 || (int)celsius > 250))
		refuse(v, EP_NVML_TEMP, -ENODATA);
}

static void read_throttle(const struct ep_nvml *n, void *device,
			  struct ep_nvml_values *v)
{
	unsigned long long reasons = 0;
	int status = n->calls.throttle ? n->calls.throttle(device, &reasons)
				       : EP_NVML_FUNCTION_NOT_FOUND;

	put(v, EP_NVML_THROTTLE, status, (int64_t)(reasons & INT32_MAX));
}

void ep_nvml_read(const struct ep_nvml *nvml, const struct ep_nvml_gpu *gpu,
		  unsigned wanted, struct ep_nvml_values *ret)
{
	void *device = gpu->handle;

	if (wants(wanted, EP_NVML_ENERGY))
		read_energy(nvml, device, ret);
	if (wants(wanted, EP_NVML_POWER_INSTANT) ||
	    wants(wanted, EP_NVML_POWER_AVERAGE))
		read_fields(nvml, device, wanted, ret);
	if (wants(wanted, EP_NVML_POWER_USAGE))
		read_power(nvml, device, ret);
	if (wants(wanted, EP_NVML_USE) || wants(wanted, EP_NVML_MEMORY_USE))
		read_use(nvml, device, ret);
	if (wants(wanted, EP_NVML_SM_CLOCK))
		read_clock(nvml, device, EP_NVML_CLOCK_OF_SM, ret);
	if (wants(wanted, EP_NVML_MEMORY_CLOCK))
		read_clock(nvml, device, EP_NVML_CLOCK_OF_MEMORY, ret);
	if (wants(wanted, EP_NVML_TEMP))
		read_temp(nvml, device, ret);
	if (wants(wanted, EP_NVML_THROTTLE))
		read_throttle(nvml, device, ret);
}
