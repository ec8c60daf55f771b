/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "profiler/record/survey.h"
#include "tests/unit/support_tmp.h"

#define T0 INT64_C(1000000000)
#define MS EP_NS_PER_MS

static const struct ep_channel power = { .name = "power",
					 .quantity = EP_POWER_UW };
static const struct ep_channel energy = { .name = "energy",
					  .quantity = EP_ENERGY_UJ,
					  .shape = EP_COUNTER,
					  .wrap = 1000000 };
static struct ep_survey_channel ch;

static void assert_near(double value, double wanted, double by)
{
	if (!(fabs(value - wanted) <= by))
		fail_msg("%.12g is not %.12g", value, wanted);
}

static void fresh(void)
{
	memset(&ch, 0, sizeof(ch));
}

static void see(const struct ep_channel *c, int64_t at_ms, int64_t value,
		unsigned flags)
{
	struct ep_sample s = { .t_ns = T0 + at_ms * MS,
			       .value = value,
			       .flags = (uint16_t)flags };

	ep_survey_channel_read(&ch, c, &s);
}

static void power_is_integrated_between_reads(void **state)
{
	(void)state;
	fresh();
	assert_true(isnan(ep_survey_energy_j(&ch, &power)));
	assert_true(isnan(ep_survey_now(&ch, &power, T0)));
	for (int i = 0; i <= 100; i++)
		see(&power, i * 10, 2000000 + i * 10000, 0);
	/* A ramp from 2 W to 3 W over one second. */
	assert_near(ep_survey_energy_j(&ch, &power), 2.5, 1e-9);
	assert_near(ch.covered_s, 1.0, 1e-9);
	assert_near(ep_survey_now(&ch, &power, T0), 3.0, 1e-12);
	assert_int_equal(ch.min, 2000000);
	assert_int_equal(ch.max, 3000000);
	assert_int_equal(ch.read_count, 101);
	assert_int_equal(ch.repeat_count, 0);
}

static void the_measured_refresh_is_the_median_between_changes(void **state)
{
	(void)state;
	fresh();
	assert_true(isnan(ep_survey_refresh_s(&ch)));
	for (int i = 0; i < 300; i++)
		see(&power, i * 10, i / 5, 0);
	assert_near(ep_survey_refresh_s(&ch), 0.05, 1e-9);
	assert_int_equal(ch.repeat_count, 240);
	fresh();
	see(&power, 0, 1, 0);
	see(&power, 10, 2, 0);
	/* One change says nothing about the time between two. */
	assert_true(isnan(ep_survey_refresh_s(&ch)));
	see(&power, 40, 3, 0);
	assert_near(ep_survey_refresh_s(&ch), 0.03, 1e-9);
	see(&power, 50, 4, 0);
	assert_near(ep_survey_refresh_s(&ch), 0.02, 1e-9);
}

static void a_counter_goes_on_over_its_wrap(void **state)
{
	(void)state;
	fresh();
	for (int i = 0; i <= 200; i++)
		see(&energy, i * 10, (900000 + i * 10000) % 1000000, 0);
	assert_near(ep_survey_energy_j(&ch, &energy), 2.0, 1e-9);
	assert_near(ep_survey_now(&ch, &energy, T0 + 2000 * MS), 1.0, 1e-9);
	assert_int_equal(ch.reset_count, 0);
}

static void a_counter_that_was_reset_begins_anew(void **state)
{
	struct ep_channel plain = energy;

	(void)state;
	plain.wrap = 0;
	fresh();
	see(&plain, 0, 500000, 0);
	see(&plain, 10, 600000, 0);
	see(&plain, 20, 5, 0);
	see(&plain, 30, 100005, 0);
	assert_int_equal(ch.reset_count, 1);
	assert_near(ep_survey_energy_j(&ch, &plain), 0.2, 1e-9);
	/* Over half the modulus is no wrap either. */
	fresh();
	see(&energy, 0, 600000, 0);
	see(&energy, 10, 500000, 0);
	assert_int_equal(ch.reset_count, 1);
}

/* Charge, whose current turns: 1 A for half a second, then -2 A. */
static void a_signed_counter_goes_back(void **state)
{
	struct ep_channel charge = { .name = "charge",
				     .quantity = EP_CHARGE_UC,
				     .shape = EP_COUNTER,
				     .flags = EP_CHANNEL_SIGNED };

	(void)state;
	fresh();
	for (int i = 0; i <= 50; i++)
		see(&charge, i * 10, 10000 * i, 0);
	for (int i = 1; i <= 50; i++)
		see(&charge, 500 + i * 10, 500000 - 20000 * i, 0);
	assert_int_equal(ch.reset_count, 0);
	assert_near(ch.sum, -500000, 1e-6);
	assert_true(ep_survey_now(&ch, &charge, T0 + 1000 * MS) < 0);
}

