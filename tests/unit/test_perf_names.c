/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_names.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/perf_parts.h"
#include "tests/unit/support_tmp.h"

static struct ep_perf_pmus none;
static struct ep_perf_pmus pmus;
static struct ep_perf_event event;

static const struct {
	const char *name;
	uint32_t type;
	uint64_t config;
} names[] = {
	{ "task-clock", PERF_TYPE_SOFTWARE, 1 },
	{ "cpu-clock", PERF_TYPE_SOFTWARE, 0 },
	{ "context-switches", PERF_TYPE_SOFTWARE, 3 },
	{ "cs", PERF_TYPE_SOFTWARE, 3 },
	{ "cpu-migrations", PERF_TYPE_SOFTWARE, 4 },
	{ "migrations", PERF_TYPE_SOFTWARE, 4 },
	{ "page-faults", PERF_TYPE_SOFTWARE, 2 },
	{ "faults", PERF_TYPE_SOFTWARE, 2 },
	{ "minor-faults", PERF_TYPE_SOFTWARE, 5 },
	{ "major-faults", PERF_TYPE_SOFTWARE, 6 },
	{ "alignment-faults", PERF_TYPE_SOFTWARE, 7 },
	{ "emulation-faults", PERF_TYPE_SOFTWARE, 8 },
	{ "cycles", PERF_TYPE_HARDWARE, 0 },
	{ "cpu-cycles", PERF_TYPE_HARDWARE, 0 },
	{ "instructions", PERF_TYPE_HARDWARE, 1 },
	{ "cache-references", PERF_TYPE_HARDWARE, 2 },
	{ "cache-misses", PERF_TYPE_HARDWARE, 3 },
	{ "branches", PERF_TYPE_HARDWARE, 4 },
	{ "branch-instructions", PERF_TYPE_HARDWARE, 4 },
	{ "branch-misses", PERF_TYPE_HARDWARE, 5 },
	{ "bus-cycles", PERF_TYPE_HARDWARE, 6 },
	{ "stalled-cycles-frontend", PERF_TYPE_HARDWARE, 7 },
	{ "stalled-cycles-backend", PERF_TYPE_HARDWARE, 8 },
	{ "ref-cycles", PERF_TYPE_HARDWARE, 9 },
	{ "L1-dcache-loads", PERF_TYPE_HW_CACHE, 0x000000 },
	{ "L1-dcache-load-misses", PERF_TYPE_HW_CACHE, 0x010000 },
	{ "L1-dcache-stores", PERF_TYPE_HW_CACHE, 0x000100 },
	{ "L1-icache-load-misses", PERF_TYPE_HW_CACHE, 0x010001 },
	{ "LLC-load-misses", PERF_TYPE_HW_CACHE, 0x010002 },
	{ "LLC-store-misses", PERF_TYPE_HW_CACHE, 0x010102 },
	{ "dTLB-load-misses", PERF_TYPE_HW_CACHE, 0x010003 },
	{ "iTLB-load-misses", PERF_TYPE_HW_CACHE, 0x010004 },
	{ "branch-load-misses", PERF_TYPE_HW_CACHE, 0x010005 },
	{ "node-prefetch-misses", PERF_TYPE_HW_CACHE, 0x010206 },
	{ "r1a8", PERF_TYPE_RAW, 0x1a8 },
	{ "r00C0", PERF_TYPE_RAW, 0xc0 },
};

static void names_are_those_of_perf(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
			ep_perf_event_find(&none, names[i].name, &event, NULL),
			0);
		assert_string_equal(event.name, names[i].name);
		assert_int_equal(event.code_count, 1);
		assert_int_equal(event.codes[0].type, names[i].type);
		assert_int_equal(event.codes[0].config, names[i].config);
		assert_int_equal(event.codes[0].pmu, -1);
		assert_int_equal(event.kind, names[i].type == PERF_TYPE_SOFTWARE
						     ? EP_PERF_SOFTWARE
						     : EP_PERF_CORE);
		assert_false(event.user_only || event.kernel_only);
	}
}

