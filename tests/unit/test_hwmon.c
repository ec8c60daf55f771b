/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensors/table.h"

#define HWMON "sys/class/hwmon/"

static void put(const struct ep_rig *rig, const char *chip, const char *name,
		const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), HWMON "%s/%s", chip, name);
	ep_tmp_puts(&rig->tmp, path, text);
}

static void make_ina3221(const struct ep_rig *rig, const char *dir)
{
	put(rig, dir, "name", "ina3221\n");
	put(rig, dir, "in1_label", "VDD_IN\n");
	put(rig, dir, "in1_input", "5064\n");
	put(rig, dir, "curr1_input", "1200\n");
	put(rig, dir, "in2_label", "VDD_CPU\n");
	put(rig, dir, "in2_input", "5056\n");
	put(rig, dir, "curr2_input", "400\n");
	put(rig, dir, "in4_input", "6\n");
	put(rig, dir, "curr4_input", "1600\n");
	put(rig, dir, "update_interval", "35\n");
}

static void power_and_energy_in_micro_units(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "amdgpu\n");
	put(rig, "hwmon0", "power1_average", "23000000\n");
	put(rig, "hwmon0", "power1_average_interval", "1000\n");
	put(rig, "hwmon0", "power1_label", "slowPPT\n");
	put(rig, "hwmon0", "energy1_input", "9007199254740993\n");
	put(rig, "hwmon0", "temp1_input", "48000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 2);
	assert_string_equal(rig->channels[0].name, "amdgpu_slowPPT_average");
	assert_int_equal(rig->channels[0].quantity, EP_POWER_UW);
	assert_int_equal(rig->channels[0].shape, EP_GAUGE);
	assert_int_equal(rig->channels[0].window_ns, 1000000000);
	assert_int_equal(rig->channels[0].role, EP_ROLE_NONE);
	assert_string_equal(rig->channels[1].name, "amdgpu_energy1");
	assert_int_equal(rig->channels[1].quantity, EP_ENERGY_UJ);
	assert_int_equal(rig->channels[1].shape, EP_COUNTER);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "amdgpu_slowPPT_average", 23000000);
	ep_rig_assert_unproven(rig, "amdgpu_energy1",
			       INT64_C(9007199254740993));
	assert_int_equal(rig->samples[0].t_ns, rig->samples[1].t_ns);
}

static void volts_and_amps_of_a_rail_make_a_product(void **state)
{
	struct ep_rig *rig = *state;
	int p;

	make_ina3221(rig, "hwmon3");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	p = ep_rig_channel(rig, "ina3221_VDD_IN");
	assert_true(p >= 0);
	assert_int_equal(rig->channels[p].flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(rig->channels[p].quantity, EP_POWER_UW);
	assert_string_equal(rig->channels[rig->channels[p].volts_index].name,
			    "ina3221_VDD_IN_volts");
	assert_string_equal(rig->channels[rig->channels[p].amps_index].name,
			    "ina3221_curr1");
	assert_int_equal(rig->channels[p].refresh_ns, 35000000);
	assert_true(ep_rig_channel(rig, "ina3221_VDD_CPU") >= 0);
	/* in4 is a shunt voltage: no product with curr4 */
	assert_int_equal(rig->channel_count, 6 + 2);
	assert_int_equal(ep_rig_poll(rig), 6);
	ep_rig_assert_unproven(rig, "ina3221_VDD_IN_volts", 5064000);
	ep_rig_assert_unproven(rig, "ina3221_curr1", 1200000);
}

static void unpaired_voltages_can_be_left_away(void **state)
{
	struct ep_rig *rig = *state;

	make_ina3221(rig, "hwmon3");
	put(rig, "hwmon9", "name", "nct6775\n");
	put(rig, "hwmon9", "in0_input", "888\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=no"), 0);
	assert_int_equal(rig->channel_count, 4 + 2);
	assert_int_equal(ep_rig_channel(rig, "nct6775_in0"), -1);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "unpaired=maybe"),
			 -EINVAL);
}

static void measured_power_wins_over_a_product(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "ina226\n");
	put(rig, "hwmon0", "in0_input", "12\n");
	put(rig, "hwmon0", "in1_input", "5000\n");
	put(rig, "hwmon0", "curr1_input", "1250\n");
	put(rig, "hwmon0", "power1_input", "6250000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 4);
	for (size_t i = 0; i < rig->channel_count; i++)
		assert_int_equal(rig->channels[i].flags, 0);
}

