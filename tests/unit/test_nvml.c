/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/nvml.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/nvml_parts.h"
#include "tests/unit/support_nvml.h"

struct fixture {
	struct ep_rig rig;
	struct ep_nvml *nvml;
	struct ep_err err;
};

static int setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	ep_rig_make(&f.rig);
	ep_sim_nvml_time(100);
	unsetenv("EP_SIM_NVML");
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ep_nvml_close(f->nvml);
	ep_rig_end(&f->rig);
	return 0;
}

static int start(struct fixture *f, const char *script)
{
	ep_sim_nvml_script(&f->rig, script);
	return ep_nvml_open(&ep_root_machine, ep_sim_nvml_path("nvml.so"),
			    &f->nvml, &f->err);
}

/* The header's layout for 64 bits, in numbers of its own. */
static void the_interface_is_laid_out_as_documented(void **state)
{
	(void)state;
	if (sizeof(long) != 8)
		return;
	assert_int_equal(sizeof(struct ep_nvml_field), 40);
	assert_int_equal(offsetof(struct ep_nvml_field, field), 0);
	assert_int_equal(offsetof(struct ep_nvml_field, scope), 4);
	assert_int_equal(offsetof(struct ep_nvml_field, stamp_us), 8);
	assert_int_equal(offsetof(struct ep_nvml_field, took_us), 16);
	assert_int_equal(offsetof(struct ep_nvml_field, type), 24);
	assert_int_equal(offsetof(struct ep_nvml_field, status), 28);
	assert_int_equal(offsetof(struct ep_nvml_field, value), 32);
	assert_int_equal(sizeof(struct ep_nvml_use), 8);
}

static void reads_everything_in_micro_units(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(start(f, "profile constant 250.5\n"), 0);
	assert_int_equal(ep_nvml_count(f->nvml), 1);
	assert_string_equal(ep_nvml_driver_version(f->nvml), "999.99.01");
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	assert_string_equal(gpu.name, "Simulated GPU 0");
	assert_string_equal(gpu.uuid,
			    "GPU-00000000-0000-0000-0000-000000000000");
	assert_int_equal(gpu.major, 9);
	memset(&v, 0x55, sizeof(v));
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	for (int i = 0; i < EP_NVML_READING_COUNT; i++)
		assert_int_equal(v.error[i], 0);
	/* 1 MJ at the epoch, 100 s of 250.5 W since, to the millijoule */
	assert_int_equal(v.value[EP_NVML_ENERGY],
			 INT64_C(1000000000) + 25050000000);
	assert_int_equal(v.value[EP_NVML_POWER_INSTANT], 250500000);
	assert_int_equal(v.value[EP_NVML_POWER_AVERAGE], 250500000);
	assert_int_equal(v.value[EP_NVML_POWER_USAGE], 250500000);
	assert_int_equal(v.value[EP_NVML_USE], 870000);
	assert_int_equal(v.value[EP_NVML_MEMORY_USE], 420000);
	assert_int_equal(v.value[EP_NVML_SM_CLOCK], 1980000000);
	assert_int_equal(v.value[EP_NVML_MEMORY_CLOCK], 2619000000);
	assert_int_equal(v.value[EP_NVML_TEMP], 64000);
	assert_int_equal(v.value[EP_NVML_THROTTLE], 1);
}

static void only_what_is_wanted_is_read(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(start(f, ""), 0);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	memset(&v, 0, sizeof(v));
	ep_nvml_read(f->nvml, &gpu, EP_NVML_BIT(EP_NVML_POWER_AVERAGE), &v);
	assert_int_equal(v.value[EP_NVML_POWER_AVERAGE], 100000000);
	assert_int_equal(v.value[EP_NVML_POWER_INSTANT], 0);
	assert_int_equal(v.value[EP_NVML_ENERGY], 0);
	assert_int_equal(v.value[EP_NVML_TEMP], 0);
}

