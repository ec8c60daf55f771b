/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Multimeters on the chip FS9721 (UT60A and E, VC820 and VC840, TP4000ZC,
 * VA18B): 14 bytes, unasked, that are the segments of the display, known from
 * libsigrok's fs9721.  The upper half of each byte is its number, 1 to 14.
 */
#include "sensors/sensor.h"

#include <errno.h>

#include "base/clock.h"
#include "sensors/assumed.h"
#include "sensors/dmm_parts.h"
#include "sensors/table.h"

#define FRAME_BYTES 14
#define DIGITS 4
/* How often it sends is not published; 2 to 4 times a second is usual. */
#define REFRESH_NS (500 * EP_NS_PER_MS)

/* Of byte 0 */
#define AC 8
#define DC 4
#define RS232 1

/* A digit's seven segments; -1 none of them. */
static int to_digit(unsigned segments)
{
	static const uint8_t codes[] = { 0x7d, 0x05, 0x5b, 0x1f, 0x27,
					 0x3e, 0x7e, 0x15, 0x7f, 0x3f };

	/* Left of the first digit that is not 0 the display may be dark. */
	if (segments == 0)
		return 0;
	for (int i = 0; i < 10; i++)
		if (codes[i] == segments)
			return i;
	return -1;
}

/* The number that the display shows; false when it shows something else. */
static bool read_digits(const uint8_t *nibbles, int64_t *ret)
{
	int64_t value = 0;

	for (int i = 0; i < DIGITS; i++) {
		unsigned segments = (unsigned)(nibbles[1 + 2 * i] << 4 |
					       nibbles[2 + 2 * i]) &
				    0x7fU;
		int digit = to_digit(segments);

		if (digit < 0)
			return false;
		/* Dark in the middle, or all dark. */
		if (segments == 0 && (value != 0 || i == DIGITS - 1))
			return false;
		value = value * 10 + digit;
	}
	*ret = nibbles[1] & 8 ? -value : value;
	return true;
}

/* False when two points or two prefixes are lit: one of them is a segment that
 * was read wrong. */
static bool read_exponent(const uint8_t *nibbles, int *ret)
{
	int points =
		!!(nibbles[3] & 8) + !!(nibbles[5] & 8) + !!(nibbles[7] & 8);
	int prefixes =
		!!(nibbles[9] & 8) + !!(nibbles[9] & 4) + !!(nibbles[10] & 8);
	int exponent = nibbles[3] & 8	? -3
		       : nibbles[5] & 8 ? -2
		       : nibbles[7] & 8 ? -1
					: 0;

	if (nibbles[9] & 8)
		exponent -= 6;
	else if (nibbles[9] & 4)
		exponent -= 9;
	else if (nibbles[10] & 8)
		exponent -= 3;
	*ret = exponent;
	return points <= 1 && prefixes <= 1;
}

static int fs9721_decode(const uint8_t *b, size_t len, int64_t t_ns,
			 const struct ep_sink *sink)
{
	struct ep_dmm_reading r = { .good = false };
	uint8_t nibbles[FRAME_BYTES];
	bool other;

	for (size_t i = 0; i < len && i < FRAME_BYTES; i++) {
		if (b[i] >> 4 != (int)i + 1)
			return -EBADMSG;
		nibbles[i] = b[i] & 0x0f;
	}
	if (len > 0 && !(nibbles[0] & RS232))
		return -EBADMSG;
	if (len < FRAME_BYTES)
		return 0;
	/* k, diode; %, M, beep; F, ohm; Hz: no volts and amperes. */
	other = nibbles[9] & 3 || nibbles[10] & 7 || nibbles[11] & 12 ||
		nibbles[12] & 2;
	r.amps = !other && (nibbles[12] & 12) == 8;
	r.volts = !other && (nibbles[12] & 12) == 4;
	/* rel, hold, and the symbols of a meter's own, which are MAX, MIN and
	 * degrees as far as known: not what is measured now. */
	r.good = read_digits(nibbles, &r.value) && !(nibbles[11] & 3) &&
		 nibbles[13] == 0 && (nibbles[0] & (AC | DC)) == DC;
	r.good &= read_exponent(nibbles, &r.exponent);
	ep_dmm_emit(&r, t_ns, sink);
	return FRAME_BYTES;
}

static const struct ep_dmm_family family = {
	.setup = { .ops = &ep_sensor_fs9721,
		   .mode = { 2400, 8, 'N', 1, EP_SERIAL_ON, EP_SERIAL_OFF },
		   .unasked = true,
		   .period_ns = 10 * EP_NS_PER_MS,
		   .timeout_ns = 2 * EP_NS_PER_S,
		   .connect_ns = 6 * EP_NS_PER_S,
		   .title = "a meter with the chip FS9721" },
	.refresh_ns = REFRESH_NS,
	.window_ns = 2 * REFRESH_NS,
	.amp_ua = 10000,
	.volt_uv = 1000000,
};

static int fs9721_check(const struct ep_conf *conf, struct ep_err *err)
{
	return ep_dmm_check(conf, &family, err);
}

static int fs9721_open(const struct ep_env *env, const struct ep_conf *conf,
		       struct ep_sensor **ret, struct ep_sensor_notes *notes,
		       struct ep_err *err)
{
	const struct ep_dmm_request request = { env, conf, &family };

	return ep_dmm_open(&request, ret, notes, err);
}

static const struct ep_param fs9721_params[] = {
	EP_DMM_PARAMS("10ms", "2400"),
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_fs9721 = {
	.name = "fs9721",
	.summary = "multimeters on the chip FS9721: VC820, UT60E, TP4000ZC",
	.params = fs9721_params,
	.flags = EP_SENSOR_BLOCKING | EP_SENSOR_MANUAL,
	.check = fs9721_check,
	.open = fs9721_open,
	.channels = ep_dmm_channel_list,
	.period_ns = ep_dmm_period_ns,
	.poll = ep_dmm_poll,
	.close = ep_dmm_close,
	.decode = fs9721_decode,
	.wire_channels = ep_dmm_channels,
	.wire_channel_count = EP_DMM_CHANNEL_COUNT,
};
