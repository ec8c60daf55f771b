/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/power_supply_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* Such files may go through an embedded controller: tens of ms, and new values
 * every 1 to 30 s. */
#define PERIOD_NS EP_NS_PER_S
#define PERIOD_NS_MIN (10 * EP_NS_PER_MS)
#define PERIOD_NS_MAX (60 * EP_NS_PER_S)
#define UWH_UJ 3600

static bool is_battery(const struct ep_supply_meter *s)
{
	return s->info.type == EP_SUPPLY_BATTERY;
}

static int read_file(struct ep_supply_meter *s, int file)
{
	if (file == EP_SUPPLY_STATUS)
		return ep_supply_read_state(s->fds[file], &s->state);
	return ep_kept_read_i64(s->fds[file], &s->read[file].value);
}

/* Batteries are changed while the machine runs; the next one's files have the
 * same names. */
static void read_again(const struct ep_root *root, struct ep_supply_meter *s,
		       int file)
{
	if (s->fds[file] >= 0)
		close(s->fds[file]);
	s->fds[file] = ep_supply_open(root, &s->info, ep_supply_files[file]);
	s->read[file].error = s->fds[file] < 0 ? -ENODEV : read_file(s, file);
}

static void read_files(const struct ep_root *root, struct ep_supply_meter *s)
{
	s->state = EP_SUPPLY_UNKNOWN;
	for (int f = 0; f < EP_SUPPLY_FILE_COUNT; f++) {
		struct ep_supply_reading *r = &s->read[f];

		r->value = 0;
		r->error = !s->has[f]	   ? -ENOENT
			   : s->fds[f] < 0 ? -ENODEV
					   : read_file(s, f);
		if (r->error == -ENODEV)
			read_again(root, s, f);
	}
}

static int64_t magnitude(int64_t value)
{
	return value < 0 ? -(value + (value == INT64_MIN)) : value;
}

/* power_now where there is one that speaks, else volts x amps. */
static struct ep_supply_reading power_of(const struct ep_supply_meter *s)
{
	const struct ep_supply_reading *v = &s->read[EP_SUPPLY_VOLTS],
				       *a = &s->read[EP_SUPPLY_AMPS];
	struct ep_supply_reading p = s->read[EP_SUPPLY_POWER];

	p.value = magnitude(p.value);
	if (p.error == 0 && p.value > 0)
		return p;
	p.error = v->error ? v->error : a->error;
	if (p.error == 0 &&
	    __builtin_mul_overflow(v->value, magnitude(a->value), &p.value))
		p.error = -ERANGE;
	p.value = p.error ? 0 : p.value / 1000000;
	return p;
}

/*
 * The kernel's rule is minus for discharging, but many drivers give the
 * magnitude only, or the other sign: status alone decides.  A battery that
 * gives nothing and takes nothing tells no power of the machine, and one that
 * discharges does not give 0 W.
 */
static void judge_power(struct ep_supply_meter *s)
{
	s->power = power_of(s);
	if (!is_battery(s))
		return;
	if (s->read[EP_SUPPLY_STATUS].error)
		s->power.error = s->read[EP_SUPPLY_STATUS].error;
	if (s->state == EP_SUPPLY_IDLE || s->state == EP_SUPPLY_UNKNOWN)
		s->power.error = s->read[EP_SUPPLY_AMPS].error = -ENODATA;
	if (s->power.value == 0 && !s->power.error)
		s->power.error = -ENODATA;
	if (s->state == EP_SUPPLY_CHARGING) {
		s->power.value = -s->power.value;
		s->read[EP_SUPPLY_AMPS].value =
			-magnitude(s->read[EP_SUPPLY_AMPS].value);
	} else {
		s->read[EP_SUPPLY_AMPS].value =
			magnitude(s->read[EP_SUPPLY_AMPS].value);
	}
	if (s->power.error)
		s->power.value = 0;
}

/* Charge is weighed with the voltage of its moment. */
static void count_drawn(struct ep_supply_meter *s)
{
	bool by_energy = s->has[EP_SUPPLY_ENERGY];
	const struct ep_supply_reading *now =
		&s->read[by_energy ? EP_SUPPLY_ENERGY : EP_SUPPLY_CHARGE];
	int64_t step, uj = 0;

	if (s->state != EP_SUPPLY_DISCHARGING || now->error || now->value < 0) {
		s->stock = -1;
		return;
	}
	step = s->stock < 0 ? 0 : s->stock - now->value;
	s->stock = now->value;
	/* It was gauged anew: that is no energy. */
	if (step < 0)
		return;
	if (by_energy)
		step = __builtin_mul_overflow(step, UWH_UJ, &uj) ? 0 : step;
	else if (s->read[EP_SUPPLY_VOLTS].error ||
		 __builtin_mul_overflow(
			 step, s->read[EP_SUPPLY_VOLTS].value / 1000 * 36, &uj))
		uj = 0;
	else
		uj /= 10;
	s->drawn_uj += step > 0 ? uj : 0;
}

/* What the machine draws: the batteries alone feed it, and all that do are
 * read. */
static struct ep_supply_reading draw_of_machine(const struct ep_sensor *s)
{
	struct ep_supply_reading sum = { 0, -ENODATA };

