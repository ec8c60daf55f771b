/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

static struct ep_channel *add(struct ep_sensor *s, size_t rail,
			      const char *name)
{
	struct ep_channel *c = &s->channels[s->channel_count++];

	memset(c, 0, sizeof(*c));
	if (s->chip->rail_count > 1)
		(void)ep_str_format(c->name, sizeof(c->name), "ch%zu%s%s",
				    rail + 1, name[0] ? "_" : "", name);
	else
		(void)ep_str_copy(c->name, sizeof(c->name),
				  name[0] ? name : "power");
	c->shape = EP_GAUGE;
	c->refresh_ns = s->cycle_ns;
	c->window_ns = s->cycle_ns;
	return c;
}

/* How many steps make one, as the INA219 converts: the faster, the fewer of 12
 * bits.  Averaged conversions have all of them. */
static int coarseness(const struct ep_sensor *s, unsigned shift)
{
	unsigned code = s->settings[0] >> shift;

	if (s->chip->kind != EP_INA219 || code & 8)
		return 1;
	return 8 >> (code & 3);
}

static void add_gauges(struct ep_sensor *s, size_t rail)
{
	const struct ep_inabus_chip *chip = s->chip;
	const struct ep_inabus_keys *keys = &s->keys;
	double ohm = chip->amps_step_a > 0 ? chip->wire_shunt_ohm
					   : keys->shunts_ohm[rail];
	double step_a = chip->amps_step_a > 0 ? chip->amps_step_a
					      : chip->shunt_step_v / ohm;
	struct ep_channel *c =
		add(s, rail, chip->rail_count > 1 ? "volts" : "voltage");

	c->quantity = EP_VOLTAGE_UV;
	c->resolution = chip->bus_step_uv * coarseness(s, 7);
	c->offset = llround(fmax(keys->bus_offset_mv, 0) * 1e3);
	c = add(s, rail, chip->rail_count > 1 ? "amps" : "current");
	c->quantity = EP_CURRENT_UA;
	c->resolution = llround(fmax(step_a * coarseness(s, 3) * 1e6, 1));
	c->offset = llround(fmax(keys->shunt_offset_uv, 0) / ohm);
}

static void add_power(struct ep_sensor *s, size_t rail, size_t volts)
{
	struct ep_channel *c = add(s, rail, "");

	c->quantity = EP_POWER_UW;
	c->flags = EP_CHANNEL_PRODUCT;
	c->volts_index = (int16_t)volts;
	c->amps_index = (int16_t)(volts + 1);
	c->gain_ppm = s->keys.gain_ppm;
	if (s->keys.totals[rail] && s->energy_index < 0)
		c->role = EP_ROLE_TOTAL;
}

static struct ep_channel *add_count(struct ep_sensor *s, const char *name,
				    double step)
{
	struct ep_channel *c = add(s, 0, name);

	c->shape = EP_COUNTER;
	c->window_ns = 0;
	c->resolution = llround(fmax(step, 1));
	c->gain_ppm = s->keys.gain_ppm;
	return c;
}

static void add_flag(struct ep_sensor *s, const char *name, unsigned flags)
{
	struct ep_channel *c = &s->channels[s->channel_count++];

	memset(c, 0, sizeof(*c));
	(void)ep_str_copy(c->name, sizeof(c->name), name);
	c->quantity = EP_COUNT;
	c->flags = flags;
	c->resolution = 1;
}

static void add_counts(struct ep_sensor *s)
{
	struct ep_channel *c;

	s->energy_index = (int16_t)s->channel_count;
	c = add_count(s, "energy", s->step_ua * EP_INA228_ENERGY_STEPS);
	c->quantity = EP_ENERGY_UJ;
	c->role = EP_ROLE_TOTAL;
	c = add_count(s, "charge", s->step_ua);
	c->quantity = EP_CHARGE_UC;
	c->flags = EP_CHANNEL_SIGNED;
	add_flag(s, "wrapped", 0);
	add_flag(s, "count_lost", EP_CHANNEL_ALARM);
}

void ep_inabus_make_channels(struct ep_sensor *s)
{
	int16_t volts[EP_INA_RAILS_MAX] = { 0 };

	s->energy_index = -1;
	for (size_t i = 0; i < s->chip->rail_count; i++) {
		volts[i] = (int16_t)s->channel_count;
		if (s->keys.rails[i])
			add_gauges(s, i);
	}
	if (s->step_ua > 0)
		add_counts(s);
	s->reset_index = (int16_t)s->channel_count;
	add_flag(s, "settings_lost", EP_CHANNEL_ALARM);
	for (size_t i = 0; i < s->chip->rail_count; i++)
		if (s->keys.rails[i])
			add_power(s, i, (size_t)volts[i]);
}
