/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ina3221 BUS ADDRESS MILLIOHM EPOCH_FILE CHANNEL:PROFILE...: writes what an
 * INA3221 would measure into the registers of one that the kernel only plays,
 * beside its driver, 500 times a second.  5 V on every channel.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/support/profile.h"

#define STEP_NS 2000000
#define BUS_V 5.0

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The chip sends the high byte first, the bus the low one. */
static int write_word(int fd, unsigned reg, uint16_t value)
{
	union i2c_smbus_data data = {
		.word = (uint16_t)(value << 8 | value >> 8),
	};
	struct i2c_smbus_ioctl_data call = {
		.read_write = I2C_SMBUS_WRITE,
		.command = (uint8_t)reg,
		.size = I2C_SMBUS_WORD_DATA,
		.data = &data,
	};

	return ioctl(fd, I2C_SMBUS, &call);
}

static int fail(const char *what)
{
	fprintf(stderr, "ina3221: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	struct profile profiles[3];
	unsigned channels[3];
	double shunt_ohm;
	long long epoch_ns = now_ns(), next_ns = epoch_ns;
	int fd, count = argc - 5;
	FILE *f;

	if (count < 1 || count > 3) {
		fputs("usage: ina3221 BUS ADDRESS MILLIOHM EPOCH_FILE "
		      "CHANNEL:PROFILE...\n",
		      stderr);
		return 2;
	}
	shunt_ohm = strtod(argv[3], NULL) * 1e-3;
	for (int i = 0; i < count; i++) {
		channels[i] = (unsigned)(argv[5 + i][0] - '1');
		if (channels[i] > 2 ||
		    profile_parse(argv[5 + i] + 2, &profiles[i]) != 0)
			return 2;
	}
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(argv[1]);
	if (ioctl(fd, I2C_SLAVE_FORCE, strtol(argv[2], NULL, 0)) < 0)
		return fail(argv[2]);
	f = fopen(argv[4], "we");
	if (!f || fprintf(f, "%lld\n", epoch_ns) < 0 || fclose(f) != 0)
		return fail(argv[4]);
	for (;;) {
		double t_s = (double)(now_ns() - epoch_ns) * 1e-9;
		struct timespec t;

		for (int i = 0; i < count; i++) {
			double a = profile_w(&profiles[i], t_s) / BUS_V;
			int shunt = (int)lround(a * shunt_ohm / 40e-6);
			int bus = (int)lround(BUS_V / 8e-3);

			if (write_word(fd, 1 + 2 * channels[i],
				       (uint16_t)(shunt << 3)) < 0 ||
			    write_word(fd, 2 + 2 * channels[i],
				       (uint16_t)(bus << 3)) < 0)
				return fail("write");
		}
		next_ns += STEP_NS;
		t.tv_sec = next_ns / 1000000000LL;
		t.tv_nsec = next_ns % 1000000000LL;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
				       NULL) == EINTR)
			;
	}
}
