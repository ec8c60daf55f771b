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
#include "profiler/report/latex.h"
#include "profiler/report/render.h"
#include "tests/unit/support_report.h"

static void has(const struct ep_buf *b, const char *text)
{
	if (!strstr(b->data, text))
		fail_msg("no \"%s\" in:\n%s", text, b->data);
}

static void lacks(const struct ep_buf *b, const char *text)
{
	if (strstr(b->data, text))
		fail_msg("\"%s\" in:\n%s", text, b->data);
}

static void render(const struct ep_report *r, struct ep_buf *b)
{
	const struct ep_render_options options = { .folder = "" };

	ep_buf_init(b, 1 << 20);
	assert_int_equal(ep_format_find("latex", NULL)->render(r, &options, b),
			 0);
}

static void no_text_is_a_command(void **state)
{
	static const struct {
		const char *text, *markup;
	} cases[] = {
		{ "a_b%c&d#e$f", "a\\_b\\%c\\&d\\#e\\$f" },
		{ "\\input{/etc/passwd}",
		  "\\textbackslash{}input\\{/etc/passwd\\}" },
		{ "~^", "\\textasciitilde{}\\textasciicircum{}" },
		/* Neither a ligature nor an argument of the line end. */
		{ "--threads", "-\\mbox{-}threads" },
		{ "[2em]", "{[}2em]" },
		{ "*x", "{*}x" },
		{ "a*[b]", "a*[b]" },
		{ "``''", "\\textasciigrave{}\\textasciigrave{}"
			  "\\textquotesingle{}\\textquotesingle{}" },
		{ "<|>", "\\textless{}\\textbar{}\\textgreater{}" },
		{ "Z\xc3\xbcrich", "Z\xc3\xbcrich" },
		{ "\xc3\x97\xe2\x80\x94", "\\ensuremath{\\times}---" },
		/* What no font of pdfLaTeX has. */
		{ "\xe4\xb8\xad", "\\edgeprofchar{4E2D}" },
		{ "\xc3\x9e", "\\edgeprofchar{00DE}" },
		{ "\xf0\x9f\x98\x80", "\\edgeprofchar{1F600}" },
		/* No line ends, no broken bytes. */
		{ "a\nb\x1b\xff", "a?b??" },
	};
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_latex l = { .b = &b };

		ep_buf_init(&b, 4096);
		ep_latex_text(&l, cases[i].text);
		assert_int_equal(l.error, 0);
		assert_string_equal(b.data, cases[i].markup);
		ep_buf_done(&b);
	}
}

static void long_text_is_whole(void **state)
{
	char text[5000];
	struct ep_buf b;
	struct ep_latex l = { .b = &b };

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	text[sizeof(text) - 2] = '\0';
	ep_buf_init(&b, 1 << 20);
	ep_latex_text(&l, text);
	assert_int_equal(l.error, 0);
	assert_string_equal(b.data, text);
	ep_buf_done(&b);
}

