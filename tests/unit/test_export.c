/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/export/export.h"
#include "profiler/export/influx.h"
#include "profiler/export/rows.h"
#include "profiler/export/wall.h"
#include "tests/unit/support_tmp.h"

/* A run of which only the clock events and run.json are known. */
struct clocks {
	struct ep_run run;
	struct ep_event events[8];
	char texts[8][80];
};

static void clocks_add(struct clocks *c, int64_t mono_ns, int64_t real_ns)
{
	size_t i = c->run.event_count++;

	(void)ep_str_format(c->texts[i], sizeof(c->texts[i]),
			    "real_ns=%lld boot_ns=1", (long long)real_ns);
	c->events[i] = ep_event_make(mono_ns, "clock");
	c->events[i].text = c->texts[i];
	c->run.events = c->events;
}

#define S EP_NS_PER_S
#define REAL (1700000000 * S)

static void wall_times_follow_the_pairs(void **state)
{
	struct clocks c = { 0 };
	struct ep_wall w;

	(void)state;
	/* The wall clock gains 400 us in a second, then is right. */
	clocks_add(&c, 10 * S, REAL);
	clocks_add(&c, 11 * S, REAL + S + 400000);
	clocks_add(&c, 12 * S, REAL + 2 * S + 400000);
	assert_int_equal(ep_wall_read(&c.run, &w), 0);
	assert_int_equal(w.count, 3);
	assert_int_equal(w.set_by_ns, 0);
	assert_int_equal(ep_wall_ns(&w, 9 * S), REAL - S);
	assert_int_equal(ep_wall_ns(&w, 10 * S), REAL);
	assert_int_equal(ep_wall_ns(&w, 10 * S + S / 2), REAL + S / 2 + 200000);
	assert_int_equal(ep_wall_ns(&w, 11 * S), REAL + S + 400000);
	assert_int_equal(ep_wall_ns(&w, 20 * S), REAL + 10 * S + 400000);
	ep_wall_done(&w);
}

/* A board without a battery-backed clock wakes in 1970 and is put right. */
static void a_clock_that_was_set_counts_as_it_was_afterwards(void **state)
{
	struct clocks c = { 0 };
	struct ep_wall w;

	(void)state;
	clocks_add(&c, 10 * S, 50 * S);
	clocks_add(&c, 11 * S, 51 * S);
	clocks_add(&c, 12 * S, REAL);
	clocks_add(&c, 13 * S, REAL + S);
	assert_int_equal(ep_wall_read(&c.run, &w), 0);
	assert_int_equal(w.count, 2);
	assert_int_equal(w.set_by_ns, REAL - 52 * S);
	assert_int_equal(ep_wall_ns(&w, 10 * S), REAL - 2 * S);
	ep_wall_done(&w);
}

static void pairs_that_say_nothing_are_left_out(void **state)
{
	struct clocks c = { 0 };
	struct ep_wall w;

	(void)state;
	clocks_add(&c, 10 * S, -5);
	clocks_add(&c, 11 * S, INT64_MAX);
	c.events[1].text = "boot_ns=7";
	assert_int_equal(ep_wall_read(&c.run, &w), 0);
	assert_int_equal(w.count, 0);
	ep_wall_done(&w);
	c.run.json = json_pack("{sIsI}", "started_mono_ns", (json_int_t)(5 * S),
			       "started_real_ns", (json_int_t)REAL);
	assert_int_equal(ep_wall_read(&c.run, &w), 0);
	assert_int_equal(w.count, 1);
	assert_int_equal(ep_wall_ns(&w, 6 * S), REAL + S);
	ep_wall_done(&w);
	json_decref(c.run.json);
}

/* Opens text as trace.csv of a run with a gate at 100 s and rows of 10 ms. */
static int open_rows(struct ep_rows *r, struct ep_tmp *tmp,
		     struct ep_report *report, const char *text,
		     struct ep_err *err)
{
	ep_tmp_make(tmp);
	ep_tmp_puts(tmp, "trace.csv", text);
	*report = (struct ep_report){ .gate_ns = 100 * S };
	report->run = json_pack("{si}", "interval_ns", 10000000);
	return ep_rows_open(r, ep_tmp_open(tmp, "trace.csv"), report, err);
}

static void close_rows(struct ep_rows *r, struct ep_tmp *tmp,
		       struct ep_report *report)
{
	int fd = r->fd;

	ep_rows_close(r);
	if (fd >= 0)
		close(fd);
	json_decref(report->run);
	ep_tmp_remove(tmp);
}

#define HEADER "time_s,phase,request,tokens,power_w,a.b_j\n"

static void rows_are_read_as_they_are(void **state)
{
	struct ep_report report;
	struct ep_err err = { 0 };
	struct ep_rows r;
	struct ep_tmp tmp;

	(void)state;
	assert_int_equal(open_rows(&r, &tmp, &report,
				   HEADER "-0.01,idle,,,,\n"
					  "0,\"a, \"\"b\"\"\",7,2,1.5,-2e-06\n",
				   &err),
			 0);
	assert_int_equal(r.count, 2);
	assert_string_equal(r.names[1], "a.b_j");
	assert_int_equal(ep_rows_next(&r, &err), 1);
	assert_int_equal(r.t_ns, 100 * S - 10000000);
	assert_string_equal(r.phase, "idle");
	assert_int_equal(r.request, -1);
	assert_int_equal(r.tokens, -1);
	assert_true(isnan(r.values[0]) && isnan(r.values[1]));
	assert_int_equal(ep_rows_next(&r, &err), 1);
	assert_int_equal(r.t_ns, 100 * S);
	assert_string_equal(r.phase, "a, \"b\"");
	assert_int_equal(r.request, 7);
	assert_int_equal(r.tokens, 2);
	assert_float_equal(r.values[0], 1.5, 0);
	assert_float_equal(r.values[1], -2e-6, 0);
	assert_int_equal(ep_rows_next(&r, &err), 0);
	close_rows(&r, &tmp, &report);
}

