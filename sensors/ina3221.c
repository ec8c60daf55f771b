/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina3221_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* A chip whose driver went away is looked for this often. */
#define RETRY_NS (100 * EP_NS_PER_MS)

static int get_limits(const struct ep_conf *conf, struct ep_ina_limits *ret,
		      struct ep_err *err)
{
	double percent;
	int r = ep_conf_get_f64(conf, "gain_percent", 1.5, &percent, err);

	if (r == 0 && (percent < 0 || percent > 100))
		r = ep_conf_err(conf, "gain_percent", err,
				"must be from 0 to 100");
	if (r == 0)
		r = ep_conf_get_i64(conf, "shunt_uohm", 0, &ret->shunt_uohm,
				    err);
	if (r == 0 && ret->shunt_uohm != 0 &&
	    (ret->shunt_uohm < 100 || ret->shunt_uohm > 10000000))
		r = ep_conf_err(conf, "shunt_uohm", err,
				"must be from 100 to 10000000");
	if (r < 0)
		return r;
	ret->gain_ppm = (int64_t)(percent * 1e4 + 0.5);
	ret->often = ep_conf_get(conf, "often");
	if (!ret->often)
		ret->often = "";
	return 0;
}

static int ina3221_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct ep_ina_limits limits;

	return get_limits(conf, &limits, err);
}

static int ina3221_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_ina3221_chip chips[EP_INA3221_CHIPS_MAX];
	int n = ep_ina3221_chips(&env->root, "*", chips, EP_INA3221_CHIPS_MAX);

	return n < 0 ? ep_err_set(err, n, "the ina3221 cannot be listed: %s",
				  strerror(-n))
		     : n;
}

static void ina3221_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	for (size_t i = 0; i < sensor->rail_count; i++)
		ep_ina3221_close(&sensor->rails[i].file);
	for (size_t i = 0; i < EP_INA3221_CHIPS_MAX; i++)
		if (sensor->mode_fds[i] >= 0)
			close(sensor->mode_fds[i]);
	free(sensor);
}

static int ina3221_open(const struct ep_env *env, const struct ep_conf *conf,
			struct ep_sensor **ret, struct ep_sensor_notes *notes,
			struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	const char *chips = ep_conf_get(conf, "chips");
	struct ep_ina_limits limits;
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	for (size_t i = 0; i < EP_INA3221_CHIPS_MAX; i++)
		sensor->mode_fds[i] = -1;
	r = get_limits(conf, &limits, err);
	if (r == 0)
		r = ep_ina_open(sensor, chips ? chips : "*", &limits, notes,
				err);
	if (r < 0) {
		ina3221_close(sensor);
		return r;
	}
	ep_ina_plan(sensor, &limits, notes);
	*ret = sensor;
	return 0;
}

static size_t ina3221_channels(const struct ep_sensor *sensor,
			       const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int64_t ina3221_period_ns(const struct ep_sensor *sensor)
{
	return sensor->period_ns;
}

/* The chip's files anew, when it came back under another number. */
static void look_again(struct ep_sensor *s, size_t chip)
{
	const struct ep_root *root = &s->env->root;
	int64_t now_ns = s->env->now_ns();

	if (now_ns < s->retry_ns[chip])
		return;
	s->retry_ns[chip] = now_ns + RETRY_NS;
	if (ep_ina3221_locate(root, &s->chips[chip]) < 0)
		return;
	if (s->mode_fds[chip] >= 0)
		close(s->mode_fds[chip]);
	s->mode_fds[chip] = ep_ina3221_open_mode(root, &s->chips[chip]);
	for (size_t i = 0; i < s->rail_count; i++) {
		struct ep_ina_rail *rail = &s->rails[i];
		struct ep_ina3221_rail fresh;

		if (rail->chip != chip ||
		    ep_ina3221_open(root, &s->chips[chip], rail->number,
				    &fresh) < 0)
			continue;
		/* The channels that were announced are of the first form. */
		if (fresh.form != rail->file.form) {
			ep_ina3221_close(&fresh);
			continue;
		}
		ep_ina3221_close(&rail->file);
		rail->file = fresh;
	}
}

struct row {
	struct ep_sample samples[2 * EP_INA_RAILS_MAX];
	size_t count, good;
	int error;
	uint16_t fresh; /* flags of a value: 0, or nothing proves it is new */
};

static void put(struct row *row, uint16_t channel, int64_t value, int error,
		bool *lost)
{
	struct ep_sample *s = &row->samples[row->count++];

	memset(s, 0, sizeof(*s));
	s->channel = channel;
	s->value = error < 0 ? 0 : value;
	s->flags = row->fresh;
	if (*lost)
		s->flags |= EP_SAMPLE_GAP;
	if (error < 0)
		s->flags = EP_SAMPLE_ERROR;
	*lost = error < 0;
	row->good += error == 0;
	if (error < 0)
		row->error = error;
}

static void read_rail(struct ep_sensor *s, struct ep_ina_rail *rail,
		      struct row *row)
{
	struct ep_ina3221_reading reading;

	/* A conversion that was made for this read is proof. */
	row->fresh = ep_ina3221_on_demand(s->mode_fds[rail->chip])
			     ? 0
			     : EP_SAMPLE_UNPROVEN;
	ep_ina3221_read(&rail->file, rail->amps_max_ua, &reading);
	if (rail->file.form == EP_INA3221_POWER) {
		put(row, rail->volts, reading.uw, reading.volts_error,
		    &rail->volts_lost);
	} else {
		put(row, rail->volts, reading.uv, reading.volts_error,
		    &rail->volts_lost);
		put(row, rail->amps, reading.ua, reading.amps_error,
		    &rail->amps_lost);
	}
	if (reading.volts_error < 0 || reading.amps_error < 0)
		look_again(s, rail->chip);
}

static int ina3221_poll(struct ep_sensor *sensor, int64_t now_ns,
			const struct ep_sink *sink)
{
	struct ep_sample stamp = { .flags = 0 };
	struct row row = { .count = 0 };
	size_t n = sensor->in_turn ? 1 : sensor->order_count;
	int64_t begin_ns = sensor->env->now_ns();

	(void)now_ns;
	for (size_t i = 0; i < n; i++) {
		size_t turn = sensor->turn++ % sensor->order_count;

		read_rail(sensor, &sensor->rails[sensor->order[turn]], &row);
	}
	ep_sample_stamp(&stamp, begin_ns, sensor->env->now_ns());
	for (size_t i = 0; i < row.count; i++) {
		row.samples[i].t_ns = stamp.t_ns;
		row.samples[i].span_ns = stamp.span_ns;
		sink->emit(sink->ctx, &row.samples[i]);
	}
	return row.good > 0 ? (int)row.count : row.error;
}

static const struct ep_param ina3221_params[] = {
	{ "chips", "*",
	  "chips to read, by bus and address; '*' and '?' match" },
	{ "often", "",
	  "rails read before each of the others, where reads wait "
	  "for the chip; comma list" },
	{ "shunt_uohm", "0", "the shunts where the kernel does not tell" },
	{ "gain_percent", "1.5", "accuracy limit of a power: chip and shunt" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_ina3221 = {
	.name = "ina3221",
	.summary = "power of the rails of Jetson modules",
	.params = ina3221_params,
	.flags = EP_SENSOR_BLOCKING,
	.check = ina3221_check,
	.probe = ina3221_probe,
	.open = ina3221_open,
	.channels = ina3221_channels,
	.period_ns = ina3221_period_ns,
	.poll = ina3221_poll,
	.close = ina3221_close,
};
