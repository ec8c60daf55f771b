/* SPDX-License-Identifier: GPL-3.0-or-later */
/* um_meter: a UM24C, UM25C or UM34C on a pseudo-terminal; see pty_meter.h. */
#include <math.h>
#include <string.h>
#include <strings.h>

#include "tests/sim/support/pty_meter.h"

#define FRAME_BYTES 130

static const struct model {
	const char *name;
	uint16_t id;
	double volt, amp; /* one count */
} models[] = {
	{ "um34c", 0x0d4c, 0.01, 0.001 },
	{ "um24c", 0x0963, 0.01, 0.001 },
	{ "um25c", 0x09c9, 0.001, 0.0001 },
};

static void put16(uint8_t *at, double value)
{
	unsigned v = (unsigned)lround(value);

	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static void put32(uint8_t *at, double value)
{
	uint64_t v = (uint64_t)value;

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (24 - 8 * i));
}

static const struct model *find_model(const struct meter_reading *r)
{
	size_t count = sizeof(models) / sizeof(models[0]), at = 0;

	for (size_t i = 0; i < count; i++)
		if (strcasecmp(models[i].name, r->model) == 0)
			at = i;
	if (r->faults & 1U << METER_MODEL)
		at = (at + 1) % count;
	return &models[at];
}

static void put_trailer(uint8_t *f, const struct model *m)
{
	static const uint8_t places[] = {
		1,  3,	7,  9,	15,  17,  19,  23,  31,	 39, 41,
		45, 49, 53, 55, 57,  59,  63,  67,  69,	 73, 79,
		83, 89, 97, 99, 109, 111, 113, 119, 121, 127
	};

	f[128] = 0xff;
	f[129] = 0xf1;
	if (m->id != 0x0d4c)
		return;
	f[128] = f[129] = 0;
	for (size_t i = 0; i < sizeof(places); i++)
		f[129] ^= f[places[i]];
}

static size_t answer(const struct meter_reading *r, uint8_t *f)
{
	const struct model *m = find_model(r);

	memset(f, 0, FRAME_BYTES);
	put16(f, m->id);
	put16(f + 2, r->volts / m->volt);
	put16(f + 4, r->amps / m->amp);
	put32(f + 6, round(r->watts * 1000));
	put16(f + 10, r->celsius);
	put16(f + 12, r->celsius * 1.8 + 32);
	/* Group 3 is selected; group 0 has held something for long. */
	put16(f + 14, 3);
	put32(f + 20, 77);
	put32(f + 20 + 8 * 3, r->energy_mwh);
	if (r->faults & 1U << METER_SPIKE)
		put16(f + 2, 60000);
	put_trailer(f, m);
	if (r->faults & 1U << METER_CHECKSUM)
		f[129] ^= 0x04;
	return FRAME_BYTES;
}

static int request(const uint8_t *bytes, size_t len)
{
	(void)len;
	return bytes[0] == 0xf0 ? 1 : -1;
}

int main(int argc, char **argv)
{
	static const struct meter_ops ops = { "um_meter", 0.5, request,
					      answer };

	return meter_main(&ops, argc, argv);
}
