/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/sim/support/i2c_bus.h"

#include <errno.h>
#include <getopt.h>
#include <linux/i2c-dev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool i2c_bus_has(const struct i2c_bus *b, enum i2c_fault fault, double t_s)
{
	return t_s >= b->fault_from_s[fault] && t_s < b->fault_to_s[fault];
}

static struct ina_sim *chip_at(struct i2c_bus *b, int address)
{
	for (int i = 0; i < b->chip_count; i++)
		if (b->chips[i].address == address)
			return &b->chips[i].sim;
	return NULL;
}

bool i2c_bus_is_owned(const struct i2c_bus *b, int address)
{
	for (int i = 0; i < b->chip_count; i++)
		if (b->chips[i].address == address)
			return b->chips[i].is_owned;
	return false;
}

void i2c_bus_pass(struct i2c_bus *b, double t_s)
{
	bool wrong = i2c_bus_has(b, I2C_WRONG, t_s);
	bool reset = i2c_bus_has(b, I2C_RESET, t_s) && !b->was_reset;

	for (int i = 0; i < b->chip_count; i++) {
		b->chips[i].sim.wrong_id = wrong;
		if (reset || wrong != b->was_wrong)
			ina_sim_reset(&b->chips[i].sim,
				      reset ? b->fault_from_s[I2C_RESET] : t_s);
	}
	b->was_reset |= reset;
	b->was_wrong = wrong;
}

unsigned long i2c_bus_functions(const struct i2c_bus *b)
{
	unsigned long bits = I2C_FUNC_SMBUS_WORD_DATA;

	if (strcmp(b->way, "together") == 0 || strcmp(b->way, "single") == 0)
		bits |= I2C_FUNC_I2C;
	if (strcmp(b->way, "words") != 0)
		bits |= I2C_FUNC_SMBUS_READ_I2C_BLOCK;
	return bits;
}

/* A write of pointer and value, or the pointer of the read that follows. */
int i2c_bus_message(struct i2c_bus *b, const struct i2c_msg *m, uint8_t *bytes,
		    struct i2c_turn *turn)
{
	struct ina_sim *sim = chip_at(b, m->addr);

	/* Start, address and bytes with their acknowledge. */
	turn->bits += 1 + 9 * (1 + m->len);
	if (!sim)
		return EREMOTEIO;
	if (m->flags & I2C_M_RD)
		return ina_sim_read(sim, (uint8_t)turn->pointer, m->len,
				    turn->t_s, bytes)
			       ? 0
			       : EREMOTEIO;
	turn->pointer = bytes[0];
	if (m->len == 3)
		ina_sim_write(sim, bytes[0],
			      (uint16_t)(bytes[1] << 8 | bytes[2]), turn->t_s);
	return m->len == 1 || m->len == 3 ? 0 : EREMOTEIO;
}

static int smbus_word(struct ina_sim *sim, const struct i2c_smbus_ioctl_data *a,
		      union i2c_smbus_data *d, double t_s)
{
	uint8_t bytes[2];

	if (a->read_write == I2C_SMBUS_WRITE) {
		ina_sim_write(sim, a->command,
			      (uint16_t)((d->word & 0xff) << 8 | d->word >> 8),
			      t_s);
		return 0;
	}
	if (!ina_sim_read(sim, a->command, 2, t_s, bytes))
		return EREMOTEIO;
	d->word = (uint16_t)(bytes[0] | bytes[1] << 8);
	return 0;
}

/* Of each register its first byte. */
static int byte_block(struct ina_sim *sim, uint8_t reg,
		      union i2c_smbus_data *data, double t_s)
{
	for (int i = 0; i < data->block[0]; i++) {
		uint8_t bytes[2] = { 0, 0 };

		(void)ina_sim_read(sim, (uint8_t)(reg + i), 2, t_s, bytes);
		data->block[1 + i] = bytes[0];
	}
	return 0;
}

int i2c_bus_smbus(struct i2c_bus *b, int address,
		  const struct i2c_smbus_ioctl_data *args,
		  union i2c_smbus_data *data, struct i2c_turn *turn)
{
	struct ina_sim *sim = chip_at(b, address);

	if (!sim)
		return ENXIO;
	if (args->size == I2C_SMBUS_WORD_DATA) {
		turn->bits += 2 + 9 * 5;
		return smbus_word(sim, args, data, turn->t_s);
	}
	if (args->size != I2C_SMBUS_I2C_BLOCK_DATA ||
	    strcmp(b->way, "words") == 0)
		return EOPNOTSUPP;
	turn->bits += 2 + 9 * (3 + data->block[0]);
	if (strcmp(b->way, "bytes") == 0)
		return byte_block(sim, args->command, data, turn->t_s);
	return ina_sim_read(sim, args->command, data->block[0], turn->t_s,
			    data->block + 1)
		       ? 0
		       : EREMOTEIO;
}

static FILE *create(const char *path)
{
	FILE *f = fopen(path, "we");

	if (!f)
		fprintf(stderr, "i2c: %s: %s\n", path, strerror(errno));
	return f;
}

