/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sensor rpi5_pmic on a firmware of our own. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/rpi5_pmic_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_firmware.h"

#define MS EP_NS_PER_MS
#define US EP_NS_PER_US

static struct ep_rig rig;

static int setup(void **state)
{
	(void)state;
	ep_rig_make(&rig);
	rig.env.now_ns = ep_rig_now_ns;
	ep_rig_time_ns = 1000 * MS;
	ep_tmp_puts(&rig.tmp, "dev/vcio_gencmd", "");
	fake_firmware_reset();
	fake_firmware.answer = fake_firmware_pi5;
	fake_firmware.full_ns = 5 * MS;
	fake_firmware.single_ns = 1 * MS;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ep_rig_end(&rig);
	return 0;
}

static void open_sensor(void)
{
	if (ep_rig_open(&rig, &ep_sensor_rpi5_pmic, "") < 0)
		fail_msg("%s", rig.err.text);
}

static void cheap_singles(void)
{
	fake_firmware.full_ns = 15 * MS;
	fake_firmware.single_ns = 500 * US;
}

/* The next poll, at its time. */
static int poll_next(int64_t *begin_ns)
{
	int64_t period_ns = ep_sensor_rpi5_pmic.period_ns(rig.sensor);

	if (*begin_ns + period_ns > ep_rig_time_ns)
		ep_rig_time_ns = *begin_ns + period_ns;
	*begin_ns = ep_rig_time_ns;
	return ep_rig_poll(&rig);
}

static void channels_are_wires_then_powers(void **state)
{
	const struct ep_channel *core;

	(void)state;
	open_sensor();
	assert_int_equal(rig.channel_count, EP_PMIC_WIRES + EP_PMIC_RAILS);
	core = &rig.channels[ep_rig_channel(&rig, "vdd_core")];
	assert_int_equal(core->flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(core->role, EP_ROLE_TOTAL);
	assert_int_equal(core->refresh_ns, 25 * MS);
	assert_int_equal(core->gain_ppm, 0);
	assert_string_equal(rig.channels[core->volts_index].name,
			    "vdd_core_volts");
	assert_string_equal(rig.channels[core->amps_index].name,
			    "vdd_core_amps");
	assert_int_equal(ep_rig_channel(&rig, "ext5v"), -1);
	assert_int_equal(ep_sensor_rpi5_pmic.probe(&rig.env, NULL),
			 EP_PMIC_WIRES);
}

static void costs_and_schedule_are_noted(void **state)
{
	(void)state;
	open_sensor();
	assert_true(ep_rig_noted(&rig, "5 ms for all channels, 1 ms for one"));
	assert_true(ep_rig_noted(&rig, "all channels every 25 ms, up to 20 %"));
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 25 * MS);
}

static void keys_change_budget_schedule_and_gain(void **state)
{
	(void)state;
	assert_int_equal(ep_rig_open(&rig, &ep_sensor_rpi5_pmic,
				     "pmic_budget=50,gain_percent=3"),
			 0);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 10 * MS);
	assert_int_equal(
		rig.channels[ep_rig_channel(&rig, "vdd_core")].gain_ppm, 30000);
	assert_int_equal(
		ep_rig_open(&rig, &ep_sensor_rpi5_pmic, "schedule=mixed"), 0);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 40 * MS);
	cheap_singles();
	assert_int_equal(
		ep_rig_open(&rig, &ep_sensor_rpi5_pmic, "schedule=full"), 0);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 75 * MS);
}

