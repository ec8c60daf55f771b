/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Metex and other multimeters (MAS345, ME series) that answer a "D" by 14
 * characters: two of the mode, seven of the value, four of the unit and CR;
 * known from libsigrok's metex14.
 */
#include "sensors/sensor.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "sensors/assumed.h"
#include "sensors/dmm_parts.h"
#include "sensors/table.h"

#define FRAME_BYTES 14
#define VALUE_AT 2
#define UNIT_AT 9
#define REFRESH_NS (500 * EP_NS_PER_MS)
#define DIGITS_MAX 6

static const struct {
	const char *unit;
	bool amps;
	int exponent;
} units[] = {
	{ "V", false, 0 },  { "mV", false, -3 }, { "A", true, 0 },
	{ "mA", true, -3 }, { "uA", true, -6 },
};
#define UNIT_COUNT (sizeof(units) / sizeof(units[0]))

/* bytes[0..size) without spaces around them. */
static void trim(const uint8_t *bytes, size_t size, char *ret)
{
	size_t begin = 0;

	while (begin < size && bytes[begin] == ' ')
		begin++;
	while (size > begin && bytes[size - 1] == ' ')
		size--;
	memcpy(ret, bytes + begin, size - begin);
	ret[size - begin] = '\0';
}

/* "-1.234": digits and where the point is; false for "OL" and the like. */
static bool read_value(const char *text, int64_t *ret, int *ret_exponent)
{
	bool minus = text[0] == '-', point = false;
	int64_t value = 0;
	int digits = 0, exponent = 0;

	for (text += minus || text[0] == '+'; *text; text++) {
		if (*text == '.' && !point) {
			point = true;
		} else if (*text >= '0' && *text <= '9') {
			value = value * 10 + (*text - '0');
			digits++;
			exponent -= point;
		} else if (*text != ' ' || digits > 0) {
			return false;
		}
	}
	*ret = minus ? -value : value;
	*ret_exponent = exponent;
	return digits > 0 && digits <= DIGITS_MAX;
}

/* Printable but for CR at the end. */
static bool is_frame(const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len && i < FRAME_BYTES; i++) {
		if (i == FRAME_BYTES - 1 ? b[i] != '\r'
					 : b[i] < ' ' || b[i] > '~')
			return false;
		/* "DC", "AC", "OH": the mode begins with a letter. */
		if (i == 0 && (b[0] < 'A' || b[0] > 'Z') && b[0] != ' ')
			return false;
	}
	return true;
}

static int metex14_decode(const uint8_t *b, size_t len, int64_t t_ns,
			  const struct ep_sink *sink)
{
	struct ep_dmm_reading r = { .good = false };
	char value[UNIT_AT - VALUE_AT + 1], unit[FRAME_BYTES - UNIT_AT];
	int exponent = 0;

	if (!is_frame(b, len))
		return -EBADMSG;
	if (len < FRAME_BYTES)
		return 0;
	trim(b + VALUE_AT, UNIT_AT - VALUE_AT, value);
	trim(b + UNIT_AT, FRAME_BYTES - 1 - UNIT_AT, unit);
	r.good = read_value(value, &r.value, &r.exponent) && b[0] == 'D' &&
		 b[1] == 'C';
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (strcmp(units[i].unit, unit) != 0)
			continue;
		r.amps = units[i].amps;
		r.volts = !r.amps;
		exponent = units[i].exponent;
	}
	r.exponent += exponent;
	ep_dmm_emit(&r, t_ns, sink);
	return FRAME_BYTES;
}

static const struct ep_dmm_family family = {
	.setup = { .ops = &ep_sensor_metex14,
		   .mode = { 600, 7, 'N', 2, EP_SERIAL_ON, EP_SERIAL_OFF },
		   .request = "D",
		   .request_len = 1,
		   .period_ns = REFRESH_NS,
		   .timeout_ns = 2 * EP_NS_PER_S,
		   .connect_ns = 6 * EP_NS_PER_S,
		   .title = "a Metex meter" },
	.refresh_ns = REFRESH_NS,
	.window_ns = 2 * REFRESH_NS,
	.amp_ua = 10000,
	.volt_uv = 1000000,
};

static int metex14_check(const struct ep_conf *conf, struct ep_err *err)
{
	return ep_dmm_check(conf, &family, err);
}

static int metex14_open(const struct ep_env *env, const struct ep_conf *conf,
			struct ep_sensor **ret, struct ep_sensor_notes *notes,
			struct ep_err *err)
{
	const struct ep_dmm_request request = { env, conf, &family };

	return ep_dmm_open(&request, ret, notes, err);
}

static const struct ep_param metex14_params[] = {
	EP_DMM_PARAMS("500ms", "600"),
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_metex14 = {
	.name = "metex14",
	.summary = "Metex and other multimeters that answer 14 characters",
	.params = metex14_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = metex14_check,
	.open = metex14_open,
	.channels = ep_dmm_channel_list,
	.period_ns = ep_dmm_period_ns,
	.poll = ep_dmm_poll,
	.close = ep_dmm_close,
	.decode = metex14_decode,
	.wire_channels = ep_dmm_channels,
	.wire_channel_count = EP_DMM_CHANNEL_COUNT,
};
