/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/nvml_gpu_parts.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* There are eight notes: the rest is for what is left out. */
#define NAMED_MAX 3

static const struct {
	enum ep_nvml_reading reading;
	unsigned mask;
	const char *name; /* after "gpuN_" */
	enum ep_quantity quantity;
	enum ep_shape shape;
	unsigned flags;
	int64_t resolution;
} kinds[] = {
	{ EP_NVML_ENERGY, 0, "energy", EP_ENERGY_UJ, EP_COUNTER, 0, 1000 },
	{ EP_NVML_POWER_INSTANT, 0, "power_instant", EP_POWER_UW, EP_GAUGE, 0,
	  1000 },
	{ EP_NVML_POWER_AVERAGE, 0, "power_average", EP_POWER_UW, EP_GAUGE, 0,
	  1000 },
	{ EP_NVML_USE, 0, "use", EP_RATIO_PPM, EP_GAUGE, 0, 10000 },
	{ EP_NVML_MEMORY_USE, 0, "memory_use", EP_RATIO_PPM, EP_GAUGE, 0,
	  10000 },
	{ EP_NVML_SM_CLOCK, 0, "sm_clock", EP_FREQ_HZ, EP_GAUGE, 0, 1000000 },
	{ EP_NVML_MEMORY_CLOCK, 0, "memory_clock", EP_FREQ_HZ, EP_GAUGE, 0,
	  1000000 },
	{ EP_NVML_TEMP, 0, "temp", EP_TEMP_MC, EP_GAUGE, 0, 1000 },
	/* No alarm: at its power limit is where a busy card is meant to be. */
	{ EP_NVML_THROTTLE, EP_NVML_SLOWED_POWER_CAP, "slowed_by_power_cap",
	  EP_COUNT, EP_GAUGE, 0, 1 },
	{ EP_NVML_THROTTLE,
	  EP_NVML_SLOWED_SW_THERMAL | EP_NVML_SLOWED_HW_THERMAL,
	  "slowed_by_heat", EP_COUNT, EP_GAUGE, EP_CHANNEL_ALARM, 1 },
	{ EP_NVML_THROTTLE, EP_NVML_SLOWED_POWER_BRAKE, "slowed_by_power_brake",
	  EP_COUNT, EP_GAUGE, EP_CHANNEL_ALARM, 1 },
	{ EP_NVML_THROTTLE, EP_NVML_SLOWED_HARDWARE, "slowed_by_hardware",
	  EP_COUNT, EP_GAUGE, EP_CHANNEL_ALARM, 1 },
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(KIND_COUNT == EP_NVML_CHANNELS_PER_GPU, "a channel per kind");

static bool good(const struct ep_nvml_unit *u, enum ep_nvml_reading reading)
{
	return (u->wanted & EP_NVML_BIT(reading)) != 0;
}

/*
 * nvmlDeviceGetPowerUsage averages over a second from Ampere on, but for its
 * data centre chip GA100, the only one of capability 8.0; before, it is the
 * power of the moment: 0.  A chip that is not known may do either: its readings
 * are taken for the worse of the two.
 */
static int64_t usage_window_ns(const struct ep_nvml_gpu *gpu)
{
	if (gpu->major == 0)
		return EP_NS_PER_S;
	if (gpu->major < 8 || (gpu->major == 8 && gpu->minor == 0))
		return 0;
	return EP_NS_PER_S;
}

/* The plain call fills whichever of the two powers has no field. */
static void place_usage(struct ep_nvml_unit *u)
{
	enum ep_nvml_reading as = usage_window_ns(&u->gpu) > 0
					  ? EP_NVML_POWER_AVERAGE
					  : EP_NVML_POWER_INSTANT;

	if (good(u, as))
		u->wanted &= ~EP_NVML_BIT(EP_NVML_POWER_USAGE);
}

static void judge_readings(struct ep_nvml_unit *u)
{
	/* A counter that never counted is none. */
	if (u->values.error[EP_NVML_ENERGY] == 0 &&
	    u->values.value[EP_NVML_ENERGY] == 0)
		u->values.error[EP_NVML_ENERGY] = -ENODATA;
	u->wanted = 0;
	for (unsigned i = 0; i < EP_NVML_READING_COUNT; i++)
		if (u->values.error[i] == 0)
			u->wanted |= EP_NVML_BIT(i);
	if (good(u, EP_NVML_POWER_USAGE))
		place_usage(u);
}

/* Which reading a kind of channel is filled from; COUNT: none. */
static enum ep_nvml_reading reading_of(const struct ep_nvml_unit *u,
				       enum ep_nvml_reading reading)
{
	bool average = usage_window_ns(&u->gpu) > 0;

	if (good(u, reading))
		return reading;
	if (good(u, EP_NVML_POWER_USAGE) &&
	    ((reading == EP_NVML_POWER_AVERAGE && average) ||
	     (reading == EP_NVML_POWER_INSTANT && !average)))
		return EP_NVML_POWER_USAGE;
	return EP_NVML_READING_COUNT;
}

static const char *best_text(const struct ep_channel *c)
{
	if (c->shape == EP_COUNTER)
		return "energy counter";
	return c->window_ns > 0 ? "averaged power" : "instant power";
}

static void add_channel(struct ep_nvml_set *set, size_t kind,
			enum ep_nvml_reading reading,
			const struct ep_nvml_keys *keys)
{
	size_t unit = set->unit_count;
	unsigned index = set->units[unit].gpu.index;
	bool power = kinds[kind].quantity == EP_POWER_UW;
	bool first = set->channel_count == 0 ||
		     set->sources[set->channel_count - 1].unit != unit;
	struct ep_channel *c = &set->channels[set->channel_count];

	memset(c, 0, sizeof(*c));
	(void)ep_str_format(c->name, sizeof(c->name), "gpu%u_%s", index,
			    kinds[kind].name);
	c->quantity = kinds[kind].quantity;
	c->shape = kinds[kind].shape;
	c->flags = kinds[kind].flags;
	c->resolution = kinds[kind].resolution;
	if (power || c->shape == EP_COUNTER) {
		c->gain_ppm = (int64_t)(keys->gain_percent * 1e4 + 0.5);
		if (first) {
			(void)ep_str_format(c->name, sizeof(c->name), "gpu%u",
					    index);
			c->role = EP_ROLE_TOTAL;
		}
	}
	if (kinds[kind].reading == EP_NVML_POWER_AVERAGE)
		c->window_ns =
			keys->window_ns > 0 ? keys->window_ns : EP_NS_PER_S;
	set->sources[set->channel_count].unit = unit;
	set->sources[set->channel_count].reading = reading;
	set->sources[set->channel_count].mask = kinds[kind].mask;
	set->channel_count++;
}

static const char *reason_of(int code)
{
	if (code == -EOPNOTSUPP)
		return "not supported";
	if (code == -ENODATA)
		return "no value";
	return strerror(-code);
}

/* "gpu0: not measured: use, temp (not supported)"; once for equal GPUs. */
static void note_missing(const struct ep_nvml_set *set,
			 struct ep_sensor_notes *notes)
{
	const struct ep_nvml_unit *u = &set->units[set->unit_count];
	char text[160] = "";
	int code = 0;

	if (set->unit_count > 0 && u[-1].wanted == u->wanted)
		return;
	for (size_t i = 0; i < KIND_COUNT; i++) {
		enum ep_nvml_reading r = kinds[i].reading;
		size_t used = strlen(text);

		if (reading_of(u, r) != EP_NVML_READING_COUNT)
			continue;
		/* The alarms are one reading. */
		if (i > 0 && kinds[i - 1].reading == r)
			continue;
		if (code == 0)
			code = u->values.error[r];
		(void)ep_str_format(text + used, sizeof(text) - used, "%s%s",
				    used ? ", " : "",
				    r == EP_NVML_THROTTLE ? "slowed_by"
							  : kinds[i].name);
	}
	if (text[0])
		ep_sensor_note(notes, "gpu%u: not measured: %s (%s)",
			       u->gpu.index, text, reason_of(code));
}

/* Which GPU it is, and what its total is made from. */
static void note_unit(const struct ep_nvml_unit *u,
		      const struct ep_channel *best, const char *driver,
		      struct ep_sensor_notes *notes)
{
	bool total = best->role == EP_ROLE_TOTAL;

	ep_sensor_note(notes, "gpu%u: %.60s, %.44s, driver %.24s: %s%s",
		       u->gpu.index, u->gpu.name,
		       u->gpu.uuid[0] ? u->gpu.uuid : "no UUID", driver,
		       total ? "its total is its " : "",
		       total ? best_text(best) : "it measures no power");
}

size_t ep_nvml_unit_add(struct ep_nvml_set *set, const struct ep_nvml *nvml,
			const struct ep_nvml_gpu *gpu,
			const struct ep_nvml_keys *keys,
			struct ep_sensor_notes *notes)
{
	struct ep_nvml_unit *u = &set->units[set->unit_count];
	size_t before = set->channel_count;
	const struct ep_channel *best = &set->channels[before];

	memset(u, 0, sizeof(*u));
	u->gpu = *gpu;
	ep_nvml_read(nvml, gpu, EP_NVML_ALL, &u->values);
	judge_readings(u);
	for (size_t i = 0; i < KIND_COUNT; i++) {
		enum ep_nvml_reading r = reading_of(u, kinds[i].reading);

		if (r != EP_NVML_READING_COUNT)
			add_channel(set, i, r, keys);
	}
	if (set->channel_count == before) {
		ep_sensor_note(notes, "gpu%u (%.60s) left out: %s", gpu->index,
			       gpu->name,
			       reason_of(u->values.error[EP_NVML_ENERGY]));
		return 0;
	}
	if (set->unit_count < NAMED_MAX)
		note_unit(u, best, ep_nvml_driver_version(nvml), notes);
	note_missing(set, notes);
	set->unit_count++;
	return set->channel_count - before;
}
