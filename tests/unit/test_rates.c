/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reciprocals, rates as other tools print them, visible tokens, first tokens. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/analyze/model.h"
#include "tests/unit/support_run.h"

static double load_uw(double t)
{
	return t < 0.05 ? 2e6 : 6e6;
}

static const struct support_channel power = { { .name = "power",
						.quantity = EP_POWER_UW,
						.role = EP_ROLE_TOTAL,
						.refresh_ns = 10 * EP_NS_PER_MS,
						.gain_ppm = 10000 },
					      load_uw };
static const struct support_sensor psu = { .id = "psu",
					   .channels = &power,
					   .channel_count = 1 };

static double value(const struct ep_row *row, const char *name)
{
	const struct ep_metric *m = support_metric(row, name);

	if (m->status != EP_STATUS_OK)
		fail_msg("%s is %s: %s", name, ep_status_name(m->status),
			 m->reason);
	return m->value;
}

static void refused(const struct ep_row *row, const char *name,
		    const char *reason)
{
	const struct ep_metric *m = support_metric(row, name);

	assert_int_equal(m->status, EP_STATUS_NOT_MEASURED);
	assert_true(isnan(m->value));
	if (!strstr(m->reason, reason))
		fail_msg("%s: '%s'", name, m->reason);
}

static void tokens_per_joule_are_the_reciprocals(void **state)
{
	static const struct support_mark marks[] = {
		{ 0, "load", -1, 0 },
		{ 0.5, "prefill", 80, 0 },
		{ 1.0, "generation", -1, 101 },
		{ 11.0, "", -1, 0 },
	};
	const struct support_run run = { .idle_s = 2,
					 .run_s = 12,
					 .tail_s = 0.1,
					 .sensors = &psu,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 4 };
	struct ep_report *r = support_run_analyze(&run);
	const struct ep_row *g = support_phase(r, "generation");
	const struct ep_metric *m = support_metric(g, "tokens_per_j");

	(void)state;
	/* 60 J, 40 J of them above idle, for 100 steps in 10 s. */
	support_near(value(g, "tokens_per_j"), 100.0 / 60, 1e-6);
	support_near(value(g, "net_tokens_per_j"), 100.0 / 40, 1e-3);
	support_near(m->u95 / m->value,
		     support_metric(g, "j_per_token")->u95 / 0.6, 1e-6);
	support_near(value(g, "tpot_s"), 0.1, 1e-9);
	support_near(value(support_phase(r, "prefill"), "tokens_per_j"),
		     80.0 / 3, 1e-6);
	support_near(value(support_total(r, "run"), "tokens_per_j"), 101.0 / 63,
		     1e-6);
	support_near(value(support_total(r, "run"), "ttft_process_s"), 1, 1e-6);
	support_near(value(support_total(r, "run"), "energy_served_j"), 63,
		     1e-6);
	support_near(value(&r->requests[0], "ttft_model_s"), 1, 1e-6);
	support_near(value(&r->requests[0], "itl_max_s"), 0.1, 1e-3);
	assert_null(ep_row_metric(&r->requests[0], "j_per_visible_token"));
	ep_report_free(r);
}

static double less_uw(double t)
{
	return t < 0 ? 6e6 : 2e6;
}

/* Less than nothing above idle has no tokens per joule. */
static void less_than_idle_has_no_dynamic_tokens(void **state)
{
	static const struct support_mark marks[] = {
		{ 0.2, "prefill", 80, 0 },
		{ 0.4, "generation", -1, 3 },
		{ 0.8, "", -1, 0 },
	};
	const struct support_channel less = { power.ch, less_uw };
	const struct support_sensor sensor = { .id = "psu",
					       .channels = &less,
					       .channel_count = 1 };
	const struct support_run run = { .idle_s = 2,
					 .run_s = 1,
					 .tail_s = 0.1,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "psu.power",
					 .marks = marks,
					 .mark_count = 3 };
	struct ep_report *r = support_run_analyze(&run);

	(void)state;
	assert_true(value(support_phase(r, "generation"), "energy_net_j") < 0);
	refused(support_phase(r, "generation"), "net_tokens_per_j",
		"not above zero");
	ep_report_free(r);
}

struct told {
	int64_t token_count;
	double seconds;
	const char *stop;
};

#define LINE_BYTES 400

