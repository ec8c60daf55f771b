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

#include "drivers/devfreq.h"
#include "sensors/table.h"

#define CLASS "sys/class/devfreq/"

static void put(const struct ep_rig *rig, const char *device, const char *name,
		const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), CLASS "%s/%s", device, name);
	ep_tmp_puts(&rig->tmp, path, text);
}

static void make_rk3588(const struct ep_rig *rig)
{
	put(rig, "fb000000.gpu", "cur_freq", "300000000\n");
	put(rig, "fb000000.gpu", "load", "37@300000000Hz\n");
	ep_tmp_write(&rig->tmp, CLASS "fb000000.gpu/device/of_node/name", "gpu",
		     4);
	put(rig, "fdab0000.npu", "cur_freq", "1000000000\n");
	put(rig, "dmc", "cur_freq", "528000000\n");
	put(rig, "dmc", "load", "13@528000000Hz\n");
	put(rig, "1d84000.ufshc", "cur_freq", "5\n");
	ep_tmp_puts(&rig->tmp, "sys/kernel/debug/rknpu/load",
		    "NPU load:  Core0: 12%, Core1:  0%, Core2: 100%,\n");
}

static void load_texts_of_vendors(void **state)
{
	static const struct {
		const char *text;
		bool percent;
		int count;
		int64_t first;
	} cases[] = {
		{ "371\n", false, 1, 371000 },
		{ "0", false, 1, 0 },
		{ "1000", false, 1, 1000000 },
		{ "1001", false, -ERANGE, 0 },
		{ "37", true, 1, 370000 },
		{ "37 %\n", true, 1, 370000 },
		{ "101", true, -ERANGE, 0 },
		{ "37@600000000Hz\n", false, 1, 370000 },
		{ "37@600000000", false, -EBADMSG, 0 },
		{ "37x@600000000Hz", false, -EBADMSG, 0 },
		{ "@600000000Hz", false, -EBADMSG, 0 },
		{ "120@600000000Hz", false, -ERANGE, 0 },
		{ "NPU load:  Core0: 12%, Core1:  0%, Core2:  7%,\n", false, 3,
		  120000 },
		{ "NPU load: 12%\n", false, -EBADMSG, 0 },
		{ "Core0: 12", false, -EBADMSG, 0 },
		{ "Core0: %", false, -EBADMSG, 0 },
		{ "Core", false, -EBADMSG, 0 },
		{ "-1", false, -EBADMSG, 0 },
		{ "nan", false, -EBADMSG, 0 },
		{ "12.5", true, -EBADMSG, 0 },
		{ "99999999999999999999", false, -EBADMSG, 0 },
		{ "Core0:1%Core1:1%Core2:1%Core3:1%Core4:1%Core5:1%Core6:1%"
		  "Core7:1%Core8:1%",
		  false, -EBADMSG, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ppm[EP_DEVFREQ_LOADS_MAX] = { -7 };

		assert_int_equal(ep_devfreq_parse_load(cases[i].text,
						       cases[i].percent, ppm),
				 cases[i].count);
		assert_int_equal(ppm[0],
				 cases[i].count > 0 ? cases[i].first : -7);
	}
}

static void rk3588_clocks_and_loads(void **state)
{
	struct ep_rig *rig = *state;

	make_rk3588(rig);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, ""), 0);
	assert_int_equal(rig->channel_count, 5);
	assert_int_equal(ep_rig_poll(rig), 5);
	ep_rig_assert_unproven(rig, "gpu_clock", 300000000);
	ep_rig_assert_unproven(rig, "gpu_load", 370000);
	ep_rig_assert_unproven(rig, "npu_clock", 1000000000);
	ep_rig_assert_unproven(rig, "memory_clock", 528000000);
	ep_rig_assert_unproven(rig, "memory_load", 130000);
	assert_true(ep_rig_noted(rig, "npu_load left out"));
	assert_int_equal(rig->channels[0].quantity, EP_FREQ_HZ);
	assert_int_equal(
		rig->channels[ep_rig_channel(rig, "gpu_load")].quantity,
		EP_RATIO_PPM);
	assert_int_equal(rig->samples[0].t_ns, rig->samples[4].t_ns);
}

/* Paths of a board file: below the root of the board. */
static int open_board(struct ep_rig *rig, const char *text)
{
	static const struct ep_conf_rule rules[] = {
		{ "", NULL, false, false },
		{ NULL, NULL, false, false },
	};
	struct ep_conf *conf = NULL;
	const struct ep_channel *channels;
	struct ep_sensor *sensor = NULL;
	int r, n = -1;

	ep_tmp_puts(&rig->tmp, "a.conf", text);
	assert_int_equal(ep_conf_load(ep_tmp_path(&rig->tmp, "a.conf"), rules,
				      &conf, &rig->err),
			 0);
	memset(&rig->notes, 0, sizeof(rig->notes));
	r = ep_sensor_devfreq.open(&rig->env, conf, &sensor, &rig->notes,
				   &rig->err);
	if (r == 0)
		n = (int)ep_sensor_devfreq.channels(sensor, &channels);
	ep_sensor_devfreq.close(sensor);
	ep_conf_free(conf);
	return r < 0 ? r : n;
}