int i2c_bus_write_files(const struct i2c_bus *b)
{
	FILE *f = b->dump_file ? create(b->dump_file) : NULL;
	int bad = b->dump_file && !f;

	for (int i = 0; f && i < b->chip_count; i++)
		for (int reg = 0; reg < 256; reg++)
			if (b->chips[i].sim.registers[reg])
				fprintf(f, "0x%02x 0x%02x 0x%04x\n",
					(unsigned)b->chips[i].address,
					(unsigned)reg,
					b->chips[i].sim.registers[reg]);
	if (f)
		fclose(f);
	f = b->count_file ? create(b->count_file) : NULL;
	bad |= b->count_file && !f;
	if (f)
		fprintf(f, "%lld\n", b->transfer_count);
	if (f)
		fclose(f);
	return bad ? -1 : 0;
}

static int add_chip(struct i2c_bus *b, const char *text)
{
	const char *at = strchr(text, '@'), *colon = strrchr(text, ':');
	struct ina_sim *sim;
	char name[16];
	int model;

	if (!at || b->chip_count == I2C_BUS_CHIPS_MAX)
		return -1;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(at - text), text);
	model = ina_sim_model(name);
	if (model < 0)
		return -1;
	b->chips[b->chip_count].address = (int)strtol(at + 1, NULL, 16);
	sim = &b->chips[b->chip_count++].sim;
	sim->model = (enum ina_model)model;
	sim->shunt_ohm = colon ? strtod(colon + 1, NULL) : 0.015;
	sim->profile = &b->profile;
	sim->volts = b->volts;
	ina_sim_reset(sim, 0);
	return 0;
}

static int set_register(struct i2c_bus *b, const char *text)
{
	char *end;
	struct ina_sim *sim = chip_at(b, (int)strtol(text, &end, 16));
	long reg = *end == ':' ? strtol(end + 1, &end, 16) : -1;
	long value = *end == ':' ? strtol(end + 1, &end, 16) : -1;

	if (!sim || reg < 0 || reg > 255 || value < 0 || value > 65535)
		return -1;
	ina_sim_write(sim, (uint8_t)reg, (uint16_t)value, 0);
	return 0;
}

static int add_fault(struct i2c_bus *b, const char *text)
{
	static const char *const names[] = { "nack", "stuck", "wrong", "gone",
					     "reset" };
	char *end;

	for (int i = 0; i < I2C_FAULT_COUNT; i++) {
		size_t len = strlen(names[i]);

		if (strncmp(text, names[i], len) != 0 || text[len] != ':')
			continue;
		b->fault_from_s[i] = strtod(text + len + 1, &end);
		b->fault_to_s[i] = b->fault_from_s[i] +
				   (*end == ':' ? strtod(end + 1, NULL) : 1e9);
		return 0;
	}
	return -1;
}

static int count_before(struct i2c_bus *b, const char *text)
{
	char *end;

	for (int i = 0; i < b->chip_count; i++) {
		b->chips[i].sim.energy_before_j = strtod(text, &end);
		if (*end != ':')
			return -1;
		b->chips[i].sim.charge_before_c = strtod(end + 1, NULL);
	}
	return 0;
}

static int own(struct i2c_bus *b, const char *text)
{
	int address = (int)strtol(text, NULL, 16), found = -1;

	for (int i = 0; i < b->chip_count; i++)
		if (b->chips[i].address == address) {
			b->chips[i].is_owned = true;
			found = 0;
		}
	return found;
}

static int take_option(struct i2c_bus *b, int c)
{
	switch (c) {
	case 'c':
		return add_chip(b, optarg);
	case 'r':
		return set_register(b, optarg);
	case 'p':
		return profile_parse(optarg, &b->profile);
	case 'o':
		return own(b, optarg);
	case 'f':
		return add_fault(b, optarg);
	case 'B':
		return count_before(b, optarg);
	case 'v':
		b->volts = strtod(optarg, NULL);
		return 0;
	case 'b':
		b->number = (int)strtol(optarg, NULL, 10);
		return 0;
	case 'k':
		b->khz = strtod(optarg, NULL);
		return 0;
	case 'w':
		b->way = optarg;
		return 0;
	case 'E':
		b->epoch_file = optarg;
		return 0;
	case 'd':
		b->dump_file = optarg;
		return 0;
	case 'n':
		b->count_file = optarg;
		return 0;
	default:
		return -1;
	}
}

int i2c_bus_parse(struct i2c_bus *b, int argc, char **argv)
{
	static const struct option options[] = {
		{ "chip", 1, NULL, 'c' },	{ "register", 1, NULL, 'r' },
		{ "profile", 1, NULL, 'p' },	{ "volts", 1, NULL, 'v' },
		{ "bus", 1, NULL, 'b' },	{ "khz", 1, NULL, 'k' },
		{ "way", 1, NULL, 'w' },	{ "owner", 1, NULL, 'o' },
		{ "epoch-file", 1, NULL, 'E' }, { "dump", 1, NULL, 'd' },
		{ "count", 1, NULL, 'n' },	{ "fault", 1, NULL, 'f' },
		{ "before", 1, NULL, 'B' },	{ NULL, 0, NULL, 0 },
	};
	int c, bad = 0;

	b->profile = (struct profile){ .a = 5 };
	b->volts = 5;
	b->number = 1;
	b->way = "together";
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1)
		bad |= take_option(b, c);
	for (int i = 0; i < b->chip_count; i++)
		b->chips[i].sim.volts = b->volts;
	return bad || optind == argc ? -1 : 0;
}
