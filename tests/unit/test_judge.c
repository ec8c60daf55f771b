/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What makes a run invalid, and what does not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/study/result.h"

static struct ep_limits limits;

static void set_limits(void)
{
	struct ep_study s;

	ep_study_init(&s);
	limits = s.limits;
	ep_study_done(&s);
}

/* A run that nothing is wrong with. */
static struct ep_result good_run(void)
{
	return (struct ep_result){
		.duration_s = 10,
		.ended = "exit 0",
		.output_hash = "aa",
		.token_min_count = 20,
		.token_max_count = 20,
		.complete = true,
		.recording = json_loads("{\"ticks\": 1000,"
					" \"missed_ticks\": 5}",
					0, NULL),
		.conditions = json_loads("{\"background_cpu_share\": 0.02,"
					 " \"temperature_start_c\": 50,"
					 " \"temperature_end_c\": 60,"
					 " \"frequency_shortfall\": 0.01,"
					 " \"swap_in_count\": 0}",
					 0, NULL),
		.health = json_loads(
			"[{\"sensor\": \"a\","
			"  \"channel\": \"power\", \"unit\": \"w\", \"gaps\": 1,"
			"  \"max_gap_s\": 0.2},"
			" {\"sensor\": \"b\","
			"  \"channel\": \"temp\", \"gaps\": 0,"
			"  \"max_gap_s\": 5}]",
			0, NULL),
		.warnings = json_loads("[{\"code\": \"estimated\","
				       "  \"text\": \"x\"}]",
				       0, NULL),
	};
}

/* 0: the run counts; else how many reasons, the first of which says text. */
static size_t judge(struct ep_result *r, const char *peers, const char *text)
{
	struct ep_reasons why;

	ep_result_judge(r, &limits, peers, &why);
	if (text && why.count == 0)
		fail_msg("it counts, where it should say '%s'", text);
	if (text && !strstr(why.texts[0], text))
		fail_msg("it says '%s', not '%s'", why.texts[0], text);
	ep_result_done(r);
	return why.count;
}

static void set(json_t *o, const char *key, double value)
{
	json_object_set_new(o, key, json_real(value));
}

static void a_good_run_counts(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	assert_int_equal(judge(&r, "", NULL), 0);
	/* Nothing is known of it but how it ended: nothing is held against
	 * it. */
	r = (struct ep_result){ .ended = "exit 0", .complete = true };
	assert_int_equal(judge(&r, "", NULL), 0);
}

static void a_program_that_failed_is_named(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	r.exit_status = 3;
	(void)ep_str_copy(r.ended, sizeof(r.ended), "exit 3");
	assert_int_equal(judge(&r, "", "the program ended with exit 3"), 1);
	r = good_run();
	r.exit_status = -1;
	(void)ep_str_copy(r.ended, sizeof(r.ended), "signal 9");
	assert_int_equal(judge(&r, "", "signal 9"), 1);
	r = good_run();
	r.exit_status = -1;
	r.ended[0] = '\0';
	assert_int_equal(judge(&r, "", "nothing known"), 1);
}

static void what_the_report_says_stands(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	r.complete = false;
	assert_int_equal(judge(&r, "", "the recording was cut"), 1);
	r = good_run();
	(void)ep_str_copy(r.invalid, sizeof(r.invalid), "it slept 3 s");
	assert_int_equal(judge(&r, "", "it slept 3 s"), 1);
}

static void warnings_that_make_figures_wrong(void **state)
{
	static const char *const fatal[] = {
		"alarm",	   "out-of-limits", "clock-step",
		"suspended",	   "cpu-changed",   "dropped-samples",
		"recording-error", "raw-damaged",   "counter-reset",
		"phases-overlap",  "probe-lost",    "marks-lost",
	};

	(void)state;
	set_limits();
	for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]); i++) {
		struct ep_result r = good_run();

		json_array_append_new(r.warnings,
				      json_pack("{s:s,s:s}", "code", fatal[i],
						"text", fatal[i]));
		assert_int_equal(judge(&r, "", fatal[i]), 1);
	}
}

static void a_sensor_that_left_the_grid_harms_nothing(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	json_array_append_new(r.warnings,
			      json_pack("{s:s,s:s}", "code", "sensor-changed",
					"text", "moved off the grid"));
	assert_int_equal(judge(&r, "", NULL), 0);
}

struct condition {
	const char *key;
	double at_limit, over;
	const char *says;
};

static void conditions_are_held_to_their_limits(void **state)
{
	static const struct condition cases[] = {
		{ "background_cpu_share", 0.1, 0.101,
		  "other programs used the CPUs for 10.1 %, more than 10 %" },
		{ "frequency_shortfall", 0.1, 0.2,
		  "the clock was below what was asked by 20 %, more than" },
		{ "swap_in_count", 0, 12, "12 pages were swapped in" },
	};

	(void)state;
	set_limits();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_result r = good_run();

		set(r.conditions, cases[i].key, cases[i].at_limit);
		assert_int_equal(judge(&r, "", NULL), 0);
		r = good_run();
		set(r.conditions, cases[i].key, cases[i].over);
		assert_int_equal(judge(&r, "", cases[i].says), 1);
		/* null: not known. */
		r = good_run();
		json_object_set_new(r.conditions, cases[i].key, json_null());
		assert_int_equal(judge(&r, "", NULL), 0);
	}
	limits.background_cpu_share_max = (double)NAN;
	struct ep_result r = good_run();

	set(r.conditions, "background_cpu_share", 0.9);
	assert_int_equal(judge(&r, "", NULL), 0);
}

