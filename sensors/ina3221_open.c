/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina3221_parts.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/str.h"

/* Electrical characteristics of SBOS576, over temperature. */
#define BUS_GAIN_PPM 2500
#define BUS_OFFSET_UV 16000
#define SHUNT_OFFSET_UV 80

/* Resistors that are none. */
#define SHUNT_MIN_UOHM 100
#define SHUNT_MAX_UOHM 10000000

/* Other drivers and the bus itself get in the way at times. */
#define FIRST_READS 3

/* Of the eight notes; the others tell how the chip is read. */
#define LEFT_OUT_LINES 4

struct survey {
	struct ep_sensor *sensor;
	const struct ep_ina_limits *limits;
	struct {
		struct ep_sensor_notes *notes;
		size_t count;
	} left_out;
	struct ep_ina3221_about about[EP_INA3221_CHIPS_MAX][EP_INA3221_RAILS];
};

static bool is_named(const struct ep_ina3221_about *about)
{
	return about->there && about->label[0] &&
	       strcasecmp(about->label, "NC") != 0;
}

/* Do two channels carry this label? */
static bool is_twice(const struct survey *s, const char *label)
{
	size_t n = 0;

	for (size_t c = 0; c < s->sensor->chip_count; c++)
		for (int i = 0; i < EP_INA3221_RAILS; i++)
			n += is_named(&s->about[c][i]) &&
			     strcasecmp(s->about[c][i].label, label) == 0;
	return n > 1;
}

/* "vdd_in"; "1_0040_vdd_in" when a label is not the only one of its kind,
 * "1_0040_ch1" where there is none. */
