/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/hwmon.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/files.h"
#include "sensors/table.h"

#define LEFT_ALONE "a POWER-Z is left to --sensor powerz"

struct ep_sensor {
	const struct ep_env *env;
	struct ep_files files;
};

/* A file that was taken: which one, and what it was. */
struct taken {
	size_t chip;
	struct ep_hwmon_attr attr;
};

/* Lives during open only. */
struct survey {
	const struct ep_env *env;
	struct ep_files *files;
	struct ep_left_out left_out;
	bool unpaired;
	struct ep_hwmon_chip chips[EP_HWMON_CHIPS_MAX];
	char prefix[24]; /* of the present chip's channels */
	struct ep_hwmon_attr attrs[EP_HWMON_ATTRS_MAX];
	size_t attr_count;
	struct taken taken[EP_CHANNELS_MAX];
};

static const struct {
	enum ep_quantity quantity;
	enum ep_shape shape;
	int64_t scale; /* to the micro-unit */
	const char *suffix;
} kinds[EP_HWMON_KIND_COUNT] = {
	[EP_HWMON_POWER] = { EP_POWER_UW, EP_GAUGE, 1, "" },
	[EP_HWMON_ENERGY] = { EP_ENERGY_UJ, EP_COUNTER, 1, "_energy" },
	[EP_HWMON_IN] = { EP_VOLTAGE_UV, EP_GAUGE, 1000, "_volts" },
	[EP_HWMON_CURR] = { EP_CURRENT_UA, EP_GAUGE, 1000, "_amps" },
};

/* "vin" and "iin", "pout1" and "iout1" are one rail (PMBus drivers). */
static bool same_label(const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return true;
	return strchr("vip", a[0]) && strchr("vip", b[0]) && a[0] && b[0] &&
	       a[1] && strcmp(a + 1, b + 1) == 0;
}

/* Do two attributes of a chip belong to one rail? */
static bool same_rail(const struct ep_hwmon_attr *a,
		      const struct ep_hwmon_attr *b)
{
	if (a->label[0] && b->label[0])
		return same_label(a->label, b->label);
	return a->index == b->index;
}

/* in1 of ina219 and ina226 is the bus, in0 the drop over the shunt; in4 and
 * above of ina3221 are shunts again. */
static bool is_rail_pair(const struct ep_hwmon_chip *chip,
			 const struct ep_hwmon_attr *volts,
			 const struct ep_hwmon_attr *amps)
{
	if (strcmp(chip->name, "ina3221") == 0 &&
	    (volts->index > 3 || amps->index > 3))
		return false;
	return same_rail(volts, amps);
}

/* Is there a power reading for what a V x I pair would give?  Power comes first
 * among the attributes of a chip. */
static bool has_power(const struct survey *s, size_t chip_index,
		      const struct ep_hwmon_attr *a)
{
	for (size_t i = 0; i < s->files->file_count; i++)
		if (s->taken[i].chip == chip_index &&
		    s->taken[i].attr.kind == EP_HWMON_POWER &&
		    same_rail(&s->taken[i].attr, a))
			return true;
	return false;
}

static bool is_paired(const struct survey *s, size_t chip_index,
		      const struct ep_hwmon_attr *a)
{
	const struct ep_hwmon_chip *chip = &s->chips[chip_index];
	enum ep_hwmon_kind other =
		a->kind == EP_HWMON_IN ? EP_HWMON_CURR : EP_HWMON_IN;

	if (has_power(s, chip_index, a))
		return false;
	for (size_t i = 0; i < s->attr_count; i++)
		if (s->attrs[i].kind == other &&
		    is_rail_pair(chip, a, &s->attrs[i]))
			return true;
	return false;
}

/* A chip's place among those of its name, from 1. */
static size_t place_of(const struct survey *s, size_t chip)
{
	size_t place = 1;

	while (chip >= place &&
	       strcmp(s->chips[chip - place].name, s->chips[chip].name) == 0)
		place++;
	return place;
}

/* "amdgpu"; the second card's is "amdgpu_2". */
static void name_chip(const struct survey *s, size_t chip, char *ret,
		      size_t size)
{
	size_t place = place_of(s, chip);

	if (place == 1)
		(void)ep_str_format(ret, size, "%.16s", s->chips[chip].name);
	else
		(void)ep_str_format(ret, size, "%.16s_%zu", s->chips[chip].name,
				    place);
}

/* "ina3221_VDD_IN_volts", "amdgpu_2_PPT", "acpitz_power1_average" */
static void name_channel(const char *prefix, const struct ep_hwmon_attr *a,
			 char ret[EP_CHANNEL_NAME_BYTES])
{
	if (a->label[0])
		(void)ep_str_format(ret, EP_CHANNEL_NAME_BYTES, "%s_%.20s%s%s",
				    prefix, a->label, kinds[a->kind].suffix,
				    a->average ? "_average" : "");
	else
		(void)ep_str_format(ret, EP_CHANNEL_NAME_BYTES, "%s_%s%d%s",
				    prefix, ep_hwmon_kind_name(a->kind),
				    a->index, a->average ? "_average" : "");
}

