/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_ina3221.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers/ina3221.h"
#include "sensors/table.h"

static void rails_are_named_by_their_labels(void **state)
{
	struct ep_rig *rig = *state;
	const struct ep_channel *c;

	ep_ina_make_orin(rig);
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(rig->channel_count, 9);
	assert_string_equal(rig->channels[0].name, "vdd_in_volts");
	assert_string_equal(rig->channels[1].name, "vdd_in_amps");
	assert_string_equal(rig->channels[6].name, "vdd_in");
	c = ep_ina_channel(rig, "vdd_in");
	assert_int_equal(c->flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(c->quantity, EP_POWER_UW);
	assert_int_equal(c->volts_index, 0);
	assert_int_equal(c->amps_index, 1);
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_ina_assert_value(rig, "vdd_in_volts", 5064000);
	ep_ina_assert_value(rig, "vdd_in_amps", 1200000);
	ep_ina_assert_value(rig, "vdd_soc_amps", -8000);
	assert_int_equal(rig->samples[0].t_ns, rig->samples[5].t_ns);
}

static void one_count_is_what_the_shunt_makes_it(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	ep_ina_put(rig, ORIN_DIR, "shunt2_resistor", "2000\n");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_volts")->resolution, 8000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_amps")->resolution, 8000);
	assert_int_equal(ep_ina_channel(rig, "vdd_cpu_gpu_cv_amps")->resolution,
			 20000);
	/* 80 uV over 5 milliohm at 5.064 V, 16 mV times 1.2 A */
	assert_int_equal(ep_ina_channel(rig, "vdd_in_amps")->offset, 16000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->offset,
			 5064 * 16 + 1200 * 16);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->gain_ppm, 15000);
}

static void timing_is_declared_and_noted(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	ep_ina_put(rig, ORIN_DIR, "samples", "64\n");
	ep_ina_put(rig, ORIN_DIR, "update_interval", "422\n");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_volts")->refresh_ns,
			 422000000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->refresh_ns, 422000000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_amps")->window_ns,
			 422000000);
	assert_int_equal(rig->ops->period_ns(rig->sensor), 211000000);
	assert_true(ep_rig_noted(rig, "1-0040 averages 64 conversions; its "
				      "update_interval is 422 ms"));
	assert_true(ep_rig_noted(rig, "all 3 rails are read at once"));
}

/* Two readings of the clock around every read of a rail. */
static int64_t wait_ns;
static int64_t slow_now_ns(void)
{
	ep_rig_time_ns += wait_ns;
	return ep_rig_time_ns;
}

static void reads_that_wait_are_made_a_rail_at_a_time(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	wait_ns = 13 * EP_NS_PER_MS;
	rig->env.now_ns = slow_now_ns;
	assert_int_equal(ep_rig_open(rig, &ep_sensor_ina3221, "often=vdd_in"),
			 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_value(rig, "vdd_in_volts", 5064000);
	assert_int_equal(rig->samples[1].span_ns, 13 * EP_NS_PER_MS);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_value(rig, "vdd_cpu_gpu_cv_volts", 5056000);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_value(rig, "vdd_in_amps", 1200000);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_value(rig, "vdd_soc_amps", -8000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->refresh_ns, 26000000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_amps")->refresh_ns,
			 26000000);
	assert_int_equal(ep_ina_channel(rig, "vdd_soc")->refresh_ns, 52000000);
	assert_true(rig->ops->period_ns(rig->sensor) <= 10000000);
	assert_true(ep_rig_noted(rig, "reads wait for the chip, 13 ms a rail"));
	assert_true(ep_rig_noted(rig, "vdd_in is read every 26 ms"));
	assert_true(ep_rig_noted(rig, "the other rails every 52 ms"));
}

static void a_chip_of_minutes_does_not_hold_up_the_start(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	wait_ns = 14 * EP_NS_PER_S;
	rig->env.now_ns = slow_now_ns;
	ep_rig_time_ns = 0;
	assert_int_equal(ep_ina_open_all(rig), 0);
	/* Three first reads, no second round. */
	assert_int_equal(ep_rig_time_ns, 6 * wait_ns);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->refresh_ns,
			 42 * EP_NS_PER_S);
}

static void labels_of_two_chips_are_told_apart(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_put_rail(rig, HWMON "1-0040/hwmon/hwmon3", 1, "VDD\n", "5000 1");
	ep_ina_put_rail(rig, HWMON "1-0041/hwmon/hwmon4", 1, "VDD\n", "5000 2");
	ep_ina_put_rail(rig, HWMON "1-0041/hwmon/hwmon4", 2, "VIN 5V/0\n",
			"5000 3");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_ina_assert_value(rig, "1_0040_vdd_amps", 1000);
	ep_ina_assert_value(rig, "1_0041_vdd_amps", 2000);
	ep_ina_assert_value(rig, "vin_5v_0_amps", 3000);
}

static void twins_on_one_chip_and_no_labels(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_put_rail(rig, ORIN_DIR, 1, "A\n", "5000 1");
	ep_ina_put_rail(rig, ORIN_DIR, 2, "a\n", "5000 2");
	ep_ina_put_rail(rig, ORIN_DIR, 3, "\n", "5000 3");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_ina_assert_value(rig, "1_0040_a_amps", 1000);
	ep_ina_assert_value(rig, "1_0040_2_a_amps", 2000);
	ep_ina_assert_value(rig, "1_0040_ch3_amps", 3000);
}

