/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/str.h"
#include "profiler/analyze/distributions.h"
#include "profiler/study/halving.h"
#include "profiler/study/study_parts.h"

#define CONFIGS_MAX 40
#define RUNS_MAX 64
#define STEPS_MAX (CONFIGS_MAX * RUNS_MAX)

/* What each run of each configuration would give, and what a store has of it. */
struct world {
	struct ep_study s;
	uint64_t count;
	struct ep_search_values gives[CONFIGS_MAX][RUNS_MAX];
	bool rejects[CONFIGS_MAX][RUNS_MAX]; /* by attempt */
	struct ep_next done[STEPS_MAX];
	size_t step_count;
};

static void set(struct ep_study *s, const char *name, const char *value)
{
	struct ep_err err = { 0 };

	if (ep_study_set(s, name, value, &err) < 0)
		fail_msg("%s", err.text);
}

static void make_study(struct ep_study *s, uint64_t count, bool floor)
{
	char *levels[CONFIGS_MAX + 1] = { NULL }, texts[CONFIGS_MAX][8];

	for (uint64_t i = 0; i < count; i++) {
		(void)ep_str_format(texts[i], sizeof(texts[i]), "%d", (int)i);
		levels[i] = texts[i];
	}
	ep_study_init(s);
	assert_int_equal(
		ep_study_add_factor(s, "threads", "--threads", levels, NULL),
		0);
	set(s, "search", "halving");
	set(s, "objective", "generation.j_per_token");
	if (floor)
		set(s, "floor", "generation.tokens_per_s=5");
	set(s, "runs", "2");
	set(s, "max-runs", "16");
}

/* From nothing but the runs that were made, as a store does. */
static void stand(const struct world *w, size_t steps,
		  struct ep_standing standing[CONFIGS_MAX])
{
	static struct ep_search_values values[CONFIGS_MAX][RUNS_MAX];

	memset(standing, 0, CONFIGS_MAX * sizeof(standing[0]));
	for (uint64_t i = 0; i < w->count; i++)
		standing[i].values = values[i];
	for (size_t i = 0; i < steps; i++) {
		const struct ep_next *n = &w->done[i];
		struct ep_standing *st = &standing[n->config];
		int64_t tries =
			st->warmup_count + st->valid_count + st->rejected_count;

		if (w->rejects[n->config][tries])
			st->rejected_count++;
		else if (n->warmup)
			st->warmup_count++;
		else
			values[n->config][st->valid_count++] =
				w->gives[n->config][n->repetition - 1];
	}
	assert_int_equal(ep_halving_goals(&w->s, standing), 0);
}

/* Goes on from there until all is done; the sequence is in w->done. */
static void go_on(struct world *w, struct ep_halving *ret)
{
	struct ep_standing standing[CONFIGS_MAX];
	struct ep_next next;

	for (;;) {
		stand(w, w->step_count, standing);
		if (ep_plan_next(&w->s, standing, &next) == 0)
			break;
		assert_true(w->step_count < STEPS_MAX);
		w->done[w->step_count++] = next;
	}
	assert_int_equal(ep_halving_play(&w->s, standing, ret), 0);
	assert_true(ret->done);
}

static double noise(struct ep_rng *rng, double share)
{
	return 1 + share * (2 * ep_rng_unit(rng) - 1);
}

static struct world *make_world(uint64_t seed, double share, bool floor)
{
	struct world *w = calloc(1, sizeof(*w));
	struct ep_rng rng;

	assert_non_null(w);
	ep_rng_init(&rng, seed, 5);
	w->count = 1 + ep_rng_below(&rng, CONFIGS_MAX);
	make_study(&w->s, w->count, floor);
	w->s.seed = seed;
	w->s.warmup_count = (int64_t)ep_rng_below(&rng, 2);
	for (uint64_t i = 0; i < w->count; i++) {
		double cost = 1 + ep_rng_unit(&rng);
		double rate = 2 + 8 * ep_rng_unit(&rng);

		for (size_t k = 0; k < RUNS_MAX; k++) {
			w->gives[i][k].objective = cost * noise(&rng, share);
			w->gives[i][k].floor = rate * noise(&rng, share);
		}
	}
	return w;
}

static void free_world(struct world *w)
{
	ep_study_done(&w->s);
	free(w);
}

/* The cheapest of those that are fast enough, by looking at all. */
static uint64_t truth(const struct world *w)
{
	uint64_t best = EP_NO_CONFIG;

	for (uint64_t i = 0; i < w->count; i++) {
		const struct ep_search_values *v = w->gives[i];

		if (w->s.floor_metric && v->floor < w->s.floor_value)
			continue;
		if (best == EP_NO_CONFIG ||
		    v->objective < w->gives[best][0].objective)
			best = i;
	}
	return best;
}

