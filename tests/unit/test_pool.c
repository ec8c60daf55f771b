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
#include "profiler/analyze/pool.h"
#include "tests/unit/support_run.h"

/* Slow meters: samples of the same phase of many requests together. */

#define POWER(...)                                                           \
	{                                                                    \
		.name = "p", .quantity = EP_POWER_UW, .role = EP_ROLE_TOTAL, \
		__VA_ARGS__                                                  \
	}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

static const struct ep_metric *total(const struct ep_report *r,
				     const char *scope, const char *name)
{
	return support_metric(support_total(r, scope), name);
}

#define REQUESTS_MAX 24

/* Requests of 0.4 s every 0.9 s: 8 W in prefill, else 2 W. */
static double requests_uw(double t)
{
	double in = fmod(t + 1e-9, 0.9);

	return t > 0 && in >= 0.2 && in < 0.6 ? 8e6 : 2e6;
}

static struct ep_report *slow_meter(size_t requests)
{
	struct support_mark marks[2 * REQUESTS_MAX];
	const struct support_channel c = { POWER(.gain_ppm = 0), requests_uw };
	struct support_run run = { .interval_ns = 500 * EP_NS_PER_MS,
				   .run_s = 22,
				   .tail_s = 1,
				   .marks = marks,
				   .mark_count = 2 * requests };
	const struct support_sensor sensor = { .id = "psu",
					       .poll_ns = 500 * EP_NS_PER_MS,
					       .channels = &c,
					       .channel_count = 1 };

	for (size_t i = 0; i < requests; i++) {
		double at = 0.9 * (double)i + 0.2;

		marks[2 * i] = (struct support_mark){ at, "prefill", 10, 0 };
		marks[2 * i + 1] = (struct support_mark){ at + 0.4, "", -1, 0 };
	}
	run.sensors = &sensor;
	run.sensor_count = 1;
	run.total = "psu.p";
	return support_run_analyze(&run);
}

/* Reads that fall into one of the first requests. */
static int64_t reads_inside(size_t requests)
{
	int64_t count = 0;

	for (int k = 0; k * 0.5 < 0.9 * (double)requests; k++)
		count += requests_uw(k * 0.5) > 5e6;
	return count;
}

static void slow_samples_are_pooled_over_requests(void **state)
{
	struct ep_report *r = slow_meter(20);
	const struct ep_metric *m = total(r, "prefill", "energy_j");
	int64_t n = reads_inside(20);
	char text[80];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "pooled over 20 requests, %d samples", (int)n);
	assert_true(n > 10);
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_non_null(strstr(m->reason, text));
	assert_int_equal(m->sample_count, n);
	/* Not what a line between two samples makes of 0.4 s. */
	support_near(m->value, 8 * 20 * 0.4, 1e-6);
	support_near(total(r, "prefill", "power_mean_w")->value, 8, 1e-9);
	support_near(total(r, "prefill", "j_per_token")->value,
		     8 * 20 * 0.4 / 200, 1e-8);
	/* All samples inside were equal. */
	support_near(term(m, "sampling"), 0, 1e-9);
	support_near(term(m, "interpolated"), 0, 0);
	ep_report_free(r);
}

static void too_few_samples_ask_for_more(void **state)
{
	struct ep_report *r = slow_meter(4);
	const struct ep_metric *m = total(r, "prefill", "energy_j");
	int64_t n = reads_inside(4);

	(void)state;
	assert_in_range(n, 1, 4);
	assert_int_equal(m->status, EP_STATUS_LOW_CONFIDENCE);
	assert_non_null(strstr(m->reason, "pooled over 4 requests"));
	assert_non_null(strstr(m->reason, "repetitions would do"));
	ep_report_free(r);
}

static void a_pool_says_what_it_is(void **state)
{
	struct ep_pool p = { .stretch_count = 20,
			     .request_count = 20,
			     .repeats = true,
			     .sample_count = 37,
			     .stretch_s = 1,
			     .update_s = 0.5 };
	char text[EP_POOL_TEXT_BYTES];

	(void)state;
	ep_pool_text(&p, text);
	assert_string_equal(text, "pooled over 20 requests, 37 samples");
	p.sample_count = 100;
	ep_pool_text(&p, text);
	assert_string_equal(text, "");
	p.sample_count = 2;
	p.request_count = 0;
	ep_pool_text(&p, text);
	assert_string_equal(text, "pooled over 20 stretches, 2 samples; about "
				  "50 repetitions would do");
	p = (struct ep_pool){ .stretch_count = 1,
			      .repeats = true,
			      .stretch_s = 0.2,
			      .update_s = 1 };
	ep_pool_text(&p, text);
	assert_string_equal(text,
			    "no sample in it; about 25 repetitions would do");
	/* The tail of a program, or the time between its phases. */
	p.repeats = false;
	ep_pool_text(&p, text);
	assert_string_equal(text, "no sample in it");
	p.repeats = true;
	p.sample_count = 1;
	ep_pool_text(&p, text);
	assert_string_equal(text,
			    "1 fresh sample; about 5 repetitions would do");
	/* Nothing says how often: no number. */
	p = (struct ep_pool){ .stretch_count = 1, .update_s = 1 };
	ep_pool_text(&p, text);
	assert_string_equal(text, "no sample in it");
	p = (struct ep_pool){ .stretch_count = 0 };
	ep_pool_text(&p, text);
	assert_string_equal(text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slow_samples_are_pooled_over_requests),
		cmocka_unit_test(too_few_samples_ask_for_more),
		cmocka_unit_test(a_pool_says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