static void name_rail(const struct survey *s, struct ep_ina_rail *rail)
{
	const struct ep_ina3221_about *about =
		&s->about[rail->chip][rail->number];
	const char *device = s->sensor->chips[rail->chip].device;

	if (!is_named(about))
		(void)ep_str_format(rail->name, sizeof(rail->name),
				    "%.16s_ch%d", device, rail->number + 1);
	else if (is_twice(s, about->label))
		(void)ep_str_format(rail->name, sizeof(rail->name),
				    "%.16s_%.20s", device, about->label);
	else
		(void)ep_str_format(rail->name, sizeof(rail->name), "%.36s",
				    about->label);
	ep_str_slug(rail->name);
	for (char *c = rail->name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	/* The same channel of the same chip twice cannot be: labels may. */
	for (size_t i = 0; i < s->sensor->rail_count; i++)
		if (strcmp(s->sensor->rails[i].name, rail->name) == 0)
			(void)ep_str_format(rail->name, sizeof(rail->name),
					    "%.16s_%d_%.20s", device,
					    rail->number + 1, about->label);
	ep_str_slug(rail->name);
}

static void leave_out(struct survey *s, const struct ep_ina_rail *rail,
		      const char *why)
{
	const struct ep_ina3221_about *about =
		&s->about[rail->chip][rail->number];

	if (s->left_out.count++ < LEFT_OUT_LINES)
		ep_sensor_note(s->left_out.notes,
			       "%s channel %d%s%s left "
			       "out: %s",
			       s->sensor->chips[rail->chip].device,
			       rail->number + 1, about->label[0] ? " " : "",
			       about->label, why);
}

/* What the shunt makes of the current; -ERANGE for one that cannot be. */
static int scale_rail(const struct survey *s, struct ep_ina_rail *rail)
{
	int64_t uohm = s->about[rail->chip][rail->number].shunt_uohm;

	if (uohm < 0)
		uohm = s->limits->shunt_uohm;
	else if (uohm < SHUNT_MIN_UOHM || uohm > SHUNT_MAX_UOHM)
		return -ERANGE;
	/* uV / uOhm = A */
	rail->amps_step_ua =
		uohm > 0 ? EP_INA3221_SHUNT_STEP_UV * 1000000 / uohm : 0;
	if (uohm == 0)
		uohm = SHUNT_MIN_UOHM;
	rail->amps_max_ua = EP_INA3221_SHUNT_MAX_UV * 1000000 / uohm;
	return 0;
}

/* Why a channel cannot be a rail; NULL when it can. */
static const char *why_not(const struct survey *s, struct ep_ina_rail *rail,
			   char text[80])
{
	const struct ep_ina3221_about *about =
		&s->about[rail->chip][rail->number];

	if (strcasecmp(about->label, "NC") == 0)
		return "not connected, says its label";
	if (about->off)
		return "switched off";
	if (!about->there)
		return "it has no files";
	if (scale_rail(s, rail) < 0) {
		(void)ep_str_format(text, 80,
				    "a shunt of %lld micro-ohm cannot be, so "
				    "its current means nothing",
				    (long long)about->shunt_uohm);
		return text;
	}
	return NULL;
}

/* Adds the rail's channels but the product. */
static void add_channels(struct survey *s, struct ep_ina_rail *rail)
{
	struct ep_sensor *sensor = s->sensor;
	struct ep_channel *c = &sensor->channels[sensor->channel_count];
	const struct ep_ina3221_timing *t = &sensor->timings[rail->chip];
	/* Averaging goes on over the whole cycle; one conversion is half of a
	 * channel's share. */
	int64_t window_ns = t->samples > 1 ? t->update_ns : t->update_ns / 6;
	int64_t gain_ppm = s->limits->gain_ppm;

	rail->volts = rail->amps = (uint16_t)sensor->channel_count;
	if (rail->file.form == EP_INA3221_POWER) {
		(void)ep_str_copy(c->name, sizeof(c->name), rail->name);
		c->quantity = EP_POWER_UW;
		c->gain_ppm = gain_ppm;
		c->resolution = 1000;
		sensor->channel_count++;
		return;
	}
	(void)ep_str_format(c[0].name, sizeof(c[0].name), "%.40s_volts",
			    rail->name);
	c[0].quantity = EP_VOLTAGE_UV;
	c[0].resolution = EP_INA3221_BUS_STEP_UV;
	c[0].gain_ppm = gain_ppm < BUS_GAIN_PPM ? gain_ppm : BUS_GAIN_PPM;
	c[0].offset = BUS_OFFSET_UV;
	(void)ep_str_format(c[1].name, sizeof(c[1].name), "%.40s_amps",
			    rail->name);
	c[1].quantity = EP_CURRENT_UA;
	c[1].resolution = rail->amps_step_ua;
	c[1].gain_ppm = gain_ppm - c[0].gain_ppm;
	c[1].offset =
		rail->amps_step_ua * SHUNT_OFFSET_UV / EP_INA3221_SHUNT_STEP_UV;
	c[0].window_ns = c[1].window_ns = window_ns;
	rail->amps++;
	sensor->channel_count += 2;
}

static const char *reason(int error)
{
	if (error == -ENODATA)
		return "the chip does not measure it";
	if (error == -EBADMSG)
		return "its file holds something that is no number";
	if (error == -ERANGE)
		return "its value is beyond what the chip can measure";
	return strerror(-error);
}

/* The first values of a rail; 0 or why there are none. */
static int read_first(struct survey *s, struct ep_ina_rail *rail)
{
	const struct ep_env *env = s->sensor->env;
	struct ep_ina3221_reading reading;
	int r = -ENODATA;

	for (int i = 0; i < FIRST_READS; i++) {
		int64_t begin_ns = env->now_ns();

		ep_ina3221_read(&rail->file, rail->amps_max_ua, &reading);
		rail->cost_ns = env->now_ns() - begin_ns;
		r = reading.amps_error < 0 ? reading.amps_error
					   : reading.volts_error;
		if (r == 0 || r == -ENODATA)
			break;
	}
	rail->first_uv = reading.uv;
	rail->first_ua = reading.ua;
	return r;
}

static void take_rail(struct survey *s, size_t chip, int number)
{
	struct ep_sensor *sensor = s->sensor;
	struct ep_ina_rail *rail = &sensor->rails[sensor->rail_count];
	char text[80];
	const char *why;
	int r;

	memset(rail, 0, sizeof(*rail));
	rail->chip = chip;
	rail->number = number;
	why = why_not(s, rail, text);
	if (why) {
		leave_out(s, rail, why);
		return;
	}
	r = ep_ina3221_open(&sensor->env->root, &sensor->chips[chip], number,
			    &rail->file);
	if (r < 0) {
		leave_out(s, rail, reason(r));
		return;
	}
	r = read_first(s, rail);
	if (r < 0) {
		leave_out(s, rail, reason(r));
		ep_ina3221_close(&rail->file);
		return;
	}
	name_rail(s, rail);
	add_channels(s, rail);
	sensor->rail_count++;
}

/* Limits of the factors carried to the power they make. */
static void add_product(struct ep_sensor *s, const struct ep_ina_rail *rail)
{
	struct ep_channel *c = &s->channels[s->channel_count];
	const struct ep_channel *v = &s->channels[rail->volts];
	const struct ep_channel *a = &s->channels[rail->amps];
	int64_t ua = rail->first_ua < 0 ? -rail->first_ua : rail->first_ua;

	if (rail->file.form == EP_INA3221_POWER)
		return;
	(void)ep_str_copy(c->name, sizeof(c->name), rail->name);
	c->quantity = EP_POWER_UW;
	c->flags = EP_CHANNEL_PRODUCT;
	c->volts_index = (int16_t)rail->volts;
	c->amps_index = (int16_t)rail->amps;
	c->window_ns = a->window_ns;
	c->gain_ppm = v->gain_ppm + a->gain_ppm;
	/* mV x mA = uW */
	c->offset = rail->first_uv / 1000 * (a->offset / 1000) +
		    ua / 1000 * (v->offset / 1000);
	s->channel_count++;
}

static void survey_chip(struct survey *s, size_t chip)
{
	struct ep_sensor *sensor = s->sensor;
	const struct ep_root *root = &sensor->env->root;
	const struct ep_ina3221_chip *c = &sensor->chips[chip];

	if (!c->dir[0]) {
		s->left_out.count++;
		ep_sensor_note(s->left_out.notes,
			       "%s left out: its driver has made no files; "
			       "the kernel's log tells why",
			       c->device);
		return;
	}
	ep_ina3221_timing(root, c, &sensor->timings[chip]);
	sensor->mode_fds[chip] = ep_ina3221_open_mode(root, c);
	for (int i = 0; i < EP_INA3221_RAILS; i++)
		ep_ina3221_about(root, c, i, &s->about[chip][i]);
}

static int no_rails(const struct survey *s, const char *chips,
		    struct ep_err *err)
{
	if (s->sensor->chip_count > 0 && s->left_out.count > 0)
		return ep_err_set(err, -ENODEV,
				  "no rail of the ina3221 can be read: %s",
				  s->left_out.notes->text[0]);
	if (strcmp(chips, "*") == 0)
		return ep_err_set(err, -ENODEV,
				  "this machine has no ina3221 with a kernel "
				  "driver");
	return ep_err_set(err, -ENODEV,
			  "there is no ina3221 '%s' here (bus and address, as "
			  "in 1-0040)",
			  chips);
}

int ep_ina_open(struct ep_sensor *sensor, const char *chips,
		const struct ep_ina_limits *limits,
		struct ep_sensor_notes *notes, struct ep_err *err)
{
	struct survey s = { .sensor = sensor, .limits = limits };
	int n = ep_ina3221_chips(&sensor->env->root, chips, sensor->chips,
				 EP_INA3221_CHIPS_MAX);

	if (n < 0)
		return ep_err_set(err, n, "the ina3221 cannot be listed: %s",
				  strerror(-n));
	s.left_out.notes = notes;
	sensor->chip_count = (size_t)n;
	for (size_t i = 0; i < sensor->chip_count; i++)
		survey_chip(&s, i);
	for (size_t i = 0; i < sensor->chip_count; i++)
		for (int j = 0; j < EP_INA3221_RAILS && sensor->chips[i].dir[0];
		     j++)
			take_rail(&s, i, j);
	for (size_t i = 0; i < sensor->rail_count; i++)
		add_product(sensor, &sensor->rails[i]);
	if (s.left_out.count > LEFT_OUT_LINES)
		ep_sensor_note(notes, "%zu more left out",
			       s.left_out.count - LEFT_OUT_LINES);
	return sensor->rail_count > 0 ? 0 : no_rails(&s, chips, err);
}
