/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * POWER-Z KM002C and KM003C: the interface that the kernel's driver powerz asks.
 * Four bytes ask for what it has, 0.6 ms later it tells: an eight-byte header,
 * then signed microvolts and microamperes and what else it knows.
 */
#include "tests/rig/guest/usbip.h"

#include <math.h>
#include <string.h>

#define ANSWER_NS 600000
#define HEADER_BYTES 8
#define ADC_BYTES 44

static uint8_t number; /* of the last question; the answer repeats it */

static void put(uint8_t *to, int bytes, int64_t value)
{
	for (int i = 0; i < bytes; i++)
		to[i] = (uint8_t)((uint64_t)value >> 8 * i);
}

static void ask(struct usb_play *p, const uint8_t *data, size_t len,
		int64_t now_ns)
{
	if (len != 4 || data[0] != 0x0c || data[2] != 2 || data[3] != 0)
		return;
	number = data[1];
	p->due_ns = now_ns + ANSWER_NS;
}

/* The last digits of a real one never rest: up to 3 mV or mA, then as much the
 * other way, which keeps the mean. */
static int64_t wobble(struct usb_play *p)
{
	if (p->value_count++ % 2 == 0) {
		p->noise =
			p->noise * 6364136223846793005u + 1442695040888963407u;
		p->wobble = (int64_t)(p->noise >> 33) % 6001 - 3000;
	} else {
		p->wobble = -p->wobble;
	}
	return p->wobble;
}

static int rate_index(double rate)
{
	static const double rates[] = { 2, 10, 50, 1000, 10000 };
	int i = 0;

	while (i < 4 && rates[i] < rate)
		i++;
	return i;
}

static size_t tell(struct usb_play *p, uint8_t data[64], int64_t now_ns)
{
	uint8_t *adc = data + HEADER_BYTES;
	double t_s = (double)(now_ns - p->epoch_ns) * 1e-9;

	if (now_ns < p->due_ns)
		return 0;
	p->due_ns = USB_NEVER_NS;
	if (p->value_count == 0 || t_s >= p->value_s + 1 / p->rate) {
		p->value_s = floor(t_s * p->rate) / p->rate;
		p->uv = llround(p->volts * 1e6) + wobble(p);
		p->ua = llround(profile_w(&p->profile, p->value_s) / p->volts *
				1e6) +
			p->wobble;
	}
	memset(data, 0, HEADER_BYTES + ADC_BYTES);
	data[0] = 0x41;
	data[1] = number;
	put(data + 2, 2, (4 + ADC_BYTES) / 4 << 6);
	put(data + 4, 2, 1);
	put(data + 6, 2, ADC_BYTES << 6);
	for (int i = 0; i < 24; i += 8) {
		put(adc + i, 4, p->uv);
		put(adc + i + 4, 4, p->ua);
	}
	put(adc + 24, 2, 31 * 128 + 64);
	put(adc + 26, 2, 16500);
	put(adc + 30, 2, 27000);
	put(adc + 32, 2, 26980);
	put(adc + 34, 2, 33000);
	put(adc + 36, 1, rate_index(p->rate));
	put(adc + 37, 1, 0x80);
	return HEADER_BYTES + ADC_BYTES;
}

static int stall(struct usb_play *p, const uint8_t setup[8], uint8_t *data)
{
	(void)p;
	(void)setup;
	(void)data;
	return USB_STALL;
}

static const uint8_t config[] = {
	9, 2, 32,   0, 1,  1,	 0, 0x80, 50, /* one configuration, 100 mA */
	9, 4, 0,    0, 2,  0xff, 0, 0,	  0,  /* interface 0: the maker's own */
	7, 5, 0x01, 2, 64, 0,	 0,	      /* bulk out */
	7, 5, 0x81, 2, 64, 0,	 0,	      /* bulk in */
};

#define DEVICE(product)                                                        \
	{                                                                      \
		18, 1, 0, 2, 0, 0, 0, 64, USB_ID_BYTES(0x5fc9, product), 0, 1, \
			1, 2, 3, 1                                             \
	}
static const uint8_t km002c[] = DEVICE(0x0061), km003c[] = DEVICE(0x0063);

#define KIND(short_name, number)                                             \
	{                                                                    \
		.name = #short_name, .device = short_name, .config = config, \
		.config_bytes = sizeof(config),                              \
		.strings = { "ChargerLAB", "POWER-Z", number },              \
		.control = stall, .out = ask, .in = tell                     \
	}
const struct usb_kind usb_km002c = KIND(km002c, "2001");
const struct usb_kind usb_km003c = KIND(km003c, "3001");
