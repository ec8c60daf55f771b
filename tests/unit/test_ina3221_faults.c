/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_ina3221.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"

static void channels_that_are_none_are_left_out_by_name(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	ep_ina_put(rig, ORIN_DIR, "in1_label", "NC\n");
	ep_ina_put(rig, ORIN_DIR, "curr2_input", "");
	ep_ina_put(rig, ORIN_DIR, "in3_enable", "0\n");
	ep_ina_put_rail(rig, HWMON "1-0041/hwmon/hwmon4", 2, "VDDQ\n",
			"5000 40");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(rig->channel_count, 3);
	assert_string_equal(rig->channels[2].name, "vddq");
	assert_true(ep_rig_noted(rig, "1-0040 channel 1 NC left out: not "
				      "connected"));
	assert_true(ep_rig_noted(rig, "channel 2 VDD_CPU_GPU_CV left out: the "
				      "chip does not measure it"));
	assert_true(ep_rig_noted(rig, "channel 3 VDD_SOC left out: switched "
				      "off"));
}

static void a_shunt_that_cannot_be_means_nothing(void **state)
{
	static const char *const absurd[] = { "0\n", "-5000\n", "1\n",
					      "99999999\n" };
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++) {
		ep_ina_put(rig, ORIN_DIR, "shunt1_resistor", absurd[i]);
		assert_int_equal(ep_ina_open_all(rig), 0);
		assert_int_equal(ep_rig_channel(rig, "vdd_in"), -1);
		assert_true(ep_rig_channel(rig, "vdd_soc") >= 0);
		assert_true(ep_rig_noted(rig, "VDD_IN left out: a shunt of "));
	}
}

