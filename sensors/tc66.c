/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RDTech TC66 and TC66C: USB-C meters on USB.  "getva" is answered by 192 bytes,
 * AES-256-ECB under one key for all of them: three blocks of 64 bytes with a
 * CRC each, little-endian, known from libsigrok's rdtech-tc.  Power, resistance
 * and temperature of the frame are not understood well enough to be shown:
 * power is voltage x current here.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <nettle/aes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sensors/link.h"
#include "sensors/table.h"

#define FRAME_BYTES 192
#define BLOCK_BYTES 64
#define CRC_AT 60
#define MWH_UJ INT64_C(3600000)
/*
 * Ten values a second are what others poll; whether each is new, and over what
 * it is a mean, is not known.  What is read is taken to come from a tenth of a
 * second that ended up to a tenth before.
 */
#define REFRESH_NS (100 * EP_NS_PER_MS)
#define WINDOW_NS (2 * REFRESH_NS)
#define PPM_OF_PERCENT 1e4
/* 30 V and 5 A, and a tenth more. */
#define VOLTS_MAX_UV 33000000
#define AMPS_MAX_UA 5500000
#define VOLT_UV 100 /* one count */
#define AMP_UA 10
/* The maker's limits as commonly quoted: 0.05 % and 2 counts, 0.1 % and 5. */
#define VOLT_PPM 500
#define VOLT_COUNTS 2
#define AMP_PPM 1000
#define AMP_COUNTS 5

enum { VOLTAGE, CURRENT, ENERGY, SHOWN_COUNT };
enum { SERIAL = SHOWN_COUNT, WIRE_COUNT };
/* Behind the bytes skipped, which is channel SHOWN_COUNT. */
enum { TOTAL = SHOWN_COUNT + 1, CHANNEL_COUNT };

static const struct ep_channel wire_channels[WIRE_COUNT] = {
	[VOLTAGE] = { .name = "voltage",
		      .quantity = EP_VOLTAGE_UV,
		      .refresh_ns = REFRESH_NS,
		      .window_ns = WINDOW_NS,
		      .resolution = VOLT_UV,
		      .gain_ppm = VOLT_PPM,
		      .offset = VOLT_UV * VOLT_COUNTS },
	[CURRENT] = { .name = "current",
		      .quantity = EP_CURRENT_UA,
		      .refresh_ns = REFRESH_NS,
		      .window_ns = WINDOW_NS,
		      .resolution = AMP_UA,
		      .gain_ppm = AMP_PPM,
		      .offset = AMP_UA * AMP_COUNTS },
	/* Both groups together: one counts at a time, the other stands. */
	[ENERGY] = { .name = "energy",
		     .quantity = EP_ENERGY_UJ,
		     .shape = EP_COUNTER,
		     .flags = EP_CHANNEL_CHECK,
		     .refresh_ns = REFRESH_NS,
		     .resolution = MWH_UJ,
		     .gain_ppm = VOLT_PPM + AMP_PPM },
	[SERIAL] = { .name = "serial", .quantity = EP_COUNT },
};

static const struct ep_channel power_channel = {
	.name = "power",
	.quantity = EP_POWER_UW,
	.role = EP_ROLE_TOTAL,
	.flags = EP_CHANNEL_PRODUCT,
	.refresh_ns = REFRESH_NS,
	.window_ns = WINDOW_NS,
	.gain_ppm = VOLT_PPM + AMP_PPM,
	.volts_index = VOLTAGE,
	.amps_index = CURRENT,
};

struct ep_sensor {
	struct ep_link link;
	int64_t serial;
	struct ep_channel channels[CHANNEL_COUNT];
};

static struct aes256_ctx key;
static uint16_t crc_table[256];

static void prepare(void)
{
	static const uint8_t bytes[AES256_KEY_SIZE] = {
		0x58, 0x21, 0xfa, 0x56, 0x01, 0xb2, 0xf0, 0x26,
		0x87, 0xff, 0x12, 0x04, 0x62, 0x2a, 0x4f, 0xb0,
		0x86, 0xf4, 0x02, 0x60, 0x81, 0x6f, 0x9a, 0x0b,
		0xa7, 0xf1, 0x06, 0x61, 0x9a, 0xb8, 0x72, 0x88,
	};

	aes256_set_decrypt_key(&key, bytes);
	/* CRC-16/MODBUS: 0xa001, reflected. */
	for (unsigned i = 0; i < 256; i++) {
		unsigned crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
		crc_table[i] = (uint16_t)crc;
	}
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint32_t crc16(const uint8_t *p, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ crc_table[(crc ^ p[i]) & 0xff];
	return crc;
}

/* "pac1", "pac2", "pac3" */
static bool is_named(const uint8_t *block, char digit)
{
	return memcmp(block, "pac", 3) == 0 && block[3] == (uint8_t)digit;
}

static bool is_whole(const uint8_t *plain)
{
	for (int i = 0; i < 3; i++) {
		const uint8_t *block = plain + i * BLOCK_BYTES;

		if (!is_named(block, (char)('1' + i)) ||
		    crc16(block, CRC_AT) != le32(block + CRC_AT))
			return false;
	}
	return true;
}

static void emit(const struct ep_sink *sink, int64_t t_ns, unsigned channel,
		 int64_t value, int64_t max)
{
	bool bad = value > max;
	struct ep_sample s = { .t_ns = t_ns,
			       .value = bad ? 0 : value,
			       .channel = (uint16_t)channel,
			       .flags = bad ? EP_SAMPLE_ERROR : 0 };

	sink->emit(sink->ctx, &s);
}

static int tc66_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		       const struct ep_sink *sink)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint8_t plain[FRAME_BYTES];
	const uint8_t *pac2 = plain + BLOCK_BYTES;

	if (len < AES_BLOCK_SIZE)
		return 0;
	pthread_once(&once, prepare);
	aes256_decrypt(&key, AES_BLOCK_SIZE, plain, bytes);
	if (!is_named(plain, '1'))
		return -EBADMSG;
	if (len < FRAME_BYTES)
		return 0;
	aes256_decrypt(&key, FRAME_BYTES - AES_BLOCK_SIZE,
		       plain + AES_BLOCK_SIZE, bytes + AES_BLOCK_SIZE);
	if (!is_whole(plain))
		return -EBADMSG;
	emit(sink, t_ns, VOLTAGE, (int64_t)le32(plain + 48) * VOLT_UV,
	     VOLTS_MAX_UV);
	emit(sink, t_ns, CURRENT, (int64_t)le32(plain + 52) * AMP_UA,
	     AMPS_MAX_UA);
	emit(sink, t_ns, ENERGY,
	     ((int64_t)le32(pac2 + 12) + le32(pac2 + 20)) * MWH_UJ, INT64_MAX);
	emit(sink, t_ns, SERIAL, le32(plain + 12), INT64_MAX);
	return FRAME_BYTES;
}