static void without_noise_the_best_above_the_floor_is_found(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct world *w = make_world(seed, 0, seed % 3 != 0);
		struct ep_halving h;
		int64_t runs = 0;

		go_on(w, &h);
		assert_true(h.best == truth(w));
		for (uint64_t i = 0; i < w->count; i++)
			runs += h.candidates[i].run_count;
		assert_true(runs <= (int64_t)w->count * w->s.max_run_count);
		ep_halving_done(&h);
		free_world(w);
	}
}

static void one_of_forty_is_found_with_a_third_of_the_grid(void **state)
{
	struct world *w = make_world(0, 0, false);
	struct ep_halving h;

	(void)state;
	if (!ep_distributions_are_there())
		skip();
	ep_study_done(&w->s);
	w->count = CONFIGS_MAX;
	make_study(&w->s, w->count, false);
	for (uint64_t i = 0; i < w->count; i++)
		for (size_t k = 0; k < RUNS_MAX; k++)
			w->gives[i][k].objective = 1 + fabs((double)i - 17);
	go_on(w, &h);
	assert_true(h.best == 17 && h.next == 16);
	/* 40 x 2, 20 x 2, 10 x 4, 5 x 8 */
	assert_int_equal(w->step_count, 80 + 40 + 40 + 40);
	assert_int_equal(ep_halving_ahead(&w->s, 40, 2), 120);
	ep_halving_done(&h);
	free_world(w);
}

static void with_noise_the_floor_is_kept(void **state)
{
	int found = 0, none = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct world *w = make_world(seed, 0.2, true);
		struct ep_halving h;

		go_on(w, &h);
		if (h.best == EP_NO_CONFIG) {
			none++;
			for (uint64_t i = 0; i < w->count; i++)
				assert_int_equal(h.candidates[i].out,
						 EP_OUT_BELOW);
		} else {
			found++;
			assert_true(h.candidates[h.best].floor.mean >=
				    w->s.floor_value);
		}
		ep_halving_done(&h);
		free_world(w);
	}
	assert_true(found > 200);
	assert_true(none > 0);
}

static void what_is_out_stays_out(const struct world *w, size_t steps,
				  const struct ep_halving *end)
{
	struct ep_standing standing[CONFIGS_MAX];
	struct ep_halving h;

	stand(w, steps, standing);
	assert_int_equal(ep_halving_play(&w->s, standing, &h), 0);
	for (uint64_t i = 0; i < w->count; i++) {
		const struct ep_candidate *c = &h.candidates[i];

		if (c->out == EP_OUT_NOT || c->out == EP_OUT_WORSE)
			continue;
		assert_int_equal(c->out, end->candidates[i].out);
		assert_int_equal(c->round, end->candidates[i].round);
	}
	ep_halving_done(&h);
}

static bool is_same(const struct ep_next *a, const struct ep_next *b)
{
	return a->config == b->config && a->repetition == b->repetition &&
	       a->warmup == b->warmup && a->attempt == b->attempt;
}

/* Also with runs that are rejected, and configurations that give up. */
static void from_any_run_on_the_rest_is_the_same(void **state)
{
	static struct ep_next whole[STEPS_MAX];

	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct world *w = make_world(seed, 0.3, seed % 2 == 0);
		struct ep_halving h, again;
		struct ep_rng rng;
		size_t steps;

		ep_rng_init(&rng, seed, 6);
		for (uint64_t i = 0; i < w->count; i++)
			for (size_t k = 0; k < RUNS_MAX; k++)
				w->rejects[i][k] = ep_rng_below(&rng, 12) == 0;
		go_on(w, &h);
		steps = w->step_count;
		memcpy(whole, w->done, sizeof(whole));
		for (size_t k = 0; k < 8; k++) {
			w->step_count = ep_rng_below(&rng, steps + 1);
			what_is_out_stays_out(w, w->step_count, &h);
			go_on(w, &again);
			assert_int_equal(w->step_count, steps);
			for (size_t i = 0; i < steps; i++)
				assert_true(is_same(&w->done[i], &whole[i]));
			assert_true(again.best == h.best &&
				    again.next == h.next);
			ep_halving_done(&again);
		}
		ep_halving_done(&h);
		free_world(w);
	}
}