static void take_attr(struct survey *s, size_t chip_index,
		      const struct ep_hwmon_attr *a)
{
	const struct ep_hwmon_chip *chip = &s->chips[chip_index];
	const struct ep_root *root = &s->env->root;
	struct ep_channel c = {
		.quantity = kinds[a->kind].quantity,
		.shape = kinds[a->kind].shape,
		.refresh_ns = ep_hwmon_refresh_ns(root, chip),
		.window_ns = ep_hwmon_window_ns(root, chip, a),
		.resolution =
			kinds[a->kind].scale > 1 ? kinds[a->kind].scale : 0,
	};
	size_t index = s->files->file_count;
	int r;

	if (!s->unpaired &&
	    (a->kind == EP_HWMON_IN || a->kind == EP_HWMON_CURR) &&
	    !is_paired(s, chip_index, a))
		return;
	name_channel(s->prefix, a, c.name);
	r = ep_hwmon_open(root, chip, a);
	if (r >= 0)
		r = ep_files_add(s->files, r, kinds[a->kind].scale, &c);
	if (r < 0) {
		ep_left_out_add(&s->left_out, c.name, r);
		return;
	}
	if (a->average && c.window_ns == 0)
		ep_sensor_note(
			s->left_out.notes,
			"%s is averaged over a time that its driver does "
			"not tell: phases shorter than seconds are "
			"smeared",
			c.name);
	s->taken[index].chip = chip_index;
	s->taken[index].attr = *a;
}

static void take_chip(struct survey *s, size_t chip_index)
{
	int n = ep_hwmon_attrs(&s->env->root, &s->chips[chip_index], s->attrs,
			       EP_HWMON_ATTRS_MAX);

	name_chip(s, chip_index, s->prefix, sizeof(s->prefix));
	if (n < 0)
		ep_left_out_add(&s->left_out, s->prefix, n);
	s->attr_count = n > 0 ? (size_t)n : 0;
	for (size_t i = 0; i < s->attr_count; i++)
		take_attr(s, chip_index, &s->attrs[i]);
}

/* Each current with the voltage of its rail. */
static void add_product(struct survey *s, size_t amps)
{
	const struct taken *a = &s->taken[amps];
	const struct ep_hwmon_chip *chip = &s->chips[a->chip];
	char prefix[sizeof(s->prefix)];
	char name[EP_CHANNEL_NAME_BYTES];

	name_chip(s, a->chip, prefix, sizeof(prefix));
	if (has_power(s, a->chip, &a->attr))
		return;
	for (size_t i = 0; i < s->files->file_count; i++) {
		const struct taken *v = &s->taken[i];

		if (v->chip != a->chip || v->attr.kind != EP_HWMON_IN ||
		    !is_rail_pair(chip, &v->attr, &a->attr))
			continue;
		(void)ep_str_format(name, sizeof(name), "%s_%.20s", prefix,
				    v->attr.label[0] ? v->attr.label
						     : a->attr.label);
		if (!v->attr.label[0] && !a->attr.label[0])
			(void)ep_str_format(name, sizeof(name),
					    "%s_in%d_curr%d", prefix,
					    v->attr.index, a->attr.index);
		if (ep_files_add_product(s->files, i, amps, name) < 0)
			ep_left_out_add(&s->left_out, name, -E2BIG);
		return;
	}
}

/* Which of several cards is which. */
static void note_twins(struct survey *s, size_t chip_count)
{
	bool used[EP_HWMON_CHIPS_MAX] = { false };
	char name[sizeof(s->prefix)];

	for (size_t i = 0; i < s->files->file_count; i++)
		used[s->taken[i].chip] = true;
	for (size_t i = 0; i < chip_count; i++) {
		const char *slash = strrchr(s->chips[i].device, '/');
		bool twin = place_of(s, i) > 1 ||
			    (i + 1 < chip_count && place_of(s, i + 1) > 1);

		if (!used[i] || !twin || !s->chips[i].device[0])
			continue;
		name_chip(s, i, name, sizeof(name));
		ep_sensor_note(s->left_out.notes, "%s is device %s", name,
			       slash ? slash + 1 : s->chips[i].device);
	}
}