static void a_run_has_its_figures_units_and_caption(void **state)
{
	struct ep_report *r = support_report();
	struct ep_metric *m =
		support_edit_metric(support_edit_total(r, "load"), "energy_j");
	struct ep_buf b;

	(void)state;
	m->value = 2.1034;
	m->u95 = 0.0345;
	render(r, &b);
	has(&b, "\\usepackage{booktabs}");
	has(&b, "\\usepackage{siunitx}");
	has(&b, "\\toprule");
	has(&b, "{\\si{J/token}}");
	has(&b, "{\\si{J.s/token}}");
	has(&b, "separate-uncertainty = true");
	has(&b, " & 2.10 +- 0.03 & ");
	has(&b, "Board: x86, PC with RAPL");
	has(&b, "n = 1 run");
	has(&b, "(k = 2)");
	has(&b, "99 steps");
	has(&b, "84 prompt");
	lacks(&b, "dagger");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void marks_have_footnotes_and_what_is_missing_is_no_zero(void **state)
{
	struct ep_report *r = support_report();
	struct ep_row *load = support_edit_total(r, "load");
	struct ep_metric *m = support_edit_metric(load, "energy_j");
	struct ep_buf b;

	(void)state;
	m->status = EP_STATUS_NOT_MEASURED;
	m->value = 0;
	(void)ep_str_copy(m->reason, sizeof(m->reason), "100 % of it_was lost");
	render(r, &b);
	has(&b, "{---}");
	has(&b,
	    "---~not measured: Energy, gross J of load: 100 \\% of it\\_was "
	    "lost\\par");
	ep_buf_done(&b);
	m->status = EP_STATUS_LOW_CONFIDENCE;
	m->value = 1;
	m->u95 = 0.2;
	render(r, &b);
	has(&b, "1.0 +- 0.2 {$^{*}$}");
	has(&b, "Low confidence");
	ep_buf_done(&b);
	/* One of them: at the figure.  All of them: at the head. */
	m->status = EP_STATUS_ESTIMATED;
	render(r, &b);
	has(&b, "1.0 +- 0.2 {$^{\\dagger}$}");
	has(&b, "Estimated by a model");
	ep_buf_done(&b);
	support_set_status(r, EP_STATUS_ESTIMATED, "");
	render(r, &b);
	has(&b, "{Energy, gross$^{\\dagger}$}");
	lacks(&b, "{$^{\\dagger}$}");
	ep_buf_done(&b);
	ep_report_free(r);
}

static void extremes_are_numbers_that_siunitx_reads(void **state)
{
	static const double extremes[] = {
		0.0,  -0.0, 1e-300, 1e300,	 -1e300,
		1e-7, 1e15, -2e-12, (double)NAN, (double)INFINITY
	};
	const size_t count = sizeof(extremes) / sizeof(extremes[0]);
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	for (size_t i = 0; i < count * count; i++) {
		for (size_t k = 0; k < r->total_count; k++) {
			struct ep_metric *m =
				support_edit_metric(&r->totals[k], "energy_j");

			m->value = extremes[i / count];
			m->u95 = extremes[i % count];
		}
		render(r, &b);
		lacks(&b, "nan");
		lacks(&b, "inf ");
		lacks(&b, "-0 ");
		lacks(&b, "-0.0 ");
		ep_buf_done(&b);
	}
	ep_report_free(r);
}

static void a_table_of_many_rows_spans_pages(void **state)
{
	struct ep_buf b;
	struct ep_latex l = { .b = &b };
	struct ep_latex_table *t;

	(void)state;
	for (size_t rows = 40; rows <= 41; rows++) {
		ep_buf_init(&b, 1 << 20);
		t = ep_latex_table_new(&l, "a b");
		assert_non_null(t);
		(void)ep_latex_column(t, "x", "", true);
		(void)ep_latex_column(t, "y", "per %", false);
		for (size_t i = 0; i < rows; i++) {
			assert_int_equal(ep_latex_row(t), i);
			ep_rounded_make(-12.5, 0.31,
					&ep_latex_at(t, i, 1)->rounded);
		}
		ep_latex_table_end(&l, t);
		assert_int_equal(l.error, 0);
		has(&b, "\\label{tab:edgeprof-a_b}");
		has(&b, "S[table-format = -2.1 +- 1.1]");
		has(&b, "{per \\%}");
		if (rows == 40)
			has(&b, "\\end{tabular}");
		else
			has(&b, "\\end{longtable}");
		ep_buf_done(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_text_is_a_command),
		cmocka_unit_test(long_text_is_whole),
		cmocka_unit_test(a_run_has_its_figures_units_and_caption),
		cmocka_unit_test(
			marks_have_footnotes_and_what_is_missing_is_no_zero),
		cmocka_unit_test(extremes_are_numbers_that_siunitx_reads),
		cmocka_unit_test(a_table_of_many_rows_spans_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
