/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/i2c.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"

#define BUS_MAX 9999
#define ADDRESS_MIN 0x08
#define ADDRESS_MAX 0x77

int ep_i2c_parse(const char *text, struct ep_i2c_place *ret)
{
	const char *colon = strchr(text, ':');
	struct ep_i2c_place place;
	char bus[8];
	int64_t number;
	uint64_t address;

	if (!ep_str_starts(text, "i2c-") || !colon ||
	    !ep_str_format(bus, sizeof(bus), "%.*s", (int)(colon - text) - 4,
			   text + 4) ||
	    ep_num_parse_i64(bus, &number) < 0 || number < 0 ||
	    number > BUS_MAX || !ep_str_starts(colon + 1, "0x") ||
	    ep_num_parse_hex_or_dec(colon + 1, &address) < 0 ||
	    address < ADDRESS_MIN || address > ADDRESS_MAX)
		return -EINVAL;
	place.bus = (int)number;
	place.address = (int)address;
	*ret = place;
	return 0;
}

bool ep_i2c_is_gone(int error)
{
	return error == -ENXIO || error == -EREMOTEIO || error == -ENODEV;
}

const char *ep_i2c_reason(int error)
{
	if (ep_i2c_is_gone(error))
		return "nothing answers at that address: check power, wiring "
		       "and the address pins";
	switch (error) {
	case -ETIMEDOUT:
		return "the bus is stuck: a chip holds a line down, or pull-up "
		       "resistors are missing";
	case -EAGAIN:
		return "the bus was taken by another master";
	case -EOPNOTSUPP:
		return "the bus cannot read registers this long: it has SMBus "
		       "transfers only";
	case -EBUSY:
		return "a kernel driver owns the chip";
	default:
		return strerror(-error);
	}
}

/* The name of the kernel driver that is bound to the address. */
static int find_owner(const struct ep_root *root,
		      const struct ep_i2c_place *place, char *ret, size_t size)
{
	char path[80], target[256];
	const char *name;
	int r;

	(void)ep_str_format(path, sizeof(path),
			    "/sys/bus/i2c/devices/%d-%04x/driver", place->bus,
			    (unsigned)place->address);
	r = ep_root_readlink(root, path, target, sizeof(target));
	if (r < 0)
		return r;
	name = strrchr(target, '/');
	(void)ep_str_copy(ret, size, name ? name + 1 : target);
	ep_str_printable(ret);
	return 0;
}

static int refuse_owned(const struct ep_root *root,
			const struct ep_i2c_place *place, struct ep_err *err)
{
	char owner[64] = "", device[24];

	(void)ep_str_format(device, sizeof(device), "%d-%04x", place->bus,
			    (unsigned)place->address);
	if (find_owner(root, place, owner, sizeof(owner)) < 0)
		return ep_err_set(err, -EBUSY,
				  "i2c-%d:0x%02x: a kernel driver owns this "
				  "chip: use what it offers (edgeprof sensors "
				  "shows it), or unbind it",
				  place->bus, (unsigned)place->address);
	return ep_err_set(
		err, -EBUSY,
		"i2c-%d:0x%02x: the kernel's driver %s owns this chip: use "
		"--sensor %s, or as root: echo %s > "
		"/sys/bus/i2c/drivers/%s/unbind",
		place->bus, (unsigned)place->address, owner,
		strcmp(owner, "ina3221") == 0 ? "ina3221" : "hwmon", device,
		owner);
}

static int refuse_open(const char *path, int code, struct ep_err *err)
{
	if (code == -EACCES || code == -EPERM)
		return ep_err_set(err, code,
				  "cannot open %s: permission denied; it is "
				  "for root and group i2c: sudo usermod -aG "
				  "i2c $USER, then log in again, or sudo "
				  "edgeprof setup",
				  path);
	if (code == -ENOENT)
		return ep_err_set(err, code,
				  "there is no %s: is the bus switched on "
				  "(raspi-config, dtparam=i2c_arm=on) and the "
				  "module there (sudo modprobe i2c-dev)?",
				  path);
	return ep_err_set(err, code, "cannot open %s: %s", path,
			  strerror(-code));
}

void ep_i2c_close(struct ep_i2c *i2c)
{
	if (!i2c)
		return;
	if (i2c->fd >= 0)
		close(i2c->fd);
	i2c->fd = -1;
}

/* I2C_SLAVE is refused where a driver is bound; I2C_RDWR would not be. */
static int set_up(struct ep_i2c *i2c)
{
	if (ioctl(i2c->fd, I2C_SLAVE, (unsigned long)i2c->place.address) < 0 ||
	    ioctl(i2c->fd, I2C_FUNCS, &i2c->functions) < 0)
		return -errno;
	i2c->way =
		i2c->functions & I2C_FUNC_I2C ? EP_I2C_TOGETHER : EP_I2C_SMBUS;
	return 0;
}

int ep_i2c_open(const struct ep_root *root, const struct ep_i2c_place *place,
		struct ep_i2c *ret, struct ep_err *err)
{
	struct ep_i2c i2c = { .fd = -1, .place = *place };
	char path[32], owner[8];
	int r;

	ret->fd = -1;
	if (find_owner(root, place, owner, sizeof(owner)) == 0)
		return refuse_owned(root, place, err);
	(void)ep_str_format(path, sizeof(path), "/dev/i2c-%d", place->bus);
	i2c.fd = ep_root_openat(root, path, O_RDWR);
	if (i2c.fd < 0)
		return refuse_open(path, i2c.fd, err);
	r = set_up(&i2c);
	if (r < 0) {
		ep_i2c_close(&i2c);
		return r == -EBUSY ? refuse_owned(root, place, err)
				   : ep_err_set(err, r, "%s is no I2C bus: %s",
						path, strerror(-r));
	}
	*ret = i2c;
	return 0;
}