static void damaged_rows_are_refused(void **state)
{
	static const char *const bad[] = {
		"0,idle,,,1\n",	     "0,idle,,,1,2,3\n", "0,idle,,,nan,2\n",
		"0,idle,,,inf,2\n",  "0,idle,,,0x1,2\n", "x,idle,,,1,2\n",
		"0,idle,x,,1,2\n",   "0,idle,,x,1,2\n",	 "0,\"idle,,,1,2\n",
		"0,\"i\"x,,,1,2\n",  "0,idle,,,1,2",	 ",idle,,,1,2\n",
		"9e30,idle,,,1,2\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_report report;
		struct ep_err err = { 0 };
		struct ep_rows r;
		struct ep_tmp tmp;
		char text[200];

		(void)ep_str_format(text, sizeof(text), "%s%s", HEADER, bad[i]);
		assert_int_equal(open_rows(&r, &tmp, &report, text, &err), 0);
		if (ep_rows_next(&r, &err) != -EBADMSG)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err.text, "damaged at line"));
		close_rows(&r, &tmp, &report);
	}
}

static void what_is_no_trace_is_refused(void **state)
{
	static const char *const bad[] = { "", "x", "a,b,c,d,e\n",
					   "time_s,phase,request,tokens\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ep_report report;
		struct ep_err err = { 0 };
		struct ep_rows r;
		struct ep_tmp tmp;

		assert_int_equal(open_rows(&r, &tmp, &report, bad[i], &err),
				 -EBADMSG);
		close_rows(&r, &tmp, &report);
	}
}

static void tags_are_escaped(void **state)
{
	struct ep_buf b;

	(void)state;
	ep_buf_init(&b, 4096);
	assert_int_equal(ep_influx_tag(&b, "a b,c=d", "e f,g=h"), 0);
	assert_string_equal(b.data, ",a\\ b\\,c\\=d=e\\ f\\,g\\=h");
	ep_buf_reset(&b);
	assert_int_equal(ep_influx_tag(&b, "path", "C:\\x\\"), 0);
	assert_string_equal(b.data, ",path=C:/x/");
	ep_buf_reset(&b);
	assert_int_equal(ep_influx_tag(&b, "lines", "a\nb\r\xff"), 0);
	assert_string_equal(b.data, ",lines=a?b??");
	ep_buf_reset(&b);
	assert_int_equal(ep_influx_tag(&b, "none", ""), 0);
	assert_int_equal(b.len, 0);
	ep_buf_done(&b);
}

static void fields_are_finite_and_quoted(void **state)
{
	struct ep_influx in = { 0 };

	(void)state;
	ep_buf_init(&in.buf, 4096);
	assert_int_equal(ep_influx_number(&in, "a", (double)NAN), 0);
	assert_int_equal(ep_influx_number(&in, "a", (double)INFINITY), 0);
	assert_int_equal(ep_influx_text(&in, "a", ""), 0);
	assert_false(in.any);
	assert_int_equal(in.buf.len, 0);
	assert_int_equal(ep_influx_number(&in, "a b", 0.1), 0);
	assert_int_equal(ep_influx_integer(&in, "n", INT64_MIN), 0);
	assert_int_equal(ep_influx_text(&in, "t", "say \"\\\" \n"), 0);
	assert_string_equal(in.buf.data, " a\\ b=0.1,n=-9223372036854775808i,"
					 "t=\"say \\\"\\\\\\\" ?\"");
	ep_buf_done(&in.buf);
}

static void names_in_a_query_are_quoted(void **state)
{
	char text[16];

	(void)state;
	assert_true(ep_influx_quote("a b&c", text, sizeof(text)));
	assert_string_equal(text, "a%20b%26c");
	assert_false(ep_influx_quote("0123456789abcdef", text, sizeof(text)));
}

static void every_exporter_is_found_and_others_are_not(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	for (size_t i = 0; ep_exporters[i]; i++) {
		assert_ptr_equal(ep_exporter_find(ep_exporters[i]->name, &err),
				 ep_exporters[i]);
		assert_non_null(ep_exporters[i]->run);
		assert_true(strlen(ep_exporters[i]->summary) < 60);
	}
	assert_null(ep_exporter_find("grafana", &err));
	assert_non_null(strstr(err.text, "there is perfetto, influx"));
	assert_null(ep_exporter_find("oltp", &err));
	assert_non_null(strstr(err.text, "'otlp'; did you mean it?"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wall_times_follow_the_pairs),
		cmocka_unit_test(
			a_clock_that_was_set_counts_as_it_was_afterwards),
		cmocka_unit_test(pairs_that_say_nothing_are_left_out),
		cmocka_unit_test(rows_are_read_as_they_are),
		cmocka_unit_test(damaged_rows_are_refused),
		cmocka_unit_test(what_is_no_trace_is_refused),
		cmocka_unit_test(tags_are_escaped),
		cmocka_unit_test(fields_are_finite_and_quoted),
		cmocka_unit_test(names_in_a_query_are_quoted),
		cmocka_unit_test(every_exporter_is_found_and_others_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
