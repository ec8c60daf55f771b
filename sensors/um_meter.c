/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RDTech (RuiDeng) UM24C, UM25C and UM34C: USB meters with Bluetooth.  The byte
 * 0xF0 is answered by 130 bytes, big-endian, known from libsigrok's rdtech-um
 * and rdserialtool.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/link.h"
#include "sensors/table.h"

#define FRAME_BYTES 130
#define GROUPS 10
#define WH_UJ INT64_C(3600000000)
#define MWH_UJ (WH_UJ / 1000)
/*
 * The meter makes two values a second, each a mean over half a second; when it
 * is asked the last one is up to half a second old.  So what is read lies at
 * some place of the second before.
 */
#define REFRESH_NS (500 * EP_NS_PER_MS)
#define WINDOW_NS (2 * REFRESH_NS)

enum { VOLTAGE, CURRENT, POWER, TEMPERATURE, ENERGY, SHOWN_COUNT };
enum { MODEL = SHOWN_COUNT, WIRE_COUNT };

static const struct ep_channel wire_channels[WIRE_COUNT] = {
	[VOLTAGE] = { .name = "voltage", .quantity = EP_VOLTAGE_UV },
	[CURRENT] = { .name = "current", .quantity = EP_CURRENT_UA },
	[POWER] = { .name = "power",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL,
		    .resolution = 1000 },
	[TEMPERATURE] = { .name = "temperature",
			  .quantity = EP_TEMP_MC,
			  .resolution = 1000 },
	/* All groups together: one counts at a time, the others stand. */
	[ENERGY] = { .name = "energy",
		     .quantity = EP_ENERGY_UJ,
		     .shape = EP_COUNTER,
		     .flags = EP_CHANNEL_CHECK,
		     .resolution = MWH_UJ },
	[MODEL] = { .name = "model", .quantity = EP_COUNT },
};

static bool ends_fff1(const uint8_t *f)
{
	return f[128] == 0xff && f[129] == 0xf1;
}

/* A checksum of the maker's: it covers these bytes and no others. */
static bool sum_um34c(const uint8_t *f)
{
	static const uint8_t places[] = {
		1,  3,	7,  9,	15,  17,  19,  23,  31,	 39,  41,
		45, 49, 53, 55, 57,  59,  63,  67,  69,	 73,  79,
		83, 89, 97, 99, 109, 111, 113, 119, 121, 127,
	};
	uint8_t sum = 0;

	for (size_t i = 0; i < sizeof(places); i++)
		sum ^= f[places[i]];
	return sum == f[129];
}

/*
 * Ranges are the maker's and a tenth more.  Accuracy limits are those commonly
 * quoted from the maker's leaflets, in ppm of reading and counts of the last
 * digit; no meter of ours was compared.
 */
static const struct model {
	uint16_t id;
	const char *name;
	int64_t volt_uv, amp_ua; /* one count */
	int64_t volts_max_uv, amps_max_ua;
	int64_t volt_ppm, volt_counts, amp_ppm, amp_counts;
	bool (*is_whole)(const uint8_t *frame);
} models[] = {
	{ 0x0963, "UM24C", 10000, 1000, 26400000, 3300000, 5000, 2, 8000, 3,
	  ends_fff1 },
	{ 0x09c9, "UM25C", 1000, 100, 26400000, 5500000, 500, 2, 1000, 4,
	  ends_fff1 },
	{ 0x0d4c, "UM34C", 10000, 1000, 26400000, 4400000, 5000, 2, 8000, 3,
	  sum_um34c },
};
#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

struct ep_sensor {
	struct ep_link link;
	const struct model *model;
	struct ep_channel channels[SHOWN_COUNT + 1];
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const uint8_t *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static const struct model *find_id(uint32_t id)
{
	for (size_t i = 0; i < MODEL_COUNT; i++)
		if (models[i].id == id)
			return &models[i];
	return NULL;
}

/* Does a frame begin with bytes of which len < 2 are there? */
static bool may_begin(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < MODEL_COUNT; i++)
		if (len == 0 || models[i].id >> 8 == bytes[0])
			return true;
	return false;
}

/* In wire order; bad: out of the meter's range. */
static void emit(const struct ep_sink *sink, int64_t t_ns, unsigned channel,
		 int64_t value, bool bad)
{
	struct ep_sample s = { .t_ns = t_ns,
			       .value = bad ? 0 : value,
			       .channel = (uint16_t)channel,
			       .flags = bad ? EP_SAMPLE_ERROR : 0 };

	sink->emit(sink->ctx, &s);
}

