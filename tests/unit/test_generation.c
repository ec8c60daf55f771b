/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/model.h"
#include "profiler/analyze/position.h"
#include "tests/unit/support_run.h"

/* Within a generation: its slope, its outliers, what its power goes with. */

static const struct support_mark marks[] = {
	{ 0.5, "prefill", 100, 0 },
	{ 1, "generation", -1, 80 },
	{ 5, "", -1, 0 },
};
#define MARKS .marks = marks, .mark_count = 3

/* 8 W and 0.2 W more each second: 0.5 mJ more with each token of 50 ms. */
static double rising_uw(double t)
{
	return t < 1 ? 3e6 : 8e6 + 0.2e6 * (t - 1);
}

static double throttled(double t)
{
	return t > 2.001 && t < 3.001;
}

static const struct support_channel power = { { .name = "p",
						.quantity = EP_POWER_UW,
						.role = EP_ROLE_TOTAL,
						.gain_ppm = 10000 },
					      rising_uw };

static struct ep_report *rising(int64_t poll_ns)
{
	const struct support_channel alarm = { { .name = "throttled",
						 .quantity = EP_COUNT,
						 .flags = EP_CHANNEL_ALARM },
					       throttled };
	const struct support_sensor sensors[] = {
		{ .id = "psu",
		  .poll_ns = poll_ns,
		  .channels = &power,
		  .channel_count = 1 },
		{ .id = "fw", .channels = &alarm, .channel_count = 1 },
	};
	const struct support_run run = { .run_s = 6,
					 .tail_s = 1,
					 .sensors = sensors,
					 .sensor_count = 2,
					 .total = "psu.p",
					 MARKS };

	return support_run_analyze(&run);
}

static void energy_grows_with_the_context(void **state)
{
	struct ep_report *r = rising(10 * EP_NS_PER_MS);
	const struct ep_generation_profile *g = r->generation;

	(void)state;
	assert_non_null(g);
	assert_int_equal(g->token_count, 79);
	assert_int_equal(g->request_count, 1);
	assert_string_equal(g->energy.slope.name,
			    "slope_j_per_token_per_1000_tokens");
	assert_int_equal(g->energy.slope.status, EP_STATUS_OK);
	support_near(g->energy.slope.value, 0.5, 1e-6);
	/* Nothing but the gain is unsure. */
	support_near(g->energy.slope.u95, 0.5 * 2 * 0.01 / sqrt(3), 1e-4);
	support_near(g->energy.mean.value, 8.4 * 0.05, 0.01);
	support_near(g->time.slope.value, 0, 1e-9);
	support_near(g->time.mean.value, 0.05, 1e-9);
	assert_int_equal(g->outlier_count, 0);
	assert_string_equal(g->outlier_reason, "");
	/* 8 W for 50 ms, and 0.5 mJ more with each token. */
	assert_in_range(g->place_count, 20, EP_TOKEN_PLACES_MAX);
	for (size_t i = 0; i < g->place_count; i++) {
		const struct ep_token_place *p = &g->places[i];

		support_near(p->energy_j, 0.4 + 0.0005 * (p->place - 1.5),
			     1e-4);
		support_near(p->seconds, 0.05, 1e-9);
		assert_true(i == 0 || p->place > p[-1].place);
	}
	ep_report_free(r);
}

/* A meter slower than tokens: fewer blocks, the same slope. */
static void a_slow_meter_takes_longer_blocks(void **state)
{
	struct ep_report *r = rising(40 * EP_NS_PER_MS);
	const struct ep_generation_profile *g = r->generation;

	(void)state;
	support_near(g->block_tokens, 4, 0);
	assert_int_equal(g->energy.slope.status, EP_STATUS_OK);
	support_near(g->energy.slope.value, 0.5, 1e-3);
	ep_report_free(r);
	r = rising(250 * EP_NS_PER_MS);
	g = r->generation;
	assert_int_equal(g->energy.slope.status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(g->energy.slope.value));
	assert_non_null(strstr(g->energy.slope.reason, "8 are needed"));
	ep_report_free(r);
}

static void tokens_under_an_alarm_are_told_apart(void **state)
{
	struct ep_report *r = rising(10 * EP_NS_PER_MS);
	const struct ep_generation_profile *g = r->generation;

	(void)state;
	assert_string_equal(g->alarm, "fw.throttled");
	assert_in_range(g->throttled_count, 20, 22);
	support_near(g->throttled_j.value, 8.3 * 0.05, 0.001);
	support_near(g->throttled_s.value, 0.05, 1e-9);
	support_near(g->other_s.value, 0.05, 1e-9);
	ep_report_free(r);
}

#define LINES 64
static char line_texts[LINES][64];
static const char *lines[LINES + 1];

