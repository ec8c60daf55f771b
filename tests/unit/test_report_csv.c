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

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/report/csv_files.h"
#include "tests/unit/support_report.h"

/* cmocka compares floats, not doubles. */
#define assert_near(a, b, eps) assert_true(fabs((a) - (b)) <= (eps))

#define FIELDS_MAX 128

/* A line of a CSV text, split; NULL ends the fields. */
struct record {
	char *line;
	char *fields[FIELDS_MAX];
	int count;
};

static void get_record(struct record *ret, const char *text, size_t line)
{
	for (; line > 0; line--) {
		text = strchr(text, '\n');
		assert_non_null(text);
		text++;
	}
	ret->line = strndup(text, strcspn(text, "\n"));
	assert_non_null(ret->line);
	ret->count = ep_csv_split(ret->line, ret->fields, FIELDS_MAX);
	assert_true(ret->count > 0);
}

/* The cell below a head; fails when there is no such column. */
static const char *cell(const struct record *heads, const struct record *row,
			const char *head)
{
	assert_int_equal(heads->count, row->count);
	for (int i = 0; i < heads->count; i++)
		if (strcmp(heads->fields[i], head) == 0)
			return row->fields[i];
	fail_msg("no column %s", head);
	return NULL;
}

static double number(const char *text)
{
	double value;

	assert_int_equal(ep_num_parse_f64(text, &value), 0);
	return value;
}

static void phases_begin_with_the_fixed_columns(void **state)
{
	static const char fixed[] = "request,phase,evidence,start_s,end_s,"
				    "slack_s,tokens,steps,cached_tokens,"
				    "duration_s,duration_s_u95,energy_j,"
				    "energy_j_u95,energy_net_j,";
	struct ep_report *r = support_report();
	struct record heads, row;
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_phases(r, &b), 0);
	assert_true(ep_str_starts(b.data, fixed));
	get_record(&heads, b.data, 0);
	get_record(&row, b.data, 3);
	assert_string_equal(cell(&heads, &row, "phase"), "generation");
	assert_string_equal(cell(&heads, &row, "evidence"), "MARKED");
	assert_string_equal(cell(&heads, &row, "tokens"), "100");
	assert_string_equal(cell(&heads, &row, "steps"), "99");
	assert_string_equal(cell(&heads, &row, "cached_tokens"), "");
	assert_string_equal(cell(&heads, &row, "energy_j"), "120");
	assert_string_equal(cell(&heads, &row, "energy_j_u95"), "1.2");
	assert_string_equal(cell(&heads, &row, "cache_misses_per_token"), "");
	assert_string_equal(cell(&heads, &row, "energy_j_status"), "ok");
	assert_near(number(cell(&heads, &row, "j_per_token")), 120.0 / 99.0,
		    1e-14);
	free(heads.line);
	free(row.line);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void every_row_has_every_column(void **state)
{
	struct ep_report *r = support_report_of_requests(7);
	struct record heads, row;
	struct ep_buf b;

	(void)state;
	support_set_status(r, EP_STATUS_NOT_MEASURED, "no sensor");
	(void)ep_str_copy(r->phases[4].phase.name, EP_PHASE_NAME_BYTES,
			  "a,\"b\"\n");
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_phases(r, &b), 0);
	get_record(&heads, b.data, 0);
	for (size_t i = 0; i < r->phase_count; i++) {
		get_record(&row, b.data, i + 1);
		assert_int_equal(row.count, heads.count);
		assert_string_equal(cell(&heads, &row, "energy_j"), "");
		assert_string_equal(cell(&heads, &row, "energy_j_u95"), "");
		assert_string_equal(cell(&heads, &row, "energy_j_status"),
				    "not_measured");
		if (i == 4)
			assert_string_equal(cell(&heads, &row, "phase"),
					    "a,\"b\" ");
		free(row.line);
	}
	assert_null(strstr(b.data, "nan"));
	free(heads.line);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void columns_do_not_depend_on_what_was_measured(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf a, b;

	(void)state;
	ep_buf_init(&a, 1 << 20);
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_phases(r, &a), 0);
	support_set_status(r, EP_STATUS_NOT_MEASURED, "no sensor");
	assert_int_equal(ep_csv_phases(r, &b), 0);
	assert_memory_equal(a.data, b.data, strcspn(a.data, "\n") + 1);
	ep_buf_done(&a);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void a_run_without_phases_has_only_the_head(void **state)
{
	struct ep_report r = { 0 };
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_phases(&r, &b), 0);
	assert_string_equal(
		b.data,
		"request,phase,evidence,start_s,end_s,slack_s,tokens,steps,"
		"cached_tokens,duration_s,duration_s_u95,energy_j,"
		"energy_j_u95,energy_net_j,energy_net_j_u95,power_mean_w,"
		"power_mean_w_u95,power_peak_w,power_peak_w_u95,tokens_per_s,"
		"tokens_per_s_u95,j_per_token,j_per_token_u95,"
		"net_j_per_token,net_j_per_token_u95,action_j_s_per_token,"
		"action_j_s_per_token_u95,edp_j_s_per_token2,"
		"edp_j_s_per_token2_u95,rss_peak_bytes,energy_j_status\n");
	ep_buf_done(&b);
}

