/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "profiler/analyze/section.h"
#include "profiler/analyze/study_memory.h"
#include "profiler/report/html_study.h"
#include "profiler/report/render.h"
#include "tests/unit/support_report.h"

#define EVIL "</script><script>alert(1)</script>\"'&<!--"

static void text_cannot_become_markup(void **state)
{
	static const struct {
		const char *text, *html;
	} cases[] = {
		{ "", "" },
		{ "a & b", "a &amp; b" },
		{ "<b x=\"y\" z='w'>",
		  "&lt;b x=&quot;y&quot; z=&#39;w&#39;&gt;" },
		{ "\xc2\xb1 \xe6\xbc\xa2", "\xc2\xb1 \xe6\xbc\xa2" },
		{ "a\x01\x1b[0m\x7f", "a??[0m?" },
		{ "broken \xc3( \xff", "broken ?( ?" },
		{ "turned \xe2\x80\xae\xe2\x81\xa6 around\xe2\x80\xa8",
		  "turned ?? around?" },
	};
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_html h = { .b = &b };

		ep_buf_init(&b, 1000);
		ep_html_text(&h, cases[i].text);
		assert_int_equal(h.error, 0);
		assert_string_equal(b.data ? b.data : "", cases[i].html);
		ep_buf_done(&b);
	}
}

static void long_text_is_cut_between_characters(void **state)
{
	char text[5000];
	struct ep_buf b;
	struct ep_html h = { .b = &b };
	size_t at = 1;

	(void)state;
	text[0] = 'x';
	for (; at + 4 < sizeof(text); at += 3)
		memcpy(text + at, "\xe6\xbc\xa2", 3);
	text[at] = '\0';
	ep_buf_init(&b, 10000);
	ep_html_text(&h, text);
	assert_int_equal(h.error, 0);
	assert_string_equal(b.data, text);
	ep_buf_done(&b);
}

static void data_cannot_end_its_element(void **state)
{
	struct ep_buf b;
	struct ep_html h = { .b = &b };
	struct ep_json_out o;
	json_t *back;
	char *end;

	(void)state;
	ep_buf_init(&b, 10000);
	o = ep_html_data_begin(&h, "data");
	ep_json_open(&o, NULL, '{', false);
	ep_json_text(&o, EVIL, EVIL);
	ep_json_close(&o, '}');
	ep_html_data_end(&h, &o);
	assert_int_equal(h.error, 0);
	end = strstr(b.data, "</script>");
	assert_non_null(end);
	assert_null(strstr(end + 1, "</script>"));
	assert_null(strstr(b.data, "<!--"));
	*end = '\0';
	back = json_loads(strchr(b.data, '{'), 0, NULL);
	assert_non_null(back);
	assert_string_equal(json_string_value(json_object_get(back, EVIL)),
			    EVIL);
	json_decref(back);
	ep_buf_done(&b);
}

static void numbers_keep_nine_digits(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 5.123456, "5.123456" },
		{ -2.5, "-2.5" },
		{ 2400000000.0, "2400000000" },
		{ 24444242647.653068, "24444242648" },
		{ 0.001234567891234, "0.00123456789" },
		{ 1e-7, "1e-07" },
		{ 1e300, "1e+300" },
	};
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_html h = { .b = &b };

		ep_buf_init(&b, 100);
		ep_html_number(&h, cases[i].value);
		assert_string_equal(b.data, cases[i].text);
		ep_buf_reset(&b);
		ep_html_number(&h, (double)NAN);
		ep_html_number(&h, -(double)INFINITY);
		assert_string_equal(b.data, "nullnull");
		ep_buf_done(&b);
	}
}

static void render_run(const struct ep_report *r,
		       const struct ep_series_set *series, struct ep_buf *b)
{
	const struct ep_render_options options = { .folder = EVIL,
						   .series = series };
	const struct ep_format *f = ep_format_find("html", NULL);

	assert_non_null(f);
	assert_true(f->wants_series);
	ep_buf_init(b, (size_t)64 << 20);
	assert_int_equal(f->render(r, &options, b), 0);
}

/* Occurrences of what in b. */
static size_t count(const struct ep_buf *b, const char *what)
{
	size_t found = 0;

	for (const char *at = b->data; (at = strstr(at, what)) != NULL; at++)
		found++;
	return found;
}

