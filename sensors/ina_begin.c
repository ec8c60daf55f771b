/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define FLAG_READS_MAX 8

static const struct ep_root *root_of(const struct ep_env *env,
				     const struct ep_conf *conf)
{
	return ep_conf_is_typed(conf) ? &ep_root_machine : &env->root;
}

int ep_inabus_tell_settings(const struct ep_inabus_chip *chip,
			    const struct ep_env *env,
			    const struct ep_conf *conf,
			    const struct ep_setting_sink *sink,
			    struct ep_err *err)
{
	uint16_t settings[EP_INA_SETTINGS_MAX] = { 0 };
	char target[64], value[32] = "", what[64];
	struct ep_inabus_keys keys;
	struct ep_i2c i2c;
	int r = ep_inabus_take_keys(chip, conf, &keys, err);

	if (r < 0 || !keys.set)
		return r;
	/* What keeps it from being opened is told by open. */
	if (ep_i2c_open(root_of(env, conf), &keys.place, &i2c, NULL) < 0)
		return 0;
	r = ep_inabus_identify(chip, &keys, &i2c, NULL, NULL);
	if (r == 0)
		r = ep_inabus_read_settings(chip, &i2c, settings);
	ep_i2c_close(&i2c);
	if (r < 0)
		return 0;
	ep_inabus_want(chip, &keys, settings);
	(void)ep_str_format(target, sizeof(target), "%s i2c-%d:0x%02x",
			    ep_conf_is_typed(conf) ? "machine" : "board",
			    keys.place.bus, (unsigned)keys.place.address);
	for (size_t i = 0; i < chip->setting_count; i++) {
		size_t t = strlen(target), v = strlen(value);

		(void)ep_str_format(target + t, sizeof(target) - t, " 0x%02x",
				    chip->settings[i]);
		(void)ep_str_format(value + v, sizeof(value) - v, "%s0x%04x",
				    i > 0 ? " " : "", settings[i]);
	}
	(void)ep_str_format(what, sizeof(what),
			    "conversion of the %s i2c-%d:0x%02x", chip->title,
			    keys.place.bus, (unsigned)keys.place.address);
	return sink->set(
		sink->ctx,
		&(struct ep_sensor_setting){ "i2c", target, value, what }, err);
}

static const char *way_of(const struct ep_i2c *i2c)
{
	switch (i2c->way) {
	case EP_I2C_TOGETHER:
		return "all registers in one transfer";
	case EP_I2C_SINGLE:
		return "one register per transfer, as the bus takes no more";
	case EP_I2C_SMBUS:
		return "by SMBus words, as the bus has no other transfers";
	}
	return "";
}

static void note_all(const struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	ep_sensor_note(notes, "a value every %.4g ms; read %s",
		       (double)s->cycle_ns * 1e-6, way_of(&s->i2c));
	if (s->keys.gain_ppm == 0)
		ep_sensor_note(notes,
			       "the accuracy of chip and shunt is not known "
			       "here; gain_percent= sets the limit");
	if (s->energy_index >= 0)
		ep_sensor_note(notes, "its own energy count is the total; it "
				      "has no sign: what flows back counts as "
				      "drawn, only its charge goes back");
	else if (s->chip->kind == EP_INA228)
		ep_sensor_note(notes, "its calibration is 0, so it counts no "
				      "energy: power is read instead");
	if (s->flag_stays)
		ep_sensor_note(notes, "reading does not clear its "
				      "conversion-ready flag: nothing proves "
				      "that a value is new, and each is taken "
				      "to be up to one conversion old");
	if (s->chip->rail_count > 1) {
		size_t totals = 0;

		for (size_t i = 0; i < EP_INA_RAILS_MAX; i++)
			totals += s->keys.totals[i];
		if (totals == 0)
			ep_sensor_note(notes, "none of its channels is the "
					      "total: total=1 makes the first "
					      "it, total=12 the sum of two");
	}
}

