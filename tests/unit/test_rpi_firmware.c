/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_firmware.h"

#define MS EP_NS_PER_MS

static struct ep_rig rig;
static const char *throttled;

static const char *answer(const char *command)
{
	if (strcmp(command, "get_throttled") == 0)
		return throttled;
	if (strcmp(command, "measure_clock arm") == 0)
		return "frequency(48)=1500398464";
	return "temp=48.2'C";
}

static int setup(void **state)
{
	(void)state;
	ep_rig_make(&rig);
	rig.env.now_ns = ep_rig_now_ns;
	ep_rig_time_ns = 1000 * MS;
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	fake_firmware_reset();
	fake_firmware.answer = answer;
	throttled = "throttled=0x0";
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
	if (ep_rig_open(&rig, &ep_sensor_rpi_firmware, "") < 0)
		fail_msg("%s", rig.err.text);
}

static int64_t value(const char *name)
{
	const struct ep_sample *s = ep_rig_sample(&rig, name);

	if (!s || (s->flags & EP_SAMPLE_ERROR))
		fail_msg("%s has no value", name);
	return s ? s->value : -1;
}

static void all_of_it_is_one_line(void **state)
{
	(void)state;
	open_sensor();
	assert_int_equal(rig.channel_count, 10);
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(value("arm"), 1500398464);
	assert_int_equal(value("soc"), 48200);
	assert_int_equal(value("under_voltage"), 0);
	for (size_t i = 1; i < rig.sample_count; i++)
		assert_int_equal(rig.samples[i].t_ns, rig.samples[0].t_ns);
	assert_int_equal(rig.channels[ep_rig_channel(&rig, "throttled")].flags,
			 EP_CHANNEL_ALARM);
	assert_int_equal(
		rig.channels[ep_rig_channel(&rig, "throttled_since_boot")]
			.flags,
		0);
	assert_int_equal(ep_sensor_rpi_firmware.probe(&rig.env, NULL), 10);
}

static void bits_are_alarms(void **state)
{
	(void)state;
	open_sensor();
	throttled = "throttled=0x50005";
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(value("under_voltage"), 1);
	assert_int_equal(value("frequency_capped"), 0);
	assert_int_equal(value("throttled"), 1);
	assert_int_equal(value("soft_temp_limit"), 0);
	assert_int_equal(value("under_voltage_since_boot"), 1);
}

/* Between two reads it was on: a new bit of "since boot" tells. */
static void a_short_alarm_is_not_lost(void **state)
{
	(void)state;
	throttled = "throttled=0x40000";
	open_sensor();
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(value("throttled"), 0);
	throttled = "throttled=0x50000";
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(value("under_voltage"), 1);
	assert_int_equal(value("throttled"), 0);
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(value("under_voltage"), 0);
}

static void one_reply_that_fails_is_an_error_of_its_channels(void **state)
{
	(void)state;
	open_sensor();
	throttled = "throttled=0xyz";
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(ep_rig_sample(&rig, "under_voltage")->flags,
			 EP_SAMPLE_ERROR);
	assert_int_equal(value("soc"), 48200);
	/* The answer to another question is none. */
	throttled = "temp=48.2'C";
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(ep_rig_sample(&rig, "under_voltage")->flags,
			 EP_SAMPLE_ERROR);
	fake_firmware.error = EIO;
	assert_int_equal(ep_rig_poll(&rig), -EIO);
}

static void what_a_board_lacks_is_left_out(void **state)
{
	(void)state;
	throttled = "error=1 error_msg=\"Command not registered\"";
	open_sensor();
	assert_int_equal(rig.channel_count, 2);
	assert_true(ep_rig_noted(&rig, "get_throttled left out"));
	assert_int_equal(ep_rig_poll(&rig), 2);
	fake_firmware.error = EPERM;
	assert_int_equal(ep_rig_open(&rig, &ep_sensor_rpi_firmware, ""),
			 -EPERM);
	assert_non_null(strstr(rig.err.text, "group video"));
}

static void slow_firmware_is_asked_less_often(void **state)
{
	(void)state;
	open_sensor();
	assert_int_equal(ep_sensor_rpi_firmware.period_ns(rig.sensor),
			 1000 * MS);
	fake_firmware.full_ns = fake_firmware.single_ns = 20 * MS;
	assert_int_equal(ep_rig_poll(&rig), 10);
	assert_int_equal(ep_sensor_rpi_firmware.period_ns(rig.sensor),
			 6000 * MS);
}

static void no_node_is_nothing_found(void **state)
{
	(void)state;
	ep_rig_end(&rig);
	ep_rig_make(&rig);
	assert_int_equal(ep_sensor_rpi_firmware.probe(&rig.env, NULL), 0);
	assert_int_equal(ep_rig_open(&rig, &ep_sensor_rpi_firmware, ""),
			 -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_it_is_one_line),
		TEST(bits_are_alarms),
		TEST(a_short_alarm_is_not_lost),
		TEST(one_reply_that_fails_is_an_error_of_its_channels),
		TEST(what_a_board_lacks_is_left_out),
		TEST(slow_firmware_is_asked_less_often),
		TEST(no_node_is_nothing_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