static void a_board_names_devices_and_files(void **state)
{
	struct ep_rig *rig = *state;

	make_rk3588(rig);
	assert_int_equal(open_board(rig, "gpu = \"none\"\n"
					 "npu = \"fdab0000.npu\"\n"
					 "npu_load = \"/sys/no,"
					 "/sys/kernel/debug/rknpu/load\"\n"
					 "memory = \"none\"\n"),
			 4);
	assert_int_equal(rig->notes.count, 0);
	assert_int_equal(open_board(rig, "gpu = \"*.ufshc\"\n"
					 "npu = \"none\"\n"
					 "memory = \"mc\"\n"),
			 1);
	assert_true(ep_rig_noted(rig, "memory left out: this kernel has no "
				      "devfreq device mc"));
	assert_int_equal(open_board(rig, "gpu = \"none\"\nnpu = \"none\"\n"
					 "memory_clock = \"/sys/no\"\n"
					 "memory = \"none\"\n"),
			 -ENODEV);
}

static void a_clock_in_debugfs(void **state)
{
	struct ep_rig *rig = *state;

	ep_tmp_puts(&rig->tmp, "sys/kernel/debug/emc/rate", "2133000000\n");
	assert_int_equal(open_board(rig, "memory_clock = "
					 "\"/sys/kernel/debug/emc/rate\"\n"),
			 1);
	assert_int_equal(open_board(rig, "memory_clock = \"/sys/no\"\n"),
			 -ENODEV);
	assert_non_null(strstr(rig->err.text, "memory_clock left out"));
}

static void jetson_tells_permille_beside_the_device(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "17000000.ga10b", "cur_freq", "306000000\n");
	put(rig, "17000000.ga10b", "device/load", "371\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, ""), 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "gpu_load", 371000);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, "gpu=none"),
			 -ENODEV);
}

static void mali_tells_percent(void **state)
{
	struct ep_rig *rig = *state;

	put(rig, "fb000000.gpu", "cur_freq", "306000000\n");
	put(rig, "fb000000.gpu", "device/utilisation", "37\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, ""), 0);
	assert_int_equal(ep_rig_poll(rig), 2);
	ep_rig_assert_unproven(rig, "gpu_load", 370000);
}

static void a_value_that_fails_is_an_error_and_no_zero(void **state)
{
	static const char *const bad[] = { "", "nan\n", "-1\n", "1 2\n" };
	struct ep_rig *rig = *state;

	make_rk3588(rig);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, ""), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		put(rig, "fb000000.gpu", "cur_freq", bad[i]);
		put(rig, "dmc", "load", bad[i]);
		assert_int_equal(ep_rig_poll(rig), 5);
		assert_int_equal(ep_rig_sample(rig, "gpu_clock")->flags,
				 EP_SAMPLE_ERROR);
		assert_int_equal(ep_rig_sample(rig, "memory_load")->flags,
				 EP_SAMPLE_ERROR);
		ep_rig_assert_unproven(rig, "npu_clock", 1000000000);
	}
	put(rig, "fb000000.gpu", "cur_freq", "400000000\n");
	put(rig, "dmc", "load", "1@1Hz\n");
	assert_int_equal(ep_rig_poll(rig), 5);
	ep_rig_assert_unproven(rig, "gpu_clock", 400000000);
	ep_rig_assert_unproven(rig, "memory_load", 10000);
}

static int open_without_root(struct ep_rig *rig)
{
	return ep_rig_open(rig, &ep_sensor_devfreq, "") == 0 &&
			       ep_rig_channel(rig, "gpu_load") < 0 &&
			       ep_rig_noted(rig, "gpu_load left out: "
						 "Permission denied")
		       ? 0
		       : 1;
}

static void a_refused_file_is_named(void **state)
{
	struct ep_rig *rig = *state;

	if (geteuid() != 0) {
		print_message("SKIP: root is needed to become another user\n");
		skip();
	}
	make_rk3588(rig);
	assert_int_equal(
		fchmodat(rig->tmp.fd, CLASS "fb000000.gpu/load", 0400, 0), 0);
	assert_int_equal(ep_rig_as_nobody(open_without_root, rig), 0);
}

static void nothing_there_says_so(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(ep_sensor_devfreq.probe(&rig->env, &rig->err), 0);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_devfreq, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "no devfreq device"));
	make_rk3588(rig);
	assert_int_equal(ep_sensor_devfreq.probe(&rig->env, &rig->err), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)
		T(load_texts_of_vendors),
		T(rk3588_clocks_and_loads),
		T(a_board_names_devices_and_files),
		T(a_clock_in_debugfs),
		T(jetson_tells_permille_beside_the_device),
		T(mali_tells_percent),
		T(a_value_that_fails_is_an_error_and_no_zero),
		T(a_refused_file_is_named),
		T(nothing_there_says_so),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
