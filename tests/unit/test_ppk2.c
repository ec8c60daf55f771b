/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a PPK2 tells of itself, its amperes, and its clock; what a word means is
 * in tests/golden/ppk2, a whole run in tests/cli/test_ppk2.sh. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/ppk2_stream.h"

static void near(double value, double expected, double by)
{
	if (!(fabs(value - expected) <= by))
		fail_msg("%.12g, not %.12g", value, expected);
}

static int parse(const char *text, struct ep_ppk2_about *ret)
{
	return ep_ppk2_parse(text, strlen(text), ret);
}

static void metadata_is_read(void **state)
{
	struct ep_ppk2_about a;

	(void)state;
	assert_int_equal(parse("Calibrated: 0\r\nR0: 1003.3506\r\nR3: 0\r\n"
			       "GS3: 2.5\nGI4: -nan\nO4: 112.5\nS1: 1e-7\n"
			       "I2: -0.25\nUG1: 1.5\nVDD: 3300\nHW: 9173\n"
			       "mode: 2\nIA: 56\nEND\n",
			       &a),
			 0);
	near(a.r[0], 1003.3506, 0);
	/* A shunt of 0 is none, -nan was never set. */
	near(a.r[3], 0.94, 0);
	near(a.gi[4], 1, 0);
	near(a.gs[3], 2.5, 0);
	near(a.o[4], 112.5, 0);
	near(a.s[1], 1e-7, 0);
	near(a.i[2], -0.25, 0);
	near(a.ug[1], 1.5, 0);
	near(a.vdd_mv, 3300, 0);
	assert_int_equal(a.mode, EP_PPK2_SOURCE);
	assert_int_equal(a.hw, 9173);
	/* As Nordic's app: a gain of 0 was never set. */
	assert_int_equal(parse("R0: 1\nGI2: 0\nUG4: 0.00\nGS0: 0.0\nEND", &a),
			 0);
	near(a.gi[2], 1, 0);
	near(a.ug[4], 1, 0);
	near(a.gs[0], 0, 0);
	assert_int_equal(parse("R0: 1\nmode: 1\nVDD: 9000\nEND", &a), 0);
	assert_int_equal(a.mode, EP_PPK2_AMPERE);
	near(a.vdd_mv, 0, 0);
	assert_int_equal(parse("R0: 1\nmode: 7\nEND", &a), 0);
	assert_int_equal(a.mode, EP_PPK2_UNKNOWN);
}

static void what_is_no_metadata_is_refused(void **state)
{
	struct ep_ppk2_about a = { .hw = 77 };

	(void)state;
	assert_int_equal(parse("", &a), -EBADMSG);
	assert_int_equal(parse("R0: 1003\nR1: 100\n", &a), -EBADMSG);
	assert_int_equal(parse("ERROR: what?\nEND\n", &a), -EBADMSG);
	assert_int_equal(parse("END\n", &a), -EBADMSG);
	assert_int_equal(a.hw, 77);
}

/* By hand: ADC 1000 is 4000, less 100, times 1.8 / 163840 / 0.9 ohm is
 * 47.607 mA; of that 0.5 of its square and 1.02 of it, 1e-6 A a volt of
 * 3.3 V, 2e-6 A; all times 1.1. */
static void the_calibration_is_applied(void **state)
{
	struct ep_ppk2_word w = { .adc = 1000, .range = 3 };
	struct ep_ppk2_about a;
	double x = 3900 * (1.8 / 163840) / 0.9;

	(void)state;
	assert_int_equal(parse("R3: 0.9\nO3: 100\nGS3: 0.5\nGI3: 1.02\n"
			       "S3: 0.000001\nI3: 0.000002\nUG3: 1.1\n"
			       "VDD: 3300\nmode: 2\nEND\n",
			       &a),
			 0);
	near(x, 0.047607421875, 1e-12);
	near(ep_ppk2_amps(&a, &w), 0.054667913983, 1e-11);
	/* The numbers of a device, worked out in fractions. */
	w = (struct ep_ppk2_word){ .adc = 1234, .range = 1 };
	assert_int_equal(parse("R1: 101.5865\nGS1: 112.7890\nGI1: 0.9695\n"
			       "O1: 75.4627\nS1: 0.00000002\nI1: -0.000001\n"
			       "UG1: 1.02\nVDD: 4200\nEND\n",
			       &a),
			 0);
	near(ep_ppk2_amps(&a, &w), 5.506691072186489e-4, 1e-17);
	assert_true(ep_ppk2_is_possible(1.0));
	assert_false(ep_ppk2_is_possible(9e5));
	assert_false(ep_ppk2_is_possible(-1));
	assert_false(ep_ppk2_is_possible((double)NAN));
}