static void drift_is_judged_where_it_was_asked(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	set(r.conditions, "temperature_end_c", 90);
	assert_int_equal(judge(&r, "", NULL), 0);
	limits.thermal_drift_c_max = 8;
	r = good_run();
	assert_int_equal(judge(&r, "", "the temperature went from 50 to 60"),
			 1);
	r = good_run();
	set(r.conditions, "temperature_end_c", 42);
	assert_int_equal(judge(&r, "", NULL), 0);
	r = good_run();
	set(r.conditions, "temperature_end_c", 41.9);
	assert_int_equal(judge(&r, "", "from 50 to 41.9"), 1);
}

static void ticks_and_gaps_are_shares(void **state)
{
	struct ep_result r = good_run();
	json_t *sensor;

	(void)state;
	set_limits();
	/* 1 % of 1000 in all. */
	set(r.recording, "ticks", 990);
	set(r.recording, "missed_ticks", 10);
	assert_int_equal(judge(&r, "", NULL), 0);
	r = good_run();
	set(r.recording, "missed_ticks", 11);
	assert_int_equal(judge(&r, "", "missed ticks 1.09 %, more than 1 %"),
			 1);
	r = good_run();
	sensor = json_array_get(r.health, 0);
	set(sensor, "max_gap_s", 0.51);
	assert_int_equal(
		judge(&r, "", "a.power was silent for 5.1 %, more than 5 %"),
		1);
	/* Memory is no part of a joule. */
	r = good_run();
	sensor = json_array_get(r.health, 0);
	set(sensor, "max_gap_s", 5);
	json_object_set_new(sensor, "unit", json_string("bytes"));
	assert_int_equal(judge(&r, "", NULL), 0);
	/* A slow sensor's usual silence is none. */
	r = good_run();
	sensor = json_array_get(r.health, 0);
	set(sensor, "max_gap_s", 0.51);
	set(sensor, "gaps", 0);
	assert_int_equal(judge(&r, "", NULL), 0);
}

static void tokens_are_counted(void **state)
{
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	limits.token_count = 20;
	assert_int_equal(judge(&r, "", NULL), 0);
	r = good_run();
	r.token_min_count = 19;
	assert_int_equal(judge(&r, "", "19 tokens came, 20 were wanted"), 1);
	r = good_run();
	r.token_max_count = 21;
	assert_int_equal(judge(&r, "", "21 tokens came, 20 were wanted"), 1);
	r = good_run();
	r.token_min_count = r.token_max_count = -1;
	assert_int_equal(judge(&r, "", "is not known"), 1);
}

static void output_is_compared_where_it_must_be_the_same(void **state)
{
	static const char text[] = "its output differs";
	struct ep_result r = good_run();

	(void)state;
	set_limits();
	assert_int_equal(judge(&r, "bb", NULL), 0);
	r = good_run();
	r.greedy = true;
	assert_int_equal(judge(&r, "bb", text), 1);
	r = good_run();
	r.greedy = true;
	assert_int_equal(judge(&r, "aa", NULL), 0);
	r = good_run();
	r.greedy = true;
	assert_int_equal(judge(&r, "", NULL), 0);
	limits.same_output = EP_SAME_YES;
	r = good_run();
	assert_int_equal(judge(&r, "bb", text), 1);
	limits.same_output = EP_SAME_NO;
	r = good_run();
	r.greedy = true;
	assert_int_equal(judge(&r, "bb", NULL), 0);
}

static void a_lost_run_has_one_reason(void **state)
{
	struct ep_result r = { .exit_status = -1 };

	(void)state;
	set_limits();
	(void)ep_str_copy(r.lost, sizeof(r.lost), "no such program");
	assert_int_equal(judge(&r, "", "no such program"), 1);
}

static void many_reasons_are_all_there_or_as_many_as_fit(void **state)
{
	struct ep_result r = good_run();
	struct ep_reasons why;

	(void)state;
	set_limits();
	r.complete = false;
	set(r.conditions, "swap_in_count", 3);
	for (int i = 0; i < 100; i++)
		json_array_append_new(r.warnings,
				      json_pack("{s:s,s:s}", "code", "alarm",
						"text", "too hot"));
	ep_result_judge(&r, &limits, "", &why);
	assert_int_equal(why.count, EP_REASONS_MAX);
	assert_string_equal(why.texts[0], "the recording was cut");
	assert_string_equal(why.texts[EP_REASONS_MAX - 1], "too hot");
	ep_result_done(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_run_counts),
		cmocka_unit_test(a_program_that_failed_is_named),
		cmocka_unit_test(what_the_report_says_stands),
		cmocka_unit_test(warnings_that_make_figures_wrong),
		cmocka_unit_test(a_sensor_that_left_the_grid_harms_nothing),
		cmocka_unit_test(conditions_are_held_to_their_limits),
		cmocka_unit_test(drift_is_judged_where_it_was_asked),
		cmocka_unit_test(ticks_and_gaps_are_shares),
		cmocka_unit_test(tokens_are_counted),
		cmocka_unit_test(output_is_compared_where_it_must_be_the_same),
		cmocka_unit_test(a_lost_run_has_one_reason),
		cmocka_unit_test(many_reasons_are_all_there_or_as_many_as_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
