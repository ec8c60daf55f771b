/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/suite.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define RANDOMNESS_MAX 10.0

/* runners/suites/short.csv as it is; builds start in the top folder. */
__asm__(".section .rodata\n"
	".hidden ep_suite_short\n"
	".globl ep_suite_short\n"
	"ep_suite_short:\n"
	".incbin \"runners/suites/short.csv\"\n"
	".byte 0\n"
	".previous\n");
extern const char ep_suite_short[] __attribute__((visibility("hidden")));

static const int ladder[] = { 128, 256, 512, 1024, 2048, 4096 };

static int load_short(struct ep_prompts *ret, struct ep_err *err)
{
	return ep_prompts_parse_csv("suite:short", ep_suite_short, ret, err);
}

static int load_ladder(struct ep_prompts *ret, struct ep_err *err)
{
	struct ep_buf csv;
	int r;

	ep_buf_init(&csv, 4096);
	r = ep_buf_adds(&csv, "id,prompt,temperature,tag\n");
	for (size_t i = 0; r == 0 && i < sizeof(ladder) / sizeof(ladder[0]);
	     i++)
		r = ep_buf_addf(&csv, "ladder-%d,-,0,ladder\n", ladder[i]);
	if (r < 0)
		ep_err_set(err, r, "suite:ladder: %s", strerror(-r));
	else
		r = ep_prompts_parse_csv("suite:ladder", csv.data, ret, err);
	ep_buf_done(&csv);
	for (size_t i = 0; r == 0 && i < ret->count; i++)
		ret->items[i].asked_prompt_count = ladder[i];
	return r;
}

static const struct {
	const char *name;
	int (*load)(struct ep_prompts *ret, struct ep_err *err);
	bool fixed;
} suites[] = {
	{ "suite:short", load_short, false },
	{ "suite:ladder", load_ladder, true },
};
#define SUITE_COUNT (sizeof(suites) / sizeof(suites[0]))

static int load_suite(const struct ep_drive *d, struct ep_prompts *ret,
		      struct ep_err *err)
{
	for (size_t i = 0; i < SUITE_COUNT; i++) {
		if (strcmp(suites[i].name, d->prompts) != 0)
			continue;
		if (suites[i].fixed && d->prompt_token_count > 0)
			return ep_err_set(err, -EINVAL,
					  "%s has lengths of its own: leave "
					  "out --prompt-tokens",
					  suites[i].name);
		return suites[i].load(ret, err);
	}
	return ep_err_set(err, -ENOENT,
			  "there is no %.60s: suite:short and suite:ladder are "
			  "built in; a file of that name is ./%.60s",
			  d->prompts, d->prompts);
}

int ep_drive_randomness(const struct ep_drive *d, double fallback, double *ret,
			struct ep_err *err)
{
	double value = fallback;

	if (d->randomness && (ep_num_parse_f64(d->randomness, &value) < 0 ||
			      value < 0 || value > RANDOMNESS_MAX))
		return ep_err_set(err, -EINVAL,
				  "--temperature: '%.40s' is not a number from "
				  "0 to 10",
				  d->randomness);
	*ret = value;
	return 0;
}

static void set_randomness(struct ep_prompts *list, double randomness)
{
	for (size_t i = 0; i < list->count; i++)
		if (isnan(list->items[i].randomness))
			list->items[i].randomness = randomness;
}

/* What is said of every request comes before what a prompt says. */
static void fix_lengths(const struct ep_drive *d, struct ep_prompts *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct ep_prompt *p = &list->items[i];

		if (d->prompt_token_count > 0)
			p->asked_prompt_count = d->prompt_token_count;
		if (d->output_token_count > 0) {
			p->asked_output_count = d->output_token_count;
			p->max_token_count = d->output_token_count;
		}
		if (p->asked_prompt_count > 0 && p->max_token_count == 0 &&
		    d->max_token_count == 0)
			p->max_token_count = EP_SUITE_LADDER_MAX_TOKENS;
	}
}

/* Without an end token and without a limit an answer never ends. */
static int check_limits(const struct ep_drive *d, const struct ep_prompts *list,
			struct ep_err *err)
{
	for (size_t i = 0; d->ignore_eos && i < list->count; i++)
		if (list->items[i].max_token_count == 0 &&
		    d->max_token_count == 0)
			return ep_err_set(err, -EINVAL,
					  "--ignore-eos goes on until a limit, "
					  "and prompt '%.60s' has none: add "
					  "--output-tokens N",
					  list->items[i].id);
	return 0;
}

int ep_suite_load(const struct ep_drive *d, struct ep_prompts *ret,
		  struct ep_err *err)
{
	double randomness = 0;
	int r = ep_drive_randomness(d, (double)NAN, &randomness, err);

	if (r < 0)
		return r;
	if (d->prompts && ep_str_starts(d->prompts, EP_SUITE_PREFIX))
		r = load_suite(d, ret, err);
	else
		r = ep_prompts_load(d->prompts, ret, err);
	if (r < 0)
		return r;
	fix_lengths(d, ret);
	set_randomness(ret, randomness);
	r = check_limits(d, ret, err);
	if (r < 0)
		ep_prompts_done(ret);
	return r;
}

/* Common short words, so that most vocabularies have each in one token. */
static const char *const words[EP_SUITE_BLOCK_WORDS] = {
	"the", "old",  "man", "and", "his",  "dog",  "went", "down",
	"to",  "the",  "sea", "on",  "a",    "cold", "day",  "in",
	"the", "last", "of",  "the", "year", "with", "no",   "one"
};

int ep_suite_write(const struct ep_suite_text *what, struct ep_buf *ret)
{
	size_t total =
		what->block_count * EP_SUITE_BLOCK_WORDS + what->word_count;
	size_t n = what->number;
	/* The first letter changes first: a cache of prefixes finds nothing. */
	int r = ep_buf_addf(ret, "%c %c %c:", 'A' + (int)(n % 26),
			    'A' + (int)(n / 26 % 26),
			    'A' + (int)(n / 676 % 26));

	for (size_t i = 0; r == 0 && i < total; i++)
		r = ep_buf_addf(ret, " %s", words[i % EP_SUITE_BLOCK_WORDS]);
	for (size_t i = 0; r == 0 && i < what->letter_count; i++)
		r = ep_buf_addf(ret, " %c", 'B' + (int)(i % 24));
	return r;
}
