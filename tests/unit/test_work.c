/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/work.h"

/* Dealing a study out to machines. */

#define RUNS_MAX 16

static void make_study(struct ep_study *s, int level_count, int run_count,
		       int warmup_count)
{
	struct ep_err err = { 0 };
	char **levels = calloc((size_t)level_count + 1, sizeof(*levels));

	ep_study_init(s);
	for (int i = 0; i < level_count; i++) {
		char text[24];

		(void)ep_str_format(text, sizeof(text), "%d", i + 1);
		levels[i] = strdup(text);
	}
	assert_int_equal(ep_study_add_factor(s, "n", NULL, levels, &err), 0);
	ep_words_free(levels);
	assert_int_equal(ep_words_split("run {n}", &s->command, &err), 0);
	s->run_count = run_count;
	s->warmup_count = warmup_count;
	s->seed = 7;
}

/* Which runs have been valid. */
struct done {
	const struct ep_study *s;
	struct ep_standing *standing;
	bool *flags; /* [config][2][RUNS_MAX] */
};

static bool *flag_of(const struct done *d, uint64_t config, bool warmup,
		     int64_t repetition)
{
	assert_true(repetition >= 1 && repetition <= RUNS_MAX);
	return &d->flags[(config * 2 + warmup) * RUNS_MAX +
			 (uint64_t)repetition - 1];
}

static bool has(const void *ctx, uint64_t config, bool warmup,
		int64_t repetition)
{
	return *flag_of(ctx, config, warmup, repetition);
}

static void begin(struct done *d, const struct ep_study *s)
{
	uint64_t count = ep_plan_config_count(s);

	d->s = s;
	d->standing = calloc(count, sizeof(*d->standing));
	d->flags = calloc(count * 2 * RUNS_MAX, sizeof(*d->flags));
	assert_true(d->standing && d->flags);
}

static void end(struct done *d)
{
	free(d->standing);
	free(d->flags);
}

static void finish(struct done *d, const struct ep_next *item)
{
	bool *flag = flag_of(d, item->config, item->warmup, item->repetition);
	struct ep_standing *st = &d->standing[item->config];

	/* Nothing is made twice. */
	assert_false(*flag);
	*flag = true;
	if (item->warmup)
		st->warmup_count++;
	else
		st->valid_count++;
}

static void deal(const struct done *d, size_t block_count, size_t task_max,
		 struct ep_work *ret)
{
	const struct ep_work_state state = { .standing = d->standing,
					     .has = has,
					     .ctx = d,
					     .block_count = block_count,
					     .task_max = task_max };

	assert_int_equal(ep_work_make(d->s, "0123", &state, ret), 0);
}

/* The same runs under the same order as one machine makes them. */
static void check_plan(const struct ep_study *s, const struct ep_work *w)
{
	struct done d;
	struct ep_next next;
	int64_t order = 0;

	begin(&d, s);
	while (ep_plan_next(s, d.standing, &next) == 1) {
		bool found = false;

		order++;
		for (size_t i = 0; i < w->task_count; i++)
			for (size_t k = 0; k < w->tasks[i].count; k++) {
				const struct ep_work_item *item =
					&w->tasks[i].items[k];

				if (item->unkept || item->order != order)
					continue;
				assert_false(found);
				found = true;
				assert_int_equal(item->next.config,
						 next.config);
				assert_int_equal(item->next.warmup,
						 next.warmup);
				assert_int_equal(item->next.repetition,
						 next.repetition);
				assert_int_equal(item->next.attempt, 1);
			}
		assert_true(found);
		finish(&d, &next);
	}
	assert_int_equal(order, ep_work_item_count(w));
	end(&d);
}

/* Ahead of the first run of a configuration its task warms it up. */
static void check_warm(const struct ep_study *s, const struct ep_work_task *t)
{
	for (size_t i = 0; i < t->count; i++) {
		int64_t warm_count = 0;

		if (t->items[i].next.warmup)
			continue;
		for (size_t k = 0; k < i; k++)
			warm_count += t->items[k].next.warmup &&
				      t->items[k].next.config ==
					      t->items[i].next.config;
		assert_int_equal(warm_count, s->warmup_count);
	}
}

static void the_plan_is_that_of_one_machine(void **state)
{
	(void)state;
	for (int order = EP_ORDER_RANDOM; order <= EP_ORDER_GIVEN; order++)
		for (size_t block = 0; block <= 6; block++)
			for (int runs = 1; runs <= 3; runs++) {
				struct ep_study s;
				struct ep_work w;
				struct done d;

				make_study(&s, 5, runs, runs - 1);
				s.order = (enum ep_order)order;
				begin(&d, &s);
				deal(&d, block, 1000, &w);
				check_plan(&s, &w);
				for (size_t i = 0; i < w.task_count; i++)
					check_warm(&s, &w.tasks[i]);
				ep_work_done(&w);
				end(&d);
				ep_study_done(&s);
			}
}

static void a_task_is_a_repetition_of_all(void **state)
{
	struct ep_study s;
	struct ep_work w;
	struct done d;

	(void)state;
	make_study(&s, 4, 3, 1);
	begin(&d, &s);
	deal(&d, 0, 1000, &w);
	assert_int_equal(w.task_count, 3);
	for (size_t i = 0; i < 3; i++) {
		bool seen[4] = { false };

		assert_int_equal(w.tasks[i].count, 8);
		for (size_t k = 0; k < 8; k++) {
			const struct ep_work_item *item = &w.tasks[i].items[k];

			assert_int_equal(item->next.warmup, k < 4);
			assert_int_equal(item->unkept, k < 4 && i > 0);
			if (k < 4)
				continue;
			assert_int_equal(item->next.repetition, i + 1);
			assert_false(seen[item->next.config]);
			seen[item->next.config] = true;
		}
	}
	ep_work_done(&w);
	deal(&d, 3, 1000, &w);
	assert_int_equal(w.task_count, 6);
	ep_work_done(&w);
	s.order = EP_ORDER_GIVEN;
	deal(&d, 0, 1000, &w);
	assert_int_equal(w.task_count, 4);
	assert_int_equal(w.tasks[1].count, 4);
	assert_int_equal(w.tasks[1].items[3].next.config, 1);
	ep_work_done(&w);
	end(&d);
	ep_study_done(&s);
}