static void unknown_names_name_the_nearest(void **state)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "contxt-switches", "did you mean 'context-switches'" },
		{ "cache-miss", "did you mean 'cache-misses'" },
		{ "page-fault:u", "did you mean 'page-faults'" },
		{ "nonsense_beyond_repair", "unknown event" },
		{ "r", "unknown event" },
		{ "r12345678901234567", "unknown event" },
		{ "rxyz", "unknown event" },
		{ "", "empty" },
		{ "no_such_pmu/cycles/", "no PMU 'no_such_pmu'" },
		{ "../cpu/cycles/", "no PMU" },
		{ "cpu/", "write it as" },
		{ "/x/", "write it as" },
		{ "cycles:p", "u (user space) and k (kernel)" },
	};
	struct ep_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		event.code_count = 77;
		assert_int_equal(
			ep_perf_event_find(&none, cases[i].name, &event, &err),
			-EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("%s: %s", cases[i].name, err.text);
		assert_int_equal(event.code_count, 77);
	}
}

static void modifiers_choose_user_or_kernel(void **state)
{
	(void)state;
	assert_int_equal(ep_perf_event_find(&none, "cycles:u", &event, NULL),
			 0);
	assert_true(event.user_only && !event.kernel_only);
	assert_string_equal(event.name, "cycles:u");
	assert_int_equal(ep_perf_event_find(&none, "cycles:k", &event, NULL),
			 0);
	assert_true(!event.user_only && event.kernel_only);
	assert_int_equal(ep_perf_event_find(&none, "cycles:uk", &event, NULL),
			 0);
	assert_false(event.user_only || event.kernel_only);
	assert_int_equal(ep_perf_event_software(&event), -1);
	assert_int_equal(ep_perf_event_find(&none, "cs:u", &event, NULL), 0);
	assert_int_equal(ep_perf_event_software(&event),
			 PERF_COUNT_SW_CONTEXT_SWITCHES);
}

static void libpfm_names_are_known(void **state)
{
	(void)state;
	assert_int_equal(setenv("LIBPFM_FORCE_PMU", "", 1), 0);
	assert_int_equal(ep_perf_event_find(&none,
					    "perf::PERF_COUNT_SW_PAGE_FAULTS",
					    &event, NULL),
			 0);
	assert_int_equal(event.kind, EP_PERF_SOFTWARE);
	assert_int_equal(event.codes[0].type, PERF_TYPE_SOFTWARE);
	assert_int_equal(event.codes[0].config, PERF_COUNT_SW_PAGE_FAULTS);
	assert_int_equal(ep_perf_event_find(&none,
					    "PERF_COUNT_HW_INSTRUCTIONS:u",
					    &event, NULL),
			 0);
	assert_int_equal(event.kind, EP_PERF_CORE);
	assert_true(event.user_only);
	/* The program that is measured inherits the environment. */
	assert_string_equal(getenv("LIBPFM_FORCE_PMU"), "");
}

