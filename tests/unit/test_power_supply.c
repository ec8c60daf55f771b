/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/str.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

static void put(struct ep_rig *rig, const char *supply, const char *file,
		const char *text)
{
	char path[160], line[64];

	(void)ep_str_format(path, sizeof(path), "sys/class/power_supply/%s/%s",
			    supply, file);
	(void)ep_str_format(line, sizeof(line), "%s\n", text);
	ep_tmp_puts(&rig->tmp, path, line);
}

static void drop(struct ep_rig *rig, const char *supply, const char *file)
{
	char path[160];

	(void)ep_str_format(path, sizeof(path), "sys/class/power_supply/%s/%s",
			    supply, file);
	assert_int_equal(unlink(ep_tmp_path(&rig->tmp, path)), 0);
}

/* A laptop on its battery: 15 W. */
static void put_battery(struct ep_rig *rig, const char *name)
{
	put(rig, name, "type", "Battery");
	put(rig, name, "status", "Discharging");
	put(rig, name, "voltage_now", "12000000");
	put(rig, name, "power_now", "15000000");
	put(rig, name, "energy_now", "40000000");
	put(rig, name, "capacity", "80");
}

static int open_all(struct ep_rig *rig, const char *options)
{
	return ep_rig_open(rig, &ep_sensor_power_supply, options);
}

/* The value of a channel, which must be good. */
static int64_t value(struct ep_rig *rig, const char *channel)
{
	const struct ep_sample *s = ep_rig_sample(rig, channel);

	if (!s || s->flags & EP_SAMPLE_ERROR)
		fail_msg("%s has no value", channel);
	assert_int_equal(s->flags, EP_SAMPLE_UNPROVEN);
	return s->value;
}

static void is_not_measured(struct ep_rig *rig, const char *channel)
{
	const struct ep_sample *s = ep_rig_sample(rig, channel);

	if (!s)
		fail_msg("%s was not polled", channel);
	assert_int_equal(s->flags, EP_SAMPLE_ERROR);
	assert_int_equal(s->value, 0);
}

static void a_discharging_battery_is_the_machine(void **state)
{
	struct ep_rig rig;
	int power;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	put(&rig, "AC", "type", "Mains");
	put(&rig, "AC", "online", "0");
	assert_int_equal(ep_sensor_power_supply.probe(&rig.env, NULL), 1);
	assert_int_equal(open_all(&rig, ""), 0);
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "power"), 15000000);
	assert_int_equal(value(&rig, "BAT0_power"), 15000000);
	assert_int_equal(value(&rig, "BAT0_volts"), 12000000);
	assert_int_equal(value(&rig, "BAT0_capacity"), 800000);
	assert_int_equal(ep_rig_channel(&rig, "BAT0_amps"), -1);
	power = ep_rig_channel(&rig, "power");
	assert_int_equal(rig.channels[power].role, EP_ROLE_ASIDE);
	assert_int_equal(rig.channels[ep_rig_channel(&rig, "BAT0_power")].role,
			 EP_ROLE_PART);
	assert_int_equal(rig.channels[power].refresh_ns, 0);
	assert_int_equal(open_all(&rig, "role=total"), 0);
	assert_int_equal(rig.channels[power].role, EP_ROLE_TOTAL);
	ep_rig_end(&rig);
}

static void status_decides_the_sign(void **state)
{
	static const struct {
		const char *status, *power;
		bool measured;
		int64_t uw;
	} cases[] = {
		{ "Discharging", "15000000", true, 15000000 },
		{ "Discharging", "-15000000", true, 15000000 },
		{ "Charging", "15000000", true, -15000000 },
		{ "Charging", "-15000000", true, -15000000 },
		{ "Full", "0", false, 0 },
		{ "Full", "15000000", false, 0 },
		{ "Not charging", "0", false, 0 },
		{ "Unknown", "15000000", false, 0 },
		{ "nonsense", "15000000", false, 0 },
		{ "Discharging", "0", false, 0 },
		{ "Discharging", "nan", false, 0 },
		{ "Discharging", "", false, 0 },
		{ "Discharging", "-9223372036854775808", true, INT64_MAX },
	};
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	assert_int_equal(open_all(&rig, ""), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put(&rig, "BAT0", "status", cases[i].status);
		put(&rig, "BAT0", "power_now", cases[i].power);
		assert_true(ep_rig_poll(&rig) > 0);
		if (cases[i].measured)
			assert_int_equal(value(&rig, "BAT0_power"),
					 cases[i].uw);
		else
			is_not_measured(&rig, "BAT0_power");
		if (cases[i].measured && cases[i].uw > 0)
			assert_int_equal(value(&rig, "power"), cases[i].uw);
		else
			is_not_measured(&rig, "power");
	}
	ep_rig_end(&rig);
}

