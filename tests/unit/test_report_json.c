/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "base/version.h"
#include "profiler/report/json_out.h"
#include "profiler/report/render.h"
#include "tests/unit/support_report.h"

/* cmocka compares floats, not doubles. */
#define assert_near(a, b, eps) assert_true(fabs((a) - (b)) <= (eps))

static json_t *rendered(const struct ep_report *report, int64_t trace_bytes)
{
	const struct ep_render_options options = { .trace_bytes = trace_bytes };
	const struct ep_format *f = ep_format_find("json", NULL);
	json_error_t error;
	struct ep_buf b;
	json_t *root;

	ep_buf_init(&b, (size_t)64 << 20);
	assert_int_equal(f->render(report, &options, &b), 0);
	for (size_t i = 0; i < b.len; i++)
		assert_true((unsigned char)b.data[i] < 0x7f);
	root = json_loads(b.data, JSON_REJECT_DUPLICATES, &error);
	if (!root)
		fail_msg("%s at line %d", error.text, error.line);
	ep_buf_done(&b);
	return root;
}

/* A value by its path: "totals.run.energy_j.value", "phases.0.phase". */
static json_t *at(json_t *root, const char *path)
{
	char word[64];

	while (*path != '\0') {
		size_t len = strcspn(path, ".");

		assert_true(len < sizeof(word));
		memcpy(word, path, len);
		word[len] = '\0';
		path += len + (path[len] == '.');
		if (json_is_array(root))
			root = json_array_get(root, (size_t)(word[0] - '0'));
		else
			root = json_object_get(root, word);
		if (!root)
			fail_msg("no %s", word);
	}
	return root;
}

static void has_the_fixed_names(void **state)
{
	struct ep_report *r = support_report();
	json_t *root = rendered(r, 1234);

	(void)state;
	assert_string_equal(json_string_value(at(root, "schema")),
			    "edgeprof.report/1");
	assert_string_equal(json_string_value(at(root, "build")), ep_build);
	assert_int_equal(
		json_integer_value(at(root, "derived.trace_csv_bytes")), 1234);
	assert_string_equal(json_string_value(at(root, "run.board.name")),
			    "x86");
	assert_string_equal(json_string_value(at(root, "phases.2.phase")),
			    "generation");
	assert_string_equal(json_string_value(at(root, "phases.2.evidence")),
			    "MARKED");
	assert_int_equal(json_integer_value(at(root, "phases.2.request")), 1);
	assert_int_equal(json_integer_value(at(root, "phases.2.tokens")), 100);
	assert_int_equal(json_integer_value(at(root, "phases.2.steps")), 99);
	assert_true(json_is_null(at(root, "phases.0.tokens")));
	assert_near(json_number_value(at(root, "phases.2.start_s")), 1.75, 0.0);
	assert_near(
		json_number_value(at(root, "totals.generation.energy_j.value")),
		120.0, 0.0);
	assert_near(
		json_number_value(at(root, "totals.generation.energy_j.u95")),
		1.2, 1e-15);
	assert_string_equal(
		json_string_value(at(root, "totals.run.energy_j.status")),
		"ok");
	assert_true(json_is_null(at(root, "totals.run.energy_j.reason")));
	assert_near(json_number_value(
			    at(root, "phases.2.metrics.energy_j.budget.gain")),
		    0.48, 1e-15);
	assert_true(json_is_array(at(root, "sensors")));
	assert_true(json_is_array(at(root, "health")));
	assert_true(json_is_true(at(root, "validity.complete")));
	assert_true(json_is_array(at(root, "warnings")));
	json_decref(root);
	ep_report_free(r);
}

static void not_measured_is_null_with_a_reason(void **state)
{
	struct ep_report *r = support_report();
	json_t *root = rendered(r, 0);
	json_t *m = at(root, "phases.2.metrics.cache_misses_per_token");

	(void)state;
	assert_true(json_is_null(at(m, "value")));
	assert_true(json_is_null(at(m, "u95")));
	assert_string_equal(json_string_value(at(m, "status")), "not_measured");
	assert_string_equal(json_string_value(at(m, "reason")),
			    "no hardware PMU");
	assert_true(json_is_null(at(root, "derived.trace_csv_bytes")));
	json_decref(root);
	ep_report_free(r);
}

