/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole run folders: killed, cut anywhere, damaged, odd. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/analyze.h"
#include "tests/unit/support_run.h"

static double five_w(double t)
{
	return 1e6 * (5 + 0.1 * t);
}

static const struct support_channel power = { { .name = "power",
						.quantity = EP_POWER_UW,
						.role = EP_ROLE_TOTAL,
						.refresh_ns =
							10 * EP_NS_PER_MS },
					      five_w };
static const struct support_sensor psu = { .id = "psu",
					   .channels = &power,
					   .channel_count = 1 };
static const struct support_mark marks[] = {
	{ 0.02, "prefill", 8, 0 },
	{ 0.1, "generation", -1, 4 },
	{ 0.25, "", -1, 0 },
};
static const struct support_run script = { .idle_s = 0.1,
					   .run_s = 0.3,
					   .tail_s = 0.05,
					   .sensors = &psu,
					   .sensor_count = 1,
					   .total = "psu.power",
					   .marks = marks,
					   .mark_count = 3 };

static void an_empty_folder_is_told_from_a_run(void **state)
{
	struct support_folder f;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	(void)state;
	support_run_make(&script, &f);
	assert_int_equal(unlinkat(f.fd, "run.json", 0), 0);
	assert_int_equal(ep_analyze_run(f.fd, -1, &r, &err), -ENOENT);
	assert_null(r);
	assert_non_null(strstr(err.text, "run.json"));
	support_run_write(&f, "run.json", "", 0);
	assert_int_equal(ep_analyze_run(f.fd, -1, &r, &err), -EBADMSG);
	support_run_remove(&f);
}

static void a_killed_run_ends_at_its_last_sample(void **state)
{
	struct support_run run = script;
	struct ep_report *r;

	(void)state;
	run.no_exit = true;
	run.tail_s = 0;
	r = support_run_analyze(&run);
	support_near(r->duration_s, 0.3, 1e-9);
	assert_false(r->validity.complete);
	assert_false(r->validity.valid);
	assert_string_equal(r->exit_text, "unknown");
	assert_true(support_warned(r, "incomplete"));
	support_near(support_metric(support_total(r, "run"), "energy_j")->value,
		     1.5 + 0.05 * 0.09, 1e-6);
	ep_report_free(r);
}

static void a_whole_run_is_valid(void **state)
{
	struct ep_report *r = support_run_analyze(&script);

	(void)state;
	assert_true(r->validity.complete && r->validity.valid);
	assert_int_equal(r->validity.reason_count, 0);
	assert_string_equal(r->exit_text, "exit 0");
	assert_string_equal(r->coverage, "all of it");
	assert_string_equal(
		json_string_value(json_object_get(r->run, "schema")),
		"edgeprof.run/1");
	assert_int_equal(r->gate_ns, SUPPORT_GATE_NS);
	assert_true(support_warned(r, "run-to-run-unknown"));
	ep_report_free(r);
}

/* Every cut: an error with a sentence, or a report. */
static void cut_everywhere(const struct support_folder *f, const char *name)
{
	size_t len;
	char *text = support_run_read(f, name, &len);

	for (size_t cut = 0; cut <= len; cut++) {
		struct ep_report *r = NULL;
		struct ep_err err = { 0 };
		int code;

		support_run_write(f, name, text, cut);
		code = ep_analyze_run(f->fd, -1, &r, &err);
		if (code < 0) {
			assert_null(r);
			assert_true(strlen(err.text) > 10);
			assert_true(code == -EBADMSG || code == -ENODATA);
		} else {
			assert_non_null(r);
			assert_true(r->total_count > 0);
		}
		ep_report_free(r);
	}
	free(text);
}

static void any_truncation_of_run_json_is_survived(void **state)
{
	struct support_folder f;

	(void)state;
	support_run_make(&script, &f);
	cut_everywhere(&f, "run.json");
	support_run_remove(&f);
}

static void any_truncation_of_events_is_survived(void **state)
{
	struct support_folder f;

	(void)state;
	support_run_make(&script, &f);
	cut_everywhere(&f, "events.csv");
	support_run_remove(&f);
}

static void any_truncation_of_samples_is_survived(void **state)
{
	struct support_folder f;

	(void)state;
	support_run_make(&script, &f);
	cut_everywhere(&f, "sensors/psu.csv");
	cut_everywhere(&f, "ticks.csv");
	support_run_remove(&f);
}

static void a_missing_sensor_file_is_named(void **state)
{
	struct support_folder f;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };
	const struct ep_metric *m;

	(void)state;
	support_run_make(&script, &f);
	assert_int_equal(unlinkat(f.fd, "sensors/psu.csv", 0), 0);
	assert_int_equal(ep_analyze_run(f.fd, -1, &r, &err), 0);
	m = support_metric(support_total(r, "run"), "energy_j");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "the file is missing"));
	assert_true(support_warned(r, "sensor-failed"));
	assert_true(support_warned(r, "no-total"));
	ep_report_free(r);
	assert_int_equal(mkfifoat(f.fd, "sensors/psu.csv", 0600), 0);
	assert_int_equal(ep_analyze_run(f.fd, -1, &r, &err), 0);
	ep_report_free(r);
	support_run_remove(&f);
}

