/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What goes on within a generation, as people and tools get it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tests/unit/support_report.h"

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

static void set(struct ep_metric *m, const char *name, double value, double u95)
{
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	m->value = value;
	m->u95 = u95;
	m->status = EP_STATUS_OK;
}

static void refuse(struct ep_metric *m, const char *name, const char *reason)
{
	set(m, name, (double)NAN, (double)NAN);
	m->status = EP_STATUS_NOT_MEASURED;
	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

static struct ep_report *with_profile(void)
{
	struct ep_report *r = support_report();
	struct ep_generation_profile *g = calloc(1, sizeof(*g));

	assert_non_null(g);
	r->generation = g;
	g->token_count = 99;
	g->request_count = 1;
	g->block_count = 19;
	g->block_tokens = 5;
	set(&g->energy.slope, "slope_j_per_token_per_1000_tokens", 0.25, 0.05);
	set(&g->energy.mean, "mean_j_per_token", 1.2, 0.1);
	refuse(&g->time.slope, "slope_s_per_token_per_1000_tokens", "why not");
	refuse(&g->time.mean, "mean_s_per_token", "why not");
	g->outlier_count = 1;
	g->outliers[0] = (struct ep_token_outlier){ .request = 1,
						    .index = 42,
						    .seconds = 0.5,
						    .energy_j = (double)NAN,
						    .times = 5,
						    .by_time = true,
						    .throttled = true };
	(void)ep_str_copy(g->alarm, sizeof(g->alarm), "fw.throttled");
	g->throttled_count = 7;
	set(&g->throttled_s, "throttled_s_per_token", 0.2, 0.01);
	set(&g->other_s, "other_s_per_token", 0.1, 0.001);
	refuse(&g->throttled_j, "throttled_j_per_token", "");
	refuse(&g->other_j, "other_j_per_token", "");
	return r;
}

static void people_read_slope_outliers_and_throttling(void **state)
{
	struct ep_report *r = with_profile();
	char *text = support_render("text", r);

	(void)state;
	assert_has(text, "Within a generation");
	assert_has(text, "1.20 \xc2\xb1 0.10 J per token; with each 1000");
	assert_has(text, "0.250 \xc2\xb1 0.050");
	assert_null(strstr(text, "cannot be told from"));
	assert_has(text, "1 of 99 tokens: token 42 of request 1 (5.0 times");
	assert_has(text, "7 of 99 tokens while fw.throttled was on");
	free(text);
	r->generation->energy.slope.value = 0.01;
	text = support_render("md", r);
	assert_has(text, "which cannot be told from none");
	free(text);
	ep_report_free(r);
}

static void nothing_to_tell_is_no_section(void **state)
{
	struct ep_report *r = with_profile();
	char *text;

	(void)state;
	refuse(&r->generation->energy.slope, "slope", "too few");
	r->generation->outlier_count = r->generation->throttled_count = 0;
	text = support_render("text", r);
	assert_null(strstr(text, "Within a generation"));
	free(text);
	text = support_render("json", r);
	assert_has(text, "\"reason\": \"too few\"");
	free(text);
	ep_report_free(r);
	r = support_report();
	text = support_render("json", r);
	assert_has(text, "\"generation_profile\": null");
	assert_has(text, "\"associations\": null");
	free(text);
	ep_report_free(r);
}

static struct ep_report *with_rails(void)
{
	struct ep_report *r = support_report();
	struct ep_associations *s = calloc(1, sizeof(*s));
	struct ep_association *rails = calloc(2, sizeof(*rails));

	assert_non_null(s);
	assert_non_null(rails);
	r->associations = s;
	s->rails = rails;
	s->rail_count = 2;
	s->window_count = 60;
	s->window_s = 0.05;
	for (size_t i = 0; i < 2; i++) {
		(void)ep_str_copy(rails[i].channel, sizeof(rails[i].channel),
				  i ? "pmic.io" : "pmic.ddr<b>");
		(void)ep_str_copy(rails[i].follows, sizeof(rails[i].follows),
				  "cache_misses");
		rails[i].correlation = i ? 0.3 : 0.97;
		rails[i].mean_w = 2;
		rails[i].residual_w = 0.125;
		rails[i].r2 = 0.94;
		rails[i].predictor_count = 1;
		(void)ep_str_copy(rails[i].predictors[0].name,
				  sizeof(rails[i].predictors[0].name),
				  "cache_misses");
		rails[i].predictors[0].used = true;
		rails[i].predictors[0].event_j = 1e-6;
		rails[i].predictors[0].u95 = 2e-8;
	}
	return r;
}

static void rails_are_associated_and_nothing_more(void **state)
{
	struct ep_report *r = with_rails();
	char *text = support_render("text", r);

	(void)state;
	assert_has(text, "What power goes with");
	assert_has(text, "pmic.ddr<b>");
	assert_has(text, "cache_misses");
	assert_has(text, "not what causes what");
	/* 0.3 is too little to show. */
	assert_null(strstr(text, "pmic.io"));
	free(text);
	text = support_render("json", r);
	assert_has(text, "\"channel\": \"pmic.io\"");
	assert_has(text, "\"j_per_event\": 1e-06, \"u95\": 2e-08");
	assert_has(text, "\"r_squared\": 0.94");
	free(text);
	ep_report_free(r);
}

static void few_samples_are_in_the_figure(void **state)
{
	struct ep_report *r = support_report();
	char *text;

	(void)state;
	support_edit_metric(support_edit_total(r, "generation"), "energy_j")
		->sample_count = 37;
	text = support_render("json", r);
	assert_has(text, "\"samples\": 37");
	free(text);
	ep_report_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_read_slope_outliers_and_throttling),
		cmocka_unit_test(nothing_to_tell_is_no_section),
		cmocka_unit_test(rails_are_associated_and_nothing_more),
		cmocka_unit_test(few_samples_are_in_the_figure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