static void expect_safe(const struct ep_buf *b)
{
	const char *scripts = strstr(b->data, "\n<script>");
	struct ep_buf markup = { 0 };

	assert_non_null(scripts);
	markup.data = strndup(b->data, (size_t)(scripts - b->data));
	assert_non_null(markup.data);
	assert_int_equal(count(b, "alert(1)</script>"), 0);
	assert_int_equal(count(b, "<script>alert"), 0);
	assert_int_equal(count(b, "default-src 'none'; script-src 'sha256-"),
			 1);
	assert_int_equal(count(b, "unsafe-inline"), 0);
	assert_int_equal(count(b, "sourceMappingURL"), 0);
	assert_int_equal(count(&markup, " src="), 0);
	assert_int_equal(count(&markup, "@import"), 0);
	assert_int_equal(count(&markup, "url("), 0);
	assert_int_equal(count(&markup, " style=\""), 0);
	free(markup.data);
}

static void a_page_of_a_run(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b, again;

	(void)state;
	assert_int_equal(
		json_object_set_new(r->run, "governor", json_string(EVIL)), 0);
	(void)ep_str_copy(r->coverage, sizeof(r->coverage), EVIL);
	(void)ep_str_copy(r->evidence_note, sizeof(r->evidence_note), EVIL);
	render_run(r, NULL, &b);
	expect_safe(&b);
	assert_true(count(&b, "&lt;/script&gt;&lt;script&gt;alert") >= 3);
	assert_int_equal(count(&b, "<div id=\"charts\">"), 0);
	assert_int_equal(count(&b, "id=\"s-time-and-energy\""), 1);
	assert_true(count(&b, "<table class=\"terms\">") > 0);
	render_run(r, NULL, &again);
	assert_int_equal(again.len, b.len);
	assert_memory_equal(again.data, b.data, b.len);
	ep_buf_done(&b);
	ep_buf_done(&again);
	ep_report_free(r);
}

static void charts_have_their_data(void **state)
{
	struct ep_report *r = support_report();
	struct ep_series series[2] = {
		{ .name = EVIL, .total = true, .quantity = EP_POWER_UW },
		{ .name = "x", .quantity = EP_QUANTITY_COUNT },
	};
	struct ep_series_set s = { .series = series,
				   .count = 2,
				   .interval_s = 0.01 };
	const double rows[3][2] = { { 1.5, 2 }, { (double)NAN, 3 }, { 4, 5 } };
	struct ep_buf b;

	(void)state;
	assert_int_equal(ep_decimate_init(&s.grid, 2, 2), 0);
	for (int i = 0; i < 3; i++)
		ep_decimate_add(&s.grid, rows[i]);
	render_run(r, &s, &b);
	expect_safe(&b);
	assert_int_equal(count(&b, "<div id=\"charts\">"), 1);
	assert_int_equal(count(&b, "[1.5,1.5,4,4]"), 1);
	assert_int_equal(count(&b, "[2,3,5,5]"), 1);
	assert_true(count(&b, "Dygraph") > 0);
	ep_buf_done(&b);
	(void)ep_str_copy(s.reason, sizeof(s.reason), "no <trace>");
	render_run(r, &s, &b);
	assert_int_equal(count(&b, "There are no charts: no &lt;trace&gt;."),
			 1);
	assert_int_equal(count(&b, "Dygraph."), 0);
	ep_buf_done(&b);
	ep_decimate_done(&s.grid);
	ep_report_free(r);
}

static const char results[] =
	"study_id,config,run,order,valid,reasons,host,board_serial,f<i>,phase,"
	"j_per_token,tokens_per_s\n"
	"s,1,1,1,1,,h,,\"</script><script>alert(1)\",generation,1,5\n"
	"s,2,1,2,1,,h,,b,generation,2,20\n"
	"s,3,1,3,1,,h,,c,generation,4,22\n"
	"s,4,1,4,1,,h,,d,generation,4,9\n"
	"s,4,2,5,0,\"<script>alert\",h,,d,generation,4,9\n";

