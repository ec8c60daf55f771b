/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ina BUS ADDRESS MODEL OHM EPOCH_FILE PROFILE: plays one of TI's monitors
 * (tests/sim/support/ina_sim.h) on a bus that the kernel only plays.  Every
 * millisecond it takes over what was written to its settings and writes what
 * it measures then.  Such a bus does not tell what is read: a flag that a
 * conversion is done stays set.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "tests/sim/support/ina_sim.h"

#define STEP_NS 1000000

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The chip sends the high byte first, the bus the low one. */
static int word(int fd, char direction, unsigned reg, uint16_t *value)
{
	union i2c_smbus_data data = {
		.word = (uint16_t)(*value << 8 | *value >> 8),
	};
	struct i2c_smbus_ioctl_data call = {
		.read_write = (uint8_t)direction,
		.command = (uint8_t)reg,
		.size = I2C_SMBUS_WORD_DATA,
		.data = &data,
	};
	int r = ioctl(fd, I2C_SMBUS, &call);

	*value = (uint16_t)(data.word << 8 | data.word >> 8);
	return r;
}

static int fail(const char *what)
{
	fprintf(stderr, "ina: %s: %s\n", what, strerror(errno));
	return 1;
}

/* A register as the chip has it now; long ones do not fit. */
static int play(int fd, struct ina_sim *sim, unsigned reg, double t_s)
{
	uint8_t bytes[2];
	uint16_t value;

	if (!ina_sim_read(sim, (uint8_t)reg, 2, t_s, bytes))
		return 0;
	value = (uint16_t)(bytes[0] << 8 | bytes[1]);
	return word(fd, I2C_SMBUS_WRITE, reg, &value);
}

static int step(int fd, struct ina_sim *sim, double t_s)
{
	unsigned flag = sim->model == INA_3221 ? 0x0f : 0x06;
	unsigned last = sim->model == INA_3221 ? 0x06 : 0x02;
	uint16_t config = 0;

	if (word(fd, I2C_SMBUS_READ, 0, &config) < 0)
		return -1;
	if (config != sim->registers[0])
		ina_sim_write(sim, 0, config, t_s);
	for (unsigned reg = 1; reg <= last; reg++)
		if (play(fd, sim, reg, t_s) < 0)
			return -1;
	sim->seen = 0;
	return play(fd, sim, flag, t_s);
}

static int power_on(int fd, struct ina_sim *sim)
{
	ina_sim_reset(sim, 0);
	for (unsigned reg = 0; reg < 256; reg++)
		if (play(fd, sim, reg, 0) < 0)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	long long epoch_ns = now_ns(), next_ns = epoch_ns;
	struct ina_sim sim = { .volts = 5 };
	struct profile profile;
	int fd, model;
	FILE *f;

	model = argc == 7 ? ina_sim_model(argv[3]) : -1;
	if (model < 0 || profile_parse(argv[6], &profile) != 0) {
		fputs("usage: ina BUS ADDRESS MODEL OHM EPOCH_FILE PROFILE\n",
		      stderr);
		return 2;
	}
	sim.model = (enum ina_model)model;
	sim.shunt_ohm = strtod(argv[4], NULL);
	sim.profile = &profile;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail(argv[1]);
	if (ioctl(fd, I2C_SLAVE_FORCE, strtol(argv[2], NULL, 0)) < 0)
		return fail(argv[2]);
	if (power_on(fd, &sim) < 0)
		return fail("write");
	f = fopen(argv[5], "we");
	if (!f || fprintf(f, "%lld\n", epoch_ns) < 0 || fclose(f) != 0)
		return fail(argv[5]);
	for (;;) {
		struct timespec t;

		if (step(fd, &sim, (double)(now_ns() - epoch_ns) * 1e-9) < 0)
			return fail("a transfer");
		next_ns += STEP_NS;
		t.tv_sec = next_ns / 1000000000LL;
		t.tv_nsec = next_ns % 1000000000LL;
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t,
				       NULL) == EINTR)
			;
	}
}