/*
 * The trailers say little about the bytes before them, but power is told beside
 * voltage and current.  Whether the meter takes all three at one instant is not
 * known: only a factor of two is taken for damage.
 */
static bool disagree(int64_t uv, int64_t ua, int64_t uw)
{
	int64_t product_uw = uv / 1000 * ua / 1000;
	int64_t low = uw < product_uw ? uw : product_uw;
	int64_t high = uw < product_uw ? product_uw : uw;

	return high > 2 * low + 500000;
}

static void emit_frame(const uint8_t *f, const struct model *m, int64_t t_ns,
		       const struct ep_sink *sink)
{
	int64_t uv = (int64_t)be16(f + 2) * m->volt_uv;
	int64_t ua = (int64_t)be16(f + 4) * m->amp_ua;
	int64_t uw = (int64_t)be32(f + 6) * 1000;
	int64_t mc = (int64_t)be16(f + 10) * 1000;
	bool bad = disagree(uv, ua, uw);
	int64_t mwh = 0;

	for (size_t g = 0; g < GROUPS; g++)
		mwh += be32(f + 20 + 8 * g);
	emit(sink, t_ns, VOLTAGE, uv, bad || uv > m->volts_max_uv);
	emit(sink, t_ns, CURRENT, ua, bad || ua > m->amps_max_ua);
	emit(sink, t_ns, POWER, uw,
	     bad || uw > m->volts_max_uv / 1000 * m->amps_max_ua / 1000);
	emit(sink, t_ns, TEMPERATURE, mc, mc > 125000);
	emit(sink, t_ns, ENERGY, mwh * MWH_UJ, false);
	emit(sink, t_ns, MODEL, m->id, false);
}

static int um_meter_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
			   const struct ep_sink *sink)
{
	const struct model *m;

	if (len < 2)
		return may_begin(bytes, len) ? 0 : -EBADMSG;
	m = find_id(be16(bytes));
	if (!m)
		return -EBADMSG;
	if (len < FRAME_BYTES)
		return 0;
	if (!m->is_whole(bytes))
		return -EBADMSG;
	emit_frame(bytes, m, t_ns, sink);
	return FRAME_BYTES;
}

struct settings {
	struct ep_link_setup setup;
	const struct model *model; /* NULL: any */
	double gain_percent;	   /* NAN: the model's own */
};

static int get_settings(const struct ep_conf *conf, struct settings *ret,
			struct ep_err *err)
{
	const char *name = ep_conf_get(conf, "model");
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->setup = (struct ep_link_setup){
		.ops = &ep_sensor_um_meter,
		.mode = { 115200, 8, 'N', 1, EP_SERIAL_KEEP, EP_SERIAL_KEEP },
		.request = { 0xf0 },
		.request_len = 1,
		.period_ns = REFRESH_NS,
		.timeout_ns = EP_NS_PER_S,
		.connect_ns = 6 * EP_NS_PER_S,
		.title = "a UM24C, UM25C or UM34C",
	};
	for (size_t i = 0; name && i < MODEL_COUNT; i++)
		if (strcasecmp(models[i].name, name) == 0)
			ret->model = &models[i];
	if (name && name[0] && !ret->model)
		return ep_conf_err(conf, "model", err,
				   "must be um24c, um25c or um34c");
	r = ep_conf_get_f64(conf, "gain_percent", -1, &ret->gain_percent, err);
	if (r == 0 && ep_conf_get(conf, "gain_percent") &&
	    !(ret->gain_percent >= 0 && ret->gain_percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "must be 0 to 100");
	return r < 0 ? r : ep_link_configure(&ret->setup, conf, err);
}

static int um_meter_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, &settings, err);
}

static void um_meter_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_link_close(&sensor->link);
	free(sensor);
}