static void iio_prefers_one_conversion_for_both(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_put_iio(rig, NANO_DIR, 0, "POM_5V_IN\n", "5000 999");
	ep_ina_put(rig, NANO_DIR, "ui_input_0", "5176 420\n");
	ep_ina_put_iio(rig, NANO_DIR, 1, "POM_5V_GPU\n", "5100 24");
	ep_ina_put(rig, NANO_DIR, "rail_name_2", "POM_5V_CPU\n");
	ep_ina_put(rig, NANO_DIR, "in_power2_input", "1234\n");
	ep_ina_put(rig, NANO_DIR, "running_mode", "1\n");
	assert_int_equal(
		ep_rig_open(rig, &ep_sensor_ina3221, "shunt_uohm=5000"), 0);
	assert_int_equal(ep_rig_poll(rig), 5);
	ep_ina_assert_value(rig, "pom_5v_in_volts", 5176000);
	ep_ina_assert_value(rig, "pom_5v_in_amps", 420000);
	ep_ina_assert_value(rig, "pom_5v_gpu_amps", 24000);
	ep_ina_assert_value(rig, "pom_5v_cpu", 1234000);
	assert_int_equal(ep_ina_channel(rig, "pom_5v_cpu")->flags, 0);
	assert_int_equal(ep_ina_channel(rig, "pom_5v_in_amps")->resolution,
			 8000);
	assert_true(ep_rig_noted(rig, "6-0040 converts continuously"));
}

static void a_conversion_for_each_read_is_proof(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_put_iio(rig, NANO_DIR, 0, "POM_5V_IN\n", "5000 999");
	ep_ina_put(rig, NANO_DIR, "running_mode", "0\n");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_true(ep_rig_noted(rig, "6-0040 converts each time it is read"));
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_flags(rig, "pom_5v_in_amps", 0);
	/* The driver may change that by itself. */
	ep_ina_put(rig, NANO_DIR, "running_mode", "1\n");
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_flags(rig, "pom_5v_in_amps", EP_SAMPLE_UNPROVEN);
	ep_ina_put(rig, NANO_DIR, "running_mode", "");
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_flags(rig, "pom_5v_in_amps", EP_SAMPLE_UNPROVEN);
}

static void iio_device_may_be_a_link_only(void **state)
{
	struct ep_rig *rig = *state;

	ep_ina_put_iio(rig, "sys/bus/iio/devices/iio:device0", 0, "VDD_IN\n",
		       "5000 100");
	ep_tmp_mkdir(&rig->tmp, IIO "6-0040");
	ep_tmp_symlink(&rig->tmp, "/sys/bus/iio/devices/iio:device0",
		       IIO "6-0040/iio_device");
	assert_int_equal(ep_ina_open_all(rig), 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_ina_assert_value(rig, "vdd_in_amps", 100000);
}

static void keys_are_checked(void **state)
{
	static const char *const bad[] = { "gain_percent=-1", "gain_percent=x",
					   "shunt_uohm=5", "shunt_uohm=2.5",
					   "often_=x" };
	struct ep_rig *rig = *state;

	ep_ina_make_orin(rig);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(ep_rig_open(rig, &ep_sensor_ina3221, bad[i]) < 0);
	assert_int_equal(
		ep_rig_open(rig, &ep_sensor_ina3221, "gain_percent=0.1"), 0);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_volts")->gain_ppm, 1000);
	assert_int_equal(ep_ina_channel(rig, "vdd_in_amps")->gain_ppm, 0);
	assert_int_equal(ep_ina_channel(rig, "vdd_in")->gain_ppm, 1000);
}

static void what_would_make_it_fast(void **state)
{
	struct ep_rig *rig = *state;
	struct ep_ina3221_chip chips[2];
	struct ep_ina3221_setting s[2];

	ep_ina_make_orin(rig);
	ep_ina_put_iio(rig, NANO_DIR, 0, "POM_5V_IN\n", "5000 999");
	ep_ina_put(rig, NANO_DIR, "running_mode", "0\n");
	assert_int_equal(ep_ina3221_chips(&rig->env.root, "*", chips, 2), 2);
	assert_int_equal(ep_ina3221_fast(&rig->env.root, &chips[0], s), 2);
	assert_string_equal(s[0].path, "/" ORIN_DIR "/samples");
	assert_string_equal(s[0].value, "1");
	assert_string_equal(s[1].path, "/" ORIN_DIR "/update_interval");
	assert_string_equal(s[1].value, "0");
	assert_int_equal(ep_ina3221_fast(&rig->env.root, &chips[1], s), 1);
	assert_string_equal(s[0].path, "/" NANO_DIR "/running_mode");
	assert_string_equal(s[0].value, "1");
}

static void probe_counts_chips(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sensor_ina3221.probe(&rig->env, &rig->err), 0);
	ep_ina_make_orin(rig);
	assert_int_equal(ep_sensor_ina3221.probe(&rig->env, &rig->err), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(rails_are_named_by_their_labels),
		T(one_count_is_what_the_shunt_makes_it),
		T(timing_is_declared_and_noted),
		T(reads_that_wait_are_made_a_rail_at_a_time),
		T(a_chip_of_minutes_does_not_hold_up_the_start),
		T(labels_of_two_chips_are_told_apart),
		T(twins_on_one_chip_and_no_labels),
		T(iio_prefers_one_conversion_for_both),
		T(a_conversion_for_each_read_is_proof),
		T(iio_device_may_be_a_link_only),
		T(keys_are_checked),
		T(what_would_make_it_fast),
		T(probe_counts_chips),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
