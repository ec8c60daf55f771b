/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/table.h"

/* Graphics as amdgpu, i915 and xe show them below /sys/class/hwmon. */
#define HWMON "sys/class/hwmon/"

struct file {
	const char *name, *text;
};

static void put_chip(const struct ep_rig *rig, const char *dir,
		     const struct file *files)
{
	char path[160];

	for (; files->name; files++) {
		snprintf(path, sizeof(path), HWMON "%s/%s", dir, files->name);
		ep_tmp_puts(&rig->tmp, path, files->text);
	}
}

static void put_device(const struct ep_rig *rig, const char *dir,
		       const char *device)
{
	char path[160], target[160];

	snprintf(path, sizeof(path), HWMON "%s/device", dir);
	snprintf(target, sizeof(target), "../../../%s", device);
	ep_tmp_symlink(&rig->tmp, target, path);
}

static const struct ep_channel *channel(const struct ep_rig *rig,
					const char *name)
{
	int i = ep_rig_channel(rig, name);

	assert_true(i >= 0);
	return &rig->channels[i];
}

static void assert_value(const struct ep_rig *rig, const char *name,
			 int64_t value)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	assert_int_equal(s->value, value);
}

static const struct file amd_card[] = {
	{ "name", "amdgpu\n" },
	{ "power1_average", "23000000\n" },
	{ "power1_label", "PPT\n" },
	{ "power1_cap", "250000000\n" },
	{ "power1_cap_default", "250000000\n" },
	{ "power1_cap_max", "287000000\n" },
	{ "power1_cap_min", "0\n" },
	{ "in0_input", "768\n" },
	{ "in0_label", "vddgfx\n" },
	{ "freq1_input", "500000000\n" },
	{ "freq1_label", "sclk\n" },
	{ "fan1_input", "0\n" },
	{ "pwm1", "0\n" },
	{ "temp1_input", "41000\n" },
	{ "temp1_label", "edge\n" },
	{ NULL, NULL },
};

/* A processor with graphics, kernel 6.6 and later: the power of the moment. */
static const struct file amd_processor[] = {
	{ "name", "amdgpu\n" },
	{ "power1_input", "9044000\n" },
	{ "power1_average", "8013000\n" },
	{ "power1_label", "PPT\n" },
	{ "in0_input", "1130\n" },
	{ "in0_label", "vddgfx\n" },
	{ "in1_input", "780\n" },
	{ "in1_label", "vddnb\n" },
	{ NULL, NULL },
};

static void a_card_of_amd(void **state)
{
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon3", amd_card);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=no"), 0);
	/* neither limits nor a lone voltage */
	assert_int_equal(rig->channel_count, 1);
	assert_int_equal(channel(rig, "amdgpu_PPT_average")->quantity,
			 EP_POWER_UW);
	assert_int_equal(channel(rig, "amdgpu_PPT_average")->shape, EP_GAUGE);
	assert_int_equal(channel(rig, "amdgpu_PPT_average")->role,
			 EP_ROLE_NONE);
	assert_true(ep_rig_noted(rig, "amdgpu_PPT_average is averaged over a "
				      "time that its driver does not tell"));
	assert_int_equal(ep_rig_poll(rig), 1);
	assert_value(rig, "amdgpu_PPT_average", 23000000);

	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_value(rig, "amdgpu_vddgfx_volts", 768000);
}

static void a_processor_of_amd(void **state)
{
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon3", amd_processor);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 4);
	assert_int_equal(ep_rig_poll(rig), 4);
	assert_value(rig, "amdgpu_PPT", 9044000);
	assert_value(rig, "amdgpu_PPT_average", 8013000);
	assert_value(rig, "amdgpu_vddnb_volts", 780000);
	assert_int_equal(channel(rig, "amdgpu_PPT")->window_ns, 0);
	assert_false(ep_rig_noted(rig, "amdgpu_PPT is averaged"));
	assert_int_equal(channel(rig, "amdgpu_PPT")->flags, 0);
}

