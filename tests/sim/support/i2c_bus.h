/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_I2C_BUS_H
#define EP_TESTS_SIM_SUPPORT_I2C_BUS_H

#include <linux/i2c.h>

#include "tests/sim/support/ina_sim.h"

struct i2c_smbus_ioctl_data;

/* A bus with power monitors on it, its faults and options: tests/sim/i2c.c. */
#define I2C_BUS_CHIPS_MAX 4
enum i2c_fault {
	I2C_NACK,
	I2C_STUCK,
	I2C_WRONG,
	I2C_GONE,
	I2C_RESET,
	I2C_FAULT_COUNT
};

struct i2c_bus {
	struct {
		struct ina_sim sim;
		int address;
		bool is_owned;
	} chips[I2C_BUS_CHIPS_MAX];
	int chip_count, number;
	struct profile profile;
	double volts, khz;
	double fault_from_s[I2C_FAULT_COUNT], fault_to_s[I2C_FAULT_COUNT];
	const char *way, *epoch_file, *dump_file, *count_file;
	long long transfer_count;
	bool was_reset, was_wrong;
};

/* The options before the command; 0, or -1. */
int i2c_bus_parse(struct i2c_bus *b, int argc, char **argv);
bool i2c_bus_has(const struct i2c_bus *b, enum i2c_fault fault, double t_s);
/* What happens to chips by themselves. */
void i2c_bus_pass(struct i2c_bus *b, double t_s);
unsigned long i2c_bus_functions(const struct i2c_bus *b);
/*
 * One message, with its bytes, or one SMBus command: 0 or an errno.  *pointer
 * is the register that the message before chose.  Adds to *bits what goes over
 * the bus.
 */
struct i2c_turn {
	double t_s;
	int pointer;
	long long bits;
};
int i2c_bus_message(struct i2c_bus *b, const struct i2c_msg *m, uint8_t *bytes,
		    struct i2c_turn *turn);
int i2c_bus_smbus(struct i2c_bus *b, int address,
		  const struct i2c_smbus_ioctl_data *args,
		  union i2c_smbus_data *data, struct i2c_turn *turn);
bool i2c_bus_is_owned(const struct i2c_bus *b, int address);
/* --dump and --count; 0 or -1. */
int i2c_bus_write_files(const struct i2c_bus *b);

#endif
