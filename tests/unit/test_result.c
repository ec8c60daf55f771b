/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a study takes from a run folder. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "profiler/study/result.h"
#include "tests/unit/support_study.h"
#include "tests/unit/support_tmp.h"

static json_t *labels_of(uint64_t config, bool warmup)
{
	const struct ep_next item = { .config = config,
				      .warmup = warmup,
				      .repetition = 2,
				      .attempt = 3 };
	struct ep_study s;
	struct ep_labels l = { &s, "0123456789abcdef0123456789abcdef", &item,
			       7 };
	json_t *labels = NULL;

	support_study_make(&s, 4);
	assert_int_equal(ep_result_labels(&l, &labels), 0);
	ep_study_done(&s);
	return labels;
}

static struct support_made made_of(json_t *labels)
{
	return (struct support_made){ .labels = labels,
				      .ended = "exit 0",
				      .output = "yes\n",
				      .energy_j = 12,
				      .tokens = 20,
				      .started_real_ns = 5 };
}

static void a_whole_folder_is_read(void **state)
{
	json_t *labels = labels_of(2, true);
	struct support_made made = made_of(labels);
	struct ep_err err = { 0 };
	const struct ep_figure *f;
	struct ep_result r;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(support_made_write(tmp.fd, &made), 0);
	if (ep_result_read(tmp.fd, &r, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(r.study_id, "0123456789abcdef0123456789abcdef");
	assert_int_equal(strlen(r.config_hash), 64);
	assert_int_equal(r.config, 2);
	assert_int_equal(r.item.config, 2);
	assert_true(r.item.warmup);
	assert_int_equal(r.item.repetition, 2);
	assert_int_equal(r.item.attempt, 3);
	assert_int_equal(r.order, 7);
	assert_string_equal(r.host, "desk");
	assert_string_equal(r.board, "demo");
	assert_string_equal(r.board_serial, "S1");
	assert_int_equal(r.started_real_ns, 5);
	assert_int_equal(r.exit_status, 0);
	assert_true(r.complete);
	assert_int_equal(r.stopped_by, 0);
	assert_int_equal(r.token_min_count, 20);
	assert_int_equal(r.token_max_count, 20);
	/* printf 'yes\n' | sha256sum */
	assert_string_equal(r.output_hash, "5040625b1fb6fa4af07226683f6e6003"
					   "b29e5e70b16f8cfb24be7a752393f0ee");
	f = ep_result_figure(&r, "run.energy_j");
	assert_non_null(f);
	assert_true(fabs(f->value - 12) < 1e-12);
	assert_true(fabs(f->u95 - 0.12) < 1e-12);
	assert_null(ep_result_figure(&r, "run.nothing"));
	assert_null(ep_result_figure(&r, "energy_j"));
	ep_result_done(&r);
	json_decref(labels);
	ep_tmp_remove(&tmp);
}

static int read_text(struct ep_tmp *tmp, const char *report,
		     struct ep_result *r)
{
	struct ep_err err = { 0 };
	int code;

	ep_tmp_puts(tmp, "run.json", "{\"labels\": {}}");
	ep_tmp_puts(tmp, "report.json", report);
	code = ep_result_read(tmp->fd, r, &err);
	if (code < 0)
		assert_true(err.text[0] != '\0');
	return code;
}

static void damaged_folders_are_refused(void **state)
{
	struct ep_result r = { .order = 77 };
	struct ep_err err = { 0 };
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_result_read(tmp.fd, &r, &err), -ENOENT);
	assert_int_equal(read_text(&tmp, "", &r), -EBADMSG);
	assert_int_equal(read_text(&tmp, "[]", &r), -EBADMSG);
	assert_int_equal(read_text(&tmp, "{\"totals\": {", &r), -EBADMSG);
	assert_int_equal(read_text(&tmp, "{\"a\": 1, \"a\": 2}", &r), -EBADMSG);
	assert_int_equal(
		read_text(&tmp,
			  "{\"totals\": {\"a_phase_whose_name_is_too_long_for"
			  "_any\": {\"energy_j\": {\"value\": 1}}}}",
			  &r),
		-EBADMSG);
	assert_int_equal(r.order, 77);
	/* Nothing in it, but whole: a run of which nothing is known. */
	assert_int_equal(read_text(&tmp, "{}", &r), 0);
	assert_int_equal(r.exit_status, -1);
	assert_false(r.complete);
	assert_int_equal(r.token_min_count, -1);
	/* No label: no configuration of any study. */
	assert_true(r.config == UINT64_MAX);
	assert_string_equal(r.invalid, "the report calls it invalid");
	ep_result_done(&r);
	ep_tmp_remove(&tmp);
}

static void requests_are_averaged(void **state)
{
	static const char report[] =
		"{\"requests\": ["
		" {\"metrics\": {\"ttft_s\": {\"value\": 1, \"u95\": 0.1,"
		"   \"status\": \"ok\"}}},"
		" {\"metrics\": {\"ttft_s\": {\"value\": 3}}},"
		" {\"metrics\": {\"ttft_s\": {\"value\": null}}}],"
		" \"phases\": ["
		" {\"phase\": \"generation\", \"tokens\": 20},"
		" {\"phase\": \"prefill\", \"tokens\": 5},"
		" {\"phase\": \"generation\", \"tokens\": 18},"
		" {\"phase\": \"generation\", \"tokens\": null}]}";
	const struct ep_figure *f;
	struct ep_result r;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(read_text(&tmp, report, &r), 0);
	f = ep_result_figure(&r, "request.ttft_s");
	assert_non_null(f);
	assert_true(fabs(f->value - 2) < 1e-12);
	assert_true(isnan(f->u95));
	assert_int_equal(r.token_min_count, 18);
	assert_int_equal(r.token_max_count, 20);
	ep_result_done(&r);
	ep_tmp_remove(&tmp);
}

static bool is_greedy(struct ep_tmp *tmp, const char *drive,
		      const char *requests)
{
	struct ep_result r;
	char text[400];
	bool greedy;

	(void)snprintf(text, sizeof(text),
		       "{\"run\": {%s}, \"requests\": [%s]}", drive, requests);
	assert_int_equal(read_text(tmp, text, &r), 0);
	greedy = r.greedy;
	ep_result_done(&r);
	return greedy;
}

static void temperature_0_is_known_in_every_form(void **state)
{
	static const char zero[] = "{\"asked\": {\"temperature\": 0}}";
	static const char warm[] = "{\"asked\": {\"temperature\": 0.7}}";
	static const char silent[] = "{\"asked\": {\"temperature\": null}}";
	struct ep_tmp tmp;
	char both[200];

	(void)state;
	ep_tmp_make(&tmp);
	assert_true(
		is_greedy(&tmp, "\"drive\": {\"temperature\": \"0\"}", silent));
	assert_true(is_greedy(&tmp, "\"drive\": {\"temperature\": \"0.0\"}",
			      silent));
	assert_true(is_greedy(&tmp, "\"drive\": {\"temperature\": 0}", silent));
	assert_true(is_greedy(&tmp, "\"drive\": {}", zero));
	assert_false(is_greedy(&tmp, "\"drive\": {}", silent));
	assert_false(
		is_greedy(&tmp, "\"drive\": {\"temperature\": \"0\"}", warm));
	assert_false(
		is_greedy(&tmp, "\"drive\": {\"temperature\": \"x\"}", silent));
	(void)snprintf(both, sizeof(both), "%s, %s", zero, warm);
	assert_false(is_greedy(&tmp, "\"drive\": {}", both));
	/* A program of which nobody knows how it chooses. */
	assert_false(is_greedy(&tmp, "\"runner\": \"command\"", ""));
	ep_tmp_remove(&tmp);
}

static void a_run_that_was_given_up_says_why(void **state)
{
	json_t *labels = labels_of(1, false);
	const struct ep_lost lost = { labels, "no such program", true };
	struct support_made made = made_of(labels);
	struct ep_err err = { 0 };
	struct ep_result r;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	assert_int_equal(ep_result_put_lost(tmp.fd, &lost), 0);
	assert_int_equal(ep_result_read(tmp.fd, &r, &err), 0);
	assert_string_equal(r.lost, "no such program");
	assert_true(r.failed);
	assert_int_equal(r.config, 1);
	assert_int_equal(r.order, 7);
	assert_false(r.item.warmup);
	assert_int_equal(r.figure_count, 0);
	ep_result_done(&r);
	/* Whoever gave it up has the last word. */
	assert_int_equal(support_made_write(tmp.fd, &made), 0);
	assert_int_equal(ep_result_read(tmp.fd, &r, &err), 0);
	assert_string_equal(r.lost, "no such program");
	ep_result_done(&r);
	ep_tmp_puts(&tmp, "lost.json", "{");
	assert_int_equal(ep_result_read(tmp.fd, &r, &err), -EBADMSG);
	json_decref(labels);
	ep_tmp_remove(&tmp);
}

static void a_signal_to_edgeprof_is_told(void **state)
{
	json_t *labels = labels_of(1, false);
	struct support_made made = made_of(labels);
	struct ep_err err = { 0 };
	struct ep_result r;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	made.stopped_by = 15;
	assert_int_equal(support_made_write(tmp.fd, &made), 0);
	assert_int_equal(ep_result_read(tmp.fd, &r, &err), 0);
	assert_int_equal(r.stopped_by, 15);
	ep_result_done(&r);
	json_decref(labels);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_folder_is_read),
		cmocka_unit_test(damaged_folders_are_refused),
		cmocka_unit_test(requests_are_averaged),
		cmocka_unit_test(temperature_0_is_known_in_every_form),
		cmocka_unit_test(a_run_that_was_given_up_says_why),
		cmocka_unit_test(a_signal_to_edgeprof_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
