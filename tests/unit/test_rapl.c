/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/rapl_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_perf.h"
#include "tests/unit/support_tmp.h"

#define CLASS "sys/class/powercap/"
#define WRAP "262143328850\n"

struct board {
	struct ep_tmp tmp;
	struct ep_env env;
	struct ep_sensor *sensor;
	struct ep_sensor_notes notes;
	struct ep_err err;
	struct ep_sample samples[EP_RAPL_DOMAINS_MAX];
	size_t sample_count;
};

static void zone(const struct board *b, const char *dir, const char *name,
		 const char *energy)
{
	char path[128];

	snprintf(path, sizeof(path), CLASS "%s/name", dir);
	ep_tmp_puts(&b->tmp, path, name);
	snprintf(path, sizeof(path), CLASS "%s/energy_uj", dir);
	ep_tmp_puts(&b->tmp, path, energy);
	snprintf(path, sizeof(path), CLASS "%s/max_energy_range_uj", dir);
	ep_tmp_puts(&b->tmp, path, WRAP);
}

static int setup(void **state)
{
	static struct board board;
	struct board *b = &board;

	memset(b, 0, sizeof(*b));
	ep_tmp_make(&b->tmp);
	if (chmod(b->tmp.path, 0755) < 0)
		return -1;
	ep_tmp_mkdir(&b->tmp, "sys/class/powercap");
	b->env.now_ns = ep_clock_monotonic_ns;
	*state = b;
	return ep_root_open(&b->env.root, b->tmp.path, NULL);
}

static int teardown(void **state)
{
	struct board *b = *state;

	ep_sensor_rapl.close(b->sensor);
	ep_root_close(&b->env.root);
	ep_tmp_remove(&b->tmp);
	return 0;
}

static int board_open(struct board *b)
{
	return ep_sensor_rapl.open(&b->env, NULL, &b->sensor, &b->notes,
				   &b->err);
}

static void take(void *ctx, const struct ep_sample *sample)
{
	struct board *b = ctx;

	b->samples[b->sample_count++] = *sample;
}

static int board_poll(struct board *b)
{
	const struct ep_sink sink = { take, b };

	b->sample_count = 0;
	return ep_sensor_rapl.poll(b->sensor, 0, &sink);
}

static bool noted(const struct board *b, const char *text)
{
	for (size_t i = 0; i < b->notes.count; i++) {
		if (strstr(b->notes.text[i], text))
			return true;
	}
	return false;
}

static void two_packages_are_counted_once(void **state)
{
	static const struct {
		const char *name;
		enum ep_role role;
		int64_t value;
	} want[] = {
		{ "package_0", EP_ROLE_TOTAL, 1000 },
		{ "core_0", EP_ROLE_PART, 300 },
		{ "dram_0", EP_ROLE_ASIDE, 77 },
		{ "package_1", EP_ROLE_TOTAL, 2000 },
		{ "core_1", EP_ROLE_PART, 500 },
		{ "uncore_1", EP_ROLE_PART, 5 },
		{ "psys", EP_ROLE_ASIDE, 9000 },
	};
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	ep_tmp_mkdir(&b->tmp, CLASS "intel-rapl");
	ep_tmp_mkdir(&b->tmp, CLASS "dtpm");
	zone(b, "intel-rapl:0", "package-0\n", "1000\n");
	zone(b, "intel-rapl:0:0", "core\n", "300\n");
	zone(b, "intel-rapl:0:1", "dram\n", "77\n");
	zone(b, "intel-rapl:1", "package-1\n", "2000\n");
	zone(b, "intel-rapl:1:0", "core\n", "500\n");
	zone(b, "intel-rapl:1:1", "uncore\n", "5\n");
	zone(b, "intel-rapl:2", "psys\n", "9000\n");
	zone(b, "intel-rapl-mmio:0", "package-0\n", "1001\n");
	zone(b, "intel-rapl-mmio:0:0", "dram\n", "78\n");
	assert_int_equal(ep_sensor_rapl.probe(&b->env, &b->err), 7);
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 7);
	assert_int_equal(board_poll(b), 7);
	for (size_t i = 0; i < 7; i++) {
		assert_string_equal(ch[i].name, want[i].name);
		assert_int_equal(ch[i].role, want[i].role);
		assert_int_equal(ch[i].quantity, EP_ENERGY_UJ);
		assert_int_equal(ch[i].shape, EP_COUNTER);
		assert_true(ch[i].wrap == UINT64_C(262143328850));
		assert_int_equal(ch[i].refresh_ns, 1000000);
		assert_int_equal(ch[i].gain_ppm, 50000);
		assert_int_equal(ch[i].resolution, 61);
		assert_int_equal(b->samples[i].channel, i);
		assert_int_equal(b->samples[i].value, want[i].value);
		assert_int_equal(b->samples[i].flags, EP_SAMPLE_UNPROVEN);
		assert_true(b->samples[i].t_ns == b->samples[0].t_ns);
	}
	assert_true(noted(b, "package-0 (intel-rapl-mmio:0) left out"));
	assert_true(noted(b, "dram (intel-rapl-mmio:0:0) left out"));
}

