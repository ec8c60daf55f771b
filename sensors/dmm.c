/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/dmm_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sensors/assumed.h"
#include "sensors/files.h"

#define MICRO_EXPONENT 6
/* A meter's digits: more are none of these. */
#define VALUE_MAX 1000000
/* Beyond any range of a hand meter: 1 kV, 100 A. */
#define MICRO_MAX INT64_C(2000000000)
/* The volts change slowly; those of a meter that stopped are none. */
#define VOLTS_AGE_NS (3 * EP_NS_PER_S)
/* So often they are read while no current comes. */
#define VOLTS_ALONE_NS (500 * EP_NS_PER_MS)

enum { CURRENT, SKIPPED };

struct ep_sensor {
	const struct ep_env *env;
	struct ep_link amps, volts;
	bool has_volts;
	struct ep_assumed assumed;
	int64_t volts_uv, volts_ns; /* ns 0: none yet */
	struct ep_channel channels[4];
	size_t channel_count;
};

const struct ep_channel ep_dmm_channels[EP_DMM_CHANNEL_COUNT] = {
	[EP_DMM_VOLTAGE] = { .name = "voltage", .quantity = EP_VOLTAGE_UV },
	[EP_DMM_CURRENT] = { .name = "current", .quantity = EP_CURRENT_UA },
};

/* False: too large for anything such a meter can show. */
static bool to_micro(const struct ep_dmm_reading *r, int64_t *ret)
{
	int shift = r->exponent + MICRO_EXPONENT;
	int64_t value = r->value;

	if (value > VALUE_MAX || value < -VALUE_MAX || shift > 6 || shift < -6)
		return false;
	for (; shift > 0; shift--)
		value *= 10;
	for (; shift < -1; shift++)
		value /= 10;
	if (shift < 0)
		value = (value + (value < 0 ? -5 : 5)) / 10;
	*ret = value;
	return value <= MICRO_MAX && value >= -MICRO_MAX;
}

static void emit_one(unsigned channel, int64_t t_ns, const int64_t *value,
		     const struct ep_sink *sink)
{
	const struct ep_sample s = {
		.t_ns = t_ns,
		.value = value ? *value : 0,
		.channel = (uint16_t)channel,
		.flags = value ? 0 : EP_SAMPLE_ERROR,
	};

	sink->emit(sink->ctx, &s);
}

void ep_dmm_emit(const struct ep_dmm_reading *reading, int64_t t_ns,
		 const struct ep_sink *sink)
{
	int64_t micro = 0;
	bool good = reading->good && to_micro(reading, &micro);

	if (reading->volts || !reading->amps)
		emit_one(EP_DMM_VOLTAGE, t_ns,
			 good && reading->volts ? &micro : NULL, sink);
	if (reading->amps || !reading->volts)
		emit_one(EP_DMM_CURRENT, t_ns,
			 good && reading->amps ? &micro : NULL, sink);
}

struct settings {
	struct ep_link_setup setup;
	struct ep_assumed assumed;
	const char *volts; /* NULL none */
};

static int get_settings(const struct ep_conf *conf,
			const struct ep_dmm_family *family,
			struct settings *ret, struct ep_err *err)
{
	const char *volts = ep_conf_get(conf, "volts");
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->setup = family->setup;
	ret->volts = volts && *volts ? volts : NULL;
	r = ep_link_configure(&ret->setup, conf, err);
	if (r == 0)
		r = ep_assumed_get(conf, &ret->assumed, err);
	if (r < 0)
		return r;
	if (ret->volts && ret->assumed.volts_uv > 0)
		return ep_conf_err(
			conf, "assume_v", err,
			"the volts are measured by volts=; leave one "
			"of them out");
	if (!ret->volts && ret->assumed.volts_uv == 0)
		return ep_conf_err(conf, "device", err,
				   "a multimeter measures one quantity: add "
				   "assume_v=5.1 with the volts of the supply, "
				   "or volts=PORT of a second one");
	return 0;
}

int ep_dmm_check(const struct ep_conf *conf, const struct ep_dmm_family *family,
		 struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, family, &settings, err);
}

void ep_dmm_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_link_close(&sensor->amps);
	ep_link_close(&sensor->volts);
	free(sensor);
}

static void add_channels(struct ep_sensor *s,
			 const struct ep_dmm_family *family)
{
	struct ep_channel *c = s->channels;

	for (int i = 0; i < 3; i++) {
		c[i].refresh_ns = family->refresh_ns;
		c[i].window_ns = family->window_ns;
	}
	memcpy(c[CURRENT].name, "current", sizeof("current"));
	c[CURRENT].quantity = EP_CURRENT_UA;
	c[CURRENT].resolution = family->amp_ua;
	c[SKIPPED] = ep_link_skipped_channel;
	if (!s->has_volts) {
		ep_assumed_channel(&s->assumed, &c[CURRENT], &c[2]);
		s->channel_count = 3;
		return;
	}
	memcpy(c[2].name, "voltage", sizeof("voltage"));
	c[2].quantity = EP_VOLTAGE_UV;
	c[2].resolution = family->volt_uv;
	/* The newest of a meter that keeps its own time. */
	c[2].window_ns += family->refresh_ns;
	c[3] = c[CURRENT];
	memcpy(c[3].name, "power", sizeof("power"));
	c[3].quantity = EP_POWER_UW;
	c[3].role = EP_ROLE_TOTAL;
	c[3].flags = EP_CHANNEL_PRODUCT;
	c[3].resolution = 0;
	c[3].gain_ppm = s->assumed.gain_ppm;
	c[3].volts_index = 2;
	c[3].amps_index = CURRENT;
	s->channel_count = 4;
}