static void lists_split_outside_slashes(void **state)
{
	const char *list = "cycles,cpu/event=0x3c,umask=0x1/u,r1a8";
	char name[EP_PERF_NAME_BYTES];

	(void)state;
	assert_int_equal(ep_perf_list_next(&list, name, sizeof(name)), 1);
	assert_string_equal(name, "cycles");
	assert_int_equal(ep_perf_list_next(&list, name, sizeof(name)), 1);
	assert_string_equal(name, "cpu/event=0x3c,umask=0x1/u");
	assert_int_equal(ep_perf_list_next(&list, name, sizeof(name)), 1);
	assert_string_equal(name, "r1a8");
	assert_int_equal(ep_perf_list_next(&list, name, sizeof(name)), 0);
	for (size_t i = 0; i < 4; i++) {
		static const char *const bad[] = { ",cs", "cs,", "cs,,cs",
						   "," };
		int r = 1;

		list = bad[i];
		while (r > 0)
			r = ep_perf_list_next(&list, name, sizeof(name));
		assert_int_equal(r, -EINVAL);
	}
	list = "cycles";
	assert_int_equal(ep_perf_list_next(&list, name, 6), -EINVAL);
	assert_int_equal(ep_perf_list_check("cs,faults,cycles:u", NULL), 0);
	assert_int_equal(ep_perf_list_check("cs,,faults", NULL), -EINVAL);
	assert_int_equal(ep_perf_list_check("cs,fults", NULL), -EINVAL);
	assert_int_equal(ep_perf_list_check("cs,faults,cs", NULL), -EINVAL);
	assert_int_equal(ep_perf_list_check("cs", NULL), 0);
	assert_int_equal(ep_perf_list_check("", NULL), 0);
}

static void processor_lists(void **state)
{
	struct ep_perf_cpus cpus = { .count = 77 };

	(void)state;
	assert_int_equal(ep_perf_cpus_parse("0-2,5", &cpus), 0);
	assert_int_equal(cpus.count, 4);
	assert_int_equal(cpus.ids[3], 5);
	assert_true(ep_perf_cpus_have(&cpus, 2));
	assert_false(ep_perf_cpus_have(&cpus, 3));
	assert_int_equal(ep_perf_cpus_parse("", &cpus), 0);
	assert_int_equal(cpus.count, 0);
	cpus.count = 77;
	assert_int_equal(ep_perf_cpus_parse("0,", &cpus), -EINVAL);
	assert_int_equal(ep_perf_cpus_parse("3-1", &cpus), -EINVAL);
	assert_int_equal(ep_perf_cpus_parse("0 1", &cpus), -EINVAL);
	assert_int_equal(ep_perf_cpus_parse("-1", &cpus), -EINVAL);
	assert_int_equal(ep_perf_cpus_parse("0-9999999", &cpus), -ERANGE);
	assert_int_equal(cpus.count, 77);
	assert_int_equal(ep_perf_cpus_online(&cpus), 0);
	assert_true(cpus.count >= 1);
}

static void several_kinds_of_cores_open_every_event_on_each(void **state)
{
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "cpu_core/type", "4\n");
	ep_tmp_puts(&tmp, "cpu_core/cpus", "0-3\n");
	ep_tmp_puts(&tmp, "cpu_core/events/odd", "event=0x12,umask=0x3\n");
	ep_tmp_puts(&tmp, "cpu_core/format/event", "config:0-7\n");
	ep_tmp_puts(&tmp, "cpu_core/format/umask", "config:8-15\n");
	ep_tmp_puts(&tmp, "cpu_atom/type", "10\n");
	ep_tmp_puts(&tmp, "cpu_atom/cpus", "4-7\n");
	ep_tmp_puts(&tmp, "cpu_lowpower/type", "11\n");
	ep_tmp_puts(&tmp, "cpu_lowpower/cpus", "\n");
	ep_tmp_puts(&tmp, "power/type", "12\n");
	ep_tmp_puts(&tmp, "power/cpumask", "0\n");
	assert_int_equal(ep_perf_pmus_load(tmp.path, &pmus, NULL), 0);
	assert_int_equal(pmus.core_count, 2); /* an offline kind is none */
	assert_int_equal(ep_perf_event_find(&pmus, "cycles", &event, NULL), 0);
	assert_int_equal(event.code_count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ep_perf_code *c = &event.codes[i];

		assert_int_equal(c->type, PERF_TYPE_HARDWARE);
		assert_int_equal(c->pmu, (int)i);
		assert_true(c->config == (uint64_t)pmus.cores[i].type << 32);
	}
	assert_int_equal(ep_perf_event_find(&pmus, "r1a8", &event, NULL), 0);
	assert_int_equal(event.code_count, 2);
	assert_int_equal(event.codes[0].type, pmus.cores[0].type);
	assert_int_equal(event.codes[1].type, pmus.cores[1].type);
	/* An event that one kind of core has counts there. */
	assert_int_equal(ep_perf_event_find(&pmus, "odd", &event, NULL), 0);
	assert_int_equal(event.code_count, 1);
	assert_int_equal(event.codes[0].type, 4);
	assert_int_equal(event.codes[0].config, 0x312);
	assert_int_equal(
		ep_perf_event_find(&pmus, "cpu_core/odd/u", &event, NULL), 0);
	assert_true(event.user_only);
	assert_int_equal(event.codes[0].config, 0x312);
	/* Software events know no kinds of cores. */
	assert_int_equal(ep_perf_event_find(&pmus, "cs", &event, NULL), 0);
	assert_int_equal(event.code_count, 1);
	assert_int_equal(event.codes[0].pmu, -1);
	ep_tmp_remove(&tmp);
}

