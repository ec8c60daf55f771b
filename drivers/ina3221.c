/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/ina3221.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

static const char *const folders[] = {
	[EP_INA3221_HWMON] = "/sys/bus/i2c/drivers/ina3221",
	[EP_INA3221_IIO] = "/sys/bus/i2c/drivers/ina3221x",
};

enum what { LABEL, VOLTS, AMPS, PAIR, POWER, SHUNT, ENABLE, WHAT_COUNT };

/* Around the channel's number: hwmon counts from 1, IIO from 0. */
static const struct {
	const char *before, *after;
} names[][WHAT_COUNT] = {
	[EP_INA3221_HWMON] = { [LABEL] = { "in", "_label" },
			       [VOLTS] = { "in", "_input" },
			       [AMPS] = { "curr", "_input" },
			       [SHUNT] = { "shunt", "_resistor" },
			       [ENABLE] = { "in", "_enable" } },
	[EP_INA3221_IIO] = { [LABEL] = { "rail_name_", "" },
			     [VOLTS] = { "in_voltage", "_input" },
			     [AMPS] = { "in_current", "_input" },
			     [PAIR] = { "ui_input_", "" },
			     [POWER] = { "in_power", "_input" } },
};

struct chip_list {
	const struct ep_root *root;
	const char *glob;
	enum ep_ina3221_kind kind;
	struct ep_ina3221_chip *chips;
	size_t count, max;
};

/* "1-0040"; the folder also holds bind, module, uevent ... */
static bool is_device(const char *name)
{
	size_t bus = strspn(name, "0123456789");

	return bus > 0 && name[bus] == '-' && strlen(name + bus) == 5 &&
	       strspn(name + bus + 1, "0123456789abcdef") == 4;
}

static int add_chip(void *ctx, const char *name)
{
	struct chip_list *l = ctx;
	struct ep_ina3221_chip *c;

	if (!is_device(name) || strlen(name) >= sizeof(c->device) ||
	    !ep_str_glob(l->glob, name) || l->count == l->max)
		return 0;
	c = &l->chips[l->count++];
	memset(c, 0, sizeof(*c));
	c->kind = l->kind;
	(void)ep_str_copy(c->device, sizeof(c->device), name);
	if (ep_ina3221_locate(l->root, c) < 0)
		c->dir[0] = '\0';
	return 0;
}