/* Valid, rejected, lost with the task that was at it, whatever: round after
 * round, until nothing is missing. */
static void rounds_end_with_everything(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct ep_study s;
		struct ep_work w;
		struct done d;
		struct ep_rng rng;
		int rounds = 0;

		make_study(&s, 6, 4, 2);
		s.retry_count = 1000;
		begin(&d, &s);
		ep_rng_init(&rng, seed, 0);
		for (;;) {
			deal(&d, (size_t)(seed % 4), 3, &w);
			if (w.task_count == 0)
				break;
			assert_true(w.task_count <= 3 && ++rounds < 1000);
			for (size_t i = 0; i < w.task_count; i++)
				for (size_t k = 0; k < w.tasks[i].count; k++) {
					const struct ep_work_item *item =
						&w.tasks[i].items[k];
					uint64_t fate = ep_rng_below(&rng, 10);

					if (item->unkept || fate == 0)
						continue;
					if (fate < 3)
						d.standing[item->next.config]
							.rejected_count++;
					else
						finish(&d, &item->next);
				}
			ep_work_done(&w);
		}
		ep_work_done(&w);
		for (uint64_t i = 0; i < 6; i++)
			assert_int_equal(d.standing[i].valid_count, 4);
		end(&d);
		ep_study_done(&s);
	}
}

static void what_gave_up_is_not_dealt_out(void **state)
{
	struct ep_study s;
	struct ep_work w;
	struct done d;

	(void)state;
	make_study(&s, 3, 2, 0);
	begin(&d, &s);
	d.standing[0].failed = true;
	d.standing[1].rejected_count = s.retry_count + 1;
	d.standing[2].rejected_count = 1;
	deal(&d, 0, 1000, &w);
	assert_int_equal(ep_work_item_count(&w), 2);
	for (size_t i = 0; i < w.task_count; i++) {
		assert_int_equal(w.tasks[i].items[0].next.config, 2);
		assert_int_equal(w.tasks[i].items[0].next.attempt, 2);
		/* After all that the plan foresaw. */
		assert_int_equal(w.tasks[i].items[0].order, 7 + i);
	}
	ep_work_done(&w);
	end(&d);
	ep_study_done(&s);
}

static void it_comes_back_from_text(void **state)
{
	struct ep_work w, back;
	struct ep_err err = { 0 };
	struct ep_study s;
	struct done d;
	char *text;

	(void)state;
	make_study(&s, 3, 2, 1);
	begin(&d, &s);
	deal(&d, 0, 1000, &w);
	(void)ep_str_copy(w.nonce, sizeof(w.nonce), "abcd");
	(void)ep_str_copy(w.version, sizeof(w.version), "1.2.3");
	text = ep_work_to_text(&w, 1);
	assert_int_equal(ep_work_from_text(text, strlen(text), &back, &err), 0);
	assert_int_equal(back.task_count, 1);
	assert_string_equal(back.nonce, "abcd");
	assert_string_equal(back.version, "1.2.3");
	assert_null(back.models);
	assert_null(back.sensors);
	assert_int_equal(back.tasks[0].count, w.tasks[1].count);
	for (size_t i = 0; i < back.tasks[0].count; i++)
		assert_memory_equal(&back.tasks[0].items[i].next,
				    &w.tasks[1].items[i].next,
				    sizeof(struct ep_next));
	ep_work_done(&back);
	free(text);
	ep_work_done(&w);
	end(&d);
	ep_study_done(&s);
}

static void damaged_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"schema\":\"edgeprof.work/2\"}",
		"{\"schema\":\"edgeprof.work/1\",\"id\":\"x\"}",
		("{\"schema\":\"edgeprof.work/1\",\"id\":\"x\","
		 "\"version\":\"1\",\"nonce\":\"more than sixteen\"}"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ep_err err = { 0 };
		struct ep_work w;

		assert_int_equal(
			ep_work_from_text(texts[i], strlen(texts[i]), &w, &err),
			-EBADMSG);
		assert_true(err.text[0] != '\0');
	}
}

static void folders_are_named_by_their_run(void **state)
{
	const struct ep_work_item run = {
		.next = { .config = 2, .repetition = 3, .attempt = 1 }
	};
	const struct ep_work_item warmup = { .next = { .config = 12344,
						       .warmup = true,
						       .repetition = 1,
						       .attempt = 2 } };
	char name[EP_WORK_NAME_BYTES];

	(void)state;
	ep_work_name(&run, name, sizeof(name));
	assert_string_equal(name, "c0003-r3-a1");
	ep_work_name(&warmup, name, sizeof(name));
	assert_string_equal(name, "c12345-w1-a2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_plan_is_that_of_one_machine),
		cmocka_unit_test(a_task_is_a_repetition_of_all),
		cmocka_unit_test(rounds_end_with_everything),
		cmocka_unit_test(what_gave_up_is_not_dealt_out),
		cmocka_unit_test(it_comes_back_from_text),
		cmocka_unit_test(damaged_texts_are_refused),
		cmocka_unit_test(folders_are_named_by_their_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
