/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/plug_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

/* How often such plugs make a value, and so often they are asked. */
#define REFRESH_NS EP_NS_PER_S
/* Shorter phases see too few values for any figure. */
#define REFRESHES_MIN 20
#define CHANNEL_MAX 15
/* The width of a read fits a sample's 32 bits. */
#define TIMEOUT_NS_MAX (4 * EP_NS_PER_S)
#define PERIOD_NS_MIN (20 * EP_NS_PER_MS)
#define PERIOD_NS_MAX (60 * EP_NS_PER_S)

struct ep_sensor {
	const struct ep_env *env;
	struct ep_plug_link link;
	int64_t refresh_ns, period_ns, gain_ppm;
	bool lost; /* exchanges failed since the last good one */
	struct ep_channel channels[EP_PLUG_FIELD_COUNT];
	enum ep_plug_field fields[EP_PLUG_FIELD_COUNT];
	size_t channel_count;
};

struct timing {
	int64_t refresh_ns, period_ns, timeout_ns;
};

static int get_span(const struct ep_conf *conf, const char *key,
		    int64_t fallback_ns, int64_t *ret_ns, struct ep_err *err)
{
	int r = ep_conf_get_duration_ns(conf, key, fallback_ns, ret_ns, err);

	if (r == 0 && (*ret_ns < PERIOD_NS_MIN || *ret_ns > PERIOD_NS_MAX))
		return ep_conf_err(conf, key, err, "takes 20ms to 60s");
	return r;
}

static int get_timing(const struct ep_conf *conf, struct timing *ret,
		      struct ep_err *err)
{
	int r = get_span(conf, "refresh", REFRESH_NS, &ret->refresh_ns, err);

	if (r == 0)
		r = get_span(conf, "period", ret->refresh_ns, &ret->period_ns,
			     err);
	if (r == 0)
		r = get_span(conf, "timeout", EP_HTTP_TIMEOUT_NS,
			     &ret->timeout_ns, err);
	if (r == 0 && ret->timeout_ns > TIMEOUT_NS_MAX)
		return ep_conf_err(conf, "timeout", err, "takes 20ms to 4s");
	return r;
}

/* "2" percent to 20000 ppm; -1 where none is told. */
static int get_accuracy(const struct ep_conf *conf, int64_t *ret_ppm,
			struct ep_err *err)
{
	double percent = -1;
	int r = ep_conf_get_f64(conf, "gain_percent", -1, &percent, err);

	if (r == 0 && ep_conf_get(conf, "gain_percent") &&
	    !(percent >= 0 && percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "takes percent of the reading, 0 to 100");
	if (r == 0)
		*ret_ppm = percent < 0 ? -1 : llround(percent * 1e4);
	return r;
}

static int plug_check(const struct ep_conf *conf, struct ep_err *err)
{
	const char *url = ep_conf_get(conf, "url");
	const char *kind = ep_conf_get(conf, "kind");
	struct ep_err why = { 0 };
	struct timing timing;
	int64_t channel, ppm;
	int r = 0;

	if (ep_http_url_check(url ? url : "", &why) < 0)
		return ep_conf_err(conf, "url", err, why.text);
	if (kind && strcmp(kind, "auto") != 0 && strcmp(kind, "shelly") != 0 &&
	    strcmp(kind, "tasmota") != 0)
		return ep_conf_err(conf, "kind", err,
				   "takes auto, shelly or tasmota");
	r = ep_conf_get_i64(conf, "channel", 0, &channel, err);
	if (r == 0 && (channel < 0 || channel > CHANNEL_MAX))
		return ep_conf_err(conf, "channel", err, "takes 0 to 15");
	if (r == 0 && ep_conf_get(conf, "user") &&
	    !ep_conf_get(conf, "password-file"))
		return ep_conf_err(conf, "user", err,
				   "needs password-file=FILE beside it");
	if (r == 0)
		r = get_timing(conf, &timing, err);
	return r == 0 ? get_accuracy(conf, &ppm, err) : r;
}

static void add_channels(struct ep_sensor *s, const struct ep_plug_reading *r)
{
	int64_t longest_ns =
		s->refresh_ns > s->period_ns ? s->refresh_ns : s->period_ns;

	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++) {
		struct ep_channel *c = &s->channels[s->channel_count];

		if (!r->fields[i].present)
			continue;
		s->fields[s->channel_count++] = (enum ep_plug_field)i;
		*c = ep_plug_channels[i];
		c->resolution = r->fields[i].step;
		c->min_window_ns = REFRESHES_MIN * longest_ns;
		if (i == EP_PLUG_ENERGY) {
			/* How often it counts on is seen, not known. */
			c->flags = EP_CHANNEL_CHECK;
			continue;
		}
		c->refresh_ns = s->refresh_ns;
		/* The mean of one refresh, read up to one refresh later: what a
		 * reading speaks of lies on average one refresh back. */
		c->window_ns = 2 * s->refresh_ns;
		if (i != EP_PLUG_POWER)
			continue;
		c->role = EP_ROLE_TOTAL;
		c->gain_ppm = s->gain_ppm > 0 ? s->gain_ppm : 0;
	}
}

