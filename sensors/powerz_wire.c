/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a POWER-Z answers: a header of four bytes (kind, number of the question,
 * a count), one of the part that follows (its kind in 15 bits, whether another
 * follows, its length in the highest 10), then 44 bytes of values.
 */
#include "sensors/powerz_parts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define PUT_DATA 0x41
#define ADC 1
#define HEADER_BYTES 8
#define ADC_BYTES 44
/* What such a meter takes, 50 V and 6 A, and more; -20 to 100 C, and more. */
#define VOLTS_MIN_UV (-1000000)
#define VOLTS_MAX_UV 60000000
#define AMPS_MAX_UA 12000000
#define TEMP_MAX_MC 125000
#define TEMP_PER_C 128

const struct ep_channel ep_powerz_wire_channels[EP_POWERZ_WIRE_COUNT] = {
	[EP_POWERZ_VOLTS] = { .name = "voltage",
			      .quantity = EP_VOLTAGE_UV,
			      .resolution = 1 },
	[EP_POWERZ_AMPS] = { .name = "current",
			     .quantity = EP_CURRENT_UA,
			     .resolution = 1 },
	[EP_POWERZ_TEMP] = { .name = "temperature",
			     .quantity = EP_TEMP_MC,
			     .resolution = 8 },
};

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static void emit(unsigned channel, int64_t value, bool good, int64_t t_ns,
		 const struct ep_sink *sink)
{
	const struct ep_sample s = {
		.t_ns = t_ns,
		.channel = (uint16_t)channel,
		.value = good ? value : 0,
		.flags = good ? EP_SAMPLE_UNPROVEN : EP_SAMPLE_ERROR,
	};

	sink->emit(sink->ctx, &s);
}

int ep_powerz_decode(const uint8_t *bytes, size_t len, int64_t t_ns,
		     const struct ep_sink *sink)
{
	const uint8_t *adc = bytes + HEADER_BYTES;
	int64_t uv, ua, mc;

	if (len > 0 && bytes[0] != PUT_DATA)
		return -EBADMSG;
	if (len < HEADER_BYTES)
		return 0;
	if (get_u32(bytes + 4) != (ADC | (uint32_t)ADC_BYTES << 22))
		return -EBADMSG;
	if (len < EP_POWERZ_BYTES)
		return 0;
	uv = (int32_t)get_u32(adc);
	ua = (int32_t)get_u32(adc + 4);
	mc = (int16_t)(get_u32(adc + 24) & 0xffff) * 1000 / TEMP_PER_C;
	emit(EP_POWERZ_VOLTS, uv, uv >= VOLTS_MIN_UV && uv <= VOLTS_MAX_UV,
	     t_ns, sink);
	emit(EP_POWERZ_AMPS, ua, ua >= -AMPS_MAX_UA && ua <= AMPS_MAX_UA, t_ns,
	     sink);
	emit(EP_POWERZ_TEMP, mc, mc >= -TEMP_MAX_MC && mc <= TEMP_MAX_MC, t_ns,
	     sink);
	return EP_POWERZ_BYTES;
}

int ep_powerz_product(const char *model, uint16_t *ret)
{
	if (!model || !model[0])
		*ret = 0;
	else if (strcmp(model, "km002c") == 0)
		*ret = EP_POWERZ_KM002C;
	else if (strcmp(model, "km003c") == 0)
		*ret = EP_POWERZ_KM003C;
	else
		return -EINVAL;
	return 0;
}

int ep_powerz_several(const char *const *names, int n, struct ep_err *err)
{
	char text[200] = "";

	for (int i = 0; i < n; i++) {
		size_t len = strlen(text);

		(void)ep_str_format(text + len, sizeof(text) - len, "%s%.40s",
				    i > 0 ? ", " : "", names[i]);
	}
	return ep_err_set(err, -ENOTUNIQ,
			  "there are %d of them, at %s; name one: "
			  "--sensor powerz:%.40s",
			  n, text, names[0]);
}