	for (size_t i = 0; i < s->supply_count; i++) {
		const struct ep_supply_meter *one = &s->supplies[i];

		if (!is_battery(one)) {
			if (one->read[EP_SUPPLY_ONLINE].error == 0 &&
			    one->read[EP_SUPPLY_ONLINE].value > 0)
				return (struct ep_supply_reading){ 0,
								   -ENODATA };
			continue;
		}
		if (one->state == EP_SUPPLY_CHARGING)
			return (struct ep_supply_reading){ 0, -ENODATA };
		if (one->state != EP_SUPPLY_DISCHARGING)
			continue;
		if (one->power.error)
			return one->power;
		sum.value += one->power.value;
		sum.error = 0;
	}
	return sum;
}

static void fill_out(struct ep_sensor *s)
{
	struct ep_supply_reading drawn = { 0, -ENODATA };

	for (size_t i = 0; i < s->supply_count; i++) {
		const struct ep_supply_meter *one = &s->supplies[i];

		for (int f = 0; f < EP_SUPPLY_FILE_COUNT; f++) {
			if (one->channels[f] < 0)
				continue;
			s->out[one->channels[f]] = f == EP_SUPPLY_POWER
							   ? one->power
							   : one->read[f];
			if (f == EP_SUPPLY_SHARE)
				s->out[one->channels[f]].value *= 10000;
		}
		drawn.value += one->drawn_uj;
		if (is_battery(one) && one->stock >= 0)
			drawn.error = 0;
	}
	if (s->power_channel >= 0)
		s->out[s->power_channel] = draw_of_machine(s);
	if (s->energy_channel >= 0)
		s->out[s->energy_channel] = drawn;
}

void ep_supply_read(struct ep_sensor *sensor)
{
	for (size_t i = 0; i < sensor->supply_count; i++) {
		read_files(&sensor->env->root, &sensor->supplies[i]);
		judge_power(&sensor->supplies[i]);
		count_drawn(&sensor->supplies[i]);
	}
	fill_out(sensor);
}

static int supply_poll(struct ep_sensor *sensor, int64_t now_ns,
		       const struct ep_sink *sink)
{
	struct ep_sample s = { 0 };
	int good = 0, error = -ENODATA;

	ep_supply_read(sensor);
	ep_sample_stamp(&s, now_ns, sensor->env->now_ns());
	for (size_t i = 0; i < sensor->channel_count; i++) {
		const struct ep_supply_reading *r = &sensor->out[i];

		s.channel = (uint16_t)i;
		s.value = r->error ? 0 : r->value;
		s.flags = r->error ? EP_SAMPLE_ERROR : EP_SAMPLE_UNPROVEN;
		sink->emit(sink->ctx, &s);
		good += r->error == 0;
		error = r->error ? r->error : error;
	}
	return good > 0 ? (int)sensor->channel_count : error;
}

static void supply_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	for (size_t i = 0; i < sensor->supply_count; i++)
		for (int f = 0; f < EP_SUPPLY_FILE_COUNT; f++)
			if (sensor->supplies[i].fds[f] >= 0)
				close(sensor->supplies[i].fds[f]);
	free(sensor);
}

static int get_period(const struct ep_conf *conf, int64_t *ret_ns,
		      struct ep_err *err)
{
	int r = ep_conf_get_duration_ns(conf, "period", PERIOD_NS, ret_ns, err);

	if (r == 0 && (*ret_ns < PERIOD_NS_MIN || *ret_ns > PERIOD_NS_MAX))
		return ep_conf_err(conf, "period", err, "takes 10ms to 60s");
	return r;
}

static int supply_check(const struct ep_conf *conf, struct ep_err *err)
{
	const char *role = ep_conf_get(conf, "role");
	int64_t period_ns;

	if (role && strcmp(role, "aside") != 0 && strcmp(role, "total") != 0 &&
	    strcmp(role, "none") != 0)
		return ep_conf_err(conf, "role", err,
				   "takes aside, total or none");
	return get_period(conf, &period_ns, err);
}

static int supply_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	r = get_period(conf, &sensor->period_ns, err);
	if (r == 0)
		r = ep_supply_survey(sensor, conf, notes, err);
	if (r < 0) {
		supply_close(sensor);
		return r;
	}
	*ret = sensor;
	return 0;
}

static int supply_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_supply all[EP_SUPPLIES_MAX];
	int n = ep_supply_list(&env->root, all, EP_SUPPLIES_MAX);
	int found = 0;

	for (int i = 0; i < n; i++)
		found += all[i].type == EP_SUPPLY_BATTERY && !all[i].peripheral;
	return n < 0 ? ep_err_set(err, n, "%s", strerror(-n)) : found;
}

static size_t supply_channels(const struct ep_sensor *sensor,
			      const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int64_t supply_period_ns(const struct ep_sensor *sensor)
{
	return sensor->period_ns;
}

static const struct ep_param supply_params[] = {
	{ "name", "*", "supplies to read, by name: '*' and '?' match" },
	{ "role", "aside",
	  "of the batteries' power: aside, total (unplugged only) or none" },
	{ "period", "1s", "how often they are read" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_power_supply = {
	.name = "power_supply",
	.summary = "batteries and power inputs of the machine",
	.params = supply_params,
	.flags = EP_SENSOR_BLOCKING,
	.check = supply_check,
	.probe = supply_probe,
	.open = supply_open,
	.channels = supply_channels,
	.period_ns = supply_period_ns,
	.poll = supply_poll,
	.close = supply_close,
};