static void a_page_of_a_study(void **state)
{
	const struct ep_format *f = ep_format_find("html", NULL);
	const struct ep_render_options options = { 0 };
	char *text = strdup(results);
	struct ep_summary s;
	struct ep_err err;
	struct ep_buf b;

	(void)state;
	assert_non_null(f);
	assert_non_null(f->study);
	assert_non_null(text);
	assert_int_equal(ep_summary_parse(text, f->study->metrics, &s, &err),
			 0);
	free(text);
	(void)ep_str_copy(s.title, sizeof(s.title), EVIL);
	s.estimated = true;
	s.look_count = 1;
	ep_buf_init(&b, (size_t)64 << 20);
	assert_int_equal(f->study->render(&s, &options, &b), 0);
	expect_safe(&b);
	assert_int_equal(count(&b, "class=\"best\""), 1);
	assert_int_equal(count(&b, "\"knee\": 1"), 1);
	assert_int_equal(count(&b, "\"front\": [0, 1, 2]"), 1);
	assert_int_equal(count(&b, "ESTIMATED by a model"), 1);
	assert_int_equal(count(&b, "id=\"s-memory\""), 0);
	ep_buf_done(&b);
	ep_summary_done(&s);
}

/* What was asked for beside it, as anybody could have named it. */
static void a_study_with_sections_and_memory(void **state)
{
	const struct ep_format *f = ep_format_find("html", NULL);
	double values[] = { (double)NAN, (double)NAN, 1024, 4096 };
	struct ep_memory_line line = { .config = 1,
				       .folder = "runs/0002",
				       .step_s = 0.5,
				       .values = values,
				       .count = 4 };
	const struct ep_study_memory memory = { .lines = &line,
						.count = 1,
						.without_count = 2 };
	const struct ep_render_options options = { .memory = &memory };
	char *text = strdup(results);
	struct ep_section_row *row;
	struct ep_section *to;
	struct ep_metric *m;
	struct ep_summary s;
	struct ep_err err;
	struct ep_buf b;

	(void)state;
	assert_non_null(text);
	assert_int_equal(ep_summary_parse(text, f->study->metrics, &s, &err),
			 0);
	to = ep_section_new(&s.sections, "evil", EVIL, EVIL);
	assert_non_null(to);
	to->by_config = true;
	(void)ep_section_fact(to, "a", "fact", "%s", EVIL);
	ep_section_note(to, "%s", EVIL);
	row = ep_section_row(to, "2", EVIL);
	assert_non_null(row);
	(void)ep_str_copy(row->verdict, sizeof(row->verdict), "best" EVIL);
	ep_section_metric(row, "energy_j")->value = 7;
	m = ep_section_metric(row, "hours_per_charge");
	*m = (struct ep_metric){ .value = 12.5, .u95 = 0.5 };
	(void)ep_str_copy(m->name, sizeof(m->name), "hours_per_charge");
	ep_buf_init(&b, (size_t)64 << 20);
	assert_int_equal(f->study->render(&s, &options, &b), 0);
	expect_safe(&b);
	assert_int_equal(count(&b, "data-v=\"12.5\" data-u=\"0.5\">12.5"), 1);
	assert_int_equal(count(&b, "\"mean\": [null, 12.5, null, null]"), 1);
	assert_int_equal(count(&b, "\"u95\": [null, 0.5, null, null]"), 1);
	assert_int_equal(count(&b, "<td class=\"l name\">best&lt;/script"), 1);
	assert_int_equal(count(&b, "id=\"s-memory-over-time\""), 1);
	assert_int_equal(count(&b, "\"values\": [null, null, 1024, 4096]"), 1);
	assert_int_equal(count(&b, "2 configurations have no run here"), 1);
	ep_buf_done(&b);
	ep_summary_done(&s);
	free(text);
}

static void every_figure_of_a_section_is_read(void **state)
{
	(void)state;
	for (const struct ep_html_section *s = ep_html_sections; s->title; s++)
		for (size_t i = 0; s->figures[i].metric; i++) {
			const char *const *m = ep_html_study_metrics;

			while (*m && strcmp(*m, s->figures[i].metric) != 0)
				m++;
			assert_non_null(*m);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_cannot_become_markup),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(data_cannot_end_its_element),
		cmocka_unit_test(numbers_keep_nine_digits),
		cmocka_unit_test(a_page_of_a_run),
		cmocka_unit_test(charts_have_their_data),
		cmocka_unit_test(a_page_of_a_study),
		cmocka_unit_test(a_study_with_sections_and_memory),
		cmocka_unit_test(every_figure_of_a_section_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