/* Packets of 1 ms from a clock that is fast, read every 2 ms, some late. */
static void the_clock_is_found(void **state)
{
	static const int64_t late_ns[] = { 0,	   700000, 2500000,
					   300000, 90000,  1200000 };
	const double ppm = 60, period_ns = 10000 / (1 + ppm * 1e-6);
	const int64_t base_ns = INT64_C(5000000000000);
	struct ep_stream_clock c;
	int64_t last_ns = 0;

	(void)state;
	ep_stream_clock_init(&c, 10000);
	for (int i = 1; i <= 15000; i++) {
		uint64_t n = (uint64_t)i * 200;
		int64_t made_ns = base_ns + (int64_t)((double)n * period_ns);
		int64_t told_ns;

		ep_stream_clock_arrived(&c, n, made_ns + late_ns[i % 6]);
		told_ns = ep_stream_clock_tell_ns(&c, n);
		assert_true(told_ns > last_ns);
		last_ns = told_ns;
		if (i > 500)
			near((double)(told_ns - made_ns), 0, 60000);
		if (i > 5000)
			near((double)(told_ns - made_ns), 0, 5000);
	}
	near(c.drift_ns, period_ns - 10000, 0.01);
}

/* 640 samples missing without a trace: everything is late by 6.4 ms. */
static void a_loss_is_an_excess(void **state)
{
	struct ep_stream_clock c;

	(void)state;
	ep_stream_clock_init(&c, 10000);
	for (uint64_t n = 200; n <= 300000; n += 200)
		ep_stream_clock_arrived(&c, n, (int64_t)n * 10000 + 1000);
	near(c.excess_ns, 0, 1000);
	for (uint64_t n = 300200; n <= 400000; n += 200)
		ep_stream_clock_arrived(&c, n,
					(int64_t)(n + 640) * 10000 + 1000);
	near(c.excess_ns, 6400000, 10000);
	near(ep_stream_clock_since_ns(&c, 400000, INT64_C(4000001000)), 0,
	     10000);
}

#define BASE_NS INT64_C(5000000000000)

/* A stream on its way: the sample n is made at BASE_NS + n * 10 us. */
static struct flow {
	struct ep_ppk2_stream s;
	uint64_t n;	  /* the next sample that arrives */
	int64_t worst_ns; /* of a row's stamp */
	uint64_t rows;
	unsigned inputs; /* of the words that arrive */
	char marks[40];	 /* "+0" its phase begins, "-0" it ends */
	int64_t mark_ns; /* of the last */
} flow;

static void take_sample(void *ctx, const struct ep_sample *s)
{
	int64_t row_ns = flow.s.row_samples * EP_PPK2_SAMPLE_NS, off_ns;

	(void)ctx;
	if (s->flags & EP_SAMPLE_MARK) {
		size_t len = strlen(flow.marks);

		assert_true(len + 3 < sizeof(flow.marks));
		flow.marks[len] = s->value ? '+' : '-';
		flow.marks[len + 1] =
			(char)('0' + s->channel - EP_PPK2_FIRST_INPUT);
		flow.mark_ns = s->t_ns;
	}
	if (s->channel != EP_PPK2_POWER)
		return;
	off_ns = (s->t_ns - BASE_NS) % row_ns;
	off_ns = off_ns > row_ns / 2 ? row_ns - off_ns : off_ns;
	flow.worst_ns = off_ns > flow.worst_ns ? off_ns : flow.worst_ns;
	flow.rows++;
}

static void begin_flow(void)
{
	struct ep_ppk2_about a;

	memset(&flow, 0, sizeof(flow));
	ep_ppk2_default(&a);
	ep_ppk2_stream_init(&flow.s, &a);
	flow.s.begin_ns = BASE_NS;
	flow.s.volts = 5;
}

/* All samples before end come at end plus late. */
static void arrive(uint64_t end, int64_t late_ns)
{
	const struct ep_sink sink = { take_sample, NULL };
	int64_t t_ns = BASE_NS + (int64_t)end * 10000 + late_ns;
	uint8_t bytes[EP_PPK2_READ_BYTES];
	size_t len = 0;

	while (flow.n < end) {
		uint32_t w = 1000 | 1 << 14 | (uint32_t)(flow.n++ % 64) << 18 |
			     (uint32_t)flow.inputs << 24;

		for (int i = 0; i < 4; i++)
			bytes[len++] = (uint8_t)(w >> (8 * i));
		if (len == sizeof(bytes) || flow.n == end) {
			(void)ep_ppk2_stream_feed(&flow.s, bytes, len, t_ns,
						  &sink);
			len = 0;
		}
	}
}

