/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cost, and another run beside a report. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "profiler/analyze/asked.h"
#include "profiler/analyze/section.h"
#include "tests/unit/support_run.h"

static double five_watts(double t)
{
	return t < 0 ? 2e6 : 5e6;
}

static double four_watts(double t)
{
	return t < 0 ? 2e6 : 4e6;
}

static struct ep_report *a_run(double (*watts)(double t), int64_t tokens)
{
	const struct support_channel power = { { .name = "power",
						 .quantity = EP_POWER_UW,
						 .role = EP_ROLE_TOTAL,
						 .refresh_ns =
							 10 * EP_NS_PER_MS,
						 .gain_ppm = 10000,
						 .offset = 10000 },
					       watts };
	const struct support_sensor psu = { .id = "psu",
					    .channels = &power,
					    .channel_count = 1 };
	const struct support_mark marks[] = {
		{ 0, "load", -1, 0 },
		{ 1, "prefill", 80, 0 },
		{ 2, "generation", -1, (int)tokens },
		{ 12, "", -1, 0 },
	};
	const struct support_run run = { .idle_s = 2,
					 .run_s = 13,
					 .tail_s = 0.1,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 4 };
	struct ep_report *r = support_run_analyze(&run);

	json_object_set_new(r->run, "host", json_pack("{s:s}", "name", "here"));
	return r;
}

static const struct ep_metric *figure(const struct ep_report *r,
				      const char *key, const char *scope,
				      const char *name)
{
	for (size_t i = 0; r->sections && i < r->sections->count; i++) {
		const struct ep_section *s = r->sections->items[i];

		for (size_t k = 0; k < s->row_count; k++)
			for (size_t n = 0; n < s->rows[k].metric_count; n++)
				if (strcmp(s->key, key) == 0 &&
				    strcmp(s->rows[k].scope, scope) == 0 &&
				    strcmp(s->rows[k].metrics[n].name, name) ==
					    0)
					return &s->rows[k].metrics[n];
	}
	fail_msg("no %s.%s.%s", key, scope, name);
	return NULL;
}

static double term(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u;
	return 0;
}

static void answer(struct ep_report *r, const struct ep_asked *q)
{
	struct ep_err err = { 0 };

	if (ep_asked_answer(r, q, &err) < 0)
		fail_msg("%s", err.text);
}

static void a_report_tells_input_and_output_apart(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	struct ep_asked q;
	const struct ep_metric *m;
	double in = 5.0 / 80, out = 50.0 / 100;

	(void)state;
	ep_asked_init(&q);
	q.price_per_kwh = 0.20;
	q.supply_yield = 0.8;
	q.api_price[0] = 0.15;
	q.api_price[1] = 0.60;
	answer(r, &q);
	m = figure(r, "cost", "input", "cost_per_million_tokens");
	support_near(m->value, in / 3.6 * 0.2 / 0.8, 1e-6);
	support_near(m->u95 / m->value,
		     figure(r, "cost", "input", "j_per_token")->u95 / in, 1e-6);
	m = figure(r, "cost", "output", "cost_per_million_tokens");
	support_near(m->value, out / 3.6 * 0.2 / 0.8, 1e-6);
	support_near(figure(r, "cost", "output", "api_price_ratio")->value,
		     0.60 / (out / 3.6 * 0.25), 1e-3);
	/* 11 s at 5 W for 101 tokens, load apart. */
	support_near(figure(r, "cost", "answer", "j_per_token")->value,
		     55.0 / 101, 1e-6);
	ep_report_free(r);
}

static void load_and_idle_are_in_it_when_asked(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	const struct ep_metric *m;
	struct ep_asked q;

	(void)state;
	ep_asked_init(&q);
	q.price_per_kwh = 0.20;
	q.with_load = q.with_idle = true;
	q.duty_per_h = 36; /* one in 100 s: 87 s idle at 2 W */
	answer(r, &q);
	m = figure(r, "cost", "answer", "j_per_token");
	support_near(m->value, (55 + 5 + 87 * r->idle_power_w.value) / 101,
		     1e-6);
	support_near(r->idle_power_w.value, 2, 0.01);
	/* The gain of one meter is in all of it, once. */
	support_near(term(m, "gain"), m->value * 0.01 / sqrt(3), 1e-5);
	ep_report_free(r);
}

static void free_energy_has_no_ratio(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	const struct ep_metric *m;
	struct ep_asked q;

	(void)state;
	ep_asked_init(&q);
	q.price_per_kwh = 0;
	q.api_price[0] = q.api_price[1] = 1;
	answer(r, &q);
	support_near(
		figure(r, "cost", "input", "cost_per_million_tokens")->value, 0,
		0);
	m = figure(r, "cost", "input", "api_price_ratio");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_string_equal(m->reason, "the energy costs nothing");
	ep_report_free(r);
}