static void garbage_between_samples_is_counted(void **state)
{
	static const char samples[] = "t_ns,span_ns,flags,power_uw\n"
				      "999900000000,0,0,5000000\n"
				      "nonsense\n"
				      "1000000000000,0,0,5000000\n"
				      "1000000000000,0,0,7000000\n"
				      "1000090000000,0,0,9223372036854775807\n"
				      "1000095000000,0,0,-9223372036854775808\n"
				      "1000100000000,0,0,5000000\n"
				      "-5,0,0,5000000\n"
				      "9223372036854775807,0,0,5000000\n"
				      "1000200000000,0,0,99999999999999999999\n"
				      "1000300000000,0,0,5000000\n";
	struct support_folder f;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };
	char *trace;

	(void)state;
	support_run_make(&script, &f);
	support_run_write(&f, "sensors/psu.csv", samples, sizeof(samples) - 1);
	assert_int_equal(ep_analyze_run(f.fd, -1, &r, &err), 0);
	assert_true(support_warned(r, "raw-damaged"));
	assert_int_equal(r->health[0].read_count, 6);
	ep_report_free(r);
	trace = support_run_trace(&f, NULL);
	assert_non_null(strstr(trace, "\n0.29,"));
	free(trace);
	support_run_remove(&f);
}

static struct ep_report *with_lines(const char *const *lines)
{
	struct support_run run = script;

	run.lines = lines;
	return support_run_analyze(&run);
}

static void a_suspended_run_is_not_valid(void **state)
{
	static const char *const lines[] = {
		"1000000100000,0,clock,,,,,,real_ns=5 boot_ns=1000000100000",
		"1000000200000,0,clock,,,,,,real_ns=5 boot_ns=1003000200000",
		"1000000200000,0,step,,,,,boottime,by_ns=3000000000", NULL
	};
	struct ep_report *r = with_lines(lines);

	(void)state;
	assert_false(r->validity.valid);
	assert_string_equal(r->validity.reasons[0],
			    "the machine was suspended");
	assert_true(support_warned(r, "suspended"));
	assert_false(support_warned(r, "clock-step"));
	ep_report_free(r);
}

static void events_become_warnings(void **state)
{
	static const char *const lines[] = {
		"1000000100000,0,step,,,,,realtime,by_ns=3600000000000",
		"1000000100000,0,cpu,,,,,online,\"online CPUs: 0, before: "
		"0-1\"",
		"1000000100000,0,sensor,,,,,psu,moved off the grid",
		"1000000100000,0,warning,,,,,odd,something odd",
		"1000000100000,0,fact,,,,,marks.lost,3",
		"1000000100000,0,fact,,,,,probes.lost,4",
		"1000000100000,0,fact,,,,,dropped.samples,5",
		"1000000100000,0,fact,,,,,stdout.dropped_bytes,6",
		"1000000100000,0,fact,,,,,survivors,sleep (77)",
		NULL
	};
	static const char *const codes[] = { "clock-step",	"cpu-changed",
					     "sensor-changed",	"recorder",
					     "marks-lost",	"probe-lost",
					     "dropped-samples", "survivors",
					     "output-truncated" };
	struct ep_report *r = with_lines(lines);

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (!support_warned(r, codes[i]))
			fail_msg("no warning '%s'", codes[i]);
	assert_true(r->validity.valid);
	ep_report_free(r);
}

static void warnings_have_a_bound(void **state)
{
	const char *lines[101];
	struct ep_report *r;

	(void)state;
	for (size_t i = 0; i < 100; i++)
		lines[i] = "1000000100000,0,warning,,,,,odd,something odd";
	lines[100] = NULL;
	r = with_lines(lines);
	assert_int_equal(r->warning_count, EP_WARNINGS_MAX);
	assert_string_equal(r->warnings[EP_WARNINGS_MAX - 1].text,
			    "there are more warnings than fit here");
	ep_report_free(r);
}

static void the_same_folder_gives_the_same_bytes(void **state)
{
	struct support_folder f;
	char *a, *b;

	(void)state;
	support_run_make(&script, &f);
	a = support_run_trace(&f, NULL);
	b = support_run_trace(&f, NULL);
	assert_string_equal(a, b);
	free(a);
	free(b);
	support_run_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_folder_is_told_from_a_run),
		cmocka_unit_test(a_killed_run_ends_at_its_last_sample),
		cmocka_unit_test(a_whole_run_is_valid),
		cmocka_unit_test(any_truncation_of_run_json_is_survived),
		cmocka_unit_test(any_truncation_of_events_is_survived),
		cmocka_unit_test(any_truncation_of_samples_is_survived),
		cmocka_unit_test(a_missing_sensor_file_is_named),
		cmocka_unit_test(garbage_between_samples_is_counted),
		cmocka_unit_test(a_suspended_run_is_not_valid),
		cmocka_unit_test(events_become_warnings),
		cmocka_unit_test(warnings_have_a_bound),
		cmocka_unit_test(the_same_folder_gives_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
