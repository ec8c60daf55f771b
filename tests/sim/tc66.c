/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tc66: a TC66 on a pseudo-terminal; see pty_meter.h.  --model is its serial
 * number. */
#include <math.h>
#include <nettle/aes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/support/pty_meter.h"

#define BLOCK_BYTES 64
#define FRAME_BYTES 192

static void put32(uint8_t *at, double value)
{
	uint64_t v = (uint64_t)value;

	for (int i = 0; i < 4; i++)
		at[i] = (uint8_t)(v >> (8 * i));
}

static unsigned crc16(const uint8_t *p, size_t len)
{
	unsigned crc = 0xffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xa001 : crc >> 1;
	}
	return crc;
}

static void encrypt(const uint8_t *plain, uint8_t *ret)
{
	static const uint8_t key[AES256_KEY_SIZE] = {
		0x58, 0x21, 0xfa, 0x56, 0x01, 0xb2, 0xf0, 0x26,
		0x87, 0xff, 0x12, 0x04, 0x62, 0x2a, 0x4f, 0xb0,
		0x86, 0xf4, 0x02, 0x60, 0x81, 0x6f, 0x9a, 0x0b,
		0xa7, 0xf1, 0x06, 0x61, 0x9a, 0xb8, 0x72, 0x88,
	};
	struct aes256_ctx ctx;

	aes256_set_encrypt_key(&ctx, key);
	aes256_encrypt(&ctx, FRAME_BYTES, ret, plain);
}

static size_t answer(const struct meter_reading *r, uint8_t *frame)
{
	uint8_t plain[FRAME_BYTES] = { 0 };
	uint8_t *pac2 = plain + BLOCK_BYTES;
	long serial = r->model[0] ? strtol(r->model, NULL, 10) : 12345678;

	for (int i = 0; i < 3; i++) {
		memcpy(plain + i * BLOCK_BYTES, "pac", 3);
		plain[i * BLOCK_BYTES + 3] = (uint8_t)('1' + i);
	}
	memcpy(plain + 4, "TC661.14", 8);
	put32(plain + 12,
	      (double)serial + (r->faults & 1U << METER_MODEL ? 1 : 0));
	put32(plain + 44, 17);
	put32(plain + 48, round(r->volts * 1e4));
	put32(plain + 52, round(r->amps * 1e5));
	put32(plain + 56, round(r->watts * 1e4));
	put32(pac2 + 12, 77);
	put32(pac2 + 20, r->energy_mwh);
	if (r->faults & 1U << METER_SPIKE)
		put32(plain + 48, 600000);
	for (int i = 0; i < 3; i++) {
		uint8_t *block = plain + i * BLOCK_BYTES;

		put32(block + 60, crc16(block, 60));
	}
	if (r->faults & 1U << METER_CHECKSUM)
		pac2[60] ^= 1;
	encrypt(plain, frame);
	return FRAME_BYTES;
}

static int request(const uint8_t *bytes, size_t len)
{
	static const char text[] = "getva";
	size_t n = len < 5 ? len : 5;

	if (memcmp(bytes, text, n) != 0)
		return -1;
	return len < 5 ? 0 : 5;
}

int main(int argc, char **argv)
{
	static const struct meter_ops ops = { "tc66", 0.1, request, answer };

	return meter_main(&ops, argc, argv);
}
