/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/power_supply_parts.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "sensors/files.h"

const char *const ep_supply_files[EP_SUPPLY_FILE_COUNT] = {
	[EP_SUPPLY_STATUS] = "status",	   [EP_SUPPLY_ONLINE] = "online",
	[EP_SUPPLY_POWER] = "power_now",   [EP_SUPPLY_VOLTS] = "voltage_now",
	[EP_SUPPLY_AMPS] = "current_now",  [EP_SUPPLY_ENERGY] = "energy_now",
	[EP_SUPPLY_CHARGE] = "charge_now", [EP_SUPPLY_SHARE] = "capacity",
};

/* One mWh, the finest any driver counts in, and one mAh. */
#define ENERGY_STEP_UJ INT64_C(3600000)
#define CHARGE_STEP_UAH 1000

static int add_channel(struct ep_sensor *s, const struct ep_channel *model)
{
	struct ep_channel *c = &s->channels[s->channel_count];

	*c = *model;
	ep_channel_name_unique(s->channels, s->channel_count, c->name);
	return (int)s->channel_count++;
}

static const struct {
	enum ep_supply_file file;
	enum ep_quantity quantity;
	const char *ending;
} own_channels[] = {
	{ EP_SUPPLY_POWER, EP_POWER_UW, "power" },
	{ EP_SUPPLY_VOLTS, EP_VOLTAGE_UV, "volts" },
	{ EP_SUPPLY_AMPS, EP_CURRENT_UA, "amps" },
	{ EP_SUPPLY_SHARE, EP_RATIO_PPM, "capacity" },
};

static bool has(const struct ep_supply_meter *m, enum ep_supply_file file)
{
	return m->has[file];
}

/* power_now, or what it can be made of */
static bool has_power(const struct ep_supply_meter *m)
{
	return has(m, EP_SUPPLY_POWER) ||
	       (has(m, EP_SUPPLY_VOLTS) && has(m, EP_SUPPLY_AMPS));
}

static void add_own_channels(struct ep_sensor *s, struct ep_supply_meter *m)
{
	for (size_t i = 0; i < sizeof(own_channels) / sizeof(own_channels[0]);
	     i++) {
		struct ep_channel c = { .quantity = own_channels[i].quantity };
		enum ep_supply_file f = own_channels[i].file;

		if (f == EP_SUPPLY_POWER ? !has_power(m) : !has(m, f))
			continue;
		if (m->info.negotiated)
			c.flags = EP_CHANNEL_NEGOTIATED;
		else if (f == EP_SUPPLY_POWER &&
			 m->info.type == EP_SUPPLY_SOURCE)
			c.role = EP_ROLE_ASIDE;
		else if (f == EP_SUPPLY_POWER)
			c.role = EP_ROLE_PART;
		(void)ep_str_format(c.name, sizeof(c.name), "%.36s_%s",
				    m->info.name, own_channels[i].ending);
		m->channels[f] = add_channel(s, &c);
	}
}

static void add_battery_channels(struct ep_sensor *s, const char *role)
{
	struct ep_channel power = { .name = "power",
				    .quantity = EP_POWER_UW,
				    .role = EP_ROLE_ASIDE };
	struct ep_channel energy = { .name = "energy",
				     .quantity = EP_ENERGY_UJ,
				     .shape = EP_COUNTER,
				     .flags = EP_CHANNEL_CHECK };
	bool powers = false, counts = false;

	if (role && strcmp(role, "total") == 0)
		power.role = EP_ROLE_TOTAL;
	else if (role && strcmp(role, "none") == 0)
		power.role = EP_ROLE_NONE;
	for (size_t i = 0; i < s->supply_count; i++) {
		const struct ep_supply_meter *m = &s->supplies[i];
		int64_t step = ENERGY_STEP_UJ;

		if (m->info.type != EP_SUPPLY_BATTERY)
			continue;
		powers |= has_power(m);
		counts |= has(m, EP_SUPPLY_ENERGY) || has(m, EP_SUPPLY_CHARGE);
		/* uAh * uV = 0.0036 uJ */
		if (!has(m, EP_SUPPLY_ENERGY))
			step = CHARGE_STEP_UAH *
			       (m->read[EP_SUPPLY_VOLTS].value / 1000) * 36 /
			       10;
		if (step > energy.resolution && step < INT64_C(1000000000))
			energy.resolution = step;
	}
	s->power_channel = powers ? add_channel(s, &power) : -1;
	s->energy_channel = counts ? add_channel(s, &energy) : -1;
}