static void mmio_stands_in_where_it_is_alone(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	zone(b, "intel-rapl-mmio:0", "package-0\n", "1001\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 1);
	assert_string_equal(ch[0].name, "package_0");
	assert_int_equal(b->notes.count, 0);
}

static void dies_have_names_of_their_own(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	zone(b, "intel-rapl:0", "package-0-die-0\n", "1\n");
	zone(b, "intel-rapl:0:0", "core\n", "1\n");
	zone(b, "intel-rapl:1", "package-0-die-1\n", "1\n");
	zone(b, "intel-rapl:1:0", "core\n", "1\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 4);
	assert_string_equal(ch[0].name, "package_0_die_0");
	assert_string_equal(ch[1].name, "core_0_die_0");
	assert_string_equal(ch[2].name, "package_0_die_1");
	assert_string_equal(ch[3].name, "core_0_die_1");
}

static void psys_is_the_total_without_a_package(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	zone(b, "intel-rapl:0", "psys\n", "1\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 1);
	assert_int_equal(ch[0].role, EP_ROLE_TOTAL);
}

static void values_go_on_after_the_wrap(void **state)
{
	struct board *b = *state;

	zone(b, "intel-rapl:0", "package-0\n", "262143328800\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(board_poll(b), 1);
	assert_true(b->samples[0].value == INT64_C(262143328800));
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:0/energy_uj", "50\n");
	assert_int_equal(board_poll(b), 1);
	assert_int_equal(b->samples[0].value, 50); /* raw: analysis unwraps */
}

static void unknown_wrap_is_told(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	zone(b, "intel-rapl:0", "package-0\n", "1\n");
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:0/max_energy_range_uj", "x\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 1);
	assert_true(ch[0].wrap == 0);
	assert_true(noted(b, "max_energy_range_uj is unreadable"));
}

static void a_file_that_fails_mid_run_is_an_error_sample(void **state)
{
	struct board *b = *state;

	zone(b, "intel-rapl:0", "package-0\n", "1000\n");
	zone(b, "intel-rapl:1", "package-1\n", "2000\n");
	assert_int_equal(board_open(b), 0);
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:0/energy_uj", "");
	assert_int_equal(board_poll(b), 2);
	assert_int_equal(b->samples[0].flags, EP_SAMPLE_ERROR);
	assert_int_equal(b->samples[1].flags, EP_SAMPLE_UNPROVEN);
	assert_int_equal(b->samples[1].value, 2000);
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:0/energy_uj", "garbage\n");
	assert_int_equal(board_poll(b), 2);
	assert_int_equal(b->samples[0].flags, EP_SAMPLE_ERROR);
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:1/energy_uj", "");
	assert_true(board_poll(b) < 0); /* nothing could be read */
	assert_int_equal(b->sample_count, 0);
	ep_tmp_puts(&b->tmp, CLASS "intel-rapl:0/energy_uj", "1100\n");
	assert_int_equal(board_poll(b), 2);
	assert_int_equal(b->samples[0].value, 1100);
	assert_int_equal(b->samples[1].flags, EP_SAMPLE_ERROR);
}

static void a_file_that_fails_at_open_is_left_out(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;

	zone(b, "intel-rapl:0", "package-0\n", "1000\n");
	zone(b, "intel-rapl:0:0", "core\n", "none\n");
	assert_int_equal(board_open(b), 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 1);
	assert_true(noted(b, "core left out: "));
	assert_true(noted(b, "intel-rapl:0:0/energy_uj"));
}

static int open_as_nobody(void *ctx)
{
	struct board *b = ctx;

	if (ep_sensor_rapl.probe(&b->env, &b->err) != -EACCES)
		return 10;
	if (board_open(b) != -EACCES || b->sensor)
		return 11;
	if (!strstr(b->err.text,
		    "/sys/class/powercap/intel-rapl:0/energy_uj") ||
	    !strstr(b->err.text, "sudo chmod") || !strstr(b->err.text, "root"))
		return 12;
	return 0;
}

static void unreadable_energy_names_file_and_remedy(void **state)
{
	struct board *b = *state;

	zone(b, "intel-rapl:0", "package-0\n", "1000\n");
	assert_int_equal(
		fchmodat(b->tmp.fd, CLASS "intel-rapl:0/energy_uj", 0, 0), 0);
	assert_int_equal(ep_as_nobody(open_as_nobody, b), 0);
}

static void no_rapl_is_nothing_found(void **state)
{
	struct board *b = *state;

	assert_int_equal(ep_sensor_rapl.probe(&b->env, &b->err), 0);
	assert_int_equal(board_open(b), -ENODEV);
	assert_non_null(strstr(b->err.text, "no RAPL"));
	assert_null(b->sensor);
	ep_sensor_rapl.close(NULL);
}

static void gain_is_a_parameter(void **state)
{
	struct board *b = *state;
	const struct ep_channel *ch = NULL;
	struct ep_conf *conf = NULL;

	zone(b, "intel-rapl:0", "package-0\n", "1\n");
	assert_int_equal(ep_conf_from_options("--sensor", "gain_percent=2.5",
					      &conf, NULL),
			 0);
	assert_int_equal(ep_sensor_rapl.open(&b->env, conf, &b->sensor,
					     &b->notes, &b->err),
			 0);
	assert_int_equal(ep_sensor_rapl.channels(b->sensor, &ch), 1);
	assert_int_equal(ch[0].gain_ppm, 25000);
	ep_sensor_rapl.close(b->sensor);
	b->sensor = NULL;
	assert_int_equal(ep_sensor_rapl.check(conf, NULL), 0);
	assert_int_equal(ep_conf_set(conf, "gain_percent", "101"), 0);
	assert_true(ep_sensor_rapl.check(conf, NULL) < 0);
	assert_true(ep_sensor_rapl.open(&b->env, conf, &b->sensor, &b->notes,
					&b->err) < 0);
	assert_non_null(strstr(b->err.text, "gain_percent"));
	assert_int_equal(ep_conf_set(conf, "gain_percent", "nan"), 0);
	assert_true(ep_sensor_rapl.open(&b->env, conf, &b->sensor, &b->notes,
					&b->err) < 0);
	assert_null(b->sensor);
	ep_conf_free(conf);
}

/* The power PMU, played by the software PMU: cpu-clock counts ns, which a scale
 * of 1e-6 J makes uJ. */
static void perf_view_has_the_names_of_powercap(void **state)
{
	struct board *b = *state;
	struct ep_rapl r = { .count = 0 };
	char base[256];
	int n;

	ep_need_perf();
	ep_tmp_puts(&b->tmp, "pmu/power/type", "1\n");
	ep_tmp_puts(&b->tmp, "pmu/power/cpumask", "0\n");
	ep_tmp_puts(&b->tmp, "pmu/power/format/event", "config:0-7\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-pkg", "event=0x00\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-pkg.scale", "1e-6\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-pkg.unit", "Joules\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-cores", "event=0x00\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-cores.scale", "1e-6\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-cores.unit", "Joules\n");
	ep_tmp_puts(&b->tmp, "pmu/power/events/energy-ram", "event=0x00\n");
	ep_tmp_puts(&b->tmp,
		    "sys/devices/system/cpu/cpu0/topology/physical_package_id",
		    "3\n");
	snprintf(base, sizeof(base), "%s/pmu", b->tmp.path);
	n = ep_rapl_open_perf(&r, &b->env, base, &b->notes, &b->err);
	if (n == -EACCES) {
		assert_non_null(strstr(b->err.text, "perf_event_paranoid"));
		print_message("SKIP: counting the whole system is refused\n");
		skip();
	}
	assert_int_equal(n, 2);
	assert_string_equal(r.channels[0].name, "package_3");
	assert_string_equal(r.channels[1].name, "core_3");
	assert_int_equal(r.channels[0].role, EP_ROLE_TOTAL);
	assert_true(r.channels[0].wrap == 0);
	assert_true(r.domains[0].uj_per_count > 0.999 &&
		    r.domains[0].uj_per_count < 1.001);
	assert_true(noted(b, "power/energy-ram/ left out: unit ''"));
	ep_rapl_done(&r);
	snprintf(base, sizeof(base), "%s/none", b->tmp.path);
	assert_int_equal(
		ep_rapl_open_perf(&r, &b->env, base, &b->notes, &b->err), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_packages_are_counted_once),
		TEST(mmio_stands_in_where_it_is_alone),
		TEST(dies_have_names_of_their_own),
		TEST(psys_is_the_total_without_a_package),
		TEST(values_go_on_after_the_wrap),
		TEST(unknown_wrap_is_told),
		TEST(a_file_that_fails_mid_run_is_an_error_sample),
		TEST(a_file_that_fails_at_open_is_left_out),
		TEST(unreadable_energy_names_file_and_remedy),
		TEST(no_rapl_is_nothing_found),
		TEST(gain_is_a_parameter),
		TEST(perf_view_has_the_names_of_powercap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