static void volts_and_amps_make_the_power_where_none_is_told(void **state)
{
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	drop(&rig, "BAT0", "power_now");
	put(&rig, "BAT0", "current_now", "-1500000");
	assert_int_equal(open_all(&rig, ""), 0);
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "power"), 18000000);
	assert_int_equal(value(&rig, "BAT0_amps"), 1500000);
	put(&rig, "BAT0", "status", "Charging");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "BAT0_amps"), -1500000);
	assert_int_equal(value(&rig, "BAT0_power"), -18000000);
	put(&rig, "BAT0", "status", "Full");
	assert_true(ep_rig_poll(&rig) > 0);
	is_not_measured(&rig, "BAT0_amps");
	put(&rig, "BAT0", "status", "Discharging");
	put(&rig, "BAT0", "current_now", "9000000000000000000");
	assert_true(ep_rig_poll(&rig) > 0);
	is_not_measured(&rig, "power");
	ep_rig_end(&rig);
}

static void a_connected_charger_leaves_the_machine_unmeasured(void **state)
{
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	put(&rig, "ADP1", "type", "Mains");
	put(&rig, "ADP1", "online", "1");
	/* The key names the battery; the charger is watched all the same. */
	assert_int_equal(open_all(&rig, "name=BAT*"), 0);
	assert_int_equal(ep_rig_channel(&rig, "ADP1_volts"), -1);
	assert_true(ep_rig_poll(&rig) > 0);
	is_not_measured(&rig, "power");
	assert_int_equal(value(&rig, "BAT0_power"), 15000000);
	put(&rig, "ADP1", "online", "0");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "power"), 15000000);
	ep_rig_end(&rig);
}

static void two_batteries_are_added(void **state)
{
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	put_battery(&rig, "BAT1");
	put(&rig, "BAT1", "power_now", "2000000");
	assert_int_equal(open_all(&rig, ""), 0);
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "power"), 17000000);
	/* The other one feeds alone. */
	put(&rig, "BAT1", "status", "Not charging");
	put(&rig, "BAT1", "power_now", "0");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "power"), 15000000);
	is_not_measured(&rig, "BAT1_power");
	put(&rig, "BAT1", "status", "Charging");
	put(&rig, "BAT1", "power_now", "1000000");
	assert_true(ep_rig_poll(&rig) > 0);
	is_not_measured(&rig, "power");
	ep_rig_end(&rig);
}

static void what_is_drawn_is_counted_while_it_discharges(void **state)
{
	struct ep_rig rig;
	int energy;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	assert_int_equal(open_all(&rig, ""), 0);
	energy = ep_rig_channel(&rig, "energy");
	assert_int_equal(rig.channels[energy].flags, EP_CHANNEL_CHECK);
	assert_int_equal(rig.channels[energy].shape, EP_COUNTER);
	assert_int_equal(rig.channels[energy].resolution, 3600000);
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 0);
	put(&rig, "BAT0", "energy_now", "39990000");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 36000000);
	/* Charged meanwhile, or gauged anew: that is not drawn. */
	put(&rig, "BAT0", "energy_now", "39995000");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 36000000);
	put(&rig, "BAT0", "status", "Charging");
	assert_true(ep_rig_poll(&rig) > 0);
	is_not_measured(&rig, "energy");
	put(&rig, "BAT0", "status", "Discharging");
	put(&rig, "BAT0", "energy_now", "20000000");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 36000000);
	put(&rig, "BAT0", "energy_now", "19999000");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 39600000);
	ep_rig_end(&rig);
}