static void the_types_of_a_fields_value(void **state)
{
	static const char *const types[] = { "double", "uint",	"ulong",
					     "ullong", "llong", "int",
					     "ushort" };
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ep_nvml_values v;
		struct ep_nvml_gpu gpu;
		char script[64];

		snprintf(script, sizeof(script),
			 "profile constant 60\ntype %s\n", types[i]);
		assert_int_equal(start(f, script), 0);
		assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err),
				 0);
		ep_nvml_read(f->nvml, &gpu, EP_NVML_BIT(EP_NVML_POWER_INSTANT),
			     &v);
		assert_int_equal(v.error[EP_NVML_POWER_INSTANT], 0);
		assert_int_equal(v.value[EP_NVML_POWER_INSTANT], 60000000);
		ep_nvml_close(f->nvml);
		f->nvml = NULL;
	}
}

static void impossible_values_are_none(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(start(f, "zero 200 201\ngarbage 300 301\n"), 0);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	ep_sim_nvml_time(200.5);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_POWER_INSTANT], -ENODATA);
	assert_int_equal(v.error[EP_NVML_POWER_AVERAGE], -ENODATA);
	assert_int_equal(v.error[EP_NVML_POWER_USAGE], -ENODATA);
	assert_int_equal(v.error[EP_NVML_ENERGY], 0);
	ep_sim_nvml_time(300.5);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_POWER_INSTANT], -ENODATA);
	assert_int_equal(v.error[EP_NVML_POWER_USAGE], -ENODATA);
	assert_int_equal(v.error[EP_NVML_ENERGY], -ENODATA);
	assert_int_equal(v.value[EP_NVML_ENERGY], 0);
}

static void refusals_keep_their_kind(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(start(f, "unsupported energy\nunsupported instant\n"
				  "denied temp\nlost 0 200 300\n"),
			 0);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_ENERGY], -EOPNOTSUPP);
	assert_int_equal(v.error[EP_NVML_POWER_INSTANT], -EOPNOTSUPP);
	assert_int_equal(v.error[EP_NVML_POWER_AVERAGE], 0);
	assert_int_equal(v.error[EP_NVML_TEMP], -EACCES);
	ep_sim_nvml_time(250);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	for (int i = 0; i < EP_NVML_READING_COUNT; i++)
		assert_int_equal(v.error[i], -ENXIO);
	assert_int_equal(ep_nvml_gpu_find(f->nvml, &gpu), -ENXIO);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), -ENXIO);
	assert_non_null(strstr(f->err.text, "GPU is lost"));
}

static void a_reloaded_driver_needs_a_restart(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(start(f, "unload 200 210\n"), 0);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	ep_sim_nvml_time(205);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_ENERGY], -ESHUTDOWN);
	assert_int_equal(ep_nvml_restart(f->nvml), -ENXIO);
	assert_int_equal(ep_nvml_gpu_find(f->nvml, &gpu), -ESHUTDOWN);
	ep_sim_nvml_time(212);
	assert_int_equal(ep_nvml_restart(f->nvml), 0);
	/* the handle of before is void */
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_ENERGY], -EINVAL);
	assert_int_equal(ep_nvml_gpu_find(f->nvml, &gpu), 0);
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.error[EP_NVML_ENERGY], 0);
	assert_int_equal(v.value[EP_NVML_ENERGY], 200000000); /* 2 s */
}

static void a_library_of_long_ago(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;

	assert_int_equal(ep_nvml_open(&ep_root_machine,
				      ep_sim_nvml_path("nvml_old.so"), &f->nvml,
				      &f->err),
			 0);
	assert_string_equal(ep_nvml_driver_version(f->nvml), "unknown");
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	assert_string_equal(gpu.name, "Simulated?[31m old GPU");
	assert_string_equal(gpu.uuid, "");
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	assert_int_equal(v.value[EP_NVML_POWER_USAGE], 75000000);
	assert_int_equal(v.error[EP_NVML_ENERGY], -EOPNOTSUPP);
	assert_int_equal(v.error[EP_NVML_POWER_INSTANT], -EOPNOTSUPP);
	assert_int_equal(v.error[EP_NVML_TEMP], -EOPNOTSUPP);
	assert_int_equal(v.error[EP_NVML_THROTTLE], -EOPNOTSUPP);
	assert_int_equal(ep_nvml_gpu_find(f->nvml, &gpu), 0);
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 1, &gpu, &f->err), -EINVAL);
}

