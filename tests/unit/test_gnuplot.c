/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/report/gnuplot.h"
#include "tests/unit/support_tmp.h"

static void a_quote_cannot_end_a_text(void **state)
{
	static const struct {
		const char *text, *quoted;
	} cases[] = {
		{ "plain", "'plain'" },
		{ "it's", "'it''s'" },
		{ "'; system 'id'; '", "'''; system ''id''; '''" },
		{ "`id`", "'\xe2\x80\x98id\xe2\x80\x98'" },
		{ "\\", "'\\'" },
		{ "a\nsystem 'id'", "'a?system ''id'''" },
		{ "{/=99 x}_y^z@m#c\"", "'{/=99 x}_y^z@m#c\"'" },
		{ "", "''" },
	};
	struct ep_plots p;
	struct ep_buf b;

	(void)state;
	ep_plots_init(&p);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ep_buf_init(&b, 4096);
		ep_plots_quote(&p, &b, cases[i].text);
		assert_int_equal(p.error, 0);
		assert_string_equal(b.data, cases[i].quoted);
		ep_buf_done(&b);
	}
	ep_plots_done(&p);
}

static void no_number_is_a_question_mark(void **state)
{
	struct ep_plots p;
	struct ep_buf b;

	(void)state;
	ep_plots_init(&p);
	ep_buf_init(&b, 4096);
	ep_plots_number(&p, &b, 1.5);
	ep_plots_add(&p, &b, " ");
	ep_plots_number(&p, &b, (double)NAN);
	ep_plots_add(&p, &b, " ");
	ep_plots_number(&p, &b, -(double)INFINITY);
	assert_string_equal(b.data, "1.5 ? ?");
	ep_buf_done(&b);
	ep_plots_done(&p);
}

static void one_figure(struct ep_plots *p)
{
	struct ep_buf *b;

	ep_plots_init(p);
	b = ep_plots_figure(p, "power");
	assert_non_null(b);
	ep_plots_add(p, b, "plot 1\n");
	ep_plots_figure_end(p, b);
	assert_int_equal(p->error, 0);
}

static void only_a_folder_of_its_own_is_written(void **state)
{
	char path[200], all[220];
	struct ep_err err = { 0 };
	struct ep_tmp tmp;
	struct ep_plots p;

	(void)state;
	ep_tmp_make(&tmp);
	(void)snprintf(path, sizeof(path), "%s/figures", tmp.path);
	(void)snprintf(all, sizeof(all), "%s/all.gp", path);
	one_figure(&p);
	/* New, then its own. */
	assert_int_equal(ep_plots_write(&p, path, &err), 0);
	assert_int_equal(access(all, R_OK), 0);
	assert_int_equal(ep_plots_write(&p, path, &err), 0);
	/* Another's all.gp. */
	ep_tmp_puts(&tmp, "figures/all.gp", "plot sin(x)\n");
	assert_int_equal(ep_plots_write(&p, path, &err), -EEXIST);
	assert_non_null(strstr(err.text, "not from here"));
	/* Anything else. */
	assert_int_equal(unlink(all), 0);
	assert_int_equal(ep_plots_write(&p, path, &err), -EEXIST);
	assert_int_equal(access(all, F_OK), -1);
	/* A file, and a folder that cannot be made. */
	ep_tmp_puts(&tmp, "file", "");
	(void)snprintf(path, sizeof(path), "%s/file", tmp.path);
	assert_true(ep_plots_write(&p, path, &err) < 0);
	(void)snprintf(path, sizeof(path), "%s/none/figures", tmp.path);
	assert_int_equal(ep_plots_write(&p, path, &err), -ENOENT);
	ep_plots_done(&p);
	/* Nothing to draw makes no folder. */
	ep_plots_init(&p);
	(void)snprintf(path, sizeof(path), "%s/empty", tmp.path);
	assert_int_equal(ep_plots_write(&p, path, &err), -ENODATA);
	assert_int_equal(access(path, F_OK), -1);
	ep_plots_done(&p);
	ep_tmp_remove(&tmp);
}

static void a_link_is_replaced_not_followed(void **state)
{
	char path[200], script[220];
	struct ep_tmp tmp;
	struct ep_plots p;
	struct stat st;

	(void)state;
	ep_tmp_make(&tmp);
	(void)snprintf(path, sizeof(path), "%s/figures", tmp.path);
	(void)snprintf(script, sizeof(script), "%s/power.gp", path);
	ep_tmp_puts(&tmp, "other", "kept");
	one_figure(&p);
	assert_int_equal(ep_plots_write(&p, path, NULL), 0);
	assert_int_equal(unlink(script), 0);
	ep_tmp_symlink(&tmp, "../other", "figures/power.gp");
	assert_int_equal(ep_plots_write(&p, path, NULL), 0);
	assert_int_equal(lstat(script, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(stat(ep_tmp_path(&tmp, "other"), &st), 0);
	assert_int_equal(st.st_size, 4);
	ep_plots_done(&p);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_quote_cannot_end_a_text),
		cmocka_unit_test(no_number_is_a_question_mark),
		cmocka_unit_test(only_a_folder_of_its_own_is_written),
		cmocka_unit_test(a_link_is_replaced_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
