/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * UNI-T UT61E and others on the chip ES51922: 14 bytes twice a second, unasked,
 * known from libsigrok's es519xx.  Every byte is 0x30 and bits, but CR and LF at
 * the end.
 */
#include "sensors/sensor.h"

#include <errno.h>

#include "base/clock.h"
#include "sensors/assumed.h"
#include "sensors/dmm_parts.h"
#include "sensors/table.h"

#define FRAME_BYTES 14
#define DIGITS 5
#define REFRESH_NS (500 * EP_NS_PER_MS)

/* status, opt1 to opt4 */
#define STATUS_SIGN 4
#define STATUS_OVERLOAD 1
#define OPT1_NOT_NOW 0x0e /* maximum, minimum, relative */
#define OPT2_NOT_NOW 0x0e /* under the range, peaks */
#define OPT3_DC 8
#define OPT3_AC 4
#define OPT3_HERTZ 1 /* the digits are a frequency or a duty cycle */
#define OPT4_BAR 4   /* and here what an adapter gives: other scales */

/* Of a count, by range; 1 none. */
static const struct {
	uint8_t function;
	bool amps;
	int exponents[8];
} functions[] = {
	{ 0x3b, false, { -4, -3, -2, -1, -5, 1, 1, 1 } },
	{ 0x3d, true, { -8, -7, 1, 1, 1, 1, 1, 1 } },
	{ 0x3f, true, { -6, -5, 1, 1, 1, 1, 1, 1 } },
	{ 0x30, true, { -3, 1, 1, 1, 1, 1, 1, 1 } },
	{ 0x39, true, { -4, -3, -2, -1, 1, 1, 1, 1 } },
};
#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

/* The first len bytes of a frame, as far as their form goes. */
static bool is_frame(const uint8_t *b, size_t len)
{
	for (size_t i = 0; i < len && i < FRAME_BYTES; i++) {
		uint8_t most = i == 0 ? '7' : i <= DIGITS ? '9' : 0x3f;

		if (i == 12   ? b[i] != '\r'
		    : i == 13 ? b[i] != '\n'
			      : b[i] < '0' || b[i] > most)
			return false;
	}
	return true;
}

static int ut61e_decode(const uint8_t *b, size_t len, int64_t t_ns,
			const struct ep_sink *sink)
{
	struct ep_dmm_reading r = { .good = false };
	int exponent = 1;

	if (!is_frame(b, len))
		return -EBADMSG;
	if (len < FRAME_BYTES)
		return 0;
	for (size_t i = 0; i < FUNCTION_COUNT; i++) {
		if (functions[i].function != b[6])
			continue;
		r.amps = functions[i].amps;
		r.volts = !r.amps;
		exponent = functions[i].exponents[b[0] - '0'];
	}
	for (int i = 1; i <= DIGITS; i++)
		r.value = r.value * 10 + (b[i] - '0');
	if (b[7] & STATUS_SIGN)
		r.value = -r.value;
	r.exponent = exponent;
	r.good = exponent < 1 && !(b[7] & STATUS_OVERLOAD) &&
		 !(b[8] & OPT1_NOT_NOW) && !(b[9] & OPT2_NOT_NOW) &&
		 (b[10] & (OPT3_DC | OPT3_AC | OPT3_HERTZ)) == OPT3_DC &&
		 !(b[11] & OPT4_BAR);
	ep_dmm_emit(&r, t_ns, sink);
	return FRAME_BYTES;
}

static const struct ep_dmm_family family = {
	.setup = { .ops = &ep_sensor_ut61e,
		   .mode = { 19200, 7, 'O', 1, EP_SERIAL_ON, EP_SERIAL_OFF },
		   .unasked = true,
		   .period_ns = 10 * EP_NS_PER_MS,
		   .timeout_ns = 2 * EP_NS_PER_S,
		   .connect_ns = 6 * EP_NS_PER_S,
		   .title = "a UT61E" },
	.refresh_ns = REFRESH_NS,
	/* Sent when its conversion ends. */
	.window_ns = REFRESH_NS,
	.amp_ua = 1000,
	.volt_uv = 100000,
};

static int ut61e_check(const struct ep_conf *conf, struct ep_err *err)
{
	return ep_dmm_check(conf, &family, err);
}

static int ut61e_open(const struct ep_env *env, const struct ep_conf *conf,
		      struct ep_sensor **ret, struct ep_sensor_notes *notes,
		      struct ep_err *err)
{
	const struct ep_dmm_request request = { env, conf, &family };

	return ep_dmm_open(&request, ret, notes, err);
}

static const struct ep_param ut61e_params[] = {
	EP_DMM_PARAMS("10ms", "19200"),
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_ut61e = {
	.name = "ut61e",
	.summary = "UT61E and other multimeters on the chip ES51922",
	.params = ut61e_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = ut61e_check,
	.open = ut61e_open,
	.channels = ep_dmm_channel_list,
	.period_ns = ep_dmm_period_ns,
	.poll = ep_dmm_poll,
	.close = ep_dmm_close,
	.decode = ut61e_decode,
	.wire_channels = ep_dmm_channels,
	.wire_channel_count = EP_DMM_CHANNEL_COUNT,
};