/* Write the pointer, start again, read: for each register. */
static int transfer(struct ep_i2c *i2c, struct ep_i2c_read *reads, size_t count)
{
	struct i2c_msg messages[2 * EP_I2C_READS_MAX];
	struct i2c_rdwr_ioctl_data data = { messages, (uint32_t)(2 * count) };

	for (size_t i = 0; i < count; i++) {
		messages[2 * i] =
			(struct i2c_msg){ .addr = (uint16_t)i2c->place.address,
					  .len = 1,
					  .buf = &reads[i].reg };
		messages[2 * i + 1] =
			(struct i2c_msg){ .addr = (uint16_t)i2c->place.address,
					  .flags = I2C_M_RD,
					  .len = reads[i].len,
					  .buf = reads[i].bytes };
	}
	return ioctl(i2c->fd, I2C_RDWR, &data) < 0 ? -errno : 0;
}

static int smbus(struct ep_i2c *i2c, char direction, uint8_t reg, uint32_t kind,
		 union i2c_smbus_data *data)
{
	struct i2c_smbus_ioctl_data args = { .read_write = (uint8_t)direction,
					     .command = reg,
					     .size = kind,
					     .data = data };

	return ioctl(i2c->fd, I2C_SMBUS, &args) < 0 ? -errno : 0;
}

static int read_block(struct ep_i2c *i2c, struct ep_i2c_read *read)
{
	union i2c_smbus_data data;
	int r;

	memset(&data, 0, sizeof(data));
	if (!(i2c->functions & I2C_FUNC_SMBUS_READ_I2C_BLOCK))
		return -EOPNOTSUPP;
	data.block[0] = read->len;
	r = smbus(i2c, I2C_SMBUS_READ, read->reg, I2C_SMBUS_I2C_BLOCK_DATA,
		  &data);
	if (r == 0 && data.block[0] != read->len)
		return -EIO;
	memcpy(read->bytes, data.block + 1, read->len);
	return r;
}

static int read_smbus(struct ep_i2c *i2c, struct ep_i2c_read *read)
{
	union i2c_smbus_data data;
	int r;

	if (read->len != 2)
		return read_block(i2c, read);
	/* A word is sent low byte first, which here is the high one. */
	memset(&data, 0, sizeof(data));
	r = smbus(i2c, I2C_SMBUS_READ, read->reg, I2C_SMBUS_WORD_DATA, &data);
	read->bytes[0] = (uint8_t)(data.word & 0xff);
	read->bytes[1] = (uint8_t)(data.word >> 8);
	return r;
}

int ep_i2c_check_blocks(struct ep_i2c *i2c, uint8_t reg, uint16_t word)
{
	struct ep_i2c_read read = { .reg = reg, .len = 2 };
	int r;

	if (i2c->fd < 0)
		return -ENODEV;
	if (i2c->way != EP_I2C_SMBUS)
		return 0;
	r = read_block(i2c, &read);
	if (r < 0)
		return r;
	return (read.bytes[0] << 8 | read.bytes[1]) == word ? 0 : -EOPNOTSUPP;
}

int ep_i2c_read(struct ep_i2c *i2c, struct ep_i2c_read *reads, size_t count)
{
	int r = 0;

	if (i2c->fd < 0)
		return -ENODEV;
	if (count > EP_I2C_READS_MAX)
		return -E2BIG;
	if (i2c->way == EP_I2C_TOGETHER) {
		r = transfer(i2c, reads, count);
		/* Some adapters take one register at a time. */
		if (r != -EOPNOTSUPP || count == 1)
			return r;
		i2c->way = EP_I2C_SINGLE;
		r = 0;
	}
	for (size_t i = 0; r == 0 && i < count; i++)
		r = i2c->way == EP_I2C_SINGLE ? transfer(i2c, &reads[i], 1)
					      : read_smbus(i2c, &reads[i]);
	return r;
}

int ep_i2c_read_word(struct ep_i2c *i2c, uint8_t reg, uint16_t *ret)
{
	struct ep_i2c_read read = { .reg = reg, .len = 2 };
	int r = ep_i2c_read(i2c, &read, 1);

	if (r == 0)
		*ret = (uint16_t)(read.bytes[0] << 8 | read.bytes[1]);
	return r;
}

int ep_i2c_write_word(struct ep_i2c *i2c, uint8_t reg, uint16_t value)
{
	uint8_t bytes[3] = { reg, (uint8_t)(value >> 8),
			     (uint8_t)(value & 0xff) };
	struct i2c_msg message = { .addr = (uint16_t)i2c->place.address,
				   .len = sizeof(bytes),
				   .buf = bytes };
	struct i2c_rdwr_ioctl_data data = { &message, 1 };
	union i2c_smbus_data word;

	if (i2c->fd < 0)
		return -ENODEV;
	if (i2c->functions & I2C_FUNC_I2C)
		return ioctl(i2c->fd, I2C_RDWR, &data) < 0 ? -errno : 0;
	memset(&word, 0, sizeof(word));
	word.word = (uint16_t)(bytes[2] << 8 | bytes[1]);
	return smbus(i2c, I2C_SMBUS_WRITE, reg, I2C_SMBUS_WORD_DATA, &word);
}