static void a_power_that_is_off_leaves_the_product(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "ina226\n");
	put(rig, "hwmon0", "in1_input", "5000\n");
	put(rig, "hwmon0", "curr1_input", "1250\n");
	put(rig, "hwmon0", "power1_input", "");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_true(ep_rig_channel(rig, "ina226_in1_curr1") >= 0);
	assert_true(ep_rig_noted(rig, "ina226_power1 left out: No data"));
}

static void pmbus_labels_pair_vout_with_iout(void **state)
{
	struct ep_rig *rig = *state;
	int p;

	put(rig, "hwmon0", "name", "pmbus\n");
	put(rig, "hwmon0", "in1_label", "vin\n");
	put(rig, "hwmon0", "in1_input", "12000\n");
	put(rig, "hwmon0", "in2_label", "vout1\n");
	put(rig, "hwmon0", "in2_input", "1000\n");
	put(rig, "hwmon0", "curr1_label", "iout1\n");
	put(rig, "hwmon0", "curr1_input", "3000\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	p = ep_rig_channel(rig, "pmbus_vout1");
	assert_true(p >= 0);
	assert_string_equal(rig->channels[rig->channels[p].volts_index].name,
			    "pmbus_vout1_volts");
	assert_int_equal(rig->channel_count, 4);
}

static void twins_get_names_of_their_own(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "amdgpu\n");
	put(rig, "hwmon0", "power1_label", "PPT\n");
	put(rig, "hwmon0", "power1_input", "2\n");
	put(rig, "hwmon0", "power2_label", "PPT\n");
	put(rig, "hwmon0", "power2_input", "3\n");
	ep_tmp_symlink(&rig->tmp, "../../../0000:83:00.0",
		       HWMON "hwmon0/device");
	put(rig, "hwmon1", "name", "amdgpu\n");
	put(rig, "hwmon1", "power1_label", "PPT\n");
	put(rig, "hwmon1", "power1_input", "1\n");
	ep_tmp_symlink(&rig->tmp, "../../../0000:03:00.0",
		       HWMON "hwmon1/device");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(ep_rig_poll(rig), 3);
	/* by the device they sit on, not by hwmonN */
	ep_rig_assert_unproven(rig, "amdgpu_PPT", 1);
	ep_rig_assert_unproven(rig, "amdgpu_2_PPT", 2);
	ep_rig_assert_unproven(rig, "amdgpu_2_PPT_2", 3);
	assert_true(ep_rig_noted(rig, "amdgpu is device 0000:03:00.0"));
	assert_true(ep_rig_noted(rig, "amdgpu_2 is device 0000:83:00.0"));
}

static void renumbering_changes_nothing(void **state)
{
	struct ep_rig *rig = *state;
	char before[8][EP_CHANNEL_NAME_BYTES];
	size_t count;

	make_ina3221(rig, "hwmon1");
	put(rig, "hwmon2", "name", "acpitz\n");
	put(rig, "hwmon2", "power1_input", "7\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	count = rig->channel_count;
	for (size_t i = 0; i < count && i < 8; i++)
		memcpy(before[i], rig->channels[i].name, sizeof(before[i]));
	assert_int_equal(renameat(rig->tmp.fd, HWMON "hwmon1", rig->tmp.fd,
				  HWMON "hwmon11"),
			 0);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, count);
	for (size_t i = 0; i < count && i < 8; i++)
		assert_string_equal(rig->channels[i].name, before[i]);
}

static void only_chips_that_match(void **state)
{
	struct ep_rig *rig = *state;

	make_ina3221(rig, "hwmon1");
	put(rig, "hwmon2", "name", "acpitz\n");
	put(rig, "hwmon2", "power1_input", "7\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "chip=acpi*"), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, "chip=ina219"),
			 -ENODEV);
	assert_non_null(strstr(rig->err.text, "ina219"));
}

static void old_drivers_keep_all_in_the_device_folder(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "device/name", "max1619\n");
	put(rig, "hwmon0", "device/power1_input", "5\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(ep_rig_poll(rig), 1);
	ep_rig_assert_unproven(rig, "max1619_power1", 5);
}

