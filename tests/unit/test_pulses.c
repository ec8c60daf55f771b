/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edges of a pulse output to pulses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "sensors/pulses.h"

#define MS INT64_C(1000000)
#define PULSES_MAX 4096

/* What came of the edges. */
static struct ep_pulses p;
static int64_t stamps[PULSES_MAX];
static size_t count;

static int begin(void **state)
{
	(void)state;
	p = (struct ep_pulses){ .debounce_ns = 10 * MS };
	ep_pulses_forget(&p, EP_PULSE_REST);
	count = 0;
	return 0;
}

static void edge(int64_t t_ns, bool active)
{
	int64_t at_ns = -1;

	if (ep_pulses_edge(&p, t_ns, active, &at_ns) && count < PULSES_MAX)
		stamps[count++] = at_ns;
}

static void settle(int64_t t_ns)
{
	int64_t at_ns = -1;

	if (ep_pulses_settle(&p, t_ns, &at_ns) && count < PULSES_MAX)
		stamps[count++] = at_ns;
}

static void a_pulse_has_the_stamp_of_its_first_edge(void **state)
{
	(void)state;
	edge(1000 * MS + 7, true);
	assert_int_equal(count, 0);
	settle(1010 * MS + 6);
	assert_int_equal(count, 0);
	settle(1010 * MS + 7);
	assert_int_equal(count, 1);
	assert_int_equal(stamps[0], 1000 * MS + 7);
	settle(1200 * MS);
	edge(1030 * MS, false);
	settle(1300 * MS);
	assert_int_equal(count, 1);
	assert_int_equal(p.pulse_count, 1);
	assert_int_equal(p.bounce_count, 0);
}

/* The shortest of EN 62053-31: 30 ms on, 30 ms off. */
static void the_fastest_pulses_are_all_counted(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 1000; i++) {
		edge(60 * MS * i, true);
		edge(60 * MS * i + 30 * MS, false);
	}
	settle(61000 * MS);
	assert_int_equal(count, 1000);
	for (int64_t i = 0; i < 1000; i++)
		assert_int_equal(stamps[i], 60 * MS * i);
	assert_int_equal(p.bounce_count, 0);
}

/* A reed contact, when it closes and when it opens. */
static void a_contact_that_bounces_is_one_pulse(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 5; i++) {
		edge(100 * MS + i * MS, true);
		edge(100 * MS + i * MS + MS / 2, false);
	}
	edge(105 * MS, true);
	edge(135 * MS, false);
	edge(136 * MS, true);
	edge(137 * MS, false);
	settle(500 * MS);
	assert_int_equal(count, 1);
	assert_int_equal(stamps[0], 100 * MS);
	assert_int_equal(p.bounce_count, 10 + 2);
}

static void a_spike_is_no_pulse_but_counted(void **state)
{
	(void)state;
	edge(100 * MS, true);
	edge(100 * MS + 1000, false);
	settle(200 * MS);
	assert_int_equal(count, 0);
	assert_int_equal(p.bounce_count, 2);
	/* While it is active, one that lets go. */
	edge(300 * MS, true);
	edge(320 * MS, false);
	edge(320 * MS + 1000, true);
	edge(350 * MS, false);
	settle(400 * MS);
	assert_int_equal(count, 1);
	assert_int_equal(p.bounce_count, 4);
}

/* The kernel read the level when the line had moved on. */
static void two_edges_of_one_kind_make_no_second_pulse(void **state)
{
	(void)state;
	edge(100 * MS, true);
	edge(120 * MS, true);
	edge(150 * MS, false);
	edge(180 * MS, false);
	settle(300 * MS);
	assert_int_equal(count, 1);
	assert_int_equal(p.bounce_count, 2);
}

static void a_pulse_that_began_before_is_none(void **state)
{
	(void)state;
	ep_pulses_forget(&p, EP_PULSE_ACTIVE);
	edge(20 * MS, false);
	edge(100 * MS, true);
	settle(200 * MS);
	assert_int_equal(count, 1);
	assert_int_equal(stamps[0], 100 * MS);
}

static void after_lost_edges_it_starts_anew(void **state)
{
	(void)state;
	edge(100 * MS, true);
	settle(120 * MS);
	/* Its end was lost: the next begin is a pulse of its own. */
	ep_pulses_forget(&p, EP_PULSE_UNKNOWN);
	edge(500 * MS, true);
	edge(530 * MS, false);
	settle(600 * MS);
	assert_int_equal(count, 2);
	assert_int_equal(stamps[1], 500 * MS);
	/* What was open then is not known either. */
	edge(700 * MS, true);
	ep_pulses_forget(&p, EP_PULSE_UNKNOWN);
	edge(730 * MS, false);
	settle(800 * MS);
	assert_int_equal(count, 2);
}

static void without_debounce_every_edge_counts(void **state)
{
	(void)state;
	p.debounce_ns = 0;
	for (int64_t i = 0; i < 100; i++) {
		edge(1000 * i, true);
		edge(1000 * i + 500, false);
	}
	settle(100000);
	assert_int_equal(count, 100);
	assert_int_equal(p.bounce_count, 0);
}

/* Any edges: no more pulses than the time has room for, and every edge is
 * part of a pulse, of its end or a bounce. */
static void nothing_is_lost_in_noise(void **state)
{
	struct ep_rng rng;

	(void)state;
	ep_rng_init(&rng, 5, 0);
	for (int round = 0; round < 200; round++) {
		int64_t t = 0;
		size_t edges = 200;

		begin(NULL);
		for (size_t i = 0; i < edges; i++) {
			t += ep_rng_below(&rng, 8)
				     ? (int64_t)ep_rng_below(&rng, 12 * MS)
				     : 50 * MS;
			edge(t, ep_rng_below(&rng, 2));
		}
		settle(t + 100 * MS);
		assert_true(count <= (size_t)(t / (20 * MS)) + 1);
		assert_int_equal(count, p.pulse_count);
		assert_true(p.pulse_count + p.bounce_count <= edges);
		assert_true(2 * p.pulse_count + p.bounce_count + 1 >= edges);
		for (size_t i = 1; i < count; i++)
			assert_true(stamps[i] - stamps[i - 1] >= 20 * MS);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_pulse_has_the_stamp_of_its_first_edge,
				       begin),
		cmocka_unit_test_setup(the_fastest_pulses_are_all_counted,
				       begin),
		cmocka_unit_test_setup(a_contact_that_bounces_is_one_pulse,
				       begin),
		cmocka_unit_test_setup(a_spike_is_no_pulse_but_counted, begin),
		cmocka_unit_test_setup(
			two_edges_of_one_kind_make_no_second_pulse, begin),
		cmocka_unit_test_setup(a_pulse_that_began_before_is_none,
				       begin),
		cmocka_unit_test_setup(after_lost_edges_it_starts_anew, begin),
		cmocka_unit_test_setup(without_debounce_every_edge_counts,
				       begin),
		cmocka_unit_test_setup(nothing_is_lost_in_noise, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