static void give(struct world *w, uint64_t config, double objective,
		 double floor, double later_floor)
{
	for (size_t k = 0; k < RUNS_MAX; k++) {
		w->gives[config][k].objective = objective;
		w->gives[config][k].floor =
			k < 2 ? floor + (double)k / 10 : later_floor;
	}
}

/* The cheapest looks fast enough at first, and is not. */
static void those_come_back_that_a_slow_one_pushed_out(void **state)
{
	struct world *w = make_world(0, 0, true);
	struct ep_halving h;

	(void)state;
	ep_study_done(&w->s);
	w->count = 3;
	make_study(&w->s, w->count, true);
	give(w, 0, 1.0, 5.0, 4.0);
	give(w, 1, 1.2, 6.0, 6.0);
	give(w, 2, 1.1, 2.0, 2.0);
	go_on(w, &h);
	assert_true(h.best == 1);
	assert_int_equal(h.candidates[0].out, EP_OUT_BELOW);
	assert_int_equal(h.candidates[2].out, EP_OUT_BELOW);
	assert_true(h.next == EP_NO_CONFIG);
	ep_halving_done(&h);
	free_world(w);
}

static void who_cannot_run_or_be_measured_is_out(void **state)
{
	struct world *w = make_world(0, 0, false);
	struct ep_halving h;

	(void)state;
	ep_study_done(&w->s);
	w->count = 3;
	make_study(&w->s, w->count, false);
	for (size_t k = 0; k < RUNS_MAX; k++) {
		w->gives[0][k].objective = (double)NAN;
		w->rejects[1][k] = true;
		w->gives[2][k].objective = 3;
	}
	go_on(w, &h);
	assert_true(h.best == 2);
	assert_true(h.next == EP_NO_CONFIG);
	assert_int_equal(h.candidates[0].out, EP_OUT_UNMEASURED);
	assert_int_equal(h.candidates[1].out, EP_OUT_UNABLE);
	assert_int_equal(h.candidates[1].run_count, 0);
	ep_halving_done(&h);
	free_world(w);
}

/* R: t.test(b, a) with a = 10, 11, 12 and b = 12, 14, 15, 17; power.t.test. */
static void the_difference_has_welch_s_interval(void **state)
{
	const struct ep_spread a = { 3, 11, 1, 0 };
	const struct ep_spread b = { 4, 14.5, sqrt(13.0 / 3), 0 };
	static const struct {
		double margin;
		int64_t n;
	} powers[] = { { 0.5, 64 }, { 1, 17 }, { 2, 6 } };
	struct ep_halving_difference d;

	(void)state;
	if (!ep_distributions_are_there())
		skip();
	ep_halving_compare(&a, &b, 0.02, &d);
	assert_true(fabs(d.share - 3.5 / 14.5) < 1e-12);
	assert_true(fabs(d.low * 14.5 - 0.333390601449) < 1e-9);
	assert_true(fabs(d.high * 14.5 - 6.666609398551) < 1e-9);
	assert_true(d.told);
	for (size_t i = 0; i < 3; i++) {
		const struct ep_spread one = { 5, 1, 1, 0 };

		ep_halving_compare(&one, &one, powers[i].margin, &d);
		assert_int_equal(d.wanted_count, powers[i].n);
		assert_false(d.told);
	}
}

static void what_has_no_spread_needs_no_more_runs(void **state)
{
	const struct ep_spread a = { 3, 1, 0, 0 }, b = { 3, 2, 0, 0 };
	const struct ep_spread one = { 1, 2, (double)NAN, (double)NAN };
	struct ep_halving_difference d;

	(void)state;
	ep_halving_compare(&a, &b, 0.02, &d);
	assert_true(d.told);
	assert_true(fabs(d.low - 0.5) < 1e-15);
	ep_halving_compare(&a, &a, 0.02, &d);
	assert_false(d.told);
	ep_halving_compare(&a, &one, 0.02, &d);
	assert_false(d.told);
	assert_true(isnan(d.low));
	assert_int_equal(d.wanted_count, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			without_noise_the_best_above_the_floor_is_found),
		cmocka_unit_test(
			one_of_forty_is_found_with_a_third_of_the_grid),
		cmocka_unit_test(with_noise_the_floor_is_kept),
		cmocka_unit_test(from_any_run_on_the_rest_is_the_same),
		cmocka_unit_test(those_come_back_that_a_slow_one_pushed_out),
		cmocka_unit_test(who_cannot_run_or_be_measured_is_out),
		cmocka_unit_test(the_difference_has_welch_s_interval),
		cmocka_unit_test(what_has_no_spread_needs_no_more_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
