/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_control.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

static void a_gpu_is_found_by_what_people_call_it(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control gpu = { .devfreqs = { "gpu=performance" },
					.devfreq_count = 1 };
	const struct ep_control npu = { .devfreqs = { "npu=performance" },
					.devfreq_count = 1 };
	const struct ep_control bad = { .devfreqs = { "gpu" },
					.devfreq_count = 1 };

	assert_int_equal(control_plan(f, &gpu), -ENODEV);
	ep_tmp_puts(&f->tmp, "sys/class/devfreq/17000000.ga10b/governor",
		    "nvhost_podgov\n");
	ep_tmp_puts(&f->tmp,
		    "sys/class/devfreq/17000000.ga10b/available_governors",
		    "performance nvhost_podgov\n");
	assert_int_equal(control_plan(f, &gpu), 0);
	control_expect(f, 0, "17000000.ga10b/governor", "performance");
	assert_int_equal(control_plan(f, &npu), -ENODEV);
	assert_non_null(strstr(f->err.text, "there is: 17000000.ga10b"));
	assert_int_equal(control_plan(f, &bad), -EINVAL);
}

static void add_nvpmodel(struct control_fixture *f)
{
	ep_tmp_puts(&f->tmp, "usr/sbin/nvpmodel",
		    "#!/bin/sh\n"
		    "case $1 in\n"
		    "-p) echo 'POWER_MODEL: ID=0 NAME=15W'\n"
		    "    echo 'NVPM VERB: POWER_MODEL: ID=1 NAME=MODE_25W'\n"
		    "    echo 'NVPM VERB: POWER_MODEL: ID=2 NAME=MAXN_SUPER'\n"
		    "    echo 'PM_CONFIG: DEFAULT=1' ;;\n"
		    "esac\n");
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "usr/sbin/nvpmodel"), 0755),
			 0);
}

static void a_power_mode_has_a_name_and_a_number(void **state)
{
	struct control_fixture *f = *state;
	static const char *const spellings[] = { "MAXN_SUPER", "2",
						 "maxn_super", "MAXN SUPER" };

	assert_int_equal(
		control_plan(f, &(struct ep_control){ .power_mode = "15W" }),
		-ENOENT);
	assert_non_null(strstr(f->err.text, "no nvpmodel"));
	add_nvpmodel(f);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(
			control_plan(f,
				     &(struct ep_control){
					     .power_mode = spellings[i] }),
			0);
		assert_string_equal(f->list.items[0].asked, "2 MAXN_SUPER");
	}
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .power_mode = "MAXN" }),
		-EINVAL);
	assert_non_null(strstr(f->err.text,
			       "it has: 15W (0), MODE_25W (1), MAXN_SUPER "
			       "(2)"));
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .power_mode = "25W" }),
		0);
	assert_string_equal(f->list.items[0].asked, "1 MODE_25W");
}

static void an_ina3221_is_one_setting(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control fast = { .fast_ina = true };
	static const char dir[] = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/"
				  "hwmon3/";
	char path[128];

	assert_int_equal(control_plan(f, &fast), -ENODEV);
	assert_non_null(strstr(f->err.text, "no INA3221"));
	for (size_t i = 0; i < 3; i++) {
		static const char *const files[][2] = {
			{ "name", "ina3221\n" },
			{ "samples", "4\n" },
			{ "update_interval", "28\n" },
		};

		(void)snprintf(path, sizeof(path), "%s%s", dir, files[i][0]);
		ep_tmp_puts(&f->tmp, path, files[i][1]);
	}
	assert_int_equal(control_plan(f, &fast), 0);
	assert_int_equal(f->list.count, 1);
	assert_string_equal(f->list.items[0].ops->name, "ordered");
	control_expect(f, 0, "/hwmon3 samples update_interval", "1 0");
	assert_string_equal(f->list.items[0].what, "INA3221 1-0040 conversion");
	assert_non_null(strstr(f->notes.text[0], "noisier"));
}

static void swap_is_cleared_where_there_is_room(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control clear = { .clear_swap = true };

	assert_int_equal(control_plan(f, &clear), -ENOENT);
	ep_tmp_puts(&f->tmp, "proc/swaps",
		    "Filename Type Size Used Priority\n"
		    "/dev/zram0 partition 2097148 5120 5\n");
	ep_tmp_puts(&f->tmp, "proc/meminfo",
		    "MemTotal: 99999 kB\nMemAvailable: 4096 kB\n");
	assert_int_equal(control_plan(f, &clear), -ENOMEM);
	assert_non_null(strstr(f->err.text, "5 MiB are swapped out, and only "
					    "4 MiB"));
	ep_tmp_puts(&f->tmp, "proc/meminfo",
		    "MemTotal: 99999 kB\nMemAvailable: 40960 kB\n");
	assert_int_equal(control_plan(f, &clear), 0);
	control_expect(f, 0, "/dev/zram0", "clear");
	ep_tmp_puts(&f->tmp, "proc/swaps", "Filename Type Size Used Priority");
	assert_int_equal(control_plan(f, &clear), 0);
	assert_int_equal(f->list.count, 0);
	assert_non_null(strstr(f->notes.text[0], "no swap is in use"));
}

static void noisy_services_are_those_that_run_here(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control noisy = { .services = "ssh,noisy" };

	assert_int_equal(control_plan(f, &noisy), -ENOENT);
	assert_non_null(strstr(f->err.text, "no systemctl"));
	ep_tmp_puts(&f->tmp, "usr/bin/systemctl",
		    "#!/bin/sh\n"
		    "for unit; do :; done\n"
		    "case $unit in\n"
		    "cron | snapd.socket) echo LoadState=loaded\n"
		    "  echo ActiveState=active ;;\n"
		    "fwupd) echo LoadState=loaded\n"
		    "  echo ActiveState=inactive ;;\n"
		    "*) echo LoadState=not-found\n"
		    "  echo ActiveState=inactive ;;\n"
		    "esac\n");
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "usr/bin/systemctl"), 0755),
			 0);
	assert_int_equal(control_plan(f, &noisy), 0);
	assert_int_equal(f->list.count, 3);
	control_expect(f, 0, "ssh", "inactive");
	control_expect(f, 1, "snapd.socket", "inactive");
	control_expect(f, 2, "cron", "inactive");
	assert_int_equal(
		control_plan(f, &(struct ep_control){ .services = "a,,b" }),
		-EINVAL);
}

static void the_order_is_that_in_which_things_depend(void **state)
{
	struct control_fixture *f = *state;
	const struct ep_control all = { .governor = "policy0=powersave",
					.freq = "policy0=600MHz",
					.cpus = "0-2",
					.power_mode = "1",
					.jetson_clocks = true,
					.services = "cron",
					.drop_caches = true };
	static const char *const kinds[] = {
		"nvpmodel", "jetson_clocks", "file",	"file",	      "file",
		"governor", "range",	     "service", "drop-caches"
	};

	add_nvpmodel(f);
	assert_int_equal(control_plan(f, &all), 0);
	assert_int_equal(f->list.count, sizeof(kinds) / sizeof(kinds[0]));
	for (size_t i = 0; i < f->list.count; i++)
		assert_string_equal(f->list.items[i].ops->name, kinds[i]);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, control_setup, control_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_gpu_is_found_by_what_people_call_it),
		TEST(a_power_mode_has_a_name_and_a_number),
		TEST(an_ina3221_is_one_setting),
		TEST(swap_is_cleared_where_there_is_room),
		TEST(noisy_services_are_those_that_run_here),
		TEST(the_order_is_that_in_which_things_depend),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
