/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/asked.h"
#include "profiler/analyze/section.h"
#include "profiler/analyze/summary.h"

static void near(double is, double wanted, double eps)
{
	if (!(fabs(is - wanted) <= eps))
		fail_msg("%.17g is not %.17g", is, wanted);
}

#define HEAD                                                               \
	"study_id,config,run,order,valid,reasons,host,board_serial,clock," \
	"phase,folder,duration_s,tokens,requests,energy_j,energy_j_u95,"   \
	"energy_j_u_common,power_mean_w,j_per_token,tokens_per_s\n"

/*
 * Two runs each of four clocks; a run of clock 1 takes 10 J in 10 s.  Energy
 * and rate of generation: 1: (2, 4) 2: (2.1, 8) 3: (4, 12) 4: (9, 12.1).
 */
#define RUN(config, run, e, j, rate)                                          \
	"s," config "," run ",1,1,,h,," config ",idle,0001,,,,,,,2,,\n"       \
	"s," config "," run ",1,1,,h,," config ",generation,0001,,10,,,,,," j \
	"," rate "\n"                                                         \
	"s," config "," run ",1,1,,h,," config ",run,0001,10,10,1," e         \
	",0.4,0.1,1,,\n"

static const char study[] = HEAD RUN("1", "1", "9", "1.9", "4")
	RUN("1", "2", "11", "2.1", "4") RUN("2", "1", "9", "2.0", "8") RUN(
		"2", "2", "11", "2.2", "8") RUN("3", "1", "20", "3.99", "12")
		RUN("3", "2", "20", "4.01", "12")
			RUN("4", "1", "45", "9", "12.1")
				RUN("4", "2", "45", "9", "12.1");

static void parse(const char *text, struct ep_summary *ret)
{
	char *copy = strdup(text);
	struct ep_err err = { 0 };

	assert_non_null(copy);
	if (ep_summary_parse(copy, ep_summary_asked_metrics, ret, &err) < 0)
		fail_msg("%s", err.text);
	free(copy);
}

static const struct ep_section *section(const struct ep_summary *s,
					const char *key)
{
	for (size_t i = 0; s->sections && i < s->sections->count; i++)
		if (strcmp(s->sections->items[i]->key, key) == 0)
			return s->sections->items[i];
	fail_msg("no section %s", key);
	return NULL;
}

static const struct ep_section_row *row(const struct ep_summary *s,
					const char *key, const char *scope)
{
	const struct ep_section *e = section(s, key);

	for (size_t i = 0; i < e->row_count; i++)
		if (strcmp(e->rows[i].scope, scope) == 0)
			return &e->rows[i];
	fail_msg("no row %s in %s", scope, key);
	return NULL;
}

static const struct ep_metric *figure(const struct ep_summary *s,
				      const char *key, const char *scope,
				      const char *name)
{
	const struct ep_section_row *r = row(s, key, scope);

	for (size_t i = 0; i < r->metric_count; i++)
		if (strcmp(r->metrics[i].name, name) == 0)
			return &r->metrics[i];
	fail_msg("no %s in %s %s", name, key, scope);
	return NULL;
}

static void a_charge_lasts_by_the_mean_of_the_runs(void **state)
{
	const struct ep_metric *m;
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err;

	(void)state;
	parse(study, &s);
	ep_asked_init(&q);
	q.has_battery = true;
	q.battery.energy_wh = 1;
	q.duty_per_h = 60;
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	m = figure(&s, "battery_run", "1", "inferences_per_charge");
	near(m->value, 360, 0);
	/* 10 J: s / sqrt(2) is 1, the meter's part 0.1; t of nearly one degree
	 * of freedom. */
	m = figure(&s, "battery_run", "1", "energy_j");
	near(m->value, 10, 1e-12);
	near(m->u95,
	     s.configs[0].cells[ep_summary_find(&s, "run.energy_j")].figure.u95,
	     1e-9);
	assert_true(m->u95 > 12 && m->u95 < 13);
	assert_string_equal(row(&s, "battery_run", "1")->what, "1");
	/* 60 runs of 10 s, 10 J and 3000 s at 2 W: 6600 J an hour. */
	near(figure(&s, "battery_run", "1", "duty_hours_per_charge")->value,
	     3600.0 / 6600, 1e-9);
	near(figure(&s, "battery_run", "4", "energy_j")->value, 45, 1e-12);
	ep_summary_done(&s);
}

static void a_duty_that_none_can_keep_is_refused(void **state)
{
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err = { 0 };

	(void)state;
	parse(study, &s);
	ep_asked_init(&q);
	q.has_battery = true;
	q.battery.energy_wh = 1;
	q.duty_per_h = 361;
	assert_int_equal(ep_summary_ask(&s, &q, &err), -ERANGE);
	assert_non_null(strstr(err.text, "in every configuration"));
	assert_non_null(strstr(err.text, "360/h fit"));
	ep_summary_done(&s);
}

