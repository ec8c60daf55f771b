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
#include "profiler/analyze/distributions.h"
#include "profiler/study/study_parts.h"

/* Columns of results.csv that are no factors: fixed ones, and metrics. */
static const char *const taken[] = {
	"study_id",
	"config",
	"run",
	"order",
	"valid",
	"reasons",
	"host",
	"phase",
	"board_serial",
	"evidence",
	"tokens",
	"steps",
	"request",
	"start_s",
	"end_s",
	"slack_s",
	"attempt",
	"warmup",
	"cached_tokens",
	"duration_s",
	"energy_j",
	"energy_net_j",
	"power_mean_w",
	"power_peak_w",
	"tokens_per_s",
	"j_per_token",
	"net_j_per_token",
	"j_per_output_token",
	"action_j_s_per_token",
	"edp_j_s_per_token2",
	"rss_peak_bytes",
	"ttft_s",
	"itl_p50_s",
	"itl_p90_s",
	"itl_p99_s",
	NULL,
};

void ep_study_init(struct ep_study *s)
{
	*s = (struct ep_study){
		.run_count = 1,
		.retry_count = 2,
		.until_share = (double)NAN,
		.floor_value = (double)NAN,
		.cooldown_limit_ns = 10 * 60 * EP_NS_PER_S,
		.cooldown_c = (double)NAN,
		.limits = { .background_cpu_share_max = 0.10,
			    .thermal_drift_c_max = (double)NAN,
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
	free(s->objective);
	free(s->floor_metric);
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

static int check_yes_no(const char *name, char *const *levels,
			struct ep_err *err)
{
	for (size_t i = 0; levels[i]; i++)
		if (strcmp(levels[i], "yes") != 0 &&
		    strcmp(levels[i], "no") != 0)
			return ep_err_set(err, -EINVAL,
					  "factor %s: '%.60s' is not yes or no",
					  name, levels[i]);
	return 0;
}

int ep_study_add_factor(struct ep_study *s, const char *name,
			const char *option, char *const *levels,
			struct ep_err *err)
{
	const struct ep_factor_option *known =
		option ? ep_factor_option_find(name) : NULL;
	struct ep_factor *f = &s->factors[s->factor_count];
	int r = check_name(s, name, err);

	if (r == 0)
		r = check_levels(name, levels, err);
	if (r == 0 && known && known->flag)
		r = check_yes_no(name, levels, err);
	if (r < 0)
		return r;
	f->option = option;
	f->flag = known && known->flag;
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

static int check_search(const struct ep_study *s, struct ep_err *err)
{
	if (!ep_distributions_are_there())
		return ep_err_set(err, -EINVAL,
				  "search needs libRmath, which this edgeprof "
				  "was built without (WITH_RMATH=0)");
	if (!s->objective)
		return ep_err_set(err, -EINVAL,
				  "search needs an objective, the metric that "
				  "shall be small, such as "
				  "generation.j_per_token");
	if (s->until_metric)
		return ep_err_set(err, -EINVAL,
				  "search and until-ci both say how often "
				  "something runs: leave one of them out");
	if (s->run_count < 2)
		return ep_err_set(err, -EINVAL,
				  "search needs runs = 2 or more: of one run "
				  "nobody knows how far it may be off");
	if (s->max_run_count < s->run_count)
		return ep_err_set(err, -EINVAL,
				  "search needs max-runs, what one "
				  "configuration may get at most, and not "
				  "fewer than runs (%lld)",
				  (long long)s->run_count);
	if (s->factor_count == 0)
		return ep_err_set(err, -EINVAL,
				  "search needs a factor: there is nothing to "
				  "choose from");
	return 0;
}

/* JSON, which keeps the study, holds nothing else. */
static int check_utf8(const char *text, struct ep_err *err)
{
	json_t *o = text ? json_string(text) : json_null();
	char clean[80];

	if (o) {
		json_decref(o);
		return 0;
	}
	(void)ep_str_copy(clean, sizeof(clean), text);
	ep_str_printable(clean);
	return ep_err_set(err, -EINVAL, "'%s' is not UTF-8", clean);
}

static int check_texts(const struct ep_study *s, struct ep_err *err)
{
	int r = check_utf8(s->title, err);

	for (size_t i = 0; r == 0 && s->options && s->options[i]; i++)
		r = check_utf8(s->options[i], err);
	for (size_t i = 0; r == 0 && s->command && s->command[i]; i++)
		r = check_utf8(s->command[i], err);
	if (r == 0)
		r = check_utf8(s->until_metric, err);
	if (r == 0)
		r = check_utf8(s->objective, err);
	if (r == 0)
		r = check_utf8(s->floor_metric, err);
	for (size_t i = 0; i < s->factor_count; i++)
		for (size_t k = 0; r == 0 && k < s->factors[i].level_count; k++)
			r = check_utf8(s->factors[i].levels[k], err);
	return r;
}

int ep_study_check(const struct ep_study *s, struct ep_err *err)
{
	int r = check_texts(s, err);

	if (r == 0)
		r = check_factors(s, err);

	for (size_t i = 0; r == 0 && s->command && s->command[i]; i++)
		r = check_names(s, s->command[i], err);
	if (r < 0)
		return r;
	if (s->search == EP_SEARCH_HALVING)
		return check_search(s, err);
	if (s->until_metric && !ep_distributions_are_there())
		return ep_err_set(
			err, -EINVAL,
			"until-ci needs libRmath, which this edgeprof "
			"was built without (WITH_RMATH=0)");
	if (s->until_metric && s->max_run_count < s->run_count)
		return ep_err_set(err, -EINVAL,
				  "until-ci needs max-runs, and not fewer than "
				  "runs (%lld): it may never be reached",
				  (long long)s->run_count);
	if (s->until_metric && s->run_count < 3)
		return ep_err_set(err, -EINVAL,
				  "until-ci needs runs = 3 or more: an "
				  "interval of two says nothing");
	if (s->objective || s->floor_metric)
		return ep_err_set(err, -EINVAL,
				  "objective and floor mean something only "
				  "with search = halving");
	if (!s->until_metric && s->max_run_count > 0)
		return ep_err_set(err, -EINVAL,
				  "max-runs means something only with "
				  "until-ci or search = halving");
	return 0;
}
