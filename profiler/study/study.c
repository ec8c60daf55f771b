/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/study.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/study_parts.h"

/* Columns of results.csv that are no factors. */
static const char *const taken[] = {
	"study_id", "config",  "run",	  "order",	   "valid",
	"reasons",  "host",    "phase",	  "board_serial",  "evidence",
	"tokens",   "steps",   "request", "start_s",	   "end_s",
	"slack_s",  "attempt", "warmup",  "cached_tokens", NULL,
};

void ep_study_init(struct ep_study *s)
{
	*s = (struct ep_study){
		.run_count = 1,
		.retry_count = 2,
		.until_share = NAN,
		.cooldown_limit_ns = 10 * 60 * EP_NS_PER_S,
		.cooldown_c = NAN,
		.limits = { .background_cpu_share_max = 0.10,
			    .thermal_drift_c_max = NAN,
			    .missed_tick_share_max = 0.01,
			    .sensor_gap_share_max = 0.05,
			    .frequency_shortfall_max = 0.10,
			    .token_count = -1,
			    .same_output = EP_SAME_AUTO },
	};
}

void ep_study_done(struct ep_study *s)
{
	if (!s)
		return;
	free(s->title);
	free(s->until_metric);
	ep_words_free(s->options);
	ep_words_free(s->command);
	for (size_t i = 0; i < s->factor_count; i++) {
		free(s->factors[i].name);
		ep_words_free(s->factors[i].levels);
	}
	memset(s, 0, sizeof(*s));
}

static int check_name(const struct ep_study *s, const char *name,
		      struct ep_err *err)
{
	size_t len = strlen(name);

	if (len == 0 || len > 63 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-") != len ||
	    isdigit((unsigned char)name[0]))
		return ep_err_set(err, -EINVAL,
				  "'%.60s' cannot be a factor: its name is a "
				  "column, so letters, digits, '_' and '-'",
				  name);
	for (size_t i = 0; taken[i]; i++)
		if (strcasecmp(taken[i], name) == 0)
			return ep_err_set(err, -EINVAL,
					  "a factor cannot be called '%s': "
					  "results.csv has a column of that "
					  "name",
					  name);
	for (size_t i = 0; i < s->factor_count; i++)
		if (strcasecmp(s->factors[i].name, name) == 0)
			return ep_err_set(err, -EEXIST,
					  "factor %s is there twice", name);
	if (s->factor_count == EP_FACTORS_MAX)
		return ep_err_set(err, -E2BIG, "more than %d factors",
				  EP_FACTORS_MAX);
	return 0;
}

static int check_levels(const char *name, char *const *levels,
			struct ep_err *err)
{
	size_t count = ep_words_count(levels);

	if (count == 0)
		return ep_err_set(err, -EINVAL, "factor %s has no level", name);
	if (count > EP_LEVELS_MAX)
		return ep_err_set(err, -E2BIG,
				  "factor %s has more than %d levels", name,
				  EP_LEVELS_MAX);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (strcmp(levels[i], levels[k]) == 0)
				return ep_err_set(err, -EINVAL,
						  "factor %s has the level "
						  "'%.80s' twice",
						  name, levels[i]);
	return 0;
}

int ep_study_add_factor(struct ep_study *s, const char *name,
			const char *option, char *const *levels,
			struct ep_err *err)
{
	struct ep_factor *f = &s->factors[s->factor_count];
	int r = check_name(s, name, err);

	if (r == 0)
		r = check_levels(name, levels, err);
	if (r < 0)
		return r;
	f->option = option;
	f->name = strdup(name);
	f->levels = ep_words_copy(levels);
	f->level_count = ep_words_count(levels);
	if (!f->name || !f->levels) {
		free(f->name);
		ep_words_free(f->levels);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	s->factor_count++;
	return 0;
}

static bool command_names(const struct ep_study *s, const char *name)
{
	char wanted[80];

	(void)ep_str_format(wanted, sizeof(wanted), "{%s}", name);
	for (size_t i = 0; s->command && s->command[i]; i++)
		if (strstr(s->command[i], wanted))
			return true;
	return false;
}

static int check_factors(const struct ep_study *s, struct ep_err *err)
{
	for (size_t i = 0; i < s->factor_count; i++) {
		const struct ep_factor *f = &s->factors[i];

		if (!f->option && !command_names(s, f->name))
			return ep_err_set(
				err, -EINVAL,
				"factor %s changes nothing: the command "
				"has no {%s}",
				f->name, f->name);
	}
	return 0;
}

static bool is_declared(const struct ep_study *s, const char *name, size_t len)
{
	if (len == strlen("threads") && strncmp(name, "threads", len) == 0)
		return true;
	for (size_t i = 0; i < s->factor_count; i++)
		if (strlen(s->factors[i].name) == len &&
		    strncmp(s->factors[i].name, name, len) == 0)
			return true;
	return false;
}

/* JSON and shell snippets have braces of their own: only what looks like a name
 * and is none is refused. */
static int check_names(const struct ep_study *s, const char *text,
		       struct ep_err *err)
{
	const char *p = text;

	while ((p = strchr(p, '{'))) {
		size_t len = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-");

		if (p[1] == '{') {
			p += 2;
			continue;
		}
		if (len > 0 && p[1 + len] == '}' && !is_declared(s, p + 1, len))
			return ep_err_set(err, -EINVAL,
					  "'%.*s' in the command has no "
					  "factor: give --set %.*s=..., or "
					  "write {%.*s if it is meant as it "
					  "stands",
					  (int)len + 2, p, (int)len, p + 1,
					  (int)len + 2, p);
		p++;
	}
	return 0;
}

int ep_study_check(const struct ep_study *s, struct ep_err *err)
{
	int r = check_factors(s, err);

	for (size_t i = 0; r == 0 && s->command && s->command[i]; i++)
		r = check_names(s, s->command[i], err);
	if (r < 0)
		return r;
	if (s->until_metric && s->max_run_count < s->run_count)
		return ep_err_set(err, -EINVAL,
				  "until-ci needs max-runs, and not fewer than "
				  "runs (%lld): it may never be reached",
				  (long long)s->run_count);
	if (s->until_metric && s->run_count < 3)
		return ep_err_set(err, -EINVAL,
				  "until-ci needs runs = 3 or more: an "
				  "interval of two says nothing");
	if (!s->until_metric && s->max_run_count > 0)
		return ep_err_set(err, -EINVAL,
				  "max-runs means something only with "
				  "until-ci");
	return 0;
}