/* For ms, in time. */
static void go_on(unsigned ms)
{
	for (unsigned i = 0; i < ms; i += 2)
		arrive(flow.n + 200, 100000);
}

/* A busy host reads the first of it late. */
static void a_late_begin_moves_no_stamp(void **state)
{
	(void)state;
	begin_flow();
	for (int i = 0; i < 10; i++)
		arrive(flow.n + 200, 80000000);
	arrive(flow.n + 8000, 100000);
	go_on(1000);
	assert_true(flow.rows > 1080);
	assert_true(flow.worst_ns < 150000);
	assert_int_equal(flow.s.lost_count, 0);
}

static void what_is_only_late_is_not_lost(void **state)
{
	(void)state;
	begin_flow();
	go_on(3000);
	ep_ppk2_stream_was_silent(&flow.s);
	for (int i = 0; i < 100; i++)
		arrive(flow.n + 200, 60000000);
	arrive(flow.n + 6000, 100000);
	go_on(3000);
	assert_int_equal(flow.s.lost_count, 0);
	assert_true(flow.worst_ns < 150000);
	assert_true(flow.rows > 6200);
}

static void a_loss_of_whole_rounds_is_told(void **state)
{
	(void)state;
	begin_flow();
	go_on(3000);
	ep_ppk2_stream_was_silent(&flow.s);
	flow.n += 64 * 100;
	go_on(3000);
	assert_int_equal(flow.s.lost_count, 6400);
	assert_true(flow.worst_ns < 150000);
}

static void begin_phases(void)
{
	begin_flow();
	flow.s.named = 3;
	flow.s.input_channels[0] = EP_PPK2_FIRST_INPUT;
	flow.s.input_channels[1] = EP_PPK2_FIRST_INPUT + 1;
	go_on(100);
	flow.inputs = 1;
	go_on(100);
	assert_string_equal(flow.marks, "+0");
}

/* Unplugged for 2 s, then it sends again. */
static void send_again(unsigned inputs)
{
	flow.n += 200000;
	flow.inputs = inputs;
	flow.s.begin_ns = BASE_NS + (int64_t)flow.n * EP_PPK2_SAMPLE_NS;
	ep_ppk2_stream_restart(&flow.s);
	go_on(100);
}

static void a_phase_lasts_over_a_restart(void **state)
{
	(void)state;
	begin_phases();
	send_again(1);
	assert_string_equal(flow.marks, "+0");
	flow.inputs = 0;
	go_on(100);
	assert_string_equal(flow.marks, "+0-0");
	near((double)flow.mark_ns, BASE_NS + 2300e6, 1e6);
}

static void what_changed_meanwhile_is_marked_after_a_restart(void **state)
{
	(void)state;
	begin_phases();
	send_again(0);
	assert_string_equal(flow.marks, "+0-0");
	near((double)flow.mark_ns, BASE_NS + 2200e6, 1e6);
	send_again(2);
	assert_string_equal(flow.marks, "+0-0+1");
	send_again(1);
	assert_string_equal(flow.marks, "+0-0+1-1+0");
}

static void what_is_high_at_first_is_no_edge(void **state)
{
	(void)state;
	begin_flow();
	flow.s.named = 1;
	flow.s.input_channels[0] = EP_PPK2_FIRST_INPUT;
	flow.inputs = 1;
	go_on(100);
	send_again(1);
	assert_string_equal(flow.marks, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metadata_is_read),
		cmocka_unit_test(what_is_no_metadata_is_refused),
		cmocka_unit_test(the_calibration_is_applied),
		cmocka_unit_test(the_clock_is_found),
		cmocka_unit_test(a_loss_is_an_excess),
		cmocka_unit_test(a_late_begin_moves_no_stamp),
		cmocka_unit_test(what_is_only_late_is_not_lost),
		cmocka_unit_test(a_loss_of_whole_rounds_is_told),
		cmocka_unit_test(a_phase_lasts_over_a_restart),
		cmocka_unit_test(
			what_changed_meanwhile_is_marked_after_a_restart),
		cmocka_unit_test(what_is_high_at_first_is_no_edge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