static void the_best_its_ties_and_the_front(void **state)
{
	const struct ep_section *best;
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err;

	(void)state;
	parse(study, &s);
	ep_asked_init(&q);
	q.best = "generation.j_per_token";
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	best = section(&s, "best");
	assert_int_equal(best->row_count, 4);
	assert_string_equal(best->rows[0].scope, "1");
	assert_string_equal(best->rows[0].verdict, "best; on the front");
	assert_string_equal(row(&s, "best", "2")->verdict,
			    "cannot tell from the best; on the front");
	assert_string_equal(row(&s, "best", "3")->verdict,
			    "worse than the best; knee of the front");
	assert_string_equal(row(&s, "best", "4")->verdict,
			    "worse than the best; on the front");
	near(figure(&s, "best", "3", "generation.tokens_per_s")->value, 12, 0);
	ep_summary_done(&s);
}

static void bounds_leave_out_and_are_told(void **state)
{
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err = { 0 };

	(void)state;
	ep_asked_init(&q);
	q.best = "generation.j_per_token";
	q.bound_count = 1;
	q.bounds[0] = (struct ep_asked_bound){ "generation.tokens_per_s", 5.33,
					       false };
	parse(study, &s);
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	assert_string_equal(section(&s, "best")->rows[0].scope, "2");
	assert_string_equal(row(&s, "best", "1")->verdict,
			    "outside the bounds; on the front");
	ep_summary_done(&s);

	q.bounds[0].value = 100;
	parse(study, &s);
	assert_int_equal(ep_summary_ask(&s, &q, &err), -ENODATA);
	assert_non_null(strstr(err.text, "configuration 4 has the most, 12.1"));
	ep_summary_done(&s);

	/* Of a rate the largest is best. */
	q.best = "generation.tokens_per_s";
	q.bounds[0] =
		(struct ep_asked_bound){ "generation.j_per_token", 5, true };
	parse(study, &s);
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	assert_string_equal(section(&s, "best")->rows[0].scope, "3");
	ep_summary_done(&s);
}

static void names_that_nobody_has(void **state)
{
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err = { 0 };

	(void)state;
	ep_asked_init(&q);
	q.best = "generation.j_per_tokem";
	parse(study, &s);
	assert_int_equal(ep_summary_ask(&s, &q, &err), -ENOENT);
	assert_non_null(
		strstr(err.text, "did you mean 'generation.j_per_token'"));
	q.best = "generation.j_per_token";
	q.bound_count = 1;
	q.bounds[0] =
		(struct ep_asked_bound){ "generation.token_per_s", 5, false };
	assert_int_equal(ep_summary_ask(&s, &q, &err), -ENOENT);
	assert_non_null(
		strstr(err.text, "did you mean 'generation.tokens_per_s'"));
	ep_summary_done(&s);
}

static void one_run_each_cannot_be_told_apart(void **state)
{
	static const char single[] = HEAD RUN("1", "1", "9", "1.9", "4")
		RUN("2", "1", "9", "9", "4");
	struct ep_summary s;
	struct ep_asked q;
	struct ep_err err;

	(void)state;
	ep_asked_init(&q);
	q.best = "generation.j_per_token";
	parse(single, &s);
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	assert_string_equal(row(&s, "best", "2")->verdict,
			    "cannot tell from the best: one run");
	assert_true(
		isnan(figure(&s, "best", "2", "generation.j_per_token")->u95));
	ep_summary_done(&s);
}

static void another_study_is_matched_by_its_levels(void **state)
{
	static const char text[] = HEAD RUN("2", "1", "4", "1", "8")
		RUN("2", "2", "6", "1.1", "8") RUN("7", "1", "4", "1", "8");
	const struct ep_metric *m;
	struct ep_summary s, other;
	struct ep_asked q;
	struct ep_err err;

	(void)state;
	parse(study, &s);
	parse(text, &other);
	/* One meter, known by the reports of its runs. */
	snprintf(s.host, sizeof(s.host), "h");
	snprintf(other.host, sizeof(other.host), "h");
	snprintf(s.total_name, sizeof(s.total_name), "rail.in");
	snprintf(other.total_name, sizeof(other.total_name), "rail.in");
	ep_asked_init(&q);
	q.against_study = &other;
	q.against_name = "other";
	assert_int_equal(ep_summary_ask(&s, &q, &err), 0);
	assert_int_equal(section(&s, "against_run_energy_j")->row_count, 1);
	m = figure(&s, "against_run_energy_j", "2", "ratio");
	near(m->value, 2, 1e-12);
	assert_string_equal(row(&s, "against_run_energy_j", "2")->verdict,
			    "against its 2 (2)");
	assert_int_equal(s.note_count > 0, 1);
	assert_non_null(strstr(s.notes[s.note_count - 1],
			       "3 of 4 configurations stand against none"));
	/* 0.1 J of 10 and 0.1 J of 5 are 1 and 2 %: the difference stays. */
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, EP_TERM_METER) == 0)
			near(m->terms[i].u, 2 * 0.01, 1e-9);
	ep_summary_done(&s);
	ep_summary_done(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_charge_lasts_by_the_mean_of_the_runs),
		cmocka_unit_test(a_duty_that_none_can_keep_is_refused),
		cmocka_unit_test(the_best_its_ties_and_the_front),
		cmocka_unit_test(bounds_leave_out_and_are_told),
		cmocka_unit_test(names_that_nobody_has),
		cmocka_unit_test(one_run_each_cannot_be_told_apart),
		cmocka_unit_test(another_study_is_matched_by_its_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