static void arm_cores_get_architectural_numbers(void **state)
{
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "armv8_cortex_a55/type", "8\n");
	ep_tmp_puts(&tmp, "armv8_cortex_a55/cpus", "0-3\n");
	ep_tmp_puts(&tmp, "armv8_cortex_a76/type", "9\n");
	ep_tmp_puts(&tmp, "armv8_cortex_a76/cpus", "4-7\n");
	assert_int_equal(ep_perf_pmus_load(tmp.path, &pmus, NULL), 0);
	assert_int_equal(pmus.core_count, 2);
	assert_true(pmus.cores[0].pmuv3);
	assert_int_equal(ep_perf_event_find(&pmus, "cycles", &event, NULL), 0);
	assert_int_equal(event.code_count, 2);
	assert_int_equal(event.codes[0].type, 8);
	assert_int_equal(event.codes[0].config, 0x11);
	assert_int_equal(event.codes[1].type, 9);
	assert_int_equal(event.codes[1].config, 0x11);
	assert_int_equal(ep_perf_event_find(&pmus, "L1-dcache-load-misses",
					    &event, NULL),
			 0);
	assert_int_equal(event.codes[1].config, 0x03);
	assert_int_equal(
		ep_perf_event_find(&pmus, "l2d_cache_refill", &event, NULL), 0);
	assert_int_equal(event.code_count, 2);
	assert_int_equal(event.codes[0].type, 8);
	assert_int_equal(event.codes[0].config, 0x17);
	/* No number in the architecture: nothing to open, not a zero. */
	assert_int_equal(ep_perf_event_find(&pmus, "node-loads", &event, NULL),
			 0);
	assert_int_equal(event.code_count, 0);
	ep_tmp_remove(&tmp);
}