int ep_ina3221_chips(const struct ep_root *root, const char *glob,
		     struct ep_ina3221_chip *chips, size_t max)
{
	struct chip_list l = { root, glob, EP_INA3221_HWMON, chips, 0, max };
	int r = ep_root_list(root, folders[l.kind], add_chip, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	l.kind = EP_INA3221_IIO;
	r = ep_root_list(root, folders[l.kind], add_chip, &l);
	if (r < 0 && r != -ENOENT)
		return r;
	return (int)l.count;
}

struct first {
	const char *prefix;
	char name[48];
};

static int keep_first(void *ctx, const char *name)
{
	struct first *f = ctx;

	if (!ep_str_starts(name, f->prefix))
		return 0;
	return ep_str_copy(f->name, sizeof(f->name), name) ? 1 : 0;
}

int ep_ina3221_locate(const struct ep_root *root, struct ep_ina3221_chip *chip)
{
	struct first f = { chip->kind == EP_INA3221_HWMON ? "hwmon"
							  : "iio:device",
			   "" };
	char dir[120], found[160];
	int r;

	(void)ep_str_format(dir, sizeof(dir), "%s/%s%s", folders[chip->kind],
			    chip->device,
			    chip->kind == EP_INA3221_HWMON ? "/hwmon" : "");
	r = ep_root_list(root, dir, keep_first, &f);
	if (r < 0)
		return r == -ENOENT ? -ENODEV : r;
	(void)ep_str_format(found, sizeof(found), "%s/%s", dir,
			    f.name[0] ? f.name : "iio_device");
	if (!f.name[0] &&
	    (chip->kind == EP_INA3221_HWMON || ep_root_exists(root, found) < 0))
		return -ENODEV;
	(void)ep_str_copy(chip->dir, sizeof(chip->dir), found);
	return 0;
}

static int64_t read_positive(const struct ep_root *root,
			     const struct ep_ina3221_chip *chip,
			     const char *name, int64_t max)
{
	int64_t value;

	if (ep_root_read_i64_in(root, chip->dir, name, &value) < 0 ||
	    value < 0 || value > max)
		return 0;
	return value;
}

int ep_ina3221_open_mode(const struct ep_root *root,
			 const struct ep_ina3221_chip *chip)
{
	char path[224];

	if (chip->kind != EP_INA3221_IIO || !chip->dir[0])
		return -ENOENT;
	(void)ep_str_format(path, sizeof(path), "%s/running_mode", chip->dir);
	return ep_root_openat(root, path, O_RDONLY | O_NONBLOCK);
}

bool ep_ina3221_on_demand(int mode_fd)
{
	int64_t mode;

	return mode_fd >= 0 && ep_kept_read_i64(mode_fd, &mode) == 0 &&
	       mode == 0;
}

void ep_ina3221_timing(const struct ep_root *root,
		       const struct ep_ina3221_chip *chip,
		       struct ep_ina3221_timing *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (chip->kind == EP_INA3221_IIO)
		return;
	ret->samples = read_positive(root, chip, "samples", 1024);
	ret->update_ns = read_positive(root, chip, "update_interval", 3600000) *
			 EP_NS_PER_MS;
}

/* The path of a channel's file; false when this driver has no such file. */
static bool name_file(const struct ep_ina3221_chip *chip, enum what what,
		      int number, char ret[224])
{
	const char *before = names[chip->kind][what].before;

	if (!before || !chip->dir[0])
		return false;
	return ep_str_format(ret, 224, "%s/%s%d%s", chip->dir, before,
			     number + (chip->kind == EP_INA3221_HWMON),
			     names[chip->kind][what].after);
}

void ep_ina3221_about(const struct ep_root *root,
		      const struct ep_ina3221_chip *chip, int number,
		      struct ep_ina3221_about *ret)
{
	static const enum what values[] = { VOLTS, AMPS, PAIR, POWER };
	char path[224];
	int64_t enable;

	memset(ret, 0, sizeof(*ret));
	if (!name_file(chip, LABEL, number, path) ||
	    ep_root_read_text(root, path, ret->label, sizeof(ret->label)) < 0)
		ret->label[0] = '\0';
	ep_str_printable(ret->label);
	if (!name_file(chip, SHUNT, number, path) ||
	    ep_root_read_i64(root, path, &ret->shunt_uohm) < 0)
		ret->shunt_uohm = -1;
	else if (ret->shunt_uohm < 0)
		ret->shunt_uohm = 0;
	ret->off = name_file(chip, ENABLE, number, path) &&
		   ep_root_read_i64(root, path, &enable) == 0 && enable == 0;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (name_file(chip, values[i], number, path) &&
		    ep_root_exists(root, path) == 0)
			ret->there = true;
}

static int open_file(const struct ep_root *root,
		     const struct ep_ina3221_chip *chip, enum what what,
		     int number)
{
	char path[224];

	if (!name_file(chip, what, number, path))
		return -ENOENT;
	return ep_root_openat(root, path, O_RDONLY | O_NONBLOCK);
}

int ep_ina3221_open(const struct ep_root *root,
		    const struct ep_ina3221_chip *chip, int number,
		    struct ep_ina3221_rail *ret)
{
	struct ep_ina3221_rail rail = { EP_INA3221_PAIR, { -1, -1 } };
	int r;