struct settings {
	struct ep_link_setup setup;
	double gain_percent; /* < 0: the maker's */
};

static int get_settings(const struct ep_conf *conf, struct settings *ret,
			struct ep_err *err)
{
	int r;

	memset(ret, 0, sizeof(*ret));
	ret->setup = (struct ep_link_setup){
		.ops = &ep_sensor_tc66,
		.mode = { 115200, 8, 'N', 1, EP_SERIAL_KEEP, EP_SERIAL_KEEP },
		.request = "getva",
		.request_len = 5,
		.period_ns = REFRESH_NS,
		.timeout_ns = EP_NS_PER_S,
		.connect_ns = 6 * EP_NS_PER_S,
		.title = "a TC66 or TC66C",
	};
	r = ep_conf_get_f64(conf, "gain_percent", -1, &ret->gain_percent, err);
	if (r == 0 && ep_conf_get(conf, "gain_percent") &&
	    !(ret->gain_percent >= 0 && ret->gain_percent <= 100))
		return ep_conf_err(conf, "gain_percent", err,
				   "must be 0 to 100");
	return r < 0 ? r : ep_link_configure(&ret->setup, conf, err);
}

static int tc66_check(const struct ep_conf *conf, struct ep_err *err)
{
	struct settings settings;

	return get_settings(conf, &settings, err);
}

static void tc66_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_link_close(&sensor->link);
	free(sensor);
}

static int tc66_open(const struct ep_env *env, const struct ep_conf *conf,
		     struct ep_sensor **ret, struct ep_sensor_notes *notes,
		     struct ep_err *err)
{
	struct ep_sensor *sensor;
	struct settings settings;
	struct ep_channel *c;
	int r = get_settings(conf, &settings, err);

	if (r < 0)
		return r;
	sensor = calloc(1, sizeof(*sensor));
	if (!sensor)
		return ep_err_set(err, -ENOMEM, "out of memory");
	r = ep_link_open(&sensor->link, env, conf, &settings.setup, err);
	if (r < 0) {
		tc66_close(sensor);
		return r;
	}
	(void)ep_link_value(&sensor->link, SERIAL, &sensor->serial);
	c = sensor->channels;
	memcpy(c, wire_channels, SHOWN_COUNT * sizeof(*c));
	c[SHOWN_COUNT] = ep_link_skipped_channel;
	c[TOTAL] = power_channel;
	if (settings.gain_percent >= 0)
		c[TOTAL].gain_ppm =
			(int64_t)(settings.gain_percent * PPM_OF_PERCENT);
	ep_sensor_note(notes, "%s is the meter of serial number %lld",
		       sensor->link.path, (long long)sensor->serial);
	ep_sensor_note(notes, "how often it makes a new value is not known; it "
			      "is asked ten times a second");
	ep_sensor_note(notes, "current is told without a sign: what flows "
			      "backwards counts as drawn");
	ep_sensor_note(notes, "accuracy limits are the maker's, as commonly "
			      "quoted; gain_percent= sets your own");
	*ret = sensor;
	return 0;
}

static size_t tc66_channels(const struct ep_sensor *sensor,
			    const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return CHANNEL_COUNT;
}

static int64_t tc66_period_ns(const struct ep_sensor *sensor)
{
	return sensor->link.setup.period_ns;
}

static int tc66_poll(struct ep_sensor *sensor, int64_t now_ns,
		     const struct ep_sink *sink)
{
	int64_t serial = 0;
	int r = ep_link_ask(&sensor->link);

	(void)now_ns;
	if (r < 0)
		return r;
	/* Another meter has taken its place. */
	if (!ep_link_value(&sensor->link, SERIAL, &serial) ||
	    serial != sensor->serial) {
		ep_link_refuse(&sensor->link);
		return -EBADMSG;
	}
	return ep_link_emit(&sensor->link, SHOWN_COUNT, sink);
}

static const struct ep_param tc66_params[] = {
	EP_LINK_PARAMS("100ms", "1s"),
	{ "gain_percent", "", "accuracy limit of power, of reading" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_tc66 = {
	.name = "tc66",
	.summary = "TC66 and TC66C USB-C meters on USB",
	.params = tc66_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = tc66_check,
	.open = tc66_open,
	.channels = tc66_channels,
	.period_ns = tc66_period_ns,
	.poll = tc66_poll,
	.close = tc66_close,
	.decode = tc66_decode,
	.wire_channels = wire_channels,
	.wire_channel_count = WIRE_COUNT,
};