static void an_energy_counter_that_stands_still_is_no_measurement(void **state)
{
	struct ep_channel time = energy;

	(void)state;
	fresh();
	for (int i = 0; i < 100; i++)
		see(&energy, i * 10, 7, 0);
	assert_true(isnan(ep_survey_energy_j(&ch, &energy)));
	assert_true(isnan(ep_survey_now(&ch, &energy, T0 + 1000 * MS)));
	/* Of waiting time, nothing is an answer. */
	time.quantity = EP_TIME_NS;
	assert_true(ep_survey_now(&ch, &time, T0 + 1000 * MS) <= 0);
	assert_true(ep_survey_now(&ch, &time, T0 + 1000 * MS) >= 0);
}

static void a_coarse_counter_is_told_between_its_steps(void **state)
{
	(void)state;
	fresh();
	/* 3 W, a step of 3 J each second, read every 100 ms; then it stops. */
	for (int i = 0; i <= 95; i++)
		see(&energy, i * 100, i / 10 * 30000, 0);
	assert_near(ep_survey_now(&ch, &energy, T0 + 9500 * MS), 0.03, 1e-9);
	assert_true(ep_survey_now(&ch, &energy, T0 + 60000 * MS) < 0.003);
}

static void a_gap_is_counted_and_not_integrated(void **state)
{
	(void)state;
	fresh();
	for (int i = 0; i <= 10; i++)
		see(&power, i * 10, 1000000, 0);
	see(&power, 5000, 1000000, 0);
	assert_int_equal(ch.gap_count, 1);
	assert_near(ep_survey_energy_j(&ch, &power), 0.1, 1e-9);
	see(&power, 5010, 1000000, EP_SAMPLE_GAP);
	assert_int_equal(ch.gap_count, 2);
	see(&power, 5020, 1000000, 0);
	assert_near(ep_survey_energy_j(&ch, &power), 0.11, 1e-9);
}

static void failed_reads_are_counted_and_no_value(void **state)
{
	(void)state;
	fresh();
	see(&power, 0, 1000000, 0);
	see(&power, 10, 0, EP_SAMPLE_ERROR);
	assert_true(ch.failing);
	assert_int_equal(ch.error_count, 1);
	assert_int_equal(ch.min, 1000000);
	assert_true(isnan(ep_survey_now(&ch, &power, T0)));
	see(&power, 20, 3000000, 0);
	assert_false(ch.failing);
	assert_near(ep_survey_now(&ch, &power, T0), 3.0, 1e-12);
}

static void what_was_agreed_is_no_energy(void **state)
{
	struct ep_channel agreed = power;

	(void)state;
	agreed.flags = EP_CHANNEL_NEGOTIATED;
	fresh();
	see(&agreed, 0, 15000000, 0);
	see(&agreed, 10, 15000000, 0);
	assert_true(isnan(ep_survey_energy_j(&ch, &agreed)));
	assert_near(ep_survey_now(&ch, &agreed, T0), 15, 1e-12);
}

static void times_that_do_not_grow_are_no_reads(void **state)
{
	(void)state;
	fresh();
	see(&power, 10, 1, 0);
	see(&power, 10, 2, 0);
	see(&power, 5, 3, 0);
	assert_int_equal(ch.read_count, 1);
	assert_int_equal(ch.value, 1);
}

static void products_are_of_one_line(void **state)
{
	struct ep_channel channels[] = {
		{ .name = "v", .quantity = EP_VOLTAGE_UV },
		{ .name = "a", .quantity = EP_CURRENT_UA },
		{ .name = "w",
		  .quantity = EP_POWER_UW,
		  .flags = EP_CHANNEL_PRODUCT,
		  .volts_index = 0,
		  .amps_index = 1 },
	};
	struct ep_slot slot = { .channels = channels, .channel_count = 3 };
	struct ep_survey_channel of[3];
	struct ep_sample s = { .t_ns = T0, .value = 5000000 };

	(void)state;
	memset(of, 0, sizeof(of));
	ep_survey_channel_read(&of[0], &channels[0], &s);
	ep_survey_row_end(of, &slot);
	assert_int_equal(of[2].read_count, 0);
	for (int i = 1; i <= 2; i++) {
		s.t_ns = T0 + i * 10 * MS;
		s.value = 5000000;
		ep_survey_channel_read(&of[0], &channels[0], &s);
		s.value = -400000;
		ep_survey_channel_read(&of[1], &channels[1], &s);
		ep_survey_row_end(of, &slot);
	}
	assert_int_equal(of[2].read_count, 2);
	assert_int_equal(of[2].value, -2000000);
	ep_survey_channel_fail(&of[1]);
	ep_survey_row_end(of, &slot);
	assert_int_equal(of[2].error_count, 1);
	assert_true(of[2].failing);
}

