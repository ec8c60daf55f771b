/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FNIRSI FNB48, FNB48S, FNB58 and C1: USB meters that send HID reports of four
 * samples, known from baryluk/fnirsi-usb-power-data-logger.  They want to be
 * told to go on; how often differs between models and firmwares.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "sensors/fnirsi_parts.h"
#include "sensors/fnirsi_port.h"
#include "sensors/link.h"
#include "sensors/table.h"

enum { VOLTS, AMPS, TEMP, WIRE_COUNT };
enum { SKIPPED = WIRE_COUNT, RESTARTS, POWER, CHANNEL_COUNT };

static const struct ep_channel wire_channels[WIRE_COUNT] = {
	[VOLTS] = { .name = "voltage",
		    .quantity = EP_VOLTAGE_UV,
		    .resolution = EP_FNIRSI_COUNT },
	[AMPS] = { .name = "current",
		   .quantity = EP_CURRENT_UA,
		   .resolution = EP_FNIRSI_COUNT },
	[TEMP] = { .name = "temperature",
		   .quantity = EP_TEMP_MC,
		   .resolution = 100 },
};

struct ep_sensor {
	const struct ep_env *env;
	struct ep_fnirsi_port port;
	int64_t last_t_ns; /* of the last sample: time only grows */
	struct ep_channel channels[CHANNEL_COUNT];
};

struct settings {
	struct ep_fnirsi_wish wish;
	int64_t gain_ppm;
};

static int get_settings(const struct ep_conf *conf, struct settings *ret,
			struct ep_err *err)
{
	struct ep_fnirsi_wish *w = &ret->wish;
	const char *model = ep_conf_get(conf, "model");
	double percent = 0;
	int r = ep_conf_get_f64(conf, "gain_percent", 0, &percent, err);

	if (r == 0 && !(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "must be 0 to 100");
	ret->gain_ppm = llround(percent * 1e4);
	w->path = ep_conf_get(conf, "device");
	if (!w->path)
		w->path = "";
	w->typed = ep_conf_is_typed(conf);
	w->model = NULL;
	if (model && model[0]) {
		w->model = ep_fnirsi_model_named(model);
		if (!w->model)
			return ep_conf_err(conf, "model", err,
					   "must be fnb48, fnb48s, fnb58 or "
					   "c1");
	}
	w->go_on_ns = 0;
	w->connect_ns = 3 * EP_NS_PER_S;
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "keepalive", 0, &w->go_on_ns,
					    err);
	if (r == 0 && ep_conf_get(conf, "keepalive") &&
	    (w->go_on_ns < EP_NS_PER_MS || w->go_on_ns > 10 * EP_NS_PER_S))
		return ep_conf_err(conf, "keepalive", err, "takes 1ms to 10s");
	if (r == 0)
		r = ep_conf_get_duration_ns(conf, "connect", w->connect_ns,
					    &w->connect_ns, err);
	if (r == 0 &&
	    (w->connect_ns < EP_NS_PER_S || w->connect_ns > 60 * EP_NS_PER_S))
		return ep_conf_err(conf, "connect", err, "takes 1s to 60s");
	return r;
}

static int fnirsi_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, &settings, err);
}

/* By what was seen when it was opened. */
static void describe(struct ep_sensor *s, int64_t gain_ppm)
{
	const struct ep_fnirsi_port *port = &s->port;
	struct ep_channel *c = s->channels;
	int64_t refresh_ns = port->pace.period_ns;

	if (ep_fnirsi_bends_tell(&port->bends) == EP_FNIRSI_MEASURED)
		refresh_ns /= EP_FNIRSI_SAMPLES;
	memcpy(c, wire_channels, sizeof(wire_channels));
	c[SKIPPED] = ep_link_skipped_channel;
	c[RESTARTS] = (struct ep_channel){ .name = "restarts",
					   .quantity = EP_COUNT,
					   .shape = EP_COUNTER,
					   .resolution = 1 };
	c[POWER] = (struct ep_channel){ .name = "power",
					.quantity = EP_POWER_UW,
					.role = EP_ROLE_TOTAL,
					.flags = EP_CHANNEL_PRODUCT,
					.volts_index = VOLTS,
					.amps_index = AMPS,
					.gain_ppm = gain_ppm };
	for (int i = VOLTS; i <= TEMP; i++)
		c[i].refresh_ns = c[i].window_ns = refresh_ns;
	c[POWER].refresh_ns = c[POWER].window_ns = refresh_ns;
}

static void note(const struct ep_sensor *s, const struct ep_fnirsi_wish *wish,
		 struct ep_sensor_notes *notes)
{
	static const char *const truths[] = {
		[EP_FNIRSI_STEADY] =
			("whether all four of a report are measured could not "
			 "be seen, so one in four is taken for new"),
		[EP_FNIRSI_MEASURED] = "all four of a report are measured",
		[EP_FNIRSI_INTERPOLATED] =
			("but three of four lie on straight lines: one in "
			 "four is new"),
	};
	const struct ep_fnirsi_port *port = &s->port;
	enum ep_fnirsi_truth truth = ep_fnirsi_bends_tell(&port->bends);