static void line(char *ret, double at_s, const char *event, size_t request,
		 const char *text)
{
	long long ns = SUPPORT_GATE_NS + (long long)(at_s * 1e9);

	assert_true(ep_str_format(ret, LINE_BYTES,
				  "%lld,0,%s,%zu,,-1,STREAMED,ollama,%s", ns,
				  event, request, text));
}

/* A run of requests whose durations a server told. */
static struct ep_report *served(const struct told *told, size_t count)
{
	static char texts[3 * 5][LINE_BYTES];
	const char *lines[3 * 5 + 1] = { NULL };
	char reply[LINE_BYTES];
	struct support_run run = { .idle_s = 1, .run_s = 1, .lines = lines };
	size_t n = 0;

	assert_true(count <= 3);
	for (size_t i = 0; i < count; i++) {
		double at = run.run_s;

		line(texts[n++], at, "request", i + 1, "");
		line(texts[n++], at + 0.01, "sent", i + 1, "");
		line(texts[n++], at + 0.5, "piece", i + 1, "");
		at += 0.6 + told[i].seconds;
		line(texts[n++], at, "finish", i + 1, "");
		assert_true(ep_str_format(
			reply, sizeof(reply),
			"\"{\"\"output_tokens\"\":%lld,\"\"generation_ns\"\":"
			"%lld,\"\"prefill_ns\"\":300000000,\"\"load_ns\"\":"
			"100000000,\"\"stop\"\":\"\"%s\"\"}\"",
			(long long)told[i].token_count,
			llround(told[i].seconds * 1e9), told[i].stop));
		line(texts[n++], at + 0.01, "reply", i + 1, reply);
		run.run_s = at + 1;
	}
	for (size_t i = 0; i < n; i++)
		lines[i] = texts[i];
	return support_run_analyze(&run);
}

/* Single answers on a Pi 4, and means over 20 prompts: 74.85 tokens each. */
static void published_rates(void **state)
{
	static const struct {
		struct told told;
		double rate;
	} rows[] = {
		{ { 34, 7.99517, "stop" }, 4.2526 },
		{ { 104, 14.28764, "stop" }, 7.2790 },
		{ { 51, 18.93629, "stop" }, 2.6932 },
		{ { 67, 7.89155, "stop" }, 8.4901 },
		{ { 1497, 20 * 28.06049, "stop" }, 2.6675 },
		{ { 1497, 20 * 28.18739, "stop" }, 2.6554 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_report *r = served(&rows[i].told, 1);
		const struct ep_row *all = support_total(r, "run");

		support_near(value(all, "count_rate_tokens_per_s"),
			     rows[i].rate, 5.1e-5);
		support_near(value(all, "api_rate_tokens_per_s"), rows[i].rate,
			     5.1e-5);
		ep_report_free(r);
	}
}

static void a_mean_of_rates_is_not_a_rate_of_sums(void **state)
{
	static const struct told told[] = {
		{ 34, 7.99517, "stop" },
		{ 104, 14.28764, "length" },
	};
	struct ep_report *r = served(told, 2);
	const struct ep_row *all = support_total(r, "run");

	(void)state;
	support_near(value(all, "count_rate_tokens_per_s"),
		     138 / (7.99517 + 14.28764), 1e-9);
	support_near(value(all, "api_rate_tokens_per_s"),
		     (34 / 7.99517 + 104 / 14.28764) / 2, 1e-9);
	support_near(value(&r->requests[0], "ttft_client_s"), 0.49, 1e-6);
	support_near(value(&r->requests[0], "ttft_server_s"), 0.4, 1e-9);
	refused(all, "j_per_visible_token", "power");
	ep_report_free(r);
}

static void the_end_token_is_not_visible(void **state)
{
	static const struct told told[] = {
		{ 34, 2, "stop" },
		{ 104, 2, "length" },
		{ 20, 2, "other" },
	};
	struct ep_report *r = served(told, 3);

	(void)state;
	assert_int_equal(r->told.count, 3);
	assert_int_equal(r->told.items[0].visible_count, 33);
	assert_int_equal(r->told.items[1].visible_count, 104);
	assert_int_equal(r->told.items[2].visible_count, -1);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_per_joule_are_the_reciprocals),
		cmocka_unit_test(less_than_idle_has_no_dynamic_tokens),
		cmocka_unit_test(published_rates),
		cmocka_unit_test(a_mean_of_rates_is_not_a_rate_of_sums),
		cmocka_unit_test(the_end_token_is_not_visible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