static void what_is_no_library_of_nvidias(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		ep_nvml_open(&ep_root_machine, "libm.so.6", &f->nvml, &f->err),
		-ELIBBAD);
	assert_non_null(strstr(f->err.text, "it has no nvmlInit_v2"));
	assert_null(f->nvml);
	ep_tmp_puts(&f->rig.tmp, "text.so", "no library\n");
	assert_int_equal(ep_nvml_open(&ep_root_machine,
				      ep_tmp_path(&f->rig.tmp, "text.so"),
				      &f->nvml, &f->err),
			 -ELIBACC);
	assert_int_equal(ep_nvml_open(&ep_root_machine, "/nowhere/lib.so",
				      &f->nvml, &f->err),
			 -ELIBACC);
	assert_non_null(strstr(f->err.text, "/nowhere/lib.so"));
	assert_non_null(strstr(f->err.text, "library="));
}

static void starts_that_fail_say_what_to_do(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *text;
	} cases[] = {
		{ "fail_init 9\n", -ENXIO, "modprobe nvidia" },
		{ "fail_init 18\n", -EPROTO, "reboot" },
		{ "fail_init 4\n", -EACCES, "/dev/nvidiactl" },
		{ "fail_init 10\n", -ETIMEDOUT, "Timeout (10)" },
		{ "fail_init 999\n", -EIO, "Unknown Error (999)" },
		{ "gpus 0\n", -ENXIO, "knows no GPU" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(start(f, cases[i].script), cases[i].code);
		assert_non_null(strstr(f->err.text, cases[i].text));
		assert_null(f->nvml);
	}
}

/* The real one, where there is one. */
static void nvidias_own_library(void **state)
{
	struct fixture *f = *state;
	struct ep_nvml_values v;
	struct ep_nvml_gpu gpu;
	int readings = 0;

	if (!ep_nvml_present(&ep_root_machine)) {
		print_message("SKIP: this machine has no NVIDIA driver\n");
		skip();
	}
	if (ep_nvml_open(&ep_root_machine, NULL, &f->nvml, &f->err) < 0) {
		print_message("SKIP: NVIDIA's library does not start here: "
			      "%s\n",
			      f->err.text);
		skip();
	}
	assert_int_equal(ep_nvml_gpu_open(f->nvml, 0, &gpu, &f->err), 0);
	assert_true(gpu.name[0] != '\0');
	ep_nvml_read(f->nvml, &gpu, EP_NVML_ALL, &v);
	for (int i = 0; i < EP_NVML_READING_COUNT; i++) {
		print_message("%s: reading %d: %lld (%d)\n", gpu.name, i,
			      (long long)v.value[i], v.error[i]);
		readings += v.error[i] == 0;
	}
	assert_true(readings > 0);
	assert_int_equal(ep_nvml_restart(f->nvml), 0);
	assert_int_equal(ep_nvml_gpu_find(f->nvml, &gpu), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(the_interface_is_laid_out_as_documented),
		T(reads_everything_in_micro_units),
		T(only_what_is_wanted_is_read),
		T(the_types_of_a_fields_value),
		T(impossible_values_are_none),
		T(refusals_keep_their_kind),
		T(a_reloaded_driver_needs_a_restart),
		T(a_library_of_long_ago),
		T(what_is_no_library_of_nvidias),
		T(starts_that_fail_say_what_to_do),
		T(nvidias_own_library),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
