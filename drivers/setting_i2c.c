/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "base/i2c.h"
#include "base/num.h"
#include "base/str.h"

/*
 * Registers of a chip on an I2C bus, of two bytes each, written in the order of
 * the target.  The chip does not know of a reboot of the board.
 */
#define REGISTERS_MAX 4
#define TRIES 3

struct chip {
	const struct ep_root *root;
	struct ep_i2c_place place;
	uint16_t registers[REGISTERS_MAX];
	size_t count;
};

/* "0x00 0x02": at most REGISTERS_MAX numbers up to max. */
static int split(const char *text, uint64_t max, uint16_t *ret, size_t *count)
{
	*count = 0;
	while (*text) {
		size_t len = strcspn(text, " ");
		char word[8];
		uint64_t value;

		if (*count == REGISTERS_MAX ||
		    !ep_str_format(word, sizeof(word), "%.*s", (int)len,
				   text) ||
		    ep_num_parse_hex_or_dec(word, &value) < 0 || value > max)
			return -EINVAL;
		ret[(*count)++] = (uint16_t)value;
		text += len + (text[len] == ' ');
	}
	return *count > 0 ? 0 : -EINVAL;
}

/* "machine i2c-1:0x40 0x00 0x02" */
static int take_target(const struct ep_env *env, const char *target,
		       struct chip *ret, struct ep_err *err)
{
	bool typed = ep_str_starts(target, "machine ");
	const char *place = strchr(target, ' ');
	const char *rest = place ? strchr(place + 1, ' ') : NULL;
	char text[32];

	ret->root = typed ? &ep_root_machine : &env->root;
	if ((!typed && !ep_str_starts(target, "board ")) || !rest ||
	    !ep_str_format(text, sizeof(text), "%.*s", (int)(rest - place) - 1,
			   place + 1) ||
	    ep_i2c_parse(text, &ret->place) < 0 ||
	    split(rest + 1, UINT8_MAX, ret->registers, &ret->count) < 0)
		return ep_err_set(err, -EINVAL,
				  "'%s' is not a bus with registers", target);
	return 0;
}

/*
 * A chip that does not answer where its bus does has lost its power, and its
 * settings with it.  One whose adapter is gone may have both still.
 */
static int failed(const struct chip *c, int code, struct ep_err *err)
{
	if (code == -ENODEV || code == -ENOENT)
		return ep_err_set(err, -ENODEV,
				  "i2c-%d:0x%02x: there is no /dev/i2c-%d: "
				  "once its adapter is back (or after sudo "
				  "modprobe i2c-dev), run edgeprof restore",
				  c->place.bus, (unsigned)c->place.address,
				  c->place.bus);
	return ep_err_set(err, ep_i2c_is_gone(code) ? -ENOENT : code,
			  "i2c-%d:0x%02x: %s", c->place.bus,
			  (unsigned)c->place.address, ep_i2c_reason(code));
}

static int read_register(struct ep_i2c *i2c, uint16_t reg, uint16_t *ret)
{
	int r = -EIO;

	for (int i = 0; r < 0 && i < TRIES; i++)
		r = ep_i2c_read_word(i2c, (uint8_t)reg, ret);
	return r;
}

static int write_register(struct ep_i2c *i2c, uint16_t reg, uint16_t value)
{
	int r = -EIO;

	for (int i = 0; r < 0 && i < TRIES; i++)
		r = ep_i2c_write_word(i2c, (uint8_t)reg, value);
	return r;
}

static int open_bus(const struct chip *c, struct ep_i2c *ret,
		    struct ep_err *err)
{
	int r = ep_i2c_open(c->root, &c->place, ret, err);

	return r == -ENOENT ? failed(c, r, err) : r;
}

static int i2c_read(const struct ep_env *env, const char *target, char *ret,
		    size_t size, struct ep_err *err)
{
	struct ep_i2c i2c;
	struct chip c;
	size_t len = 0;
	int r = take_target(env, target, &c, err);

	if (r == 0)
		r = open_bus(&c, &i2c, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < c.count; i++) {
		uint16_t value = 0;

		r = read_register(&i2c, c.registers[i], &value);
		if (r == 0 && !ep_str_format(ret + len, size - len, "%s0x%04x",
					     i > 0 ? " " : "", value))
			r = -EFBIG;
		if (r == 0)
			len += strlen(ret + len);
	}
	ep_i2c_close(&i2c);
	return r < 0 ? failed(&c, r, err) : (int)len;
}

static int i2c_write(const struct ep_env *env, const char *target,
		     const char *value, struct ep_err *err)
{
	uint16_t values[REGISTERS_MAX];
	struct ep_i2c i2c;
	struct chip c;
	size_t count;
	int r = take_target(env, target, &c, err);

	if (r < 0)
		return r;
	if (split(value, UINT16_MAX, values, &count) < 0 || count != c.count)
		return ep_err_set(err, -EINVAL, "'%s' is not %zu registers",
				  value, c.count);
	r = open_bus(&c, &i2c, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = write_register(&i2c, c.registers[i], values[i]);
	ep_i2c_close(&i2c);
	return r < 0 ? failed(&c, r, err) : 0;
}

const struct ep_setting_ops ep_setting_i2c = {
	.name = "i2c",
	.outlives_reboot = true,
	.read = i2c_read,
	.write = i2c_write,
};