static void pmu_terms_fill_the_fields_of_format(void **state)
{
	struct ep_err err = { 0 };
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "cpu/type", "4\n");
	ep_tmp_puts(&tmp, "cpu/format/event", "config:0-7,32-35\n");
	ep_tmp_puts(&tmp, "cpu/format/edge", "config:18\n");
	ep_tmp_puts(&tmp, "cpu/format/offcore", "config1:0-63\n");
	ep_tmp_puts(&tmp, "cpu/events/busy", "event=0x1c2,edge\n");
	ep_tmp_puts(&tmp, "cpu/events/loop", "loop\n");
	ep_tmp_puts(&tmp, "power/type", "12\n");
	ep_tmp_puts(&tmp, "power/cpumask", "0,8\n");
	ep_tmp_puts(&tmp, "power/format/event", "config:0-7\n");
	ep_tmp_puts(&tmp, "power/events/energy-pkg", "event=0x02\n");
	ep_tmp_puts(&tmp, "power/events/energy-pkg.scale", "2.5e-1\n");
	ep_tmp_puts(&tmp, "power/events/energy-pkg.unit", "Joules\n");
	assert_int_equal(ep_perf_pmus_load(tmp.path, &pmus, NULL), 0);
	assert_int_equal(pmus.core_count, 1);
	assert_int_equal(
		ep_perf_event_find(&pmus, "cpu/busy,offcore=7/", &event, NULL),
		0);
	assert_int_equal(event.kind, EP_PERF_CORE);
	assert_true(event.codes[0].config == UINT64_C(0x1000400c2));
	assert_int_equal(event.codes[0].config1, 7);
	assert_int_equal(ep_perf_event_find(&pmus, "cpu/config=0x3c,config2=5/",
					    &event, NULL),
			 0);
	assert_int_equal(event.codes[0].config, 0x3c);
	assert_int_equal(event.codes[0].config2, 5);
	assert_int_equal(
		ep_perf_event_find(&pmus, "power/energy-pkg/", &event, NULL),
		0);
	assert_int_equal(event.kind, EP_PERF_DEVICE);
	assert_int_equal(event.cpus.count, 2);
	assert_int_equal(event.cpus.ids[1], 8);
	assert_true(event.scale > 0.249 && event.scale < 0.251);
	assert_string_equal(event.unit, "Joules");
	static const char *const bad[] = {
		"cpu/nothing/",	 "cpu/event=0x1000/",
		"cpu/event=1x/", "cpu/event=/",
		"cpu/loop/",	 "cpu/busy,/x/",
		"cpu/../type/",	 "cpu//",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			ep_perf_event_find(&pmus, bad[i], &event, &err),
			-EINVAL);
	ep_tmp_remove(&tmp);
}

static void architectural_file_is_read_strictly(void **state)
{
	uint64_t number = 77;
	struct ep_tmp tmp;

	(void)state;
	assert_int_equal(ep_perf_arch_find(NULL, "cpu_cycles", &number), 0);
	assert_int_equal(number, 0x11);
	assert_int_equal(ep_perf_arch_find(NULL, "LL_CACHE_MISS_RD", &number),
			 0);
	assert_int_equal(number, 0x37);
	number = 77; /* looks at every line, so a broken one would show */
	assert_int_equal(ep_perf_arch_find(NULL, "no_such_event", &number),
			 -ENOENT);
	ep_tmp_make(&tmp);
	ep_tmp_puts(&tmp, "a", "# one\n0x11 cycles text\n17\n");
	assert_int_equal(
		ep_perf_arch_find(ep_tmp_path(&tmp, "a"), "x", &number),
		-EBADMSG);
	ep_tmp_puts(&tmp, "b", "0x1g cycles text\n");
	assert_int_equal(
		ep_perf_arch_find(ep_tmp_path(&tmp, "b"), "x", &number),
		-EBADMSG);
	assert_int_equal(
		ep_perf_arch_find(ep_tmp_path(&tmp, "none"), "x", &number),
		-ENOENT);
	ep_tmp_puts(&tmp, "empty", "");
	assert_int_equal(
		ep_perf_arch_find(ep_tmp_path(&tmp, "empty"), "x", &number),
		-ENOENT);
	assert_int_equal(number, 77);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_perf),
		cmocka_unit_test(unknown_names_name_the_nearest),
		cmocka_unit_test(modifiers_choose_user_or_kernel),
		cmocka_unit_test(libpfm_names_are_known),
		cmocka_unit_test(lists_split_outside_slashes),
		cmocka_unit_test(processor_lists),
		cmocka_unit_test(
			several_kinds_of_cores_open_every_event_on_each),
		cmocka_unit_test(arm_cores_get_architectural_numbers),
		cmocka_unit_test(pmu_terms_fill_the_fields_of_format),
		cmocka_unit_test(architectural_file_is_read_strictly),
	};

	/* The architectural file is looked for in each of the folders. */
	setenv("EDGEPROF_BOARDS", "/nowhere::boards", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
