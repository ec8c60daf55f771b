/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/report/render.h"
#include "profiler/report/width.h"
#include "tests/unit/support_report.h"

#define PM " \xc2\xb1 "

static void render(const char *format, const struct ep_report *report,
		   struct ep_buf *b)
{
	const struct ep_render_options options = { .folder = "./out" };
	const struct ep_format *f = ep_format_find(format, NULL);

	assert_non_null(f);
	ep_buf_init(b, (size_t)64 << 20);
	assert_int_equal(f->render(report, &options, b), 0);
	assert_true(b->len > 0);
}

/* The widest line as a terminal shows it. */
static int widest(const struct ep_buf *b)
{
	char *copy = strdup(b->data), *line = copy, *end;
	int widest_line = 0;

	assert_non_null(copy);
	for (; (end = strchr(line, '\n')) != NULL; line = end + 1) {
		int w;

		*end = '\0';
		w = ep_width(line);
		widest_line = w > widest_line ? w : widest_line;
	}
	assert_string_equal(line, "");
	free(copy);
	return widest_line;
}

static void assert_has(const struct ep_buf *b, const char *text)
{
	if (!strstr(b->data, text))
		fail_msg("no \"%s\" in:\n%s", text, b->data);
}

static void assert_lacks(const struct ep_buf *b, const char *text)
{
	if (strstr(b->data, text))
		fail_msg("\"%s\" in:\n%s", text, b->data);
}