static void tokens_are_exact_to_the_nanosecond(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_tokens(r, &b), 0);
	assert_true(ep_str_starts(b.data, "request,index,time_s,energy_j\n"
					  "1,1,1.750000001,\n"
					  "1,2,1.850000001,1.2\n"));
	ep_buf_done(&b);
	ep_report_free(r);
}

static void requests_have_utc_times_and_their_phases_durations(void **state)
{
	static const char fixed[] =
		"timestamp,model,prompt_id,temperature,seed,total_duration_ms,"
		"load_duration_ms,prompt_eval_count,prompt_eval_duration_ms,"
		"eval_count,eval_duration_ms,tokens_per_second,energy_j,"
		"action_j_s_per_token,ttft_s,cached_tokens,evidence,"
		"itl_p50_s,itl_p90_s,itl_p99_s\n";
	struct ep_report *r = support_report_of_requests(3);
	struct record heads, row;
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_requests(r, &b), 0);
	assert_true(ep_str_starts(b.data, fixed));
	get_record(&heads, b.data, 0);
	get_record(&row, b.data, 2);
	/* Started at 23:12:20 UTC; the gate 10 s, request 2 22 s later. */
	assert_string_equal(cell(&heads, &row, "timestamp"),
			    "2026-11-20T23:12:42.000Z");
	assert_string_equal(cell(&heads, &row, "total_duration_ms"), "11750");
	assert_string_equal(cell(&heads, &row, "load_duration_ms"), "500");
	assert_string_equal(cell(&heads, &row, "prompt_eval_count"), "84");
	assert_string_equal(cell(&heads, &row, "eval_count"), "100");
	assert_string_equal(cell(&heads, &row, "eval_duration_ms"), "10000");
	assert_string_equal(cell(&heads, &row, "tokens_per_second"), "9.9");
	assert_string_equal(cell(&heads, &row, "ttft_s"), "1.75");
	assert_string_equal(cell(&heads, &row, "cached_tokens"), "");
	assert_string_equal(cell(&heads, &row, "model"), "");
	assert_string_equal(cell(&heads, &row, "evidence"), "MARKED");
	free(heads.line);
	free(row.line);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void a_request_in_two_pieces_is_summed(void **state)
{
	struct ep_report *r = support_report_of_requests(2);
	struct record heads, row;
	struct ep_buf b;

	(void)state;
	/* 60 ms, which their difference is not quite. */
	r->phases[0].start_s = 4.264447894;
	r->phases[0].end_s = 4.324447894;
	assert_string_equal(r->phases[0].phase.name, "load");
	/* The second request's generation now belongs to the first. */
	r->phases[5].phase.request = 1;
	support_edit_metric(&r->phases[5], "tokens_per_s")->value = 19.8;
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_requests(r, &b), 0);
	get_record(&heads, b.data, 0);
	get_record(&row, b.data, 1);
	assert_string_equal(cell(&heads, &row, "load_duration_ms"), "60");
	assert_string_equal(cell(&heads, &row, "eval_count"), "200");
	assert_string_equal(cell(&heads, &row, "eval_duration_ms"), "20000");
	assert_near(number(cell(&heads, &row, "tokens_per_second")), 14.85,
		    1e-12);
	free(row.line);
	get_record(&row, b.data, 2);
	assert_string_equal(cell(&heads, &row, "eval_count"), "");
	assert_string_equal(cell(&heads, &row, "eval_duration_ms"), "");
	assert_string_equal(cell(&heads, &row, "tokens_per_second"), "");
	free(row.line);
	free(heads.line);
	ep_buf_done(&b);
	ep_report_free(r);
}

static void a_hostile_clock_pair_gives_no_timestamp(void **state)
{
	struct ep_report *r = support_report();
	struct ep_buf b;

	(void)state;
	json_object_set_new(r->run, "started_mono_ns", json_integer(INT64_MIN));
	ep_buf_init(&b, 1 << 20);
	assert_int_equal(ep_csv_requests(r, &b), 0);
	assert_non_null(strstr(b.data, "\n,,,,,11750,"));
	ep_buf_done(&b);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases_begin_with_the_fixed_columns),
		cmocka_unit_test(every_row_has_every_column),
		cmocka_unit_test(columns_do_not_depend_on_what_was_measured),
		cmocka_unit_test(a_run_without_phases_has_only_the_head),
		cmocka_unit_test(tokens_are_exact_to_the_nanosecond),
		cmocka_unit_test(
			requests_have_utc_times_and_their_phases_durations),
		cmocka_unit_test(a_request_in_two_pieces_is_summed),
		cmocka_unit_test(a_hostile_clock_pair_gives_no_timestamp),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