static void a_common_gain_cancels(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	struct ep_report *other = a_run(four_watts, 101);
	const struct ep_metric *m;
	struct ep_asked q;

	(void)state;
	ep_asked_init(&q);
	q.against = other;
	q.against_name = "other";
	answer(r, &q);
	m = figure(r, "against", "generation.j_per_token", "ratio");
	support_near(m->value, 1.25, 1e-6);
	support_near(term(m, "gain"), 0, 0);
	/* u(W0) * |T_A / E_A - T_B / E_B|, of R. */
	support_near(term(m, "offset"),
		     1.25 * 0.01 / sqrt(3) * fabs(1 / 5.0 - 1 / 4.0), 1e-6);
	m = figure(r, "against", "generation.j_per_token", "change_factor");
	support_near(m->value, 1.25, 1e-6);
	ep_report_free(r);
	/* The other way round, and on another machine. */
	r = a_run(four_watts, 101);
	ep_report_free(other);
	other = a_run(five_watts, 101);
	json_object_del(other->run, "host");
	q.against = other;
	answer(r, &q);
	m = figure(r, "against", "generation.j_per_token", "change_factor");
	support_near(m->value, -1.25, 1e-6);
	m = figure(r, "against", "generation.j_per_token", "ratio");
	support_near(term(m, "gain"), 0.8 * 0.01 / sqrt(3) * sqrt(2), 1e-6);
	ep_report_free(r);
	ep_report_free(other);
}

static void actions_of_unequal_length_are_not_compared(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	struct ep_report *other = a_run(five_watts, 75);
	const struct ep_metric *m;
	struct ep_asked q;

	(void)state;
	ep_asked_init(&q);
	q.against = other;
	q.against_name = "other";
	answer(r, &q);
	m = figure(r, "against", "generation.action_j_s_per_token", "ratio");
	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_non_null(strstr(m->reason, "101 and 75 tokens"));
	assert_non_null(strstr(m->reason, "--normalise"));
	ep_report_free(r);
	r = a_run(five_watts, 101);
	q.normalise = true;
	answer(r, &q);
	m = figure(r, "against", "generation.edp_j_s_per_token2", "ratio");
	support_near(m->value, 75.0 * 75 / (101.0 * 101), 1e-6);
	ep_report_free(r);
	ep_report_free(other);
}

static void a_saving_within_its_uncertainty_decides_nothing(void **state)
{
	struct ep_report *r = a_run(five_watts, 101);
	struct ep_report *other = a_run(five_watts, 101);
	struct ep_asked q;
	const struct ep_section *s;

	(void)state;
	ep_asked_init(&q);
	q.against = other;
	q.against_name = "other";
	q.price_per_kwh = 0.2;
	q.device_price[0] = 97;
	q.device_price[1] = 598.80;
	q.ratios[0] = 8;
	q.utilisations[0] = 0.5;
	q.ratio_count = q.utilisation_count = 1;
	answer(r, &q);
	s = r->sections->items[r->sections->count - 1];
	assert_string_equal(s->key, "break_even");
	assert_int_equal(s->row_count, 1);
	assert_string_equal(s->rows[0].scope, "8:1 at 50 %");
	assert_string_equal(s->rows[0].what,
			    "cannot tell: within the uncertainty");
	assert_true(figure(r, "break_even", s->rows[0].scope, "power_saved_w")
			    ->u95 > 0);
	ep_report_free(r);
	/* A board that does the same for a tenth less, and a price that a
	 * reader can divide by. */
	r = a_run(five_watts, 101);
	ep_report_free(other);
	other = a_run(four_watts, 101);
	q.against = other;
	answer(r, &q);
	s = r->sections->items[r->sections->count - 1];
	assert_string_equal(s->rows[0].what, "pays back");
	/* Both compute all the time they are busy, at 5 and 4 W. */
	support_near(s->rows[0].metrics[0].value, 0.5, 1e-6);
	support_near(s->rows[0].metrics[1].value,
		     501.80 / (0.5 / 1000 * 8766 * 0.2), 1e-3);
	ep_report_free(r);
	ep_report_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_report_tells_input_and_output_apart),
		cmocka_unit_test(load_and_idle_are_in_it_when_asked),
		cmocka_unit_test(free_energy_has_no_ratio),
		cmocka_unit_test(a_common_gain_cancels),
		cmocka_unit_test(actions_of_unequal_length_are_not_compared),
		cmocka_unit_test(
			a_saving_within_its_uncertainty_decides_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