static void charge_is_weighed_with_the_voltage(void **state)
{
	struct ep_rig rig;
	int energy;

	(void)state;
	ep_rig_make(&rig);
	put_battery(&rig, "BAT0");
	drop(&rig, "BAT0", "energy_now");
	put(&rig, "BAT0", "charge_now", "3000000");
	assert_int_equal(open_all(&rig, ""), 0);
	energy = ep_rig_channel(&rig, "energy");
	/* 1 mAh at 12 V */
	assert_int_equal(rig.channels[energy].resolution, 43200000);
	assert_true(ep_rig_poll(&rig) > 0);
	put(&rig, "BAT0", "charge_now", "2990000");
	assert_true(ep_rig_poll(&rig) > 0);
	assert_int_equal(value(&rig, "energy"), 432000000);
	ep_rig_end(&rig);
}

static void agreed_values_are_marked(void **state)
{
	static const char name[] = "ucsi-source-psy-USBC000:001";
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	put(&rig, name, "type", "USB");
	put(&rig, name, "online", "1");
	put(&rig, name, "voltage_now", "20000000");
	put(&rig, name, "current_now", "3250000");
	put(&rig, "charger", "type", "USB");
	put(&rig, "charger", "voltage_now", "5000000");
	put(&rig, "charger", "current_now", "1000000");
	assert_int_equal(open_all(&rig, ""), 0);
	assert_true(ep_rig_noted(&rig, "agreed"));
	assert_true(ep_rig_poll(&rig) > 0);
	for (size_t i = 0; i < rig.channel_count; i++) {
		const struct ep_channel *c = &rig.channels[i];
		bool ucsi = ep_str_starts(c->name, "ucsi");

		assert_int_equal(c->flags, ucsi ? EP_CHANNEL_NEGOTIATED : 0);
		assert_int_equal(c->role, strcmp(c->name, "charger_power") == 0
						  ? EP_ROLE_ASIDE
						  : EP_ROLE_NONE);
	}
	assert_int_equal(value(&rig, "ucsi_source_psy_USBC000_001_power"),
			 65000000);
	assert_int_equal(value(&rig, "charger_power"), 5000000);
	assert_int_equal(ep_rig_channel(&rig, "power"), -1);
	ep_rig_end(&rig);
}

static void a_mouse_does_not_feed_the_machine(void **state)
{
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	assert_int_equal(open_all(&rig, ""), -ENODEV);
	assert_non_null(strstr(rig.err.text, "no battery"));
	put_battery(&rig, "hidpp_battery_0");
	put(&rig, "hidpp_battery_0", "scope", "Device");
	assert_int_equal(ep_sensor_power_supply.probe(&rig.env, NULL), 0);
	assert_int_equal(open_all(&rig, ""), -ENODEV);
	assert_true(ep_rig_noted(&rig, "peripheral"));
	assert_int_equal(open_all(&rig, "name=BAT9"), -ENODEV);
	assert_non_null(strstr(rig.err.text, "'BAT9'"));
	ep_rig_end(&rig);
}

static void keys_are_checked(void **state)
{
	static const struct {
		const char *options, *text;
	} cases[] = {
		{ "role=part", "aside, total or none" },
		{ "period=1ms", "10ms to 60s" },
		{ "period=2m", "10ms to 60s" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_conf *conf = NULL;
		struct ep_err err = { 0 };

		assert_int_equal(ep_conf_from_options("--sensor",
						      cases[i].options, &conf,
						      &err),
				 0);
		assert_int_equal(ep_sensor_power_supply.check(conf, &err),
				 -EINVAL);
		assert_non_null(strstr(err.text, cases[i].text));
		ep_conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_discharging_battery_is_the_machine),
		cmocka_unit_test(status_decides_the_sign),
		cmocka_unit_test(
			volts_and_amps_make_the_power_where_none_is_told),
		cmocka_unit_test(
			a_connected_charger_leaves_the_machine_unmeasured),
		cmocka_unit_test(two_batteries_are_added),
		cmocka_unit_test(what_is_drawn_is_counted_while_it_discharges),
		cmocka_unit_test(charge_is_weighed_with_the_voltage),
		cmocka_unit_test(agreed_values_are_marked),
		cmocka_unit_test(a_mouse_does_not_feed_the_machine),
		cmocka_unit_test(keys_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
