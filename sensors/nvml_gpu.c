/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/nvml_gpu_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "sensors/files.h"
#include "sensors/table.h"

#define PERIOD_NS (50 * EP_NS_PER_MS)
#define PERIOD_NS_MIN EP_NS_PER_MS
#define PERIOD_NS_MAX (10 * EP_NS_PER_S)
/* Calls take at most a fifth of the time: they keep the GPU awake. */
#define COST_FACTOR 5
#define STRETCH_NS_MAX (500 * EP_NS_PER_MS)
#define RETRY_NS_MIN EP_NS_PER_S
#define RETRY_NS_MAX (10 * EP_NS_PER_S)
#define BAD_ROUNDS_MAX 10

#define ENERGY_BITS                                                         \
	(EP_NVML_BIT(EP_NVML_ENERGY) | EP_NVML_BIT(EP_NVML_POWER_INSTANT) | \
	 EP_NVML_BIT(EP_NVML_POWER_AVERAGE) |                               \
	 EP_NVML_BIT(EP_NVML_POWER_USAGE))

struct ep_sensor {
	int64_t (*now_ns)(void);
	struct ep_nvml *nvml;
	struct ep_nvml_set set;
	int64_t period_ns;
	int64_t cost_ns;       /* of a round of calls, smoothed */
	int64_t retry_ns;      /* when to look for what is gone */
	int64_t retry_step_ns; /* 0: nothing is gone */
};

static const struct ep_param params[] = {
	{ "gpus", "all", "which: all, or numbers as 0+2" },
	{ "library", "", "another file than libnvidia-ml.so.1" },
	{ "period", "50ms", "time between readings" },
	{ "gain_percent", "5",
	  "accuracy limit in percent; NVIDIA names none, 5 is assumed" },
	{ "average_window", "",
	  "what averaged power is averaged over; 1s is documented" },
	{ NULL, NULL, NULL },
};

/* Is index in a list as "0+2"?  -EINVAL when the list is none. */
static int list_has(const char *list, unsigned index)
{
	int found = 0;

	while (*list) {
		int64_t number = 0;
		int used = ep_num_scan_i64(list, strlen(list), &number);

		if (used <= 0 || number < 0 || number >= EP_NVML_GPUS_MAX)
			return -EINVAL;
		found |= number == (int64_t)index;
		list += used;
		if (*list == '+' && list[1])
			list++;
		else if (*list)
			return -EINVAL;
	}
	return found;
}

static bool is_wanted(const struct ep_nvml_keys *keys, unsigned index)
{
	return strcmp(keys->gpus, "all") == 0 ||
	       list_has(keys->gpus, index) > 0;
}

static int read_keys(const struct ep_conf *conf, struct ep_nvml_keys *ret,
		     struct ep_err *err)
{
	struct ep_nvml_keys k = { .gpus = ep_conf_get(conf, "gpus"),
				  .library = ep_conf_get(conf, "library") };
	int r = ep_conf_get_duration_ns(conf, "period", PERIOD_NS, &k.period_ns,
					err);

	if (!k.gpus)
		k.gpus = "all";
	if (k.library && !k.library[0])
		k.library = NULL;
	if (r == 0)
		r = ep_conf_get_f64(conf, "gain_percent", 5, &k.gain_percent,
				    err);
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "average_window", 0,
					    &k.window_ns, err);
	if (r < 0)
		return r;
	if (strcmp(k.gpus, "all") != 0 &&
	    (!k.gpus[0] || list_has(k.gpus, 0) < 0))
		return ep_conf_err(conf, "gpus", err,
				   "must be all, or numbers from 0 to 15 as "
				   "0+2");
	if (k.period_ns < PERIOD_NS_MIN || k.period_ns > PERIOD_NS_MAX)
		return ep_conf_err(conf, "period", err,
				   "must be from 1ms to 10s");
	if (k.gain_percent < 0 || k.gain_percent > 100)
		return ep_conf_err(conf, "gain_percent", err,
				   "must be from 0 to 100");
	if (k.window_ns < 0 || k.window_ns > 60 * EP_NS_PER_S)
		return ep_conf_err(conf, "average_window", err,
				   "must be at most 60s");
	*ret = k;
	return 0;
}

static int nvml_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct ep_nvml_keys keys;

	return read_keys(conf, &keys, err);
}

/* Starting the library may load the driver and wake the GPUs, so it is only
 * done where the driver shows already. */