/* Limits of power: what voltage and current are off at the voltage seen. */
static void describe(struct ep_sensor *sensor, double gain_percent)
{
	const struct model *m = sensor->model;
	struct ep_channel *c = sensor->channels;
	int64_t uv = 5000000;

	(void)ep_link_value(&sensor->link, VOLTAGE, &uv);
	memcpy(c, wire_channels, SHOWN_COUNT * sizeof(*c));
	for (size_t i = 0; i < SHOWN_COUNT; i++)
		c[i].refresh_ns = REFRESH_NS;
	c[VOLTAGE].resolution = m->volt_uv;
	c[VOLTAGE].gain_ppm = m->volt_ppm;
	c[VOLTAGE].offset = m->volt_uv * m->volt_counts;
	c[CURRENT].resolution = m->amp_ua;
	c[CURRENT].gain_ppm = m->amp_ppm;
	c[CURRENT].offset = m->amp_ua * m->amp_counts;
	c[POWER].gain_ppm = m->volt_ppm + m->amp_ppm;
	c[POWER].offset = uv / 1000 * m->amp_ua / 1000 * m->amp_counts;
	if (gain_percent >= 0)
		c[POWER].gain_ppm = (int64_t)(gain_percent * 1e4);
	/* Finer digits than current has are the product's own. */
	if (uv / 1000 * m->amp_ua / 1000 > c[POWER].resolution)
		c[POWER].resolution = uv / 1000 * m->amp_ua / 1000;
	c[ENERGY].gain_ppm = c[POWER].gain_ppm;
	for (size_t i = 0; i <= POWER; i++)
		c[i].window_ns = WINDOW_NS;
	c[SHOWN_COUNT] = ep_link_skipped_channel;
}

static void note(const struct ep_sensor *sensor, const struct model *asked,
		 struct ep_sensor_notes *notes)
{
	const struct model *m = sensor->model;

	if (asked && asked != m)
		ep_sensor_note(notes,
			       "%s answers as a %s, not a %s: its own word is "
			       "taken, with that model's digits and limits",
			       sensor->link.path, m->name, asked->name);
	else if (!asked)
		ep_sensor_note(notes, "%s is a %s", sensor->link.path, m->name);
	ep_sensor_note(notes, "current and power are told without a sign: what "
			      "flows backwards counts as drawn");
	ep_sensor_note(notes, "two values a second, each a mean over half a "
			      "second: no short peak shows");
	ep_sensor_note(notes, "accuracy limits are the maker's, as commonly "
			      "quoted; gain_percent= sets your own");
}

static int um_meter_open(const struct ep_env *env, const struct ep_conf *conf,
			 struct ep_sensor **ret, struct ep_sensor_notes *notes,
			 struct ep_err *err)
{
	const struct model *m;
	struct ep_sensor *sensor;
	struct settings settings;
	int64_t id = 0;
	int r = get_settings(conf, &settings, err);

	if (r < 0)
		return r;
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_link_open(&sensor->link, env, conf, &settings.setup, err);
	if (r < 0) {
		um_meter_close(sensor);
		return r;
	}
	(void)ep_link_value(&sensor->link, MODEL, &id);
	m = find_id((uint32_t)id);
	if (!m) {
		um_meter_close(sensor);
		return ep_err_set(err, -EBADMSG, "%s: a meter without a model",
				  ep_conf_get(conf, "device"));
	}
	sensor->model = m;
	describe(sensor, settings.gain_percent);
	note(sensor, settings.model, notes);
	*ret = sensor;
	return 0;
}

static size_t um_meter_channels(const struct ep_sensor *sensor,
				const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return SHOWN_COUNT + 1;
}

static int64_t um_meter_period_ns(const struct ep_sensor *sensor)
{
	return sensor->link.setup.period_ns;
}

static int um_meter_poll(struct ep_sensor *sensor, int64_t now_ns,
			 const struct ep_sink *sink)
{
	int64_t id = 0;
	int r = ep_link_ask(&sensor->link);

	(void)now_ns;
	if (r < 0)
		return r;
	/* Another meter has taken its place: its digits are others. */
	if (!ep_link_value(&sensor->link, MODEL, &id) ||
	    id != sensor->model->id) {
		ep_link_refuse(&sensor->link);
		return -EBADMSG;
	}
	return ep_link_emit(&sensor->link, SHOWN_COUNT, sink);
}

static const struct ep_param um_meter_params[] = {
	EP_LINK_PARAMS("500ms", "1s"),
	{ "model", "", "um24c, um25c or um34c; the meter's own word wins" },
	{ "gain_percent", "", "accuracy limit of power, of reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_um_meter = {
	.name = "um_meter",
	.summary = "UM24C, UM25C and UM34C USB meters by Bluetooth",
	.params = um_meter_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = um_meter_check,
	.open = um_meter_open,
	.channels = um_meter_channels,
	.period_ns = um_meter_period_ns,
	.poll = um_meter_poll,
	.close = um_meter_close,
	.decode = um_meter_decode,
	.wire_channels = wire_channels,
	.wire_channel_count = WIRE_COUNT,
};