/* What belongs to one card has one beginning. */
static void cards_are_told_apart(void **state)
{
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon2", amd_processor);
	put_device(rig, "hwmon2", "0000:c5:00.0");
	put_chip(rig, "hwmon4", amd_card);
	put_device(rig, "hwmon4", "0000:03:00.0");
	put_chip(rig, "hwmon5", amd_card);
	put_device(rig, "hwmon5", "0000:0a:00.0");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=no"), 0);
	assert_int_equal(rig->channel_count, 4);
	assert_int_equal(ep_rig_poll(rig), 4);
	assert_value(rig, "amdgpu_PPT_average", 23000000);
	assert_value(rig, "amdgpu_2_PPT_average", 23000000);
	assert_value(rig, "amdgpu_3_PPT", 9044000);
	assert_value(rig, "amdgpu_3_PPT_average", 8013000);
	assert_true(ep_rig_noted(rig, "amdgpu is device 0000:03:00.0"));
	assert_true(ep_rig_noted(rig, "amdgpu_2 is device 0000:0a:00.0"));
	assert_true(ep_rig_noted(rig, "amdgpu_3 is device 0000:c5:00.0"));
}

static void a_card_of_intel_by_xe(void **state)
{
	static const struct file files[] = {
		{ "name", "xe\n" },
		{ "energy1_input", "123456789012\n" },
		{ "energy1_label", "card\n" },
		{ "energy2_input", "98765432109\n" },
		{ "energy2_label", "pkg\n" },
		{ "power1_label", "card\n" },
		{ "power1_max", "190000000\n" },
		{ "power1_max_interval", "27\n" },
		{ "power1_rated_max", "190000000\n" },
		{ "power1_crit", "320000000\n" },
		{ "power2_crit", "280000000\n" },
		{ "curr1_crit", "30000\n" },
		{ "in1_input", "712\n" },
		{ "in1_label", "pkg\n" },
		{ NULL, NULL },
	};
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon5", files);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=no"), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_int_equal(channel(rig, "xe_card_energy")->quantity,
			 EP_ENERGY_UJ);
	assert_int_equal(channel(rig, "xe_card_energy")->shape, EP_COUNTER);
	assert_int_equal(channel(rig, "xe_card_energy")->wrap, 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_value(rig, "xe_card_energy", INT64_C(123456789012));
	assert_value(rig, "xe_pkg_energy", INT64_C(98765432109));
}

static void a_card_of_intel_by_i915(void **state)
{
	static const struct file whole[] = {
		{ "name", "i915\n" },
		{ "energy1_input", "5000000\n" },
		{ "power1_max", "150000000\n" },
		{ "power1_crit", "2\n" },
		{ "in0_input", "650\n" },
		{ "curr1_crit", "40000\n" },
		{ NULL, NULL },
	};
	static const struct file tile[] = {
		{ "name", "i915_gt0\n" },
		{ "energy1_input", "3000000\n" },
		{ NULL, NULL },
	};
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon1", whole);
	put_chip(rig, "hwmon2", tile);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=no"), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_value(rig, "i915_energy1", 5000000);
	assert_value(rig, "i915_gt0_energy1", 3000000);
}

/* As a ThinkPad's or a server's ACPI power meter has it. */
static void a_window_that_is_told_is_taken(void **state)
{
	static const struct file files[] = {
		{ "name", "power_meter\n" },
		{ "power1_average", "210000000\n" },
		{ "power1_average_interval", "1000\n" },
		{ "power1_cap", "500000000\n" },
		{ "power1_average_max", "600000000\n" },
		{ "power1_average_min", "1\n" },
		{ NULL, NULL },
	};
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon0", files);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_int_equal(rig->channels[0].window_ns, 1000000000);
	assert_int_equal(rig->notes.count, 0);
}

/* A chip that has nothing but limits. */
static void limits_alone_are_no_reading(void **state)
{
	static const struct file files[] = {
		{ "name", "i915\n" },
		{ "power1_max", "150000000\n" },
		{ "power1_cap", "150000000\n" },
		{ "curr1_crit", "40000\n" },
		{ NULL, NULL },
	};
	struct ep_rig *rig = *state;

	put_chip(rig, "hwmon0", files);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), -ENODEV);
	assert_int_equal(ep_sensor_hwmon.probe(&rig->env, &rig->err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(a_card_of_amd),
		T(a_processor_of_amd),
		T(cards_are_told_apart),
		T(a_card_of_intel_by_xe),
		T(a_card_of_intel_by_i915),
		T(a_window_that_is_told_is_taken),
		T(limits_alone_are_no_reading),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
