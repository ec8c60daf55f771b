/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/plan.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/rng.h"
#include "base/str.h"
#include "base/words.h"

uint64_t ep_plan_config_count(const struct ep_study *s)
{
	uint64_t count = 1;

	for (size_t i = 0; i < s->factor_count; i++)
		if (__builtin_mul_overflow(
			    count, (uint64_t)s->factors[i].level_count, &count))
			return UINT64_MAX;
	return count;
}

void ep_plan_levels(const struct ep_study *s, uint64_t config,
		    size_t ret[EP_FACTORS_MAX])
{
	for (size_t i = s->factor_count; i-- > 0;) {
		ret[i] = (size_t)(config % s->factors[i].level_count);
		config /= s->factors[i].level_count;
	}
}

static int push(char **argv, size_t *count, const char *text)
{
	argv[*count] = strdup(text);
	return argv[(*count)++] ? 0 : -ENOMEM;
}

static int push_level(char **argv, size_t *count, const struct ep_factor *f,
		      const char *level)
{
	char *text;
	size_t size;
	int r;

	if (f->flag)
		return strcmp(level, "yes") == 0 ? push(argv, count, f->option)
						 : 0;
	if (f->option) {
		r = push(argv, count, f->option);
		return r < 0 ? r : push(argv, count, level);
	}
	size = strlen(f->name) + strlen(level) + 2;
	text = malloc(size);
	if (!text)
		return -ENOMEM;
	(void)ep_str_format(text, size, "%s=%s", f->name, level);
	r = push(argv, count, "--set");
	if (r == 0)
		r = push(argv, count, text);
	free(text);
	return r;
}

int ep_plan_argv(const struct ep_study *s, uint64_t config, char ***ret)
{
	size_t options = ep_words_count(s->options);
	size_t words = ep_words_count(s->command);
	size_t levels[EP_FACTORS_MAX], count = 0;
	char **argv = calloc(options + words + 2 * s->factor_count + 2,
			     sizeof(*argv));
	int r = argv ? 0 : -ENOMEM;

	ep_plan_levels(s, config, levels);
	for (size_t i = 0; r == 0 && i < options; i++)
		r = push(argv, &count, s->options[i]);
	for (size_t i = 0; r == 0 && i < s->factor_count; i++)
		r = push_level(argv, &count, &s->factors[i],
			       s->factors[i].levels[levels[i]]);
	if (r == 0 && words > 0)
		r = push(argv, &count, "--");
	for (size_t i = 0; r == 0 && i < words; i++)
		r = push(argv, &count, s->command[i]);
	if (r < 0) {
		ep_plan_argv_free(argv);
		return r;
	}
	*ret = argv;
	return 0;
}

void ep_plan_argv_free(char **argv)
{
	ep_words_free(argv);
}

int ep_plan_config_hash(const struct ep_study *s, uint64_t config,
			char ret[EP_STUDY_HASH_BYTES])
{
	char **argv;
	json_t *a;
	char *text;
	int r = ep_plan_argv(s, config, &argv);

	if (r < 0)
		return r;
	/* A list, so that "a b" and "a", "b" are different. */
	a = json_array();
	for (size_t i = 0; argv[i]; i++)
		json_array_append_new(a, json_string(argv[i]));
	text = a ? json_dumps(a, JSON_COMPACT) : NULL;
	if (text)
		ep_hash_bytes(text, strlen(text), ret);
	free(text);
	json_decref(a);
	ep_plan_argv_free(argv);
	return text ? 0 : -ENOMEM;
}

int ep_plan_block(const struct ep_study *s, uint64_t repetition,
		  uint64_t *config)
{
	uint64_t count = ep_plan_config_count(s);
	struct ep_rng rng;

	if (count > EP_CONFIGS_MAX)
		return -E2BIG;
	for (uint64_t i = 0; i < count; i++)
		config[i] = i;
	if (s->order == EP_ORDER_GIVEN)
		return 0;
	ep_rng_init(&rng, s->seed, repetition);
	for (uint64_t i = count; i > 1; i--) {
		uint64_t k = ep_rng_below(&rng, i), swap = config[i - 1];

		config[i - 1] = config[k];
		config[k] = swap;
	}
	return 0;
}

/* How many valid runs it shall have, as far as is known by now. */
static int64_t wanted(const struct ep_study *s, const struct ep_standing *st)
{
	if (s->search == EP_SEARCH_HALVING)
		return st->goal_count;
	if (!s->until_metric || st->valid_count < s->run_count)
		return s->run_count;
	if (st->half_width_share <= s->until_share)
		return st->valid_count;
	return st->valid_count < s->max_run_count ? st->valid_count + 1
						  : st->valid_count;
}

bool ep_plan_clears(const struct ep_study *s, enum ep_drop_caches when,
		    const struct ep_next *next)
{
	if (when != EP_DROP_FIRST)
		return when == EP_DROP_EACH;
	return next->repetition == 1 && (next->warmup || s->warmup_count == 0);
}

bool ep_plan_gives_up(const struct ep_study *s, const struct ep_standing *st)
{
	return st->done || st->failed ||
	       st->rejected_count + st->lost_count > s->retry_count;
}

int64_t ep_plan_missing(const struct ep_study *s, const struct ep_standing *st,
			bool warmup)
{
	int64_t count = warmup ? s->warmup_count - st->warmup_count
			       : wanted(s, st) - st->valid_count;

	return ep_plan_gives_up(s, st) || count < 0 ? 0 : count;
}

/* The repetition it is at; -1: it is done. */
static int64_t position(const struct ep_study *s, const struct ep_standing *st)
{
	if (ep_plan_gives_up(s, st))
		return -1;
	if (st->warmup_count < s->warmup_count)
		return st->warmup_count;
	if (st->valid_count >= wanted(s, st))
		return -1;
	return s->warmup_count + st->valid_count;
}

static void fill(const struct ep_study *s, const struct ep_standing *st,
		 uint64_t config, struct ep_next *ret)
{
	bool warmup = st->warmup_count < s->warmup_count;

	*ret = (struct ep_next){
		.config = config,
		.warmup = warmup,
		.repetition =
			warmup ? st->warmup_count + 1 : st->valid_count + 1,
		.attempt = st->rejected_count + st->lost_count + 1,
	};
}

int ep_plan_next(const struct ep_study *s, const struct ep_standing *standing,
		 struct ep_next *ret)
{
	uint64_t count = ep_plan_config_count(s), *block;
	int64_t first = INT64_MAX;
	int r;

	if (count > EP_CONFIGS_MAX)
		return -E2BIG;
	for (uint64_t i = 0; i < count; i++) {
		int64_t at = position(s, &standing[i]);

		if (at < 0)
			continue;
		if (s->order == EP_ORDER_GIVEN) {
			fill(s, &standing[i], i, ret);
			return 1;
		}
		if (at < first)
			first = at;
	}
	if (first == INT64_MAX)
		return 0;
	block = calloc(count, sizeof(*block));
	if (!block)
		return -ENOMEM;
	r = ep_plan_block(s, (uint64_t)first, block);
	for (uint64_t i = 0; r == 0 && i < count; i++)
		if (position(s, &standing[block[i]]) == first) {
			fill(s, &standing[block[i]], block[i], ret);
			r = 1;
		}
	free(block);
	return r;
}
