/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Nordic Power Profiler Kit 2, at its USB port: 100 000 currents a second.  It
 * measures no voltage: in source mode that is the one it was set to, else the
 * user's word.
 *
 * It may be what powers the board.  Its mode, voltage and output are therefore
 * never touched: whether its output is on cannot be read back, so it could not
 * be restored.  The only commands sent are "tell of yourself", "start" and
 * "stop" sending; a stream left running by a crash is stopped by the next open.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "sensors/ppk2_parts.h"
#include "sensors/table.h"

#define COMMAND_START 0x06
/* The kernel keeps 4 KiB, ten milliseconds. */
#define PERIOD_NS (2 * EP_NS_PER_MS)
#define READS_MAX 64
#define SILENCE_NS (20 * EP_NS_PER_MS)
#define RESTART_NS EP_NS_PER_S
#define BACKOFF_NS (2 * EP_NS_PER_S)

static int ppk2_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct ep_ppk2_settings settings;

	return ep_ppk2_get_settings(conf, &settings, err);
}

static void ppk2_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	/* What the port still holds is dropped when it closes: wait for it. */
	if (sensor->port.fd >= 0 && sensor->running &&
	    ep_ppk2_make_quiet(sensor) < 0)
		sensor->running = false;
	ep_serial_close(&sensor->port);
	free(sensor);
}

static int ppk2_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *s = calloc(1, sizeof(*s));
	struct ep_ppk2_about about;
	double volts = 0;
	int r;

	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->env = env;
	s->port.fd = -1;
	s->root = ep_conf_is_typed(conf) ? &ep_root_machine : &env->root;
	s->path = ep_conf_get(conf, "device");
	r = ep_ppk2_get_settings(conf, &s->settings, err);
	if (r == 0 && !s->path)
		r = ep_err_set(err, -EINVAL,
			       "device is missing: use ppk2:PORT");
	if (r == 0)
		r = ep_ppk2_connect(s, s->settings.connect_ns, &about, err);
	if (r == 0)
		r = ep_ppk2_judge(s, &about, &volts, err);
	if (r < 0) {
		ppk2_close(s);
		return r;
	}
	ep_ppk2_stream_init(&s->stream, &about);
	s->stream.filter.on = s->settings.filter;
	if (env->full_rate)
		s->stream.row_samples = 1;
	s->stream.volts = volts;
	ep_ppk2_make_channels(s);
	ep_ppk2_note(s, notes);
	*ret = s;
	return 0;
}

static size_t ppk2_channels(const struct ep_sensor *sensor,
			    const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static bool is_silent(const struct ep_sensor *s)
{
	return s->polled_ns - s->heard_ns >= RESTART_NS;
}

static int64_t ppk2_period_ns(const struct ep_sensor *s)
{
	return s->running && !is_silent(s) ? PERIOD_NS : 50 * PERIOD_NS;
}

static int lose(struct ep_sensor *s)
{
	ep_serial_close(&s->port);
	s->running = false;
	s->retry_ns = s->env->now_ns() + BACKOFF_NS;
	return -ENODEV;
}

static bool is_same(const struct ep_ppk2_about *a,
		    const struct ep_ppk2_about *b)
{
	for (unsigned i = 0; i < EP_PPK2_RANGES; i++) {
		struct ep_ppk2_word w = { .adc = 1000, .range = i };

		if (fabs(ep_ppk2_amps(a, &w) - ep_ppk2_amps(b, &w)) > 1e-12)
			return false;
	}
	return a->mode == b->mode && fabs(a->vdd_mv - b->vdd_mv) < 0.5;
}

/* Plugged in again: is it the same one, set as before? */
static int reconnect(struct ep_sensor *s)
{
	struct ep_ppk2_about about;
	double volts = 0;
	int r = ep_ppk2_connect(s, 0, &about, NULL);

	if (r == 0)
		r = ep_ppk2_judge(s, &about, &volts, NULL);
	if (r == 0 && (!is_same(&about, &s->stream.about) ||
		       fabs(volts - s->stream.volts) > 1e-9))
		r = -EBADMSG;
	return r;
}

/* It sends again, after it was opened, went away or fell silent. */
static int start(struct ep_sensor *s)
{
	const uint8_t go = COMMAND_START;
	int r = 0;

	if (s->port.fd < 0 && s->env->now_ns() < s->retry_ns)
		return -ENODEV;
	if (s->port.fd < 0)
		r = reconnect(s);
	else if (s->running)
		r = ep_ppk2_make_quiet(s);
	s->stream.begin_ns = s->env->now_ns();
	if (r == 0)
		r = ep_serial_write(&s->port, &go, 1,
				    s->env->now_ns() + EP_PPK2_WRITE_NS);
	if (r < 0)
		return lose(s);
	ep_ppk2_stream_restart(&s->stream);
	s->running = true;
	s->heard_ns = s->polled_ns = s->env->now_ns();
	return 0;
}

static int ppk2_poll(struct ep_sensor *s, int64_t now_ns,
		     const struct ep_sink *sink)
{
	uint8_t bytes[EP_PPK2_READ_BYTES];
	int emitted = 0, r = 0;

	if (!s->running || is_silent(s))
		r = start(s);
	for (int i = 0; r == 0 && i < READS_MAX; i++) {
		int n = ep_serial_read(&s->port, bytes, sizeof(bytes), 0);

		now_ns = s->env->now_ns();
		if (n == -ETIMEDOUT)
			break;
		if (n < 0)
			return lose(s);
		if (s->polled_ns - s->heard_ns >= SILENCE_NS)
			ep_ppk2_stream_was_silent(&s->stream);
		s->heard_ns = s->polled_ns = now_ns;
		emitted += ep_ppk2_stream_feed(&s->stream, bytes, (size_t)n,
					       now_ns, sink);
	}
	s->polled_ns = now_ns;
	if (r < 0)
		return r;
	return is_silent(s) ? -ETIMEDOUT : emitted;
}

static const struct ep_param ppk2_params[] = {
	{ "device", NULL, "its port, such as /dev/ttyACM0" },
	{ "mode", "", "source or ampere: what it must be set to" },
	{ "voltage_mv", "", "ampere: of the supply; source: what it must be" },
	{ "d0", "", "the phase that lasts while input D0 is high" },
	{ "d1", "", "the same of D1" },
	{ "d2", "", "the same of D2" },
	{ "d3", "", "the same of D3" },
	{ "d4", "", "the same of D4" },
	{ "d5", "", "the same of D5" },
	{ "d6", "", "the same of D6" },
	{ "d7", "", "the same of D7" },
	{ "spike_filter", "yes", "bridge changes of range, as Nordic's app" },
	{ "gain_percent", "", "accuracy limit of power, of reading" },
	{ "connect", "3s", "how long to wait for the first answer" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_ppk2 = {
	.name = "ppk2",
	.summary = "Nordic Power Profiler Kit 2 on USB",
	.params = ppk2_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL | EP_SENSOR_STREAM,
	.check = ppk2_check,
	.open = ppk2_open,
	.channels = ppk2_channels,
	.period_ns = ppk2_period_ns,
	.poll = ppk2_poll,
	.close = ppk2_close,
	.decode = ep_ppk2_decode,
	.wire_channels = ep_ppk2_wire_channels,
	.wire_channel_count = EP_PPK2_WIRE_CHANNELS,
};