static int nvml_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_nvml *nvml = NULL;
	int r;

	if (!ep_nvml_present(&env->root))
		return 0;
	r = ep_nvml_open(&env->root, NULL, &nvml, err);
	if (r < 0)
		return r;
	r = (int)ep_nvml_count(nvml);
	ep_nvml_close(nvml);
	return r;
}

static void nvml_close(struct ep_sensor *s)
{
	if (!s)
		return;
	ep_nvml_close(s->nvml);
	free(s);
}

static void add_gpu(struct ep_sensor *s, unsigned index,
		    const struct ep_nvml_keys *keys,
		    struct ep_sensor_notes *notes)
{
	struct ep_err why = { 0 };
	struct ep_nvml_gpu gpu;

	if (ep_nvml_gpu_open(s->nvml, index, &gpu, &why) < 0)
		ep_sensor_note(notes, "gpu%u left out: %.150s", index,
			       why.text);
	else
		(void)ep_nvml_unit_add(&s->set, s->nvml, &gpu, keys, notes);
}

static int add_gpus(struct ep_sensor *s, const struct ep_nvml_keys *keys,
		    struct ep_sensor_notes *notes, struct ep_err *err)
{
	unsigned count = ep_nvml_count(s->nvml), asked = 0;

	if (count > EP_NVML_GPUS_MAX)
		ep_sensor_note(notes, "%u more GPUs left out: %d are read",
			       count - EP_NVML_GPUS_MAX, EP_NVML_GPUS_MAX);
	for (unsigned i = 0; i < count && i < EP_NVML_GPUS_MAX; i++) {
		if (!is_wanted(keys, i))
			continue;
		asked++;
		add_gpu(s, i, keys, notes);
	}
	if (asked == 0)
		return ep_err_set(err, -ENXIO,
				  "gpus=%s: this machine has %u (counted from "
				  "0)",
				  keys->gpus, count);
	for (unsigned i = count; i < EP_NVML_GPUS_MAX; i++)
		if (strcmp(keys->gpus, "all") != 0 && is_wanted(keys, i))
			ep_sensor_note(notes, "gpu%u left out: there is none",
				       i);
	if (s->set.unit_count > 0)
		return 0;
	return ep_err_set(err, -ENXIO, "no GPU can be read: %s",
			  notes->count > 0 ? notes->text[notes->count - 1]
					   : "no reason");
}

static void read_units(struct ep_sensor *s, unsigned bits)
{
	for (size_t i = 0; i < s->set.unit_count; i++) {
		struct ep_nvml_unit *u = &s->set.units[i];

		if (!u->gone)
			ep_nvml_read(s->nvml, &u->gpu, u->wanted & bits,
				     &u->values);
	}
}

/* A second round, since the first may have woken something. */
static void measure_cost(struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	int64_t begin_ns = s->now_ns();

	read_units(s, EP_NVML_ALL);
	s->cost_ns = s->now_ns() - begin_ns;
	if (s->cost_ns * COST_FACTOR > s->period_ns)
		ep_sensor_note(notes,
			       "a round of readings takes %lld us: they come "
			       "later than every %lld ms",
			       (long long)(s->cost_ns / EP_NS_PER_US),
			       (long long)(s->period_ns / EP_NS_PER_MS));
}

static int nvml_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	const struct ep_root *root = &env->root;
	struct ep_sensor *s;
	struct ep_nvml_keys keys = { .gpus = "all" };
	int r = read_keys(conf, &keys, err);

	if (r < 0)
		return r;
	if (keys.library && ep_conf_is_typed(conf))
		root = &ep_root_machine;
	s = calloc(1, sizeof(*s));
	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->now_ns = env->now_ns;
	s->period_ns = keys.period_ns;
	r = ep_nvml_open(root, keys.library, &s->nvml, err);
	if (r == 0)
		r = add_gpus(s, &keys, notes, err);
	if (r < 0) {
		nvml_close(s);
		return r;
	}
	measure_cost(s, notes);
	*ret = s;
	return 0;
}

static size_t nvml_channels(const struct ep_sensor *s,
			    const struct ep_channel **ret)
{
	*ret = s->set.channels;
	return s->set.channel_count;
}

static int64_t nvml_period_ns(const struct ep_sensor *s)
{
	int64_t least = s->cost_ns * COST_FACTOR;

	if (least > STRETCH_NS_MAX)
		least = STRETCH_NS_MAX;
	return s->period_ns > least ? s->period_ns : least;
}