static void bad_keys_are_refused(void **state)
{
	static const char *const bad[] = {
		"pmic_budget=0", "pmic_budget=101", "pmic_budget=nan",
		"schedule=fast", "gain_percent=-1", "gain_percent=51"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_true(ep_rig_open(&rig, &ep_sensor_rpi5_pmic, bad[i]) <
			    0);
}

static void a_sweep_is_one_line_in_the_middle_of_the_call(void **state)
{
	const struct ep_sample *s;
	int64_t begin_ns;

	(void)state;
	open_sensor();
	begin_ns = ep_rig_time_ns;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(rig.sample_count, EP_PMIC_WIRES);
	s = ep_rig_sample(&rig, "vdd_core_amps");
	assert_int_equal(s->value, 1116250);
	assert_int_equal(s->flags, EP_SAMPLE_UNPROVEN);
	assert_int_equal(s->t_ns, begin_ns + 5 * MS / 2);
	assert_int_equal(s->span_ns, 5 * MS);
	for (size_t i = 0; i < rig.sample_count; i++)
		assert_int_equal(rig.samples[i].t_ns, s->t_ns);
}

static const char *without_core(const char *command)
{
	static char text[4096];
	char *at;

	(void)strncpy(text, fake_firmware_pi5(command), sizeof(text) - 1);
	at = strstr(text, "VDD_CORE_A");
	if (at)
		memset(at, '?', 4);
	return text;
}

static void a_channel_that_goes_missing_is_an_error_not_zero(void **state)
{
	(void)state;
	open_sensor();
	fake_firmware.answer = without_core;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(ep_rig_sample(&rig, "vdd_core_amps")->flags,
			 EP_SAMPLE_ERROR);
	assert_int_equal(ep_rig_sample(&rig, "vdd_core_volts")->flags,
			 EP_SAMPLE_UNPROVEN);
}

static void a_channel_that_never_was_is_left_out_and_told(void **state)
{
	(void)state;
	fake_firmware.answer = without_core;
	open_sensor();
	assert_int_equal(rig.channel_count, EP_PMIC_WIRES + EP_PMIC_RAILS - 2);
	assert_int_equal(ep_rig_channel(&rig, "vdd_core"), -1);
	assert_true(ep_rig_noted(&rig, "no reply tells of them: VDD_CORE_A"));
	assert_true(ep_rig_noted(&rig, "the rails is without: vdd_core"));
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(rig.sample_count, EP_PMIC_WIRES - 1);
}

static void a_failing_call_is_a_failed_poll(void **state)
{
	(void)state;
	open_sensor();
	fake_firmware.error = EIO;
	assert_int_equal(ep_rig_poll(&rig), -EIO);
	assert_int_equal(rig.sample_count, 0);
	fake_firmware.error = 0;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
}

static void a_node_that_goes_is_looked_for(void **state)
{
	(void)state;
	open_sensor();
	fake_firmware.error = ENODEV;
	assert_int_equal(unlink(ep_tmp_path(&rig.tmp, "dev/vcio_gencmd")), 0);
	assert_int_equal(ep_rig_poll(&rig), -ENODEV);
	fake_firmware.error = 0;
	assert_int_equal(ep_rig_poll(&rig), -ENOENT);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 500 * MS);
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 25 * MS);
}

static void slow_calls_are_made_less_often(void **state)
{
	(void)state;
	open_sensor();
	fake_firmware.full_ns = 40 * MS;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 200 * MS);
	fake_firmware.full_ns = 900 * MS;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(ep_sensor_rpi5_pmic.period_ns(rig.sensor), 1000 * MS);
}

static void a_mixed_schedule_begins_with_all_then_takes_turns(void **state)
{
	int64_t begin_ns = ep_rig_time_ns;
	int other = 0;

	(void)state;
	cheap_singles();
	open_sensor();
	assert_true(ep_rig_noted(&rig, "each every 200 ms"));
	assert_int_equal(
		rig.channels[ep_rig_channel(&rig, "ddr_vdd2")].refresh_ns,
		20 * MS);
	assert_int_equal(rig.channels[ep_rig_channel(&rig, "hdmi")].refresh_ns,
			 200 * MS);
	assert_int_equal(poll_next(&begin_ns), EP_PMIC_WIRES);
	for (int i = 0; i < EP_PMIC_TURNS; i++) {
		assert_int_equal(poll_next(&begin_ns), EP_PMIC_ROUND_CALLS);
		assert_int_equal(rig.sample_count, EP_PMIC_ROUND_CALLS);
		assert_int_equal(ep_rig_sample(&rig, "vdd_core_amps")->value,
				 1116250);
		assert_int_equal(ep_rig_sample(&rig, "vdd_core_volts")->t_ns,
				 ep_rig_sample(&rig, "vdd_core_amps")->t_ns);
		other += ep_rig_sample(&rig, "hdmi_amps") != NULL;
	}
	assert_int_equal(other, 1);
}

static void a_mixed_schedule_ends_with_all(void **state)
{
	int64_t begin_ns = ep_rig_time_ns;

	(void)state;
	cheap_singles();
	open_sensor();
	for (int i = 0; i < 60; i++)
		(void)poll_next(&begin_ns);
	assert_int_equal(rig.sample_count, EP_PMIC_ROUND_CALLS);
	/* Before its time, which is what an end looks like; once. */
	ep_rig_time_ns += 5 * MS;
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_ROUND_CALLS);
}

static const char *one_fails(const char *command)
{
	if (strcmp(command, "pmic_read_adc DDR_VDDQ_A") == 0)
		return "DDR_VDDQ_A current(4)=nanA";
	if (strcmp(command, "pmic_read_adc DDR_VDD2_V") == 0)
		return "BATT_V volt(25)=3.0V";
	return fake_firmware_pi5(command);
}

