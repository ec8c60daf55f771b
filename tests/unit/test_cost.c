/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Money: published numbers and break-even. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "profiler/analyze/cost.h"
#include "tests/unit/support_run.h"

/* In cents, at 20 cents a kWh. */
static void the_published_table(void **state)
{
	static const struct {
		double cost, j_per_token, api_price, ratio;
	} rows[] = {
		{ 0.025, 0.0045, 15, 600 },
		{ 3.361, 0.6050, 15, 4.46 },
		{ 0.855, 0.1539, 60, 70.18 },
		{ 15.811, 2.8460, 60, 3.79 },
	};

	(void)state;
	support_near(ep_cost_per_million(1, 20), 5.5556, 5e-5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double cost = ep_cost_per_million(rows[i].j_per_token, 20);

		support_near(cost, rows[i].cost, 0.0005);
		/* The ratios were made of the printed costs. */
		support_near(rows[i].api_price / rows[i].cost, rows[i].ratio,
			     0.006);
	}
}

static void arithmetic_of_other_tables(void **state)
{
	(void)state;
	/* Two figures of one row of a table that disagree by 2.8 %. */
	support_near(6.50 / 26.36, 0.2466, 5e-5);
	support_near(0.2534 / (6.50 / 26.36) - 1, 0.028, 0.0005);
	support_near(ep_change_factor(19790.11, 259.51), 76.260, 0.0005);
	support_near(ep_change_factor(1, 4), -4, 1e-12);
	support_near(ep_change_factor(3, 3), 1, 1e-12);
}

/* A pair that differs by saved_w at full load, without prompts. */
static struct ep_break_even compare(double saved_w, double price_a,
				    double price_b, double share)
{
	const struct ep_device a = { 0, 2 + saved_w / 10, 1, 10 * share,
				     0, price_a };
	const struct ep_device b = { 0, 2, 1, 10, 0, price_b };
	const struct ep_load load = { 0, 1, 0.20 };
	struct ep_break_even e;

	ep_break_even(&a, &b, &load, &e);
	return e;
}

static void the_published_break_even(void **state)
{
	struct ep_break_even e = compare(19.08, 97, 598.80, 1);

	(void)state;
	support_near(e.price_more, 501.80, 1e-9);
	support_near(e.saved_w, 19.08, 1e-9);
	support_near(e.years, 15, 0.002);
	support_near(501.80 / (15 * 8.766 * 0.20), 19.08, 0.005);
	assert_int_equal(e.is, EP_PAYS_BACK);
	assert_true(e.a_count > 0.5 && e.a_count < 1.5);
}

static void verdicts(void **state)
{
	struct ep_break_even e = compare(-1, 97, 598.80, 1);

	(void)state;
	assert_int_equal(e.is, EP_NEVER);
	assert_true(isnan(e.years));
	e = compare(0, 97, 598.80, 1);
	assert_int_equal(e.is, EP_NEVER);
	e = compare(1, 97, 97, 1);
	assert_int_equal(e.is, EP_FROM_START);
	support_near(e.years, 0, 0);
	e = compare(-1, 200, 100, 1);
	assert_int_equal(e.is, EP_AT_FIRST);
	support_near(e.years, 100 / (8.766 * 0.2), 1e-9);
	/* At 40 % of the rate it takes three of them, at three times the
	 * price. */
	e = compare(19.08, 97, 598.80, 0.4);
	support_near(e.a_share, 2.5, 1e-12);
	support_near(e.a_count, 3, 0);
	support_near(e.price_more, 598.80 - 291, 1e-9);
}

static void idle_devices_take_power_too(void **state)
{
	const struct ep_device a = { 0.1, 3, 100, 5, 2.5, 97 };
	const struct ep_device b = { 0.01, 1, 1000, 20, 4, 598.80 };
	const struct ep_load load = { 8, 0.1, 0.20 };
	double a_s = 8.0 / 100 + 1.0 / 5, b_s = 8.0 / 1000 + 1.0 / 20;
	struct ep_break_even e;

	(void)state;
	ep_break_even(&a, &b, &load, &e);
	support_near(e.a_s, a_s, 1e-12);
	support_near(e.b_s, b_s, 1e-12);
	support_near(e.a_share, 0.1 * a_s / b_s, 1e-12);
	support_near(e.saved_w,
		     0.1 * (8 * 0.09 + 2) / b_s + (1 - e.a_share) * 2.5 -
			     0.9 * 4,
		     1e-9);
}

static void total_cost_of_ownership(void **state)
{
	const struct ep_owning a = { 0, 11500 }, b = { 4000, 7710 };
	struct ep_tco t;

	(void)state;
	ep_tco(&a, &b, 5, &t);
	support_near(t.months, 12.66, 0.005);
	support_near(t.a, 57500, 1e-9);
	support_near(t.b, 42550, 1e-9);
	support_near(t.saving, 14950, 1e-9);
	support_near(t.saving_share, 0.260, 0.0005);
	ep_tco(&b, &b, 5, &t);
	assert_true(isnan(t.months));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_table),
		cmocka_unit_test(arithmetic_of_other_tables),
		cmocka_unit_test(the_published_break_even),
		cmocka_unit_test(verdicts),
		cmocka_unit_test(idle_devices_take_power_too),
		cmocka_unit_test(total_cost_of_ownership),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