/* Tokens each 50 ms, but one that takes 230 ms. */
static void make_lines(size_t count)
{
	double t = 1;

	for (size_t i = 0; i < count; i++) {
		(void)snprintf(line_texts[i], sizeof(line_texts[i]),
			       "%lld,0,token,,,,MARKED,1:1,",
			       (long long)(SUPPORT_GATE_NS + llround(t * 1e9)));
		lines[i] = line_texts[i];
		t += i == 40 ? 0.23 : 0.05;
	}
	lines[count] = NULL;
}

static struct ep_report *few_tokens(size_t count)
{
	static const struct support_mark plain[] = {
		{ 0.5, "prefill", 100, 0 },
		{ 1, "generation", -1, 0 },
		{ 5, "", -1, 0 },
	};
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &power,
					       .channel_count = 1 };
	const struct support_run run = { .run_s = 6,
					 .tail_s = 1,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.p",
					 .marks = plain,
					 .mark_count = 3,
					 .lines = lines };

	make_lines(count);
	return support_run_analyze(&run);
}

static void a_late_token_is_an_outlier(void **state)
{
	struct ep_report *r = few_tokens(60);
	const struct ep_generation_profile *g = r->generation;

	(void)state;
	assert_non_null(g);
	assert_int_equal(g->outlier_count, 1);
	assert_int_equal(g->outliers[0].index, 42);
	assert_true(g->outliers[0].by_time);
	assert_true(g->outliers[0].by_energy);
	assert_false(g->outliers[0].throttled);
	support_near(g->outliers[0].seconds, 0.23, 1e-9);
	support_near(g->outliers[0].times, 4.6, 0.2);
	assert_string_equal(g->alarm, "");
	ep_report_free(r);
}

static void hardly_any_tokens_have_no_profile(void **state)
{
	struct ep_report *r = few_tokens(0);
	const struct ep_generation_profile *g;

	(void)state;
	assert_null(r->generation);
	ep_report_free(r);
	r = few_tokens(1);
	assert_null(r->generation);
	ep_report_free(r);
	r = few_tokens(5);
	g = r->generation;
	assert_non_null(g);
	assert_int_equal(g->token_count, 4);
	assert_int_equal(g->energy.slope.status, EP_STATUS_NOT_MEASURED);
	assert_int_equal(g->time.slope.status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(g->outlier_reason, "20 are needed"));
	ep_report_free(r);
}

/* Two requests of different cost: their difference is no slope. */
static void requests_have_their_own_level(void **state)
{
	struct ep_token_block b[20];
	struct ep_slope fit;

	(void)state;
	for (int i = 0; i < 20; i++) {
		double noise = i % 2 ? 0.01 : -0.01;

		b[i] = (struct ep_token_block){
			.request = 1 + i / 10,
			.place = i < 10 ? 10 * i : 500 + 10 * i,
			.tokens = 10,
			.seconds = 0.1,
			.energy_j = (i < 10 ? 1 : 3) + noise,
		};
	}
	ep_position_fit(b, 20, EP_BLOCK_ENERGY, 0, &fit);
	assert_int_equal(fit.slope.status, EP_STATUS_OK);
	assert_true(fabs(fit.slope.value) < fit.slope.u95);
	assert_true(fit.slope.u95 < 0.5);
	support_near(fit.mean.value, 2, 1e-12);
	b[3].energy_j = (double)NAN;
	ep_position_fit(b, 7, EP_BLOCK_ENERGY, 0, &fit);
	assert_int_equal(fit.slope.status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(fit.slope.reason, "6 blocks"));
	ep_position_fit(b, 0, EP_BLOCK_ENERGY, 0, &fit);
	assert_int_equal(fit.slope.status, EP_STATUS_NOT_MEASURED);
}

#define TWO_PI 6.283185307179586
/* 1e10 instructions a second, more or less; so many were counted by t. */
static double instructions(double t)
{
	return 1e10 * (t + 0.5 * 0.7 / TWO_PI * sin(TWO_PI * t / 0.7));
}
static double branches(double t)
{
	return 2 * instructions(t);
}
static double misses(double t)
{
	return 1e6 * (t - 0.8 * 1.3 / TWO_PI * cos(TWO_PI * t / 1.3) + 1);
}
static double faults(double t)
{
	return 1000 * t;
}
static double core_uw(double t)
{
	return 5e6 + 2e6 * cos(TWO_PI * t / 0.7);
}
/* A microjoule for each miss. */
static double dram_uw(double t)
{
	return 1e6 + 1e6 * (1 + 0.8 * sin(TWO_PI * t / 1.3));
}
static double flat_uw(double t)
{
	(void)t;
	return 2e6;
}