static void what_answers_nothing_is_left_out_by_name(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "chip\n");
	put(rig, "hwmon0", "power1_input", "");
	put(rig, "hwmon0", "power2_input", "twelve\n");
	put(rig, "hwmon0", "power3_input", "99999999999999999999\n");
	put(rig, "hwmon0", "curr1_input", "9223372036854775807\n");
	put(rig, "hwmon0", "power4_input", "4\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_int_equal(rig->channel_count, 1);
	assert_string_equal(rig->channels[0].name, "chip_power4");
	assert_int_equal(rig->notes.count, 4);
	assert_true(ep_rig_noted(rig, "chip_power1 left out"));
	assert_true(ep_rig_noted(rig, "chip_power2 left out: Bad message"));
	assert_true(ep_rig_noted(rig, "chip_power3 left out"));
	assert_true(ep_rig_noted(rig, "chip_curr1 left out: Value too large"));
}

static void nothing_usable_says_why(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "chip\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "have no power"));
	put(rig, "hwmon0", "power1_input", "");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "chip_power1 left out"));
}

static void no_hwmon_at_all(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sensor_hwmon.probe(&rig->env, &rig->err), 0);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), -ENODEV);
	assert_null(rig->sensor);
}

static void a_failing_read_is_an_error_and_heals(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "hwmon0", "name", "chip\n");
	put(rig, "hwmon0", "power1_input", "100\n");
	put(rig, "hwmon0", "power2_input", "200\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	put(rig, "hwmon0", "power1_input", "garbage\n");
	assert_int_equal(ep_rig_poll(rig), 2);
	assert_int_equal(ep_rig_sample(rig, "chip_power1")->flags,
			 EP_SAMPLE_ERROR);
	ep_rig_assert_unproven(rig, "chip_power2", 200);
	put(rig, "hwmon0", "power1_input", "");
	put(rig, "hwmon0", "power2_input", "");
	assert_int_equal(ep_rig_poll(rig), -ENODATA);
	assert_int_equal(rig->sample_count, 2);
	assert_int_equal(ep_rig_sample(rig, "chip_power2")->flags,
			 EP_SAMPLE_ERROR);
	put(rig, "hwmon0", "power1_input", "101\n");
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "chip_power1", 101);
}

static int open_status(struct ep_rig *rig)
{
	int r = ep_rig_open(rig, &ep_sensor_hwmon, "");

	if (r != 0)
		return 1;
	return rig->channel_count == 1 &&
			       ep_rig_noted(rig, "chip_power1 left out: "
						 "Permission denied")
		       ? 0
		       : 2;
}

static void a_refused_file_is_named(void **state)
{
	struct ep_rig *rig = *state;

	if (geteuid() != 0) {
		print_message("SKIP: root is needed to become another user\n");
		skip();
	}
	put(rig, "hwmon0", "name", "chip\n");
	put(rig, "hwmon0", "power1_input", "1\n");
	put(rig, "hwmon0", "power2_input", "2\n");
	assert_int_equal(
		fchmodat(rig->tmp.fd, HWMON "hwmon0/power1_input", 0400, 0), 0);
	assert_int_equal(ep_rig_as_nobody(open_status, rig), 0);
}

static void probe_counts_readings(void **state)
{
	struct ep_rig *rig = *state;

	make_ina3221(rig, "hwmon1");
	assert_int_equal(ep_sensor_hwmon.probe(&rig->env, &rig->err), 6);
}

/* A server has one for each disk and network card; none goes unsaid. */
static void more_chips_than_there_is_room_for_are_told(void **state)
{
	struct ep_rig *rig = *state;
	char dir[24];

	for (int i = 0; i < 257; i++) {
		snprintf(dir, sizeof(dir), "hwmon%d", i);
		put(rig, dir, "name", i == 100 ? "psu\n" : "nvme\n");
		if (i == 100)
			put(rig, dir, "power1_input", "5000000\n");
	}
	assert_int_equal(ep_rig_open(rig, &ep_sensor_hwmon, ""), 0);
	assert_true(rig->notes.count > 0);
	assert_non_null(strstr(rig->notes.text[0], "256 chips or more"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(power_and_energy_in_micro_units),
		T(volts_and_amps_of_a_rail_make_a_product),
		T(unpaired_voltages_can_be_left_away),
		T(measured_power_wins_over_a_product),
		T(a_power_that_is_off_leaves_the_product),
		T(pmbus_labels_pair_vout_with_iout),
		T(twins_get_names_of_their_own),
		T(renumbering_changes_nothing),
		T(only_chips_that_match),
		T(old_drivers_keep_all_in_the_device_folder),
		T(what_answers_nothing_is_left_out_by_name),
		T(nothing_usable_says_why),
		T(no_hwmon_at_all),
		T(a_failing_read_is_an_error_and_heals),
		T(a_refused_file_is_named),
		T(probe_counts_readings),
		T(more_chips_than_there_is_room_for_are_told),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
