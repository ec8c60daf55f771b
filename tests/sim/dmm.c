/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dmm KIND [OPTION...]: a multimeter in series with the board, on a
 * pseudo-terminal; see pty_meter.h.  KIND is ut61e, fs9721 or metex14.  It
 * chooses its range by itself, as far as its A or mA socket goes.
 *
 * --model volts: it is across the supply; --model ma: in its mA socket
 * --fault model: somebody turns it to ohms; spike: overload; checksum: hold
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "tests/sim/support/pty_meter.h"

static bool has(const struct meter_reading *r, enum meter_fault fault)
{
	return (r->faults & 1U << fault) != 0;
}

/* Volts or amperes, and the exponent of the range with so many counts. */
static double choose(const struct meter_reading *r, double counts,
		     int exponent_min, int *ret_exponent)
{
	double value = strcmp(r->model, "volts") == 0 ? r->volts : r->amps;

	*ret_exponent = exponent_min;
	while (fabs(value) >= counts * pow(10, *ret_exponent))
		++*ret_exponent;
	return value;
}

static size_t answer_ut61e(const struct meter_reading *r, uint8_t *frame)
{
	bool volts = strcmp(r->model, "volts") == 0;
	bool ma = strcmp(r->model, "ma") == 0;
	int exponent;
	double value = choose(r, 22000, volts ? -4 : ma ? -6 : -3, &exponent);
	long count = lround(fabs(value) / pow(10, exponent));

	frame[0] = (uint8_t)('0' + exponent + (volts ? 4 : ma ? 6 : 3));
	for (int i = 5; i >= 1; i--, count /= 10)
		frame[i] = (uint8_t)('0' + count % 10);
	frame[6] = has(r, METER_MODEL) ? 0x33 : volts ? 0x3b : ma ? 0x3f : 0x30;
	frame[7] = has(r, METER_SPIKE) ? 0x31 : value < 0 ? 0x34 : 0x30;
	frame[8] = has(r, METER_CHECKSUM) ? 0x32 : 0x30;
	frame[9] = 0x30;
	frame[10] = 0x3a;
	frame[11] = 0x30;
	frame[12] = '\r';
	frame[13] = '\n';
	return 14;
}

static size_t answer_fs9721(const struct meter_reading *r, uint8_t *frame)
{
	static const uint8_t codes[] = { 0x7d, 0x05, 0x5b, 0x1f, 0x27,
					 0x3e, 0x7e, 0x15, 0x7f, 0x3f };
	bool volts = strcmp(r->model, "volts") == 0;
	bool ma = strcmp(r->model, "ma") == 0;
	uint8_t nibbles[14] = { 0 };
	int exponent;
	double value = choose(r, 4000, ma ? -5 : -3, &exponent);
	long count = lround(fabs(value) / pow(10, exponent));

	nibbles[0] = 0x7;
	for (int i = 3; i >= 0; i--, count /= 10) {
		nibbles[1 + 2 * i] = codes[count % 10] >> 4;
		nibbles[2 + 2 * i] = codes[count % 10] & 0xf;
	}
	if (has(r, METER_SPIKE))
		memcpy(nibbles + 1, "\0\0\x7\xd\x6\x8\0\0", 8);
	if (value < 0)
		nibbles[1] |= 8;
	if (ma)
		nibbles[10] = 8;
	if (ma)
		exponent += 3;
	if (exponent < 0)
		nibbles[3 + 2 * (exponent + 3)] |= 8;
	nibbles[11] = has(r, METER_CHECKSUM) ? 1 : 0;
	nibbles[12] = volts ? 4 : 8;
	if (has(r, METER_MODEL)) {
		nibbles[11] = 4;
		nibbles[12] = 0;
	}
	for (int i = 0; i < 14; i++)
		frame[i] = (uint8_t)((i + 1) << 4 | nibbles[i]);
	return 14;
}

static size_t answer_metex14(const struct meter_reading *r, uint8_t *frame)
{
	bool volts = strcmp(r->model, "volts") == 0;
	bool ma = strcmp(r->model, "ma") == 0;
	int exponent;
	double value = choose(r, 4000, ma ? -5 : -3, &exponent);
	char text[64], number[32];

	snprintf(number, sizeof(number), "%.*f", -exponent - (ma ? 3 : 0),
		 ma ? value * 1000 : value);
	snprintf(text, sizeof(text), "%s%7s%4s\r",
		 has(r, METER_CHECKSUM) ? "AC" : "DC",
		 has(r, METER_SPIKE) ? "OL" : number,
		 has(r, METER_MODEL) ? "Ohm"
		 : volts	     ? "V"
		 : ma		     ? "mA"
				     : "A");
	memcpy(frame, text, 14);
	return 14;
}

static int request_metex14(const uint8_t *bytes, size_t len)
{
	return len > 0 && bytes[0] == 'D' ? 1 : -1;
}

int main(int argc, char **argv)
{
	static const struct meter_ops kinds[] = {
		{ "ut61e", 0.5, NULL, answer_ut61e },
		{ "fs9721", 0.3, NULL, answer_fs9721 },
		{ "metex14", 0.4, request_metex14, answer_metex14 },
	};

	for (size_t i = 0; argc > 1 && i < 3; i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			return meter_main(&kinds[i], argc - 1, argv + 1);
	fputs("usage: dmm ut61e|fs9721|metex14 [OPTION...]\n", stderr);
	return 2;
}
