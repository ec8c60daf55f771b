/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Refresh, repeats, gaps and the grid as they were measured. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/analyze.h"
#include "profiler/analyze/hist.h"
#include "tests/unit/support_run.h"

static void quantiles_are_type_7(void **state)
{
	double v[] = { 7, 1, 3, 2, 9, 4 };
	double same[] = { 5, 5, 5, 5 };

	(void)state;
	assert_true(isnan(ep_quantile_f64(v, 0, 0.5)));
	support_near(ep_quantile_f64(v, 1, 0.9), 7, 0);
	support_near(ep_quantile_f64(v, 6, 0.5), 3.5, 1e-12);
	support_near(ep_quantile_f64(v, 6, 0.9), 8, 1e-12);
	support_near(ep_quantile_f64(v, 6, 0), 1, 0);
	support_near(ep_quantile_f64(v, 6, 1), 9, 0);
	support_near(ep_quantile_f64(same, 4, 0.99), 5, 0);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void selection_agrees_with_sorting(void **state)
{
	uint64_t seed = 12345;

	(void)state;
	for (size_t n = 1; n < 200; n++) {
		double v[200], sorted[200];
		double q = (double)(n % 21) / 20, at = q * (double)(n - 1);
		size_t k = (size_t)at;

		for (size_t i = 0; i < n; i++) {
			seed = seed * 6364136223846793005ULL + 1;
			v[i] = (double)((seed >> 33) % (n % 7 ? 1000 : 3));
			sorted[i] = v[i];
		}
		qsort(sorted, n, sizeof(*sorted), by_value);
		support_near(ep_quantile_f64(v, n, q),
			     sorted[k] + (at - (double)k) *
						 (sorted[k + (k + 1 < n)] -
						  sorted[k]),
			     1e-9);
	}
}

static void a_histogram_knows_its_median(void **state)
{
	struct ep_hist *h = calloc(1, sizeof(*h));

	(void)state;
	assert_non_null(h);
	assert_true(isnan(ep_hist_quantile_ns(h, 0.5)));
	ep_hist_add(h, INT64_MAX);
	ep_hist_add(h, 0);
	ep_hist_add(h, -5);
	for (int i = 0; i < 1000; i++)
		ep_hist_add(h, 10000000 + i % 3 * 1000);
	support_near(ep_hist_quantile_ns(h, 0.5), 10001000, 1100);
	support_near(ep_hist_quantile_ns(h, 0), 0, 0);
	free(h);
}

static double held_uw(double t)
{
	return 1e6 * floor(t / 0.03 + 1e-6);
}

static double drift_uw(double t)
{
	return 1e6 * (4 + t);
}

static double flat_uw(double t)
{
	(void)t;
	return 5e6;
}

static bool skip_some(double t, size_t channel)
{
	return channel == 1 && t > 1 && t < 1.5;
}

static void channels_are_watched_one_by_one(void **state)
{
	const struct support_channel channels[] = {
		{ { .name = "held",
		    .quantity = EP_POWER_UW,
		    .refresh_ns = 10 * EP_NS_PER_MS },
		  held_uw },
		{ { .name = "drift", .quantity = EP_POWER_UW }, drift_uw },
		{ { .name = "flat", .quantity = EP_POWER_UW }, flat_uw },
	};
	const struct support_sensor sensor = { .id = "psu",
					       .channels = channels,
					       .channel_count = 3,
					       .skip_cell = skip_some,
					       .flags = EP_SAMPLE_UNPROVEN };
	const struct support_run run = { .idle_s = 1,
					 .run_s = 2,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.flat" };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_health *h = r->health;

	(void)state;
	assert_int_equal(r->health_count, 3);
	assert_string_equal(h[0].unit, "w");
	assert_int_equal(h[0].declared_refresh_ns, 10 * EP_NS_PER_MS);
	support_near(h[0].measured_refresh_s, 0.03, 1e-9);
	support_near(h[0].poll_s, 0.01, 1e-9);
	assert_int_equal(h[0].read_count, 301);
	assert_int_equal(h[0].repeat_count, 200);
	assert_int_equal(h[0].error_count, 0);
	assert_int_equal(h[1].error_count, 49);
	assert_int_equal(h[1].gap_count, 1);
	support_near(h[1].max_gap_s, 0.5, 1e-6);
	assert_true(isnan(h[2].measured_refresh_s));
	assert_int_equal(h[2].repeat_count, 300);
	assert_true(support_warned(r, "sensor-gaps"));
	/* A value that never changed, with no proof of freshness. */
	assert_int_equal(
		support_metric(support_total(r, "run"), "energy_j")->status,
		EP_STATUS_LOW_CONFIDENCE);
	ep_report_free(r);
}

static double no_thread(double t)
{
	(void)t;
	return 0;
}

static int64_t threads_seen_in(double run_s)
{
	const struct support_channel channel = { { .name = "threads_busy",
						   .quantity = EP_COUNT,
						   .refresh_ns =
							   200 * EP_NS_PER_MS },
						 no_thread };
	const struct support_sensor sensor = { .id = "cpu_use",
					       .channels = &channel,
					       .channel_count = 1 };
	const struct support_run run = { .run_s = run_s,
					 .sensors = &sensor,
					 .sensor_count = 1 };
	struct ep_report *r = support_run_analyze(&run);
	int64_t seen = r->threads_seen;

	ep_report_free(r);
	return seen;
}

static void no_busy_thread_needs_two_looks(void **state)
{
	(void)state;
	assert_int_equal(threads_seen_in(0.15), -1);
	assert_int_equal(threads_seen_in(1), 0);
}

static void the_grid_is_measured(void **state)
{
	static const char *const facts[] = { "self.cpu_ns=30000000",
					     "self.wakeups=812",
					     "self.bytes=123456",
					     "sampler.scheduler=other",
					     "child.utime_ns=900000000",
					     "child.stime_ns=70000000",
					     NULL };
	static const char ticks[] = "due_ns,late_ns,missed\n"
				    "1000000000000,10000,0\n"
				    "1000010000000,3000000,0\n"
				    "1000040000000,20000,2\n"
				    "1000050000000,30000,0\n"
				    "1000060000000,40";
	const struct support_run run = { .run_s = 2,
					 .tail_s = 0.5,
					 .facts = facts };
	struct support_folder folder;
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };

	(void)state;
	support_run_make(&run, &folder);
	support_run_write(&folder, "ticks.csv", ticks, sizeof(ticks) - 1);
	assert_int_equal(ep_analyze_run(folder.fd, -1, &r, &err), 0);
	assert_int_equal(r->grid.tick_count, 4);
	assert_int_equal(r->grid.missed_count, 2);
	support_near(r->grid.interval_s, 0.01, 0);
	support_near(r->grid.late_p50_us, 25, 1e-9);
	support_near(r->grid.late_max_us, 3000, 1e-9);
	support_near(r->grid.interval_mean_s, 0.05002 / 3, 1e-9);
	support_near(r->grid.self_cpu_s, 0.03, 1e-12);
	support_near(r->grid.self_cpu_share, 0.03 / 2.5, 1e-12);
	assert_int_equal(r->grid.self_wakeups, 812);
	assert_int_equal(r->grid.self_bytes, 123456);
	assert_true(isnan(r->grid.self_energy_j));
	assert_true(support_warned(r, "missed-ticks"));
	assert_true(support_warned(r, "scheduler-other"));
	ep_report_free(r);
	support_run_remove(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_type_7),
		cmocka_unit_test(selection_agrees_with_sorting),
		cmocka_unit_test(a_histogram_knows_its_median),
		cmocka_unit_test(channels_are_watched_one_by_one),
		cmocka_unit_test(no_busy_thread_needs_two_looks),
		cmocka_unit_test(the_grid_is_measured),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
