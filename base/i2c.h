/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_I2C_H
#define EP_BASE_I2C_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A chip on an I2C bus through i2c-dev.  Here, below drivers/, because both
 * instruments and settings (drivers/setting.h) are such chips.
 */
#define EP_I2C_READS_MAX 12
#define EP_I2C_BYTES_MAX 8 /* of one register */

struct ep_i2c_place {
	int bus;
	int address; /* 7 bits */
};

/* "i2c-1:0x40"; -EINVAL. */
int ep_i2c_parse(const char *text, struct ep_i2c_place *ret) EP_MUST_CHECK;

enum ep_i2c_way {
	EP_I2C_TOGETHER, /* all registers of a read in one transfer */
	EP_I2C_SINGLE,	 /* one transfer each */
	EP_I2C_SMBUS,	 /* the bus has words and blocks only */
};

struct ep_i2c {
	int fd; /* -1: closed */
	struct ep_i2c_place place;
	unsigned long functions;
	enum ep_i2c_way way;
};

/*
 * -EBUSY when a kernel driver owns the chip, which is named; never opened past
 * it.  Other errors tell what to do.  *ret is closed on failure.
 */
int ep_i2c_open(const struct ep_root *root, const struct ep_i2c_place *place,
		struct ep_i2c *ret, struct ep_err *err) EP_MUST_CHECK;
void ep_i2c_close(struct ep_i2c *i2c);

/* One register, most significant byte first as the chip sends it. */
struct ep_i2c_read {
	uint8_t reg;
	uint8_t len;
	uint8_t bytes[EP_I2C_BYTES_MAX];
};
/*
 * Reads the registers in order, at once where the bus can.  -errno as of the
 * bus: -ENXIO, -EREMOTEIO or -ENODEV nobody answers, -ETIMEDOUT a line is held
 * down, -EOPNOTSUPP the bus cannot read as many bytes.
 */
int ep_i2c_read(struct ep_i2c *i2c, struct ep_i2c_read *reads,
		size_t count) EP_MUST_CHECK;
/* Registers of two bytes. */
int ep_i2c_read_word(struct ep_i2c *i2c, uint8_t reg,
		     uint16_t *ret) EP_MUST_CHECK;
int ep_i2c_write_word(struct ep_i2c *i2c, uint8_t reg,
		      uint16_t value) EP_MUST_CHECK;
/*
 * Registers longer than two bytes can be read: -EOPNOTSUPP when they cannot, or
 * when the bus makes up a block of one byte each of registers that follow each
 * other, as one does that the kernel only plays.  word is what reg holds.
 */
int ep_i2c_check_blocks(struct ep_i2c *i2c, uint8_t reg,
			uint16_t word) EP_MUST_CHECK;
bool ep_i2c_is_gone(int error); /* nobody answers */
/* What an -errno of these means for a person. */
const char *ep_i2c_reason(int error);

#endif