static void garbage_and_spikes_are_errors_and_heal(void **state)
{
	static const char *const bad[] = { "nan\n",
					   "",
					   "1200 mA\n",
					   "-\n",
					   "32769\n",
					   "-32769\n",
					   "9223372036854775807\n",
					   "0x10\n",
					   "12.5\n" };
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	assert_int_equal(ep_ina_open_all(rig), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ep_ina_put(rig, ORIN_DIR, "curr1_input", bad[i]);
		assert_int_equal(ep_rig_poll(rig), 6);
		ep_ina_assert_flags(rig, "vdd_in_amps", EP_SAMPLE_ERROR);
		ep_ina_assert_value(rig, "vdd_in_volts", 5064000);
		ep_ina_assert_value(rig, "vdd_soc_amps", -8000);
	}
	ep_ina_put(rig, ORIN_DIR, "curr1_input", "1208\n");
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_ina_assert_flags(rig, "vdd_in_amps",
			    EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_ina_assert_value(rig, "vdd_in_amps", 1208000);
}

static void pairs_of_garbage_are_errors(void **state)
{
	static const char *const bad[] = {
		"5000\n",     "5000,1\n",	    "x 1\n",
		"5000 1 2\n", "5000 99999999999\n", "40000 1\n",
		" 5000 1\n"
	};
	struct ep_rig *rig = *state;

	ep_ina_put_iio(rig, NANO_DIR, 0, "POM_5V_IN\n", "5000 999");
	ep_ina_put(rig, NANO_DIR, "ui_input_0", "5176 420\n");
	assert_int_equal(ep_ina_open_all(rig), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ep_ina_put(rig, NANO_DIR, "ui_input_0", bad[i]);
		assert_true(ep_rig_poll(rig) < 0);
		ep_ina_assert_flags(rig, "pom_5v_in_amps", EP_SAMPLE_ERROR);
		ep_ina_assert_flags(rig, "pom_5v_in_volts", EP_SAMPLE_ERROR);
	}
}

/* As if the driver were unbound: files are emptied and gone. */
static void vanish(struct ep_rig *rig, const char *dir)
{
	char name[40];

	for (int i = 1; i <= 3; i++) {
		snprintf(name, sizeof(name), "in%d_input", i);
		ep_ina_put(rig, dir, name, "");
		snprintf(name, sizeof(name), "curr%d_input", i);
		ep_ina_put(rig, dir, name, "");
	}
}

static void a_chip_that_comes_back_elsewhere_is_found(void **state)
{
	struct ep_rig *rig = *state;
	const char *from = ep_tmp_path(&rig->tmp, ORIN_DIR);

	rig->env.now_ns = ep_rig_now_ns;
	ep_rig_time_ns = EP_NS_PER_S;
	ep_ina_make_orin(rig);
	assert_int_equal(ep_ina_open_all(rig), 0);
	vanish(rig, ORIN_DIR);
	assert_int_equal(rename(from, ep_tmp_path(&rig->tmp, "gone")), 0);
	assert_int_equal(ep_rig_poll(rig), -ENODATA);
	assert_int_equal(rig->sample_count, 6);
	ep_ina_assert_flags(rig, "vdd_in_volts", EP_SAMPLE_ERROR);
	ep_ina_put_rail(rig, HWMON "1-0040/hwmon/hwmon7", 1, "VDD_IN\n",
			"5000 100");
	ep_ina_put_rail(rig, HWMON "1-0040/hwmon/hwmon7", 2, "VDD_CPU_GPU_CV\n",
			"5000 200");
	ep_ina_put_rail(rig, HWMON "1-0040/hwmon/hwmon7", 3, "VDD_SOC\n",
			"5000 300");
	/* Not looked for at every poll. */
	ep_rig_time_ns += EP_NS_PER_MS;
	assert_int_equal(ep_rig_poll(rig), -ENODATA);
	ep_rig_time_ns += 200 * EP_NS_PER_MS;
	assert_true(ep_rig_poll(rig) != 0);
	assert_int_equal(ep_rig_poll(rig), 6);
	assert_int_equal(ep_rig_sample(rig, "vdd_soc_amps")->value, 300000);
	(void)ep_rig_poll(rig);
	ep_ina_assert_value(rig, "vdd_in_amps", 100000);
}

static void nothing_to_read_says_why(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_ina_open_all(rig), -ENODEV);
	assert_non_null(strstr(rig->err.text, "no ina3221"));
	ep_tmp_mkdir(&rig->tmp, HWMON "1-0040");
	assert_int_equal(ep_ina_open_all(rig), -ENODEV);
	assert_non_null(strstr(rig->err.text, "its driver has made no files"));
	ep_ina_make_orin(rig);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_ina3221, "chips=2-*"),
			 -ENODEV);
	assert_non_null(strstr(rig->err.text, "'2-*'"));
	assert_int_equal(ep_rig_open(rig, &ep_sensor_ina3221, "chips=1-*"), 0);
}

static int open_status(struct ep_rig *rig)
{
	return -ep_ina_open_all(rig);
}

static int open_one_less(struct ep_rig *rig)
{
	return ep_ina_open_all(rig) == 0 && ep_rig_channel(rig, "vdd_in") < 0 &&
			       ep_rig_channel(rig, "vdd_soc") >= 0 &&
			       ep_rig_noted(rig, "Permission denied")
		       ? 0
		       : 1;
}

static void refused_files_are_named(void **state)
{
	struct ep_rig *rig = *state;

	if (geteuid() != 0) {
		print_message("SKIP: root is needed to become another user\n");
		skip();
	}
	ep_ina_make_orin(rig);
	assert_int_equal(
		fchmodat(rig->tmp.fd, ORIN_DIR "/curr1_input", 0400, 0), 0);
	assert_int_equal(ep_rig_as_nobody(open_one_less, rig), 0);
	assert_int_equal(
		fchmodat(rig->tmp.fd, "sys/bus/i2c/drivers/ina3221", 0700, 0),
		0);
	assert_int_equal(ep_rig_as_nobody(open_status, rig), EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(channels_that_are_none_are_left_out_by_name),
		T(a_shunt_that_cannot_be_means_nothing),
		T(garbage_and_spikes_are_errors_and_heal),
		T(pairs_of_garbage_are_errors),
		T(a_chip_that_comes_back_elsewhere_is_found),
		T(nothing_to_read_says_why),
		T(refused_files_are_named),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