/*
 * Does the flag stay set?  Of reads that all find it, the first and the second
 * may be of conversions just done; each further one takes a whole conversion,
 * which a chip's clock may shorten a little.
 */
static int look_at_flag(struct ep_sensor *s)
{
	int64_t begin_ns = s->env->now_ns();
	struct ep_inabus_values values;

	for (int64_t n = 1; n <= FLAG_READS_MAX; n++) {
		int r = ep_inabus_read_values(s, &values);

		if (r == 0 && s->chip->clear != 0)
			r = ep_inabus_clear_flag(s);
		if (r < 0 || !values.ready)
			return r;
		s->flag_stays = 4 * (n - 2) * s->cycle_ns >
				5 * (s->env->now_ns() - begin_ns);
		if (s->flag_stays)
			return 0;
	}
	return 0;
}

static int refuse(const struct ep_sensor *s, int code, struct ep_err *err)
{
	return ep_err_set(err, code, "i2c-%d:0x%02x: %s", s->keys.place.bus,
			  (unsigned)s->keys.place.address, ep_i2c_reason(code));
}

/* Opened: finds out how the chip converts and what it delivers. */
static int begin(struct ep_sensor *s, struct ep_sensor_notes *notes,
		 struct ep_err *err)
{
	const struct ep_inabus_chip *chip = s->chip;
	int bus = s->keys.place.bus;
	unsigned address = (unsigned)s->keys.place.address;
	struct ep_inabus_values values;
	uint16_t config = 0;
	int r = ep_inabus_identify(chip, &s->keys, &s->i2c, notes, err);

	if (r < 0)
		return r;
	r = ep_inabus_read_settings(chip, &s->i2c, s->settings);
	if (r == 0)
		r = ep_i2c_read_word(&s->i2c, 0x00, &config);
	if (r == 0)
		r = ep_inabus_read_values(s, &values);
	if (r < 0)
		return refuse(s, r, err);
	for (size_t i = 0; i < chip->rail_count; i++)
		if (s->keys.rails[i] &&
		    !ep_inabus_is_rail_on(chip, s->settings, i)) {
			s->keys.rails[i] = s->keys.totals[i] = false;
			ep_sensor_note(notes,
				       "channel %zu left out: switched off",
				       i + 1);
		}
	s->cycle_ns = ep_inabus_cycle_ns(chip, s->settings);
	if (s->cycle_ns == 0)
		return ep_err_set(err, -ENODATA,
				  "i2c-%d:0x%02x: the %s does not convert "
				  "continuously (register 0x%02x is 0x%04x); "
				  "edgeprof run without set=no makes it",
				  bus, address, chip->title,
				  chip->settings[chip->setting_count - 1],
				  s->settings[chip->setting_count - 1]);
	r = ep_inabus_find_offsets(s, err);
	if (r < 0)
		return r;
	r = look_at_flag(s);
	if (r < 0)
		return refuse(s, r, err);
	if (chip->kind == EP_INA228)
		s->step_ua = ep_inabus_step_ua(config, s->settings[0],
					       s->keys.shunts_ohm[0]);
	s->energy_uj = -1;
	ep_inabus_make_channels(s);
	note_all(s, notes);
	s->fresh_ns = s->read_ns = s->env->now_ns();
	return 0;
}

int ep_inabus_open(const struct ep_inabus_open *o, struct ep_sensor **ret,
		   struct ep_err *err)
{
	struct ep_sensor *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return ep_err_set(err, -ENOMEM, "out of memory");
	s->env = o->env;
	s->chip = o->chip;
	s->root = root_of(o->env, o->conf);
	s->i2c.fd = -1;
	r = ep_inabus_take_keys(o->chip, o->conf, &s->keys, err);
	if (r == 0)
		r = ep_i2c_open(s->root, &s->keys.place, &s->i2c, err);
	if (r == 0)
		r = begin(s, o->notes, err);
	if (r < 0) {
		ep_inabus_close(s);
		return r;
	}
	*ret = s;
	return 0;
}
