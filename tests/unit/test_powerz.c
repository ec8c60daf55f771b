/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POWER-Z meters as the kernel's driver powerz shows them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

static void put(const struct ep_rig *rig, int hwmon, const char *file,
		const char *text)
{
	char path[160], line[64];

	snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%d/%s", hwmon, file);
	snprintf(line, sizeof(line), "%s\n", text);
	ep_tmp_puts(&rig->tmp, path, line);
}

/* One at the USB port, with all the files the driver makes. */
static void make_meter(const struct ep_rig *rig, int hwmon, const char *port,
		       const char *product)
{
	static const char *const files[][2] = {
		{ "name", "powerz" },	   { "in0_input", "5062" },
		{ "in0_average", "5060" }, { "in0_label", "VBUS" },
		{ "in1_input", "1650" },   { "in1_label", "VCC1" },
		{ "in2_input", "0" },	   { "in2_label", "VCC2" },
		{ "in3_input", "2700" },   { "in3_label", "VDP" },
		{ "in4_input", "2698" },   { "in4_label", "VDM" },
		{ "in5_input", "3300" },   { "in5_label", "VDD" },
		{ "curr1_input", "1234" }, { "curr1_average", "1233" },
		{ "curr1_label", "IBUS" }, { "temp1_input", "31500" },
	};
	char path[160], target[160];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		put(rig, hwmon, files[i][0], files[i][1]);
	snprintf(path, sizeof(path), "sys/bus/usb/%s/%s:1.0/power/control",
		 port, port);
	ep_tmp_puts(&rig->tmp, path, "on\n");
	snprintf(path, sizeof(path), "sys/bus/usb/%s/idProduct", port);
	snprintf(target, sizeof(target), "%s\n", product);
	ep_tmp_puts(&rig->tmp, path, target);
	snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%d/device", hwmon);
	snprintf(target, sizeof(target), "../../../bus/usb/%s/%s:1.0", port,
		 port);
	ep_tmp_symlink(&rig->tmp, target, path);
}

static int open_as(struct ep_rig *rig, const char *options)
{
	return ep_rig_open(rig, &ep_sensor_powerz, options);
}

static void assert_error(const struct ep_rig *rig, const char *channel)
{
	const struct ep_sample *s = ep_rig_sample(rig, channel);

	assert_non_null(s);
	assert_int_equal(s->flags, EP_SAMPLE_ERROR);
	assert_int_equal(s->value, 0);
}

static void volts_and_amperes_make_its_power(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_channel *power;

	make_meter(rig, 3, "1-1.2", "0063");
	put(rig, 0, "name", "acpitz");
	assert_int_equal(ep_sensor_powerz.probe(&rig->env, NULL), 1);
	assert_int_equal(open_as(rig, ""), 0);
	assert_int_equal(rig->channel_count, 3);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "voltage", 5062500);
	ep_rig_assert_unproven(rig, "current", 1234500);
	power = &rig->channels[ep_rig_channel(rig, "power")];
	assert_int_equal(power->flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(power->role, EP_ROLE_TOTAL);
	assert_int_equal(power->gain_ppm, 0);
	assert_int_equal(power->refresh_ns, 0);
	assert_int_equal(rig->channels[0].resolution, 1000);
	assert_true(ep_rig_noted(rig, "1-1.2:1.0"));
	assert_true(ep_rig_noted(rig, "gain_percent="));
	assert_true(ep_rig_noted(rig, "refresh="));
	assert_false(ep_rig_noted(rig, "reverse="));
}

static void what_is_told_of_it_is_taken(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_channel *power;

	make_meter(rig, 3, "1-1.2", "0063");
	assert_int_equal(open_as(rig, "refresh=20ms,gain_percent=0.5,"
				      "period=5ms"),
			 0);
	power = &rig->channels[ep_rig_channel(rig, "power")];
	assert_int_equal(power->refresh_ns, 20 * EP_NS_PER_MS);
	assert_int_equal(power->window_ns, 40 * EP_NS_PER_MS);
	assert_int_equal(power->gain_ppm, 5000);
	assert_int_equal(ep_sensor_powerz.period_ns(rig->sensor),
			 5 * EP_NS_PER_MS);
	assert_false(ep_rig_noted(rig, "gain_percent="));
}

static void the_sign_is_kept_or_turned(void **state)
{
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1.2", "0063");
	put(rig, 3, "curr1_input", "-1500");
	assert_int_equal(open_as(rig, ""), 0);
	assert_true(ep_rig_noted(rig, "reverse=yes"));
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "current", -1500500);
	assert_int_equal(open_as(rig, "reverse=yes"), 0);
	assert_false(ep_rig_noted(rig, "reverse="));
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "current", 1500500);
}

/* It drops what is finer than its last digit; of less than one it tells 0. */
static void the_middle_of_what_the_driver_cut_off_is_taken(void **state)
{
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1.2", "0063");
	put(rig, 3, "curr1_input", "0");
	assert_int_equal(open_as(rig, ""), 0);
	assert_true(ep_rig_noted(rig, "cuts off"));
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "current", 0);
	put(rig, 3, "curr1_input", "-1");
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "current", -1500);
}