static void a_value_that_is_not_finite_is_never_a_number(void **state)
{
	struct ep_report *r = support_report();
	struct ep_metric *m =
		support_edit_metric(support_edit_total(r, "run"), "energy_j");
	json_t *root;

	(void)state;
	m->value = (double)INFINITY;
	r->grid.late_max_us = (double)NAN;
	root = rendered(r, 0);
	assert_true(json_is_null(at(root, "totals.run.energy_j.value")));
	assert_string_equal(
		json_string_value(at(root, "totals.run.energy_j.status")),
		"not_measured");
	assert_true(json_is_null(at(root, "recording.late_max_us")));
	json_decref(root);
	ep_report_free(r);
}

static void statuses_and_warnings_are_named(void **state)
{
	struct ep_report *r = support_report();
	struct ep_warning *w = &r->warnings[r->warning_count++];
	json_t *root;

	(void)state;
	w->code = "estimated";
	(void)ep_str_copy(w->text, sizeof(w->text), "power is estimated");
	(void)ep_str_copy(w->advice, sizeof(w->advice), "connect a meter");
	support_set_status(r, EP_STATUS_ESTIMATED, "");
	root = rendered(r, 0);
	assert_string_equal(
		json_string_value(at(root, "totals.run.energy_j.status")),
		"estimated");
	assert_true(json_is_true(at(root, "total.estimated")));
	assert_string_equal(json_string_value(at(root, "warnings.0.code")),
			    "estimated");
	assert_string_equal(json_string_value(at(root, "warnings.0.advice")),
			    "connect a meter");
	json_decref(root);
	ep_report_free(r);
}

static void hostile_text_survives_as_text(void **state)
{
	static const char evil[] =
		"\"},\\ \x1b[2J \xe6\xa8\xa1 \xf0\x9f\x98\x80"
		" \xff\n";
	struct ep_report *r = support_report();
	json_t *root;

	(void)state;
	(void)ep_str_copy(r->coverage, sizeof(r->coverage), evil);
	(void)ep_str_copy(r->totals[0].phase.name, EP_PHASE_NAME_BYTES, evil);
	root = rendered(r, 0);
	assert_string_equal(json_string_value(at(root, "total.coverage")),
			    "\"},\\ ?[2J \xe6\xa8\xa1 \xf0\x9f\x98\x80 ??");
	json_decref(root);
	ep_report_free(r);
}

static void long_text_is_written_whole(void **state)
{
	struct ep_json_out o = { .empty = true };
	char text[1001], back[1100];
	json_t *root;
	struct ep_buf b;

	(void)state;
	/* A three-byte character at every possible place of a piece's end. */
	for (size_t i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[999] = '\0';
	for (size_t shift = 0; shift < 3; shift++) {
		memset(back, 'x', shift);
		memcpy(back + shift, text, 1000);
		ep_buf_init(&b, 1 << 16);
		o = (struct ep_json_out){ .b = &b, .empty = true };
		ep_json_open(&o, NULL, '[', true);
		ep_json_text(&o, NULL, back);
		ep_json_close(&o, ']');
		assert_int_equal(o.error, 0);
		root = json_loads(b.data, 0, NULL);
		assert_string_equal(json_string_value(json_array_get(root, 0)),
				    back);
		json_decref(root);
		ep_buf_done(&b);
	}
}

static void two_renderings_are_the_same_bytes(void **state)
{
	const struct ep_render_options options = { .trace_bytes = 1 };
	const struct ep_format *f = ep_format_find("json", NULL);
	struct ep_report *r = support_report_of_requests(3);
	struct ep_buf a, b;

	(void)state;
	ep_buf_init(&a, (size_t)64 << 20);
	ep_buf_init(&b, (size_t)64 << 20);
	assert_int_equal(f->render(r, &options, &a), 0);
	assert_int_equal(f->render(r, &options, &b), 0);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.data, b.data, a.len);
	ep_buf_done(&a);
	ep_buf_done(&b);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_the_fixed_names),
		cmocka_unit_test(not_measured_is_null_with_a_reason),
		cmocka_unit_test(a_value_that_is_not_finite_is_never_a_number),
		cmocka_unit_test(statuses_and_warnings_are_named),
		cmocka_unit_test(hostile_text_survives_as_text),
		cmocka_unit_test(long_text_is_written_whole),
		cmocka_unit_test(two_renderings_are_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