static void add_notes(const struct ep_sensor *s,
		      const struct ep_plug_reading *r,
		      struct ep_sensor_notes *notes)
{
	static const char *const names[EP_PLUG_KIND_COUNT] = {
		"Shelly (first generation)", "Shelly (second generation on)",
		"Tasmota"
	};

	ep_sensor_note(notes,
		       "%s: measured at the socket, so everything behind it "
		       "and the loss of the power supply are included",
		       names[s->link.kind]);
	if (r->meters > 1)
		ep_sensor_note(notes,
			       "meter %zu of %zu; the others are not read "
			       "(channel=N)",
			       s->link.channel, r->meters);
	if (s->gain_ppm < 0)
		ep_sensor_note(notes,
			       "gain_percent=N tells how accurate it is; "
			       "what no one has told is not in the ±");
	if (!r->fields[EP_PLUG_ENERGY].present)
		ep_sensor_note(notes, "it sends no energy count to compare "
				      "with");
}

static void plug_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_plug_link_close(&sensor->link);
	free(sensor);
}

static int plug_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct ep_plug_reading reading = { .meters = 0 };
	struct timing timing = { 0 };
	int r;

	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = get_timing(conf, &timing, err);
	if (r == 0)
		r = get_accuracy(conf, &sensor->gain_ppm, err);
	sensor->env = env;
	sensor->refresh_ns = timing.refresh_ns;
	sensor->period_ns = timing.period_ns;
	if (r == 0)
		r = ep_plug_link_open(&sensor->link, env, conf, &reading, err);
	if (r < 0) {
		plug_close(sensor);
		return r;
	}
	add_channels(sensor, &reading);
	add_notes(sensor, &reading, notes);
	*ret = sensor;
	return 0;
}

static size_t plug_channel_list(const struct ep_sensor *sensor,
				const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

static int64_t plug_period_ns(const struct ep_sensor *sensor)
{
	return sensor->period_ns;
}

/*
 * All unproven: the stamps in these replies (unixtime, minute_ts, Time) tell
 * when the reply was made, or the minute, not when the power was measured.
 */
static void emit(const struct ep_plug_value *v, struct ep_sample *s,
		 uint16_t channel, const struct ep_sink *sink)
{
	unsigned gap = s->flags & EP_SAMPLE_GAP;
	struct ep_sample out = *s;

	out.channel = channel;
	out.value = v->good ? v->value : 0;
	out.flags = (uint16_t)(gap | (v->good ? EP_SAMPLE_UNPROVEN
					      : EP_SAMPLE_ERROR));
	sink->emit(sink->ctx, &out);
}

static int plug_poll(struct ep_sensor *sensor, int64_t now_ns,
		     const struct ep_sink *sink)
{
	struct ep_plug_reading reading = { .meters = 0 };
	struct ep_http_reply reply;
	struct ep_sample s = { 0 };
	int r = ep_plug_link_read(&sensor->link, &reading, &reply, NULL);

	if (r == 0)
		ep_sample_stamp(&s, reply.sent_ns, reply.done_ns);
	else
		ep_sample_stamp(&s, now_ns, sensor->env->now_ns());
	if (r == 0 && sensor->lost)
		s.flags = EP_SAMPLE_GAP;
	sensor->lost = r < 0;
	for (size_t i = 0; i < sensor->channel_count; i++)
		emit(&reading.fields[sensor->fields[i]], &s, (uint16_t)i, sink);
	return r < 0 ? r : (int)sensor->channel_count;
}

static int plug_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		       const struct ep_sink *sink)
{
	struct ep_sample s = { .t_ns = t_ns };
	struct ep_plug_reading reading;

	if (ep_plug_parse((const char *)bytes, len, 0, &reading) < 0)
		return -EBADMSG;
	for (int i = 0; i < EP_PLUG_FIELD_COUNT; i++)
		if (reading.fields[i].present)
			emit(&reading.fields[i], &s, (uint16_t)i, sink);
	return (int)len;
}

static const struct ep_param plug_params[] = {
	{ "url", NULL, "the plug's address: http://192.0.2.7" },
	{ "kind", "auto", "auto, shelly or tasmota" },
	{ "user", "admin", "its user name" },
	{ "password-file", "", "a file with its password, for you alone" },
	{ "channel", "0", "which meter of several, from 0" },
	{ "refresh", "1s", "how often the plug makes a new value" },
	{ "period", "", "how often it is asked; as often as it refreshes" },
	{ "timeout", "2s", "the longest wait for an answer" },
	{ "gain_percent", "", "limit of its error, in percent of the reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_plug = {
	.name = "plug",
	.summary = "Shelly and Tasmota plugs: power at the socket, over HTTP",
	.params = plug_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = plug_check,
	.open = plug_open,
	.channels = plug_channel_list,
	.period_ns = plug_period_ns,
	.poll = plug_poll,
	.close = plug_close,
	.decode = plug_decode,
	.wire_channels = ep_plug_channels,
	.wire_channel_count = EP_PLUG_FIELD_COUNT,
};