/* A machine with a chip, a broken sensor and one that follows the program. */
static void make_machine(struct ep_tmp *tmp)
{
	static const char board[] =
		"name = \"small\"\n"
		"title = \"t\"\n"
		"source = \"s\"\n"
		"status = \"untested\"\n"
		"coverage = \"all of it\"\n"
		"sensor \"chip\" { driver = \"hwmon\" }\n"
		"sensor \"rapl\" { driver = \"rapl\" }\n"
		"sensor \"memory\" { driver = \"memory\" }\n"
		"rail \"in\" {\n"
		"channel = \"chip.*power1\"\n"
		"role = \"total\"\n"
		"}\n";

	ep_tmp_make(tmp);
	ep_tmp_puts(tmp, "boards/small.board", board);
	ep_tmp_puts(tmp, "sys/class/hwmon/hwmon0/name", "fake\n");
	ep_tmp_puts(tmp, "sys/class/hwmon/hwmon0/power1_input", "2500000\n");
	ep_tmp_mkdir(tmp, "proc");
	setenv("EDGEPROF_ROOT", tmp->path, 1);
	setenv("EDGEPROF_BOARDS", ep_tmp_path(tmp, "boards"), 1);
}

static void end_machine(struct ep_tmp *tmp)
{
	unsetenv("EDGEPROF_ROOT");
	unsetenv("EDGEPROF_BOARDS");
	ep_tmp_remove(tmp);
}

static void sensors_are_read_and_missing_ones_say_why(void **state)
{
	struct ep_record_options options = { .board = "small",
					     .interval_ns = 10 * MS };
	struct ep_survey *s = calloc(1, sizeof(*s));
	struct ep_err err = { 0 };
	struct ep_tmp tmp;
	double w = 0, j = 0;
	size_t slot = 99, channel = 99;
	int tries = 0;

	(void)state;
	assert_non_null(s);
	make_machine(&tmp);
	assert_int_equal(ep_survey_open(s, &options, &err), 0);
	assert_true(s->asked);
	assert_false(s->matches);
	assert_int_equal(s->slots.count, 3);
	assert_true(ep_survey_is_polled(s->slots.slots[0]));
	assert_null(s->slots.slots[1]->sensor);
	assert_true(s->slots.slots[1]->reason[0] != '\0');
	assert_non_null(s->slots.slots[2]->sensor);
	assert_false(ep_survey_is_polled(s->slots.slots[2]));
	assert_int_equal(s->total.count, 1);
	assert_true(ep_survey_find(s, s->total.channels[0], &slot, &channel));
	assert_int_equal(slot, 0);
	assert_false(ep_survey_find(s, "chip.nothing", &slot, &channel));
	assert_int_equal(ep_survey_start(s, &err), 0);
	while (s->channels[slot][channel].read_count < 5 && tries++ < 1000) {
		ep_clock_sleep_until(ep_clock_monotonic_ns() + 10 * MS);
		ep_survey_collect(s);
	}
	ep_survey_stop(s);
	assert_true(s->channels[slot][channel].read_count >= 5);
	/* What follows a program was never read. */
	assert_int_equal(s->channels[2][0].read_count, 0);
	ep_survey_total(s, &w, &j);
	assert_near(w, 2.5, 1e-9);
	assert_near(j, 2.5 * s->channels[slot][channel].covered_s, 1e-9);
	assert_true(ep_survey_dropped(s) == 0);
	ep_survey_close(s);
	free(s);
	end_machine(&tmp);
}

static void mistakes_of_the_user_fail(void **state)
{
	struct ep_record_options options = { .board = "small",
					     .interval_ns = 10 * MS };
	struct ep_survey *s = calloc(1, sizeof(*s));
	struct ep_err err = { 0 };
	struct ep_tmp tmp;

	(void)state;
	assert_non_null(s);
	make_machine(&tmp);
	options.board = "smal";
	assert_int_equal(ep_survey_open(s, &options, &err), -ENOENT);
	assert_non_null(strstr(err.text, "small"));
	ep_survey_close(s);
	memset(s, 0, sizeof(*s));
	options.board = "small";
	options.sensors[options.sensor_count++] = "no_such_thing";
	assert_int_equal(ep_survey_open(s, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no_such_thing"));
	ep_survey_close(s);
	free(s);
	end_machine(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_is_integrated_between_reads),
		cmocka_unit_test(
			the_measured_refresh_is_the_median_between_changes),
		cmocka_unit_test(a_counter_goes_on_over_its_wrap),
		cmocka_unit_test(a_counter_that_was_reset_begins_anew),
		cmocka_unit_test(a_signed_counter_goes_back),
		cmocka_unit_test(
			an_energy_counter_that_stands_still_is_no_measurement),
		cmocka_unit_test(a_coarse_counter_is_told_between_its_steps),
		cmocka_unit_test(a_gap_is_counted_and_not_integrated),
		cmocka_unit_test(failed_reads_are_counted_and_no_value),
		cmocka_unit_test(what_was_agreed_is_no_energy),
		cmocka_unit_test(times_that_do_not_grow_are_no_reads),
		cmocka_unit_test(products_are_of_one_line),
		cmocka_unit_test(sensors_are_read_and_missing_ones_say_why),
		cmocka_unit_test(mistakes_of_the_user_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