static void of_several_one_must_be_named(void **state)
{
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1", "0063");
	make_meter(rig, 4, "2-1", "0061");
	put(rig, 4, "in0_input", "9000");
	assert_int_equal(open_as(rig, ""), -ENOTUNIQ);
	assert_non_null(strstr(rig->err.text, "1-1:1.0, 2-1:1.0"));
	assert_int_equal(open_as(rig, "device=2-1:*"), 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "voltage", 9000500);
	assert_int_equal(open_as(rig, "model=km003c"), 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "voltage", 5062500);
	assert_int_equal(open_as(rig, "device=2-1:*,model=km003c"), -ENODEV);
}

static void what_fails_is_an_error_never_zero(void **state)
{
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1.2", "0063");
	assert_int_equal(open_as(rig, ""), 0);
	put(rig, 3, "in0_input", "188000");
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_error(rig, "voltage");
	ep_rig_assert_unproven(rig, "current", 1234500);
	put(rig, 3, "in0_input", "nonsense");
	put(rig, 3, "curr1_input", "");
	assert_true(ep_rig_poll(rig) < 0);
	assert_error(rig, "voltage");
	assert_error(rig, "current");
	put(rig, 3, "in0_input", "5000");
	put(rig, 3, "curr1_input", "1000");
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_int_equal(ep_rig_sample(rig, "voltage")->flags,
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
	assert_int_equal(ep_rig_sample(rig, "current")->value, 1000500);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "voltage", 5000500);
}

/* As ep_kept_read_i64 sees a device that went: nothing is read any more. */
static void unplug(const struct ep_rig *rig, int hwmon)
{
	static const char *const files[] = { "name", "in0_input", "curr1_input",
					     "device" };
	char path[160];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "sys/class/hwmon/hwmon%d/%s",
			 hwmon, files[i]);
		if (i == 1 || i == 2)
			ep_tmp_puts(&rig->tmp, path, "");
		assert_int_equal(unlink(ep_tmp_path(&rig->tmp, path)), 0);
	}
}

static void plugged_in_again_it_is_found_by_its_port(void **state)
{
	struct ep_rig *rig = *state;

	rig->env.now_ns = ep_rig_now_ns;
	ep_rig_time_ns = EP_NS_PER_S;
	make_meter(rig, 3, "1-1.2", "0063");
	assert_int_equal(open_as(rig, ""), 0);
	unplug(rig, 3);
	make_meter(rig, 5, "1-4", "0063");
	assert_true(ep_rig_poll(rig) < 0);
	ep_rig_time_ns += EP_NS_PER_S;
	assert_int_equal(ep_rig_poll(rig), -ENODEV);
	make_meter(rig, 6, "1-1.2", "0063");
	put(rig, 6, "in0_input", "5001");
	ep_rig_time_ns += EP_NS_PER_MS;
	assert_int_equal(ep_rig_poll(rig), -ENODEV);
	ep_rig_time_ns += EP_NS_PER_S;
	assert_int_equal(ep_rig_poll(rig), -ENODEV);
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_int_equal(ep_rig_sample(rig, "voltage")->value, 5001500);
	assert_int_equal(ep_rig_sample(rig, "voltage")->flags,
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
}

static void without_one_it_says_what_to_do(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_mkdir(&rig->tmp, "sys/class/hwmon");
	assert_int_equal(ep_sensor_powerz.probe(&rig->env, NULL), 0);
	assert_int_equal(open_as(rig, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "5fc9:0063"));
	make_meter(rig, 3, "1-1.2", "0063");
	put(rig, 3, "in0_input", "");
	assert_int_equal(open_as(rig, ""), -EIO);
	assert_non_null(strstr(rig->err.text, "1-1.2:1.0 gives no values"));
}

static void keys_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"period=2s",	 "period=0s",	      "refresh=0.01ms",
		"reverse=maybe", "gain_percent=-1",   "gain_percent=200",
		"model=km001",	 "gain_percent=none",
	};
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1.2", "0063");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int r = open_as(rig, wrong[i]);

		if (r != -EINVAL && r != -ERANGE)
			fail_msg("%s: %d", wrong[i], r);
		assert_true(ep_sensor_powerz.check(rig->conf, NULL) < 0);
	}
}

static void hwmon_leaves_it_alone_unless_asked(void **state)
{
	struct ep_rig *rig = *state;

	make_meter(rig, 3, "1-1.2", "0063");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "--sensor powerz"));
	put(rig, 0, "name", "board");
	put(rig, 0, "power1_input", "3000000");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_true(ep_rig_noted(rig, "--sensor powerz"));
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "chip=powerz"), 0);
	assert_true(ep_rig_channel(rig, "powerz_VBUS_volts") >= 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(volts_and_amperes_make_its_power),
		TEST(what_is_told_of_it_is_taken),
		TEST(the_sign_is_kept_or_turned),
		TEST(the_middle_of_what_the_driver_cut_off_is_taken),
		TEST(of_several_one_must_be_named),
		TEST(what_fails_is_an_error_never_zero),
		TEST(plugged_in_again_it_is_found_by_its_port),
		TEST(without_one_it_says_what_to_do),
		TEST(keys_that_cannot_be_are_refused),
		TEST(hwmon_leaves_it_alone_unless_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
