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

static void add_gauges(struct ep_sensor *s, size_t rail)
{
	const struct ep_inabus_chip *chip = s->chip;
	double step_a = chip->amps_step_a > 0
				? chip->amps_step_a
				: chip->shunt_step_v / s->keys.shunts_ohm[rail];
	struct ep_channel *c =
		add(s, rail, chip->rail_count > 1 ? "volts" : "voltage");

	c->quantity = EP_VOLTAGE_UV;
	c->resolution = chip->bus_step_uv;
	c = add(s, rail, chip->rail_count > 1 ? "amps" : "current");
	c->quantity = EP_CURRENT_UA;
	c->resolution = llround(fmax(step_a * 1e6, 1));
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

static void add_energy(struct ep_sensor *s)
{
	struct ep_channel *c = add(s, 0, "energy");

	c->quantity = EP_ENERGY_UJ;
	c->shape = EP_COUNTER;
	c->role = EP_ROLE_TOTAL;
	c->window_ns = 0;
	c->wrap = (uint64_t)llround(ldexp(s->energy_step_uj, 40));
	c->resolution = llround(fmax(s->energy_step_uj, 1));
	c->gain_ppm = s->keys.gain_ppm;
	s->energy_index = (int16_t)(s->channel_count - 1);
}

static void add_reset(struct ep_sensor *s)
{
	struct ep_channel *c = &s->channels[s->channel_count++];

	memset(c, 0, sizeof(*c));
	(void)ep_str_copy(c->name, sizeof(c->name), "settings_lost");
	c->quantity = EP_COUNT;
	c->flags = EP_CHANNEL_ALARM;
	c->resolution = 1;
	s->reset_index = (int16_t)(s->channel_count - 1);
}

void ep_inabus_make_channels(struct ep_sensor *s)
{
	int16_t volts[EP_INA_RAILS_MAX];

	s->energy_index = -1;
	for (size_t i = 0; i < s->chip->rail_count; i++) {
		volts[i] = (int16_t)s->channel_count;
		if (s->keys.rails[i])
			add_gauges(s, i);
	}
	if (s->energy_step_uj > 0)
		add_energy(s);
	add_reset(s);
	for (size_t i = 0; i < s->chip->rail_count; i++)
		if (s->keys.rails[i])
			add_power(s, i, (size_t)volts[i]);
}