	rail.fds[0] = open_file(root, chip, PAIR, number);
	if (rail.fds[0] < 0) {
		rail.form = EP_INA3221_TWO;
		rail.fds[0] = r = open_file(root, chip, VOLTS, number);
		if (r >= 0)
			rail.fds[1] = r = open_file(root, chip, AMPS, number);
		if (r < 0) {
			ep_ina3221_close(&rail);
			rail.form = EP_INA3221_POWER;
			rail.fds[0] = open_file(root, chip, POWER, number);
			if (rail.fds[0] < 0)
				return r;
		}
	}
	*ret = rail;
	return 0;
}

void ep_ina3221_close(struct ep_ina3221_rail *rail)
{
	for (int i = 0; i < 2; i++) {
		if (rail->fds[i] >= 0)
			close(rail->fds[i]);
		rail->fds[i] = -1;
	}
}

/* A value in thousandths of what is wanted, between the ends of a scale. */
static int take(int64_t milli, int64_t min, int64_t max, int64_t *ret)
{
	int64_t micro;

	if (__builtin_mul_overflow(milli, 1000, &micro) || micro < min ||
	    micro > max)
		return -ERANGE;
	*ret = micro;
	return 0;
}

static int take_volts(int64_t mv, struct ep_ina3221_reading *ret)
{
	/* Signed in the register, and a rail that is off may read just below
	 * nothing. */
	return take(mv, -EP_INA3221_BUS_MAX_UV, EP_INA3221_BUS_MAX_UV,
		    &ret->uv);
}

/* "5008 1200": mV and mA. */
static int read_pair(int fd, int64_t amps_max_ua,
		     struct ep_ina3221_reading *ret)
{
	char text[48];
	int len = ep_kept_read_text(fd, text, sizeof(text)), used, r;
	int64_t mv, ma;
	const char *at;

	if (len <= 0)
		return len < 0 ? len : -ENODATA;
	(void)ep_str_chomp(text);
	used = ep_num_scan_i64(text, strlen(text), &mv);
	if (used < 0 || text[used] != ' ')
		return -EBADMSG;
	at = text + used;
	at += strspn(at, " ");
	if (ep_num_parse_i64(at, &ma) < 0)
		return -EBADMSG;
	r = take_volts(mv, ret);
	return r < 0 ? r : take(ma, -amps_max_ua, amps_max_ua, &ret->ua);
}

static int read_power(const struct ep_ina3221_rail *rail, int64_t amps_max_ua,
		      struct ep_ina3221_reading *ret)
{
	int64_t max_uw = EP_INA3221_BUS_MAX_UV / 1000 * (amps_max_ua / 1000);
	int64_t value;
	int r = ep_kept_read_i64(rail->fds[0], &value);

	return r < 0 ? r : take(value, -max_uw, max_uw, &ret->uw);
}

void ep_ina3221_read(const struct ep_ina3221_rail *rail, int64_t amps_max_ua,
		     struct ep_ina3221_reading *ret)
{
	int64_t value;

	memset(ret, 0, sizeof(*ret));
	switch (rail->form) {
	case EP_INA3221_PAIR:
		ret->volts_error = read_pair(rail->fds[0], amps_max_ua, ret);
		ret->amps_error = ret->volts_error;
		break;
	case EP_INA3221_POWER:
		ret->volts_error = read_power(rail, amps_max_ua, ret);
		ret->amps_error = ret->volts_error;
		break;
	case EP_INA3221_TWO:
		ret->volts_error = ep_kept_read_i64(rail->fds[0], &value);
		if (ret->volts_error == 0)
			ret->volts_error = take_volts(value, ret);
		ret->amps_error = ep_kept_read_i64(rail->fds[1], &value);
		if (ret->amps_error == 0)
			ret->amps_error = take(value, -amps_max_ua, amps_max_ua,
					       &ret->ua);
		break;
	}
}

size_t ep_ina3221_fast(const struct ep_root *root,
		       const struct ep_ina3221_chip *chip,
		       struct ep_ina3221_setting ret[2])
{
	/* One conversion, as short as it goes: 0 ms is brought to 140 us. */
	static const struct {
		enum ep_ina3221_kind kind;
		const char *name, *value;
	} all[] = { { EP_INA3221_HWMON, "samples", "1" },
		    { EP_INA3221_HWMON, "update_interval", "0" },
		    { EP_INA3221_IIO, "running_mode", "1" } };
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct ep_ina3221_setting *s = &ret[count];

		if (all[i].kind != chip->kind || !chip->dir[0] ||
		    !ep_str_format(s->path, sizeof(s->path), "%s/%s", chip->dir,
				   all[i].name) ||
		    ep_root_exists(root, s->path) < 0)
			continue;
		(void)ep_str_copy(s->value, sizeof(s->value), all[i].value);
		count++;
	}
	return count;
}