#define EVENT(n)                                                      \
	{                                                             \
		.name = n, .quantity = EP_COUNT, .shape = EP_COUNTER, \
		.flags = EP_CHANNEL_EVENT                             \
	}
#define RAIL(n)                                                           \
	{                                                                 \
		.name = n, .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL \
	}

static const struct support_channel rails[] = { { RAIL("core"), core_uw },
						{ RAIL("dram"), dram_uw },
						{ RAIL("io"), flat_uw } };
static const struct support_channel events[] = {
	{ EVENT("instructions"), instructions },
	{ EVENT("branches"), branches },
	{ EVENT("cache-misses"), misses },
	{ EVENT("page-faults"), faults },
};

static struct ep_report *associate(size_t event_count, double generation_s)
{
	const struct support_mark m[] = {
		{ 0.5, "prefill", 100, 0 },
		{ 1, "generation", -1, 20 },
		{ 1 + generation_s, "", -1, 0 },
	};
	const struct support_sensor sensors[] = {
		{ .id = "psu", .channels = rails, .channel_count = 3 },
		{ .id = "counters",
		  .channels = events,
		  .channel_count = event_count },
	};
	const struct support_run run = { .run_s = 8,
					 .tail_s = 0.5,
					 .sensors = sensors,
					 .sensor_count = event_count ? 2 : 1,
					 .total = "psu.core,psu.dram,psu.io",
					 .marks = m,
					 .mark_count = 3 };

	return support_run_analyze(&run);
}

static void each_rail_goes_with_its_counter(void **state)
{
	struct ep_report *r = associate(4, 6);
	const struct ep_associations *s = r->associations;
	const struct ep_association *dram;

	(void)state;
	assert_string_equal(s->reason, "");
	assert_int_equal(s->rail_count, 3);
	assert_true(s->window_count > 100);
	support_near(s->window_s, 0.05, 0.001);
	assert_string_equal(s->rails[0].channel, "psu.core");
	assert_string_equal(s->rails[0].follows, "instructions");
	assert_true(s->rails[0].correlation > 0.99);
	dram = &s->rails[1];
	assert_string_equal(dram->follows, "cache_misses");
	assert_true(dram->correlation > 0.99);
	support_near(dram->mean_w, 2, 0.1);
	assert_true(dram->r2 > 0.99);
	assert_true(dram->residual_w < 0.02);
	assert_true(fabs(dram->residual_max_w) >= dram->residual_w);
	assert_true(fabs(dram->residual_max_w) < 0.2);
	assert_true(dram->residual_max_at_s > 0);
	assert_true(dram->residual_max_at_s < 8);
	/* Joules of a miss, as they were made. */
	support_near(dram->predictors[2].event_j, 1e-6, 1e-8);
	assert_true(dram->predictors[2].u95 < 1e-8);
	/* A flat rail goes with nothing. */
	assert_string_equal(s->rails[2].follows, "");
	ep_report_free(r);
}

static void counters_that_tell_nothing_are_named(void **state)
{
	struct ep_report *r = associate(4, 6);
	const struct ep_predictor *p = r->associations->rails[0].predictors;

	(void)state;
	assert_int_equal(r->associations->rails[0].predictor_count, 4);
	assert_string_equal(p[1].name, "branches");
	assert_false(p[1].used);
	assert_non_null(strstr(p[1].reason, "follows from the ones before"));
	assert_true(isnan(p[1].event_j));
	assert_string_equal(p[3].name, "page_faults");
	assert_false(p[3].used);
	assert_non_null(strstr(p[3].reason, "did not vary"));
	assert_true(p[0].used && p[2].used);
	ep_report_free(r);
}

static void too_little_to_associate_says_so(void **state)
{
	struct ep_report *r = associate(0, 6);

	(void)state;
	assert_int_equal(r->associations->rail_count, 0);
	assert_non_null(strstr(r->associations->reason, "no counters"));
	ep_report_free(r);
	r = associate(4, 0.6);
	assert_int_equal(r->associations->rail_count, 0);
	assert_non_null(strstr(r->associations->reason, "25 are needed"));
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(energy_grows_with_the_context),
		cmocka_unit_test(a_slow_meter_takes_longer_blocks),
		cmocka_unit_test(tokens_under_an_alarm_are_told_apart),
		cmocka_unit_test(a_late_token_is_an_outlier),
		cmocka_unit_test(hardly_any_tokens_have_no_profile),
		cmocka_unit_test(requests_have_their_own_level),
		cmocka_unit_test(each_rail_goes_with_its_counter),
		cmocka_unit_test(counters_that_tell_nothing_are_named),
		cmocka_unit_test(too_little_to_associate_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
