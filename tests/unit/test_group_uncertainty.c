/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/distributions.h"
#include "profiler/analyze/group_uncertainty.h"
#include "tests/unit/support_run.h"

static void spread_is_divided_and_gain_is_not(void **state)
{
	const struct ep_group_run runs[] = {
		{ .value = 1, .u95 = 0.1, .u_common = 0.5 },
		{ .value = 2, .u95 = 0.1, .u_common = 0.5 },
		{ .value = (double)NAN, .u95 = (double)NAN },
		{ .value = 3, .u95 = 0.1, .u_common = 0.5 },
		{ .value = 4, .u95 = 0.1, .u_common = 0.5 },
	};
	struct ep_group_figure f;
	/* s^2/n = 5/12; u^2 = 2/3; (2/3)^2 / ((5/12)^2 / 3) = 7.68. */
	double u = sqrt(2.0 / 3);

	(void)state;
	ep_group_uncertainty(runs, 5, &f);
	assert_int_equal(f.run_count, 4);
	support_near(f.mean, 2.5, 1e-12);
	support_near(f.sd, sqrt(5.0 / 3), 1e-12);
	support_near(f.u, u, 1e-12);
	support_near(f.df, 7.68, 1e-9);
	support_near(f.u_common, 0.5, 1e-12);
	if (ep_distributions_are_there()) {
		support_near(f.k, 2.3226, 1e-3);
		support_near(f.u95, f.k * u, 1e-12);
	}
	assert_int_equal(f.status, EP_STATUS_OK);
	assert_string_equal(f.reason, "");
}

static void one_run_has_its_own_interval(void **state)
{
	const struct ep_group_run run = { .value = 2, .u95 = 0.3 };
	const struct ep_group_run none = { .value = (double)NAN };
	struct ep_group_figure f;

	(void)state;
	ep_group_uncertainty(&run, 1, &f);
	support_near(f.u95, 0.3, 0);
	assert_true(isnan(f.sd));
	assert_non_null(strstr(f.reason, "run-to-run spread unknown"));
	ep_group_uncertainty(&none, 1, &f);
	assert_int_equal(f.status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(f.mean));
	ep_group_uncertainty(NULL, 0, &f);
	assert_int_equal(f.status, EP_STATUS_NOT_MEASURED);
}

static void equal_runs_are_as_sure_as_their_gain(void **state)
{
	const struct ep_group_run runs[] = { { .value = 2, .u_common = 0.1 },
					     { .value = 2, .u_common = 0.1 } };
	struct ep_group_figure f;

	(void)state;
	ep_group_uncertainty(runs, 2, &f);
	support_near(f.sd, 0, 0);
	assert_true(isinf(f.df));
	support_near(f.u, 0.1, 1e-15);
	if (ep_distributions_are_there())
		support_near(f.u95, 0.1 * 1.959964, 1e-6);
}

static void slow_meters_are_pooled_over_runs(void **state)
{
	struct ep_group_run runs[] = {
		{ .value = 10, .sample_count = 2, .weight = 2 },
		{ .value = 13, .sample_count = 1, .weight = 1 },
		{ .value = 10, .sample_count = 2, .weight = 2 },
	};
	struct ep_group_figure f;

	(void)state;
	ep_group_uncertainty(runs, 3, &f);
	support_near(f.mean, 53.0 / 5, 1e-12);
	assert_int_equal(f.status, EP_STATUS_OK);
	assert_string_equal(f.reason, "pooled over 3 runs, 5 samples");
	ep_group_uncertainty(runs, 2, &f);
	assert_int_equal(f.status, EP_STATUS_LOW_CONFIDENCE);
	assert_string_equal(f.reason, "pooled over 2 runs, 3 samples; about 4 "
				      "runs would do");
}

static void a_report_tells_what_is_common(void **state)
{
	json_t *o = json_loads("{\"value\":12.5,\"u95\":1.5,\"status\":\"ok\","
			       "\"samples\":37,\"budget\":{\"gain\":0.3,"
			       "\"border\":0.5,\"offset\":0.4}}",
			       0, NULL);
	struct ep_group_run run = { .weight = 7 };

	(void)state;
	assert_non_null(o);
	ep_group_read_json(o, &run);
	support_near(run.value, 12.5, 0);
	support_near(run.u95, 1.5, 0);
	support_near(run.u_common, 0.5, 1e-15);
	support_near(run.weight, 7, 0);
	assert_int_equal(run.sample_count, 37);
	json_object_set_new(o, "value", json_null());
	json_object_del(o, "samples");
	json_object_del(o, "budget");
	ep_group_read_json(o, &run);
	assert_true(isnan(run.value));
	support_near(run.u_common, 0, 0);
	assert_int_equal(run.sample_count, 0);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spread_is_divided_and_gain_is_not),
		cmocka_unit_test(one_run_has_its_own_interval),
		cmocka_unit_test(equal_runs_are_as_sure_as_their_gain),
		cmocka_unit_test(slow_meters_are_pooled_over_runs),
		cmocka_unit_test(a_report_tells_what_is_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