	if (wish->model && wish->model != port->model)
		ep_sensor_note(
			notes,
			"%.60s is a %s by its USB ids, not a %s: treated "
			"as that",
			port->path, port->model->title, wish->model->title);
	else
		ep_sensor_note(notes, "%.60s is a %s", port->path,
			       port->model->title);
	ep_sensor_note(notes, "%.1f samples a second; %s",
		       EP_FNIRSI_SAMPLES * 1e9 / (double)port->pace.period_ns,
		       truths[truth]);
	ep_sensor_note(notes, "current is told without a sign: what flows "
			      "backwards counts as drawn");
	if (s->channels[POWER].gain_ppm == 0)
		ep_sensor_note(notes, "its accuracy is not known to edgeprof; "
				      "gain_percent= tells yours");
}

static void fnirsi_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_fnirsi_port_close(&sensor->port);
	free(sensor);
}

static int fnirsi_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	struct ep_sensor *sensor;
	struct settings settings;
	int r = get_settings(conf, &settings, err);

	if (r < 0)
		return r;
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = env;
	r = ep_fnirsi_port_open(&sensor->port, env, &settings.wish, err);
	if (r < 0) {
		free(sensor);
		return r;
	}
	describe(sensor, settings.gain_ppm);
	note(sensor, &settings.wish, notes);
	*ret = sensor;
	return 0;
}

static size_t fnirsi_channels(const struct ep_sensor *sensor,
			      const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return CHANNEL_COUNT;
}

/* A poll waits for the next report by itself. */
static int64_t fnirsi_period_ns(const struct ep_sensor *sensor)
{
	return ep_fnirsi_port_pause_ns(&sensor->port);
}

/* The wire channels of one sample; s holds time and flags. */
static void emit_sample(const struct ep_fnirsi_sample *from,
			struct ep_sample *s, const struct ep_sink *sink)
{
	const int64_t values[WIRE_COUNT] = { from->uv, from->ua, from->mc };
	unsigned flags = s->flags;

	for (int i = 0; i < WIRE_COUNT; i++) {
		bool bad = from->bad || (i == TEMP && from->bad_temp);

		s->channel = (uint16_t)i;
		s->value = bad ? 0 : values[i];
		s->flags = (uint16_t)(bad ? flags | EP_SAMPLE_ERROR : flags);
		sink->emit(sink->ctx, s);
	}
}

static void emit_count(uint64_t count, int channel, struct ep_sample *s,
		       const struct ep_sink *sink)
{
	s->channel = (uint16_t)channel;
	s->value = (int64_t)count;
	s->flags = EP_SAMPLE_UNPROVEN;
	sink->emit(sink->ctx, s);
}

/* Nothing in a report tells that its values are new. */
static int fnirsi_poll(struct ep_sensor *sensor, int64_t now_ns,
		       const struct ep_sink *sink)
{
	struct ep_fnirsi_port *port = &sensor->port;
	int n = ep_fnirsi_port_read(port);
	int64_t step_ns = port->pace.period_ns / EP_FNIRSI_SAMPLES;
	struct ep_sample s = { .span_ns = 0 };
	unsigned gap = port->gap ? EP_SAMPLE_GAP : 0U;

	(void)now_ns;
	if (n < 0)
		return n;
	port->gap = false;
	for (int i = 0; i < n; i++) {
		s.t_ns = port->pace.last_ns - (n - 1 - i) * step_ns;
		if (s.t_ns <= sensor->last_t_ns)
			s.t_ns = sensor->last_t_ns + 1;
		sensor->last_t_ns = s.t_ns;
		s.flags = (uint16_t)(EP_SAMPLE_UNPROVEN | gap);
		gap = 0;
		emit_sample(&port->samples[i], &s, sink);
	}
	emit_count(port->skipped_bytes, SKIPPED, &s, sink);
	emit_count(port->restart_count, RESTARTS, &s, sink);
	return n * WIRE_COUNT + 2;
}

static int fnirsi_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
			 const struct ep_sink *sink)
{
	struct ep_fnirsi_sample samples[EP_FNIRSI_SAMPLES];
	struct ep_sample s = { .t_ns = t_ns };
	int r;

	if (len > 0 && bytes[0] != EP_FNIRSI_MARK)
		return -EBADMSG;
	if (len < EP_FNIRSI_BYTES)
		return 0;
	r = ep_fnirsi_parse(bytes, samples);
	if (r < 0)
		return r;
	for (int i = 0; r > 0 && i < EP_FNIRSI_SAMPLES; i++) {
		s.flags = 0;
		emit_sample(&samples[i], &s, sink);
	}
	return EP_FNIRSI_BYTES;
}

static const struct ep_param fnirsi_params[] = {
	{ "device", "", "its node, such as /dev/hidraw0; found by USB ids" },
	{ "model", "", "fnb48, fnb48s, fnb58 or c1; any" },
	{ "keepalive", "", "how often it is told to go on; by model" },
	{ "connect", "3s", "how long to wait for the first values" },
	{ "gain_percent", "", "accuracy limit of power, of reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_fnirsi = {
	.name = "fnirsi",
	.summary = "FNIRSI FNB48, FNB48S, FNB58 and C1 USB meters",
	.params = fnirsi_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = fnirsi_check,
	.probe = ep_fnirsi_probe,
	.open = fnirsi_open,
	.channels = fnirsi_channels,
	.period_ns = fnirsi_period_ns,
	.poll = fnirsi_poll,
	.close = fnirsi_close,
	.decode = fnirsi_decode,
	.wire_channels = wire_channels,
	.wire_channel_count = WIRE_COUNT,
};