static void one_bad_single_call_spoils_no_other(void **state)
{
	int64_t begin_ns = ep_rig_time_ns;

	(void)state;
	cheap_singles();
	open_sensor();
	(void)poll_next(&begin_ns);
	fake_firmware.answer = one_fails;
	assert_int_equal(poll_next(&begin_ns), EP_PMIC_ROUND_CALLS);
	assert_int_equal(ep_rig_sample(&rig, "ddr_vddq_amps")->flags,
			 EP_SAMPLE_ERROR);
	assert_int_equal(ep_rig_sample(&rig, "ddr_vdd2_volts")->flags,
			 EP_SAMPLE_ERROR);
	assert_int_equal(ep_rig_sample(&rig, "vdd_core_volts")->flags,
			 EP_SAMPLE_UNPROVEN);
	fake_firmware.error = EIO;
	assert_int_equal(poll_next(&begin_ns), -EIO);
	assert_int_equal(rig.sample_count, 0);
}

static const char *no_single(const char *command)
{
	return strchr(command, ' ')
		       ? "error=1 error_msg=\"Command not registered\""
		       : fake_firmware_pi5(command);
}

static void without_single_calls_it_sweeps(void **state)
{
	(void)state;
	cheap_singles();
	fake_firmware.answer = no_single;
	open_sensor();
	assert_true(ep_rig_noted(&rig, "a single channel cannot be read"));
	assert_int_equal(ep_rig_poll(&rig), EP_PMIC_WIRES);
	assert_int_equal(
		ep_rig_open(&rig, &ep_sensor_rpi5_pmic, "schedule=mixed"),
		-EOPNOTSUPP);
}

static const char *unknown(const char *command)
{
	(void)command;
	return "error=1 error_msg=\"Command not registered\"";
}

static void a_pi_4_is_told_from_a_broken_pi_5(void **state)
{
	(void)state;
	fake_firmware.answer = unknown;
	assert_int_equal(ep_rig_open(&rig, &ep_sensor_rpi5_pmic, ""),
			 -EOPNOTSUPP);
	assert_non_null(strstr(rig.err.text, "only the Pi 5 family"));
	assert_int_equal(ep_sensor_rpi5_pmic.probe(&rig.env, NULL), 0);
	fake_firmware.answer = fake_firmware_pi5;
	fake_firmware.error = EACCES;
	assert_int_equal(ep_rig_open(&rig, &ep_sensor_rpi5_pmic, ""), -EACCES);
	assert_int_equal(ep_sensor_rpi5_pmic.probe(&rig.env, NULL), -EACCES);
}

static const char *saturated(const char *command)
{
	return strchr(command, ' ') ? fake_firmware_pi5(command)
				    : "3V7_WL_SW_V volt(8)=3.79999600V\n";
}

static void the_end_of_a_range_is_noted(void **state)
{
	(void)state;
	fake_firmware.answer = saturated;
	open_sensor();
	assert_true(ep_rig_noted(&rig, "3V7_WL_SW_V stands at the end of its "
				       "range (3.8)"));
}

static void a_hanging_firmware_does_not_hold_the_start(void **state)
{
	int64_t begin_ns = ep_rig_time_ns;

	(void)state;
	fake_firmware.full_ns = fake_firmware.single_ns = 1000 * MS;
	open_sensor();
	assert_true(ep_rig_time_ns - begin_ns <= 2000 * MS);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(channels_are_wires_then_powers),
		TEST(costs_and_schedule_are_noted),
		TEST(keys_change_budget_schedule_and_gain),
		TEST(bad_keys_are_refused),
		TEST(a_sweep_is_one_line_in_the_middle_of_the_call),
		TEST(a_channel_that_goes_missing_is_an_error_not_zero),
		TEST(a_channel_that_never_was_is_left_out_and_told),
		TEST(a_failing_call_is_a_failed_poll),
		TEST(a_node_that_goes_is_looked_for),
		TEST(slow_calls_are_made_less_often),
		TEST(a_mixed_schedule_begins_with_all_then_takes_turns),
		TEST(a_mixed_schedule_ends_with_all),
		TEST(one_bad_single_call_spoils_no_other),
		TEST(without_single_calls_it_sweeps),
		TEST(a_pi_4_is_told_from_a_broken_pi_5),
		TEST(the_end_of_a_range_is_noted),
		TEST(a_hanging_firmware_does_not_hold_the_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
