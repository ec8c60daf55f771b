/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/pmic_cost.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/unit/support_firmware.h"

#define ROUND_NS (30 * EP_NS_PER_MS)
#define POLICY "sys/devices/system/cpu/cpufreq/policy"

static struct ep_rig rig;
static struct ep_pmic_cost cost;

static int setup(void **state)
{
	(void)state;
	ep_rig_make(&rig);
	fake_firmware_reset();
	fake_firmware.answer = fake_firmware_pi5;
	memset(&cost, 0, sizeof(cost));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ep_rig_end(&rig);
	return 0;
}

static void both_halves_are_measured(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	ep_tmp_puts(&rig.tmp, POLICY "0/stats/total_trans", "500\n");
	ep_tmp_puts(&rig.tmp, POLICY "4/stats/total_trans", "7\n");
	ep_tmp_puts(&rig.tmp, POLICY "0/scaling_governor", "ondemand\n");
	assert_int_equal(
		ep_pmic_cost_measure(&rig.env, ROUND_NS, &cost, &rig.err), 0);
	for (int i = 0; i < EP_PMIC_COST_ROUNDS; i++) {
		assert_true(cost.quiet[i] > 0);
		assert_true(cost.polled[i] > 0);
	}
	assert_true(cost.quiet_rate > 0 && cost.polled_rate > 0);
	assert_true(cost.poll_count >= EP_PMIC_COST_ROUNDS);
	assert_int_equal(cost.error_count, 0);
	assert_true(cost.poll_ns > 0 && cost.share > 0 && cost.share < 1);
	assert_int_equal(cost.period_ns, rig.env.interval_ns);
	assert_true(fabs(cost.quiet_transitions) < 1e-9);
	assert_true(fabs(cost.polled_transitions) < 1e-9);
	assert_true(cost.note_count >= 2);
	assert_non_null(strstr(cost.notes[0], "one call takes"));
}

static void uncounted_transitions_are_not_zero(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	assert_int_equal(
		ep_pmic_cost_measure(&rig.env, ROUND_NS, &cost, &rig.err), 0);
	assert_true(isnan(cost.quiet_transitions));
	assert_true(isnan(cost.polled_transitions));
	assert_string_equal(cost.governor, "");
}

static const char *later_nan(const char *command)
{
	/* Good while the sensor is opened, which takes ten calls. */
	return fake_firmware.command_count > 10 ? "EXT5V_V volt(24)=nanV"
						: fake_firmware_pi5(command);
}

static void errors_are_counted(void **state)
{
	(void)state;
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	fake_firmware.answer = later_nan;
	assert_int_equal(
		ep_pmic_cost_measure(&rig.env, ROUND_NS, &cost, &rig.err), 0);
	assert_true(cost.poll_count > 0);
	assert_true(cost.error_count >= cost.poll_count);
}

static void without_the_device_it_says_why(void **state)
{
	(void)state;
	cost.poll_count = 77;
	assert_int_equal(
		ep_pmic_cost_measure(&rig.env, ROUND_NS, &cost, &rig.err),
		-ENOENT);
	assert_non_null(strstr(rig.err.text, "no Raspberry Pi"));
	assert_int_equal(cost.poll_count, 77);
	ep_tmp_puts(&rig.tmp, "dev/vcio", "");
	fake_firmware.error = EPERM;
	assert_int_equal(
		ep_pmic_cost_measure(&rig.env, ROUND_NS, &cost, &rig.err),
		-EPERM);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(both_halves_are_measured),
		TEST(uncounted_transitions_are_not_zero),
		TEST(errors_are_counted),
		TEST(without_the_device_it_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