static int survey_all(struct survey *s, const char *glob, struct ep_err *err)
{
	int n = ep_hwmon_chips(&s->env->root, glob, s->chips,
			       EP_HWMON_CHIPS_MAX);
	bool powerz = false;

	if (n < 0)
		return ep_err_set(err, n, "the chips cannot be listed: %s",
				  strerror(-n));
	if (n == EP_HWMON_CHIPS_MAX)
		ep_sensor_note(
			s->left_out.notes,
			"%d chips or more: what lies beyond is left out; "
			"name those you want with chip=",
			n);
	for (size_t i = 0; i < (size_t)n; i++) {
		/* Each read of it is a USB transaction of a meter. */
		if (strcmp(glob, "*") == 0 &&
		    strcmp(s->chips[i].name, "powerz") == 0)
			powerz = true;
		else
			take_chip(s, i);
	}
	if (powerz)
		ep_sensor_note(s->left_out.notes, LEFT_ALONE);
	for (size_t i = 0; i < s->files->file_count; i++)
		if (s->taken[i].attr.kind == EP_HWMON_CURR)
			add_product(s, i);
	note_twins(s, (size_t)n);
	ep_left_out_end(&s->left_out);
	if (s->files->file_count > 0)
		return 0;
	if (s->left_out.count > 0)
		return ep_err_set(err, -ENODEV,
				  "no reading of '%s' can be used: %s", glob,
				  s->left_out.notes->text[0]);
	if (n > 0)
		return ep_err_set(err, -ENODEV,
				  "the chips that '%s' names have no power, "
				  "energy, voltage or current reading%s",
				  glob, powerz ? "; " LEFT_ALONE : "");
	if (strcmp(glob, "*") == 0)
		return ep_err_set(err, -ENODEV,
				  "this machine has no hwmon chip");
	return ep_err_set(err, -ENODEV, "there is no hwmon chip '%s' here",
			  glob);
}

static void hwmon_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_files_done(&sensor->files);
	free(sensor);
}

static int hwmon_check(const struct ep_conf *conf, struct ep_err *err)
{
	bool unpaired;

	return ep_conf_get_bool(conf, "unpaired", true, &unpaired, err);
}

static int hwmon_open(const struct ep_env *env, const struct ep_conf *conf,
		      struct ep_sensor **ret, struct ep_sensor_notes *notes,
		      struct ep_err *err)
{
	struct ep_sensor *sensor = calloc(1, sizeof(*sensor));
	struct survey *s = calloc(1, sizeof(*s));
	const char *glob = ep_conf_get(conf, "chip");
	bool unpaired = true;
	int r = -ENOMEM;

	if (!sensor || !s ||
	    ep_files_init(&sensor->files, EP_CHANNELS_MAX) < 0) {
		r = ep_err_set(err, r, "out of memory");
		goto out;
	}
	r = ep_conf_get_bool(conf, "unpaired", true, &unpaired, err);
	if (r < 0)
		goto out;
	sensor->env = env;
	s->env = env;
	s->files = &sensor->files;
	s->left_out.notes = notes;
	s->unpaired = unpaired;
	r = survey_all(s, glob ? glob : "*", err);
	if (r == 0) {
		*ret = sensor;
		sensor = NULL;
	}
out:
	free(s);
	hwmon_close(sensor);
	return r;
}

static int hwmon_probe(const struct ep_env *env, struct ep_err *err)
{
	struct ep_hwmon_chip *chips =
		calloc(EP_HWMON_CHIPS_MAX, sizeof(*chips));
	struct ep_hwmon_attr *attrs =
		calloc(EP_HWMON_ATTRS_MAX, sizeof(*attrs));
	int found = 0;
	int n = -ENOMEM;

	if (chips && attrs)
		n = ep_hwmon_chips(&env->root, "*", chips, EP_HWMON_CHIPS_MAX);
	for (int i = 0; i < n; i++) {
		int m = ep_hwmon_attrs(&env->root, &chips[i], attrs,
				       EP_HWMON_ATTRS_MAX);

		found += m > 0 ? m : 0;
	}
	free(chips);
	free(attrs);
	return n < 0 ? ep_err_set(err, n, "%s", strerror(-n)) : found;
}

static size_t hwmon_channels(const struct ep_sensor *sensor,
			     const struct ep_channel **ret)
{
	*ret = sensor->files.channels;
	return sensor->files.channel_count;
}

static int hwmon_poll(struct ep_sensor *sensor, int64_t now_ns,
		      const struct ep_sink *sink)
{
	(void)now_ns;
	return ep_files_poll(&sensor->files, sensor->env, sink);
}

static const struct ep_param hwmon_params[] = {
	{ "chip", "*", "chips to read, by name: '*' and '?' match" },
	{ "unpaired", "yes",
	  "also voltages and currents that make no power together" },
	{ NULL, NULL, NULL },
};

const struct ep_sensor_ops ep_sensor_hwmon = {
	.name = "hwmon",
	.summary = "power, energy, voltage and current of hwmon chips",
	.params = hwmon_params,
	.check = hwmon_check,
	.probe = hwmon_probe,
	.open = hwmon_open,
	.channels = hwmon_channels,
	.poll = hwmon_poll,
	.close = hwmon_close,
};