/* Nothing answers: for a reason that does not pass by itself, or for long. */
static bool is_gone(struct ep_nvml_unit *u)
{
	bool for_good = true;

	for (unsigned i = 0; i < EP_NVML_READING_COUNT; i++) {
		int code = u->values.error[i];

		if (!(u->wanted & EP_NVML_BIT(i)))
			continue;
		if (code == 0) {
			u->bad_rounds = 0;
			return false;
		}
		for_good = for_good && (code == -ENXIO || code == -ESHUTDOWN ||
					code == -EINVAL);
	}
	return for_good || ++u->bad_rounds >= BAD_ROUNDS_MAX;
}

/* Looks for GPUs that were lost: with the library anew when all of them are,
 * since then the driver may have been loaded again. */
static void look_for_gone(struct ep_sensor *s, int64_t now_ns)
{
	size_t gone = 0, found = 0;

	for (size_t i = 0; i < s->set.unit_count; i++)
		gone += s->set.units[i].gone;
	if (gone == 0 || now_ns < s->retry_ns)
		return;
	if (gone == s->set.unit_count && ep_nvml_restart(s->nvml) < 0)
		goto out;
	for (size_t i = 0; i < s->set.unit_count; i++) {
		struct ep_nvml_unit *u = &s->set.units[i];

		if (!u->gone || ep_nvml_gpu_find(s->nvml, &u->gpu) < 0)
			continue;
		u->gone = false;
		u->found = true;
		u->bad_rounds = 0;
		found++;
	}
out:
	s->retry_step_ns = found > 0 ? RETRY_NS_MIN : s->retry_step_ns * 2;
	if (s->retry_step_ns > RETRY_NS_MAX)
		s->retry_step_ns = RETRY_NS_MAX;
	s->retry_ns = now_ns + s->retry_step_ns;
}

static void note_gone(struct ep_sensor *s, int64_t now_ns)
{
	bool any = false;

	for (size_t i = 0; i < s->set.unit_count; i++) {
		struct ep_nvml_unit *u = &s->set.units[i];

		if (!u->gone && is_gone(u)) {
			u->gone = true;
			u->found = false;
			if (s->retry_step_ns == 0)
				s->retry_ns = now_ns + RETRY_NS_MIN;
		}
		any = any || u->gone;
	}
	if (!any)
		s->retry_step_ns = 0;
	else if (s->retry_step_ns == 0)
		s->retry_step_ns = RETRY_NS_MIN;
}

static int emit_all(struct ep_sensor *s, struct ep_sample *sample,
		    const struct ep_sink *sink)
{
	int last = -ENODATA;
	size_t good = 0;

	for (size_t i = 0; i < s->set.channel_count; i++) {
		const struct ep_nvml_source *from = &s->set.sources[i];
		const struct ep_nvml_unit *u = &s->set.units[from->unit];
		int error = u->values.error[from->reading];
		int64_t value = u->values.value[from->reading];

		if (from->mask)
			value = (value & from->mask) != 0;
		sample->channel = (uint16_t)i;
		sample->value = error ? 0 : value;
		/* Nothing tells whether the driver made a new value since. */
		sample->flags = error ? EP_SAMPLE_ERROR : EP_SAMPLE_UNPROVEN;
		if (u->found)
			sample->flags |= EP_SAMPLE_GAP;
		good += error == 0;
		last = error ? error : last;
		sink->emit(sink->ctx, sample);
	}
	for (size_t i = 0; i < s->set.unit_count; i++)
		s->set.units[i].found = false;
	return good > 0 ? (int)s->set.channel_count : last;
}

/* Energies close together, the rest after the stamp: one call may take ms. */
static int nvml_poll(struct ep_sensor *s, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct ep_sample sample = { 0 };
	int64_t begin_ns, cost_ns;

	look_for_gone(s, now_ns);
	begin_ns = s->now_ns();
	read_units(s, ENERGY_BITS);
	ep_sample_stamp(&sample, begin_ns, s->now_ns());
	read_units(s, ~ENERGY_BITS);
	cost_ns = s->now_ns() - begin_ns;
	s->cost_ns += (cost_ns - s->cost_ns) / 4;
	note_gone(s, now_ns);
	return emit_all(s, &sample, sink);
}

const struct ep_sensor_ops ep_sensor_nvml_gpu = {
	.name = "nvml_gpu",
	.summary = "energy, power, load, clocks of NVIDIA GPUs (NVML)",
	.params = params,
	.flags = EP_SENSOR_BLOCKING,
	.check = nvml_check,
	.probe = nvml_probe,
	.open = nvml_open,
	.channels = nvml_channels,
	.period_ns = nvml_period_ns,
	.poll = nvml_poll,
	.close = nvml_close,
};