static void open_files(struct ep_sensor *s, const struct ep_supply *info,
		       bool shown)
{
	struct ep_supply_meter *m = &s->supplies[s->supply_count++];

	m->info = *info;
	m->shown = shown;
	m->stock = -1;
	for (int f = 0; f < EP_SUPPLY_FILE_COUNT; f++) {
		m->channels[f] = -1;
		m->fds[f] =
			ep_supply_open(&s->env->root, info, ep_supply_files[f]);
		m->has[f] = m->fds[f] >= 0;
	}
}

static void tell(const struct ep_supply_meter *m, struct ep_sensor_notes *notes)
{
	static const char *const states[] = {
		[EP_SUPPLY_DISCHARGING] = "discharging",
		[EP_SUPPLY_CHARGING] = "charging",
		[EP_SUPPLY_IDLE] = "full or held",
		[EP_SUPPLY_UNKNOWN] = "in no known state",
	};

	if (m->info.negotiated)
		ep_sensor_note(notes,
			       "%s: what charger and machine agreed on, not "
			       "measured: shown, never counted",
			       m->info.name);
	if (m->info.type != EP_SUPPLY_BATTERY)
		return;
	if (!has_power(m))
		ep_sensor_note(notes, "%s tells no power", m->info.name);
	else if (m->state == EP_SUPPLY_DISCHARGING)
		ep_sensor_note(notes,
			       "%s: drivers disagree about signs, so its "
			       "status file decides whether it gives or takes",
			       m->info.name);
	else
		ep_sensor_note(notes,
			       "%s is %s: the machine's power is measured "
			       "here only while it discharges and no charger "
			       "is connected",
			       m->info.name, states[m->state]);
}

int ep_supply_survey(struct ep_sensor *s, const struct ep_conf *conf,
		     struct ep_sensor_notes *notes, struct ep_err *err)
{
	const char *glob = ep_conf_get(conf, "name");
	struct ep_supply all[EP_SUPPLIES_MAX];
	int n, named = 0;

	glob = glob ? glob : "*";
	n = ep_supply_list(&s->env->root, all, EP_SUPPLIES_MAX);
	s->power_channel = s->energy_channel = -1;
	if (n < 0)
		return ep_err_set(err, n,
				  "the power supplies cannot be listed: %s",
				  strerror(-n));
	for (int i = 0; i < n; i++) {
		bool wanted = ep_str_glob(glob, all[i].name);

		named += wanted;
		if (all[i].peripheral && !wanted)
			continue;
		if (all[i].peripheral)
			ep_sensor_note(notes,
				       "%s left out: it feeds a peripheral, "
				       "not this machine",
				       all[i].name);
		/* Chargers always: are they online? */
		else if (all[i].type == EP_SUPPLY_SOURCE ||
			 (all[i].type == EP_SUPPLY_BATTERY && wanted))
			open_files(s, &all[i], wanted);
	}
	ep_supply_read(s);
	add_battery_channels(s, ep_conf_get(conf, "role"));
	for (size_t i = 0; i < s->supply_count; i++) {
		if (!s->supplies[i].shown)
			continue;
		add_own_channels(s, &s->supplies[i]);
		tell(&s->supplies[i], notes);
	}
	if (s->channel_count > 0)
		return 0;
	if (named == 0 && strcmp(glob, "*") != 0)
		return ep_err_set(err, -ENODEV,
				  "there is no power supply '%s' here", glob);
	return ep_err_set(err, -ENODEV,
			  "this machine has no battery and no power input "
			  "that tells its volts and amps");
}
