/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Volts times amps: what the limits of the factors make of the power. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

#define RUN_S 10.0

static double five_volts_uv(double t)
{
	(void)t;
	return 5e6;
}

static double two_amps_ua(double t)
{
	(void)t;
	return 2e6;
}

/* u of a term of energy_j of the whole run. */
static double term_of(struct support_channel channels[3], const char *name)
{
	struct support_sensor sensor = { .id = "pair",
					 .channels = channels,
					 .channel_count = 3 };
	struct support_run run = { .idle_s = 2,
				   .run_s = RUN_S,
				   .tail_s = 1,
				   .sensors = &sensor,
				   .sensor_count = 1,
				   .total = "pair.power" };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_metric *m =
		support_metric(support_total(r, "run"), "energy_j");
	double u = 0;

	support_near(m->value, 10 * RUN_S, 1e-6);
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			u = m->terms[i].u;
	ep_report_free(r);
	return u;
}

static void fill(struct support_channel channels[3])
{
	const struct support_channel made[3] = {
		{ { .name = "volts",
		    .quantity = EP_VOLTAGE_UV,
		    .offset = 20000 },
		  five_volts_uv },
		{ { .name = "amps",
		    .quantity = EP_CURRENT_UA,
		    .offset = 30000 },
		  two_amps_ua },
		{ { .name = "power",
		    .quantity = EP_POWER_UW,
		    .role = EP_ROLE_TOTAL,
		    .flags = EP_CHANNEL_PRODUCT,
		    .gain_ppm = 10000,
		    .volts_index = 0,
		    .amps_index = 1 },
		  NULL },
	};

	memcpy(channels, made, sizeof(made));
}

/* 5 V * 30 mA and 2 A * 20 mV, apart from each other. */
static void offsets_of_the_factors_are_in_the_power(void **state)
{
	struct support_channel channels[3];

	(void)state;
	fill(channels);
	support_near(term_of(channels, "offset"),
		     hypot(0.150, 0.040) / sqrt(3) * RUN_S, 1e-9);
}

static void what_the_product_says_itself_comes_first(void **state)
{
	struct support_channel channels[3];

	(void)state;
	fill(channels);
	channels[2].ch.offset = 700000;
	support_near(term_of(channels, "offset"), 0.7 / sqrt(3) * RUN_S, 1e-9);
	support_near(term_of(channels, "gain"), 0.01 * 10 * RUN_S / sqrt(3),
		     1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_of_the_factors_are_in_the_power),
		cmocka_unit_test(what_the_product_says_itself_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