/* What it shows must be what it is there for. */
static int check_shown(const struct ep_link *l, enum ep_dmm_channel wanted,
		       struct ep_err *err)
{
	bool volts = wanted == EP_DMM_VOLTAGE;
	uint32_t other = UINT32_C(1)
			 << (volts ? EP_DMM_CURRENT : EP_DMM_VOLTAGE);

	if (l->present != other)
		return 0;
	return ep_err_set(err, -EPROTO,
			  "%s: this meter shows %s; turn it to %s and plug its "
			  "leads in for that",
			  l->path, volts ? "a current" : "a voltage",
			  volts ? "V, direct" : "A or mA, direct");
}

static int open_links(struct ep_sensor *s, const struct ep_dmm_request *request,
		      struct settings *settings, struct ep_err *err)
{
	int r = ep_link_open(&s->amps, s->env, request->conf, &settings->setup,
			     err);

	if (r == 0)
		r = check_shown(&s->amps, EP_DMM_CURRENT, err);
	if (r < 0 || !settings->volts)
		return r;
	settings->setup.path = settings->volts;
	r = ep_link_open(&s->volts, s->env, request->conf, &settings->setup,
			 err);
	if (r == 0)
		r = check_shown(&s->volts, EP_DMM_VOLTAGE, err);
	s->has_volts = r == 0;
	/* The current rules the pace: of the volts what has come is taken. */
	if (settings->setup.unasked)
		s->volts.setup.timeout_ns = 0;
	return r;
}

int ep_dmm_open(const struct ep_dmm_request *request, struct ep_sensor **ret,
		struct ep_sensor_notes *notes, struct ep_err *err)
{
	struct settings settings;
	struct ep_sensor *sensor;
	int r = get_settings(request->conf, request->family, &settings, err);

	if (r < 0)
		return r;
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	sensor->env = request->env;
	sensor->assumed = settings.assumed;
	r = open_links(sensor, request, &settings, err);
	if (r < 0) {
		ep_dmm_close(sensor);
		return r;
	}
	add_channels(sensor, request->family);
	ep_assumed_note(&sensor->assumed, notes);
	ep_sensor_note(notes, "a change of range is followed; ± holds one "
			      "count of the largest range");
	*ret = sensor;
	return 0;
}

size_t ep_dmm_channel_list(const struct ep_sensor *sensor,
			   const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

int64_t ep_dmm_period_ns(const struct ep_sensor *sensor)
{
	return sensor->amps.setup.period_ns;
}

static const int64_t *read_volts(struct ep_sensor *s)
{
	if (ep_link_ask(&s->volts) == 0) {
		s->volts_ns =
			ep_link_value(&s->volts, EP_DMM_VOLTAGE, &s->volts_uv)
				? s->volts.end_ns
				: 0;
	}
	if (s->volts_ns == 0 || s->env->now_ns() - s->volts_ns > VOLTS_AGE_NS)
		return NULL;
	return &s->volts_uv;
}

/* What a meter sends unasked would queue up, and be taken for new later. */
static void read_volts_alone(struct ep_sensor *s)
{
	if (s->has_volts && s->volts.setup.unasked &&
	    s->env->now_ns() - s->volts.end_ns >= VOLTS_ALONE_NS)
		(void)read_volts(s);
}

static void emit_at(const struct ep_sensor *s, unsigned channel,
		    const int64_t *value, const struct ep_sink *sink)
{
	struct ep_sample sample = {
		.value = value ? *value : 0,
		.channel = (uint16_t)channel,
		.flags = (uint16_t)((value ? EP_SAMPLE_UNPROVEN
					   : EP_SAMPLE_ERROR) |
				    (s->amps.gap ? EP_SAMPLE_GAP : 0)),
	};

	ep_sample_stamp(&sample, s->amps.begin_ns, s->amps.end_ns);
	sink->emit(sink->ctx, &sample);
}

int ep_dmm_poll(struct ep_sensor *sensor, int64_t now_ns,
		const struct ep_sink *sink)
{
	int64_t amps_ua = 0, skipped, power_uw;
	const int64_t *amps;
	int r = ep_link_ask(&sensor->amps);

	(void)now_ns;
	if (r < 0) {
		read_volts_alone(sensor);
		return r;
	}
	amps = ep_link_value(&sensor->amps, EP_DMM_CURRENT, &amps_ua) ? &amps_ua
								      : NULL;
	skipped = (int64_t)(sensor->amps.frames.skipped_bytes +
			    sensor->volts.frames.skipped_bytes);
	emit_at(sensor, CURRENT, amps, sink);
	emit_at(sensor, SKIPPED, &skipped, sink);
	power_uw = ep_assumed_uw(&sensor->assumed, amps_ua);
	if (sensor->has_volts)
		emit_at(sensor, 2, read_volts(sensor), sink);
	else
		emit_at(sensor, 2, amps ? &power_uw : NULL, sink);
	sensor->amps.gap = false;
	return 3;
}