static void report_names_every_figure_and_its_denominator(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	render("text", r, &b);
	assert_true(widest(&b) <= 80);
	assert_has(&b, "120.0" PM "1.2");
	assert_has(&b, "84 prompt");
	assert_has(&b, "99 steps");
	assert_has(&b, "J/token");
	assert_has(&b, "J\xc2\xb7s/token");
	assert_has(&b, "J per output token");
	assert_has(&b, "812.0 MiB");
	assert_has(&b, "not measured: cache misses /token: no hardware PMU");
	assert_has(&b, "run-to-run spread unknown");
	assert_has(&b, "untested");
	assert_has(&b, "psys left out");
	assert_has(&b, "2175 ticks, 0 missed");
	assert_has(&b, "never changed");
	assert_has(&b, "./out");
	assert_lacks(&b, "est.");
	assert_lacks(&b, "low confidence");
	assert_lacks(&b, "\x1b");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void channels_that_are_not_power_share_a_row(void **state)
{
	struct ep_report *r = support_report();
	struct ep_warning *w = &r->warnings[r->warning_count++];
	struct ep_buf b;

	(void)state;
	r->health[0].unit = "count";
	r->health[1].unit = "hz";
	r->health[1].measured_refresh_s = 0.2;
	r->health[1].error_count = 7;
	w->code = "sensor";
	(void)ep_str_copy(w->text, sizeof(w->text), "hwmon: not measured: x");
	render("text", r, &b);
	assert_has(&b, "rapl (2 channels)");
	assert_has(&b, "10 ms to 200 ms   2175     0       7");
	/* The warning says it; once is enough. */
	assert_lacks(&b, "no power sensor in this machine");
	ep_buf_done(&b);
	r->health[0].standing_still = true;
	render("text", r, &b);
	assert_has(&b, "stands still");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void report_says_why_energy_is_not_measured(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	support_set_status(r, EP_STATUS_NOT_MEASURED, "counter stands still");
	r->total_name[0] = '\0';
	(void)ep_str_copy(r->total_reason, sizeof(r->total_reason),
			  "the counter stands still");
	render("text", r, &b);
	assert_true(widest(&b) <= 80);
	assert_has(&b, "not measured: the counter stands still");
	assert_has(&b, "not measured: energy (gross), energy (net): counter "
		       "stands still");
	assert_has(&b, "9.900");
	assert_lacks(&b, "nan");
	assert_lacks(&b, "inf ");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void report_marks_one_missing_cell_and_names_it(void **state)
{
	struct ep_report *r = support_report();
	struct ep_metric *m = support_edit_metric(
		support_edit_total(r, "generation"), "j_per_token");
	struct ep_buf b;

	(void)state;
	m->status = EP_STATUS_NOT_MEASURED;
	m->value = (double)NAN;
	(void)ep_str_copy(m->reason, sizeof(m->reason), "no decode steps");
	render("text", r, &b);
	assert_has(&b, "99 steps");
	assert_has(&b, "not measured    0.727");
	assert_has(&b, "of generation: no decode steps");
	ep_buf_done(&b);
	for (size_t i = 0; i < r->total_count; i++) {
		m = support_edit_metric(&r->totals[i], "power_peak_w");
		m->status = EP_STATUS_NOT_MEASURED;
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  i == 0 ? "no sample in it" : "too short");
	}
	render("text", r, &b);
	assert_has(&b, "peak power of load: no sample in it");
	assert_has(&b, ": too short");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void report_marks_estimates_and_low_confidence(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	support_set_status(r, EP_STATUS_ESTIMATED, "");
	render("text", r, &b);
	assert_true(widest(&b) <= 80);
	assert_has(&b, "ESTIMATED by a model");
	assert_has(&b, "J est.");
	assert_has(&b, "J/token est.");
	assert_has(&b, "no meter was involved");
	ep_buf_done(&b);
	support_set_status(r, EP_STATUS_LOW_CONFIDENCE, "few samples");
	render("text", r, &b);
	assert_has(&b, "~120.0" PM "1.2");
	assert_has(&b, "low confidence");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void report_shows_twenty_requests_and_counts_the_rest(void **state)
{
	struct ep_report *r = support_report_of_requests(300);
	struct ep_buf b;

	(void)state;
	support_set_status(r, EP_STATUS_ESTIMATED, "");
	render("text", r, &b);
	assert_true(widest(&b) <= 80);
	assert_has(&b, "300 requests");
	assert_has(&b, "\xe2\x80\xa6 280 more in phases.csv");
	assert_has(&b, "J/output token");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void hostile_text_stays_text_within_80_columns(void **state)
{
	static const char evil[] =
		"\x1b]0;x\a\xe6\xa8\xa1|<b>*\n\xff"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct ep_report *r = support_report_of_requests(2);
	struct ep_warning *w = &r->warnings[r->warning_count++];
	struct ep_buf b;

	(void)state;
	w->code = "x";
	(void)ep_str_copy(w->text, sizeof(w->text), evil);
	(void)ep_str_copy(w->advice, sizeof(w->advice), evil);
	(void)ep_str_copy(r->coverage, sizeof(r->coverage), evil);
	(void)ep_str_copy(r->exit_text, sizeof(r->exit_text), evil);
	(void)ep_str_copy(r->total_name, sizeof(r->total_name), evil);
	(void)ep_str_copy(r->totals[0].phase.name, EP_PHASE_NAME_BYTES, evil);
	(void)ep_str_copy(r->channels[1].name, sizeof(r->channels[1].name),
			  evil);
	(void)ep_str_copy(r->health[1].sensor, sizeof(r->health[1].sensor),
			  evil);
	json_object_set_new(r->run, "command",
			    json_pack("[s]", "\xc2\x9b\x1b[31m words"));
	for (const char *const *f = (const char *const[]){ "text", "md", NULL };
	     *f; f++) {
		render(*f, r, &b);
		assert_null(strchr(b.data, '\x1b'));
		assert_null(strchr(b.data, '\a'));
		assert_lacks(&b, "\xc2\x9b");
		assert_lacks(&b, "\xff");
		if (strcmp(*f, "text") == 0)
			assert_true(widest(&b) <= 80);
		else
			assert_lacks(&b, "<b>");
		ep_buf_done(&b);
	}
	ep_report_free(r);
}

static void every_extreme_value_is_printed_without_nan(void **state)
{
	static const double extremes[] = {
		0.0,  -0.0,	1e-300, 1e300,	-1e300,		 (double)NAN,
		1e-7, 999999.5, 1e15,	-2e-12, (double)INFINITY
	};
	const size_t count = sizeof(extremes) / sizeof(extremes[0]);
	struct ep_report *r = support_report_of_requests(2);
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; i < count * count; i++) {
		for (size_t k = 0; k < r->total_count; k++) {
			struct ep_metric *m =
				support_edit_metric(&r->totals[k], "energy_j");

			m->value = extremes[i / count];
			m->u95 = extremes[i % count];
		}
		r->requests[0].start_s = extremes[i / count];
		r->grid.late_p50_us = extremes[i / count];
		r->grid.self_cpu_s = extremes[i % count];
		r->health[0].measured_refresh_s = extremes[i / count];
		r->duration_s = extremes[i / count];
		render("text", r, &b);
		assert_true(widest(&b) <= 80);
		assert_lacks(&b, "nan");
		assert_lacks(&b, "inf ");
		assert_lacks(&b, "-0 ");
		ep_buf_done(&b);
	}
	ep_report_free(r);
}

static void an_empty_report_is_still_a_page(void **state)
{
	struct ep_report r = { .threads_seen = -1, .run = json_object() };
	struct ep_buf b;

	(void)state;
	r.validity.complete = false;
	r.validity.reason_count = 1;
	(void)ep_str_copy(r.validity.reasons[0], sizeof(r.validity.reasons[0]),
			  "edgeprof was killed");
	render("text", &r, &b);
	assert_has(&b, "INCOMPLETE");
	assert_has(&b, "edgeprof was killed");
	assert_has(&b, "no tokens were seen");
	assert_has(&b, "no sensor was read");
	assert_has(&b, "no tick was recorded");
	ep_buf_done(&b);
	render("md", &r, &b);
	assert_has(&b, "INCOMPLETE");
	ep_buf_done(&b);
	json_decref(r.run);
}

static void colour_is_only_added_when_asked(void **state)
{
	const struct ep_render_options options = { .colour = true };
	const struct ep_format *f = ep_format_find("text", NULL);
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(f->render(r, &options, &b), 0);
	assert_has(&b, "\x1b[1m");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void a_full_buffer_fails_and_leaves_it_as_it_was(void **state)
{
	const struct ep_render_options options = { .folder = "" };
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; ep_formats[i]; i++) {
		ep_buf_init(&b, 300);
		assert_int_equal(ep_buf_adds(&b, "before"), 0);
		assert_int_equal(ep_formats[i]->render(r, &options, &b),
				 -EFBIG);
		assert_int_equal(b.len, 6);
		assert_string_equal(b.data, "before");
		ep_buf_done(&b);
	}
	ep_report_free(r);
}

static void unknown_format_suggests_the_nearest(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	assert_null(ep_format_find("jsn", &err));
	assert_int_equal(err.code, -EINVAL);
	assert_non_null(strstr(err.text, "did you mean 'json'"));
	assert_null(ep_format_find("spreadsheet", &err));
	assert_non_null(strstr(err.text, "text, md, csv, json"));
	assert_string_equal(ep_format_find("markdown", NULL)->name, "md");
}

static void markdown_tables_have_as_many_cells_in_every_row(void **state)
{
	struct ep_report *r = support_report_of_requests(3);
	size_t cells = 0, rows = 0;
	struct ep_buf b;

	(void)state;
	render("md", r, &b);
	assert_has(&b, "| phase      |");
	for (const char *line = b.data; line && *line != '\0';) {
		const char *end = strchr(line, '\n');
		size_t pipes = 0;

		for (const char *c = line; c < end; c++)
			pipes += *c == '|' && (c == line || c[-1] != '\\');
		if (pipes > 0 && cells > 0)
			assert_int_equal(pipes, cells);
		cells = pipes;
		rows += pipes > 0;
		line = end ? end + 1 : NULL;
	}
	assert_true(rows > 20);
	ep_buf_done(&b);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_names_every_figure_and_its_denominator),
		cmocka_unit_test(channels_that_are_not_power_share_a_row),
		cmocka_unit_test(report_says_why_energy_is_not_measured),
		cmocka_unit_test(report_marks_one_missing_cell_and_names_it),
		cmocka_unit_test(report_marks_estimates_and_low_confidence),
		cmocka_unit_test(
			report_shows_twenty_requests_and_counts_the_rest),
		cmocka_unit_test(hostile_text_stays_text_within_80_columns),
		cmocka_unit_test(every_extreme_value_is_printed_without_nan),
		cmocka_unit_test(an_empty_report_is_still_a_page),
		cmocka_unit_test(colour_is_only_added_when_asked),
		cmocka_unit_test(a_full_buffer_fails_and_leaves_it_as_it_was),
		cmocka_unit_test(unknown_format_suggests_the_nearest),
		cmocka_unit_test(
			markdown_tables_have_as_many_cells_in_every_row),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
