/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/run_options.h"
#include "profiler/cli/sweep.h"

#define PLAN_LINES_MAX 40

void ep_sweep_name_config(const struct ep_study *s, uint64_t config, char *ret,
			  size_t size)
{
	size_t levels[EP_FACTORS_MAX];

	ep_plan_levels(s, config, levels);
	(void)ep_str_copy(ret, size,
			  s->factor_count == 0 ? "the only one" : "");
	for (size_t i = 0; i < s->factor_count; i++) {
		size_t used = strlen(ret);

		(void)ep_str_format(ret + used, size - used, "%s%s=%s",
				    used ? " " : "", s->factors[i].name,
				    s->factors[i].levels[levels[i]]);
	}
	ep_str_printable(ret);
}

static void show_argv(char *const *argv)
{
	fputs("  edgeprof run", stdout);
	for (; *argv; argv++) {
		bool plain = (*argv)[strcspn(*argv, " \t\n'\"\\$`*?|&;<>()")] ==
				     '\0' &&
			     **argv != '\0';
		char text[400];

		(void)ep_str_copy(text, sizeof(text), *argv);
		ep_str_printable(text);
		printf(plain ? " %s" : " '%s'", text);
	}
	fputc('\n', stdout);
}

static int show_first_block(const struct ep_study *s, uint64_t count)
{
	uint64_t *order = calloc(count, sizeof(*order));
	int r = order ? ep_plan_block(s, 0, order) : -1;

	for (uint64_t i = 0; r == 0 && i < count && i < PLAN_LINES_MAX; i++) {
		char name[300];

		ep_sweep_name_config(s, order[i], name, sizeof(name));
		printf("  %3" PRIu64 "  configuration %" PRIu64 "  %s\n", i + 1,
		       order[i] + 1, name);
	}
	if (r == 0 && count > PLAN_LINES_MAX)
		printf("  ... and %" PRIu64 " more\n", count - PLAN_LINES_MAX);
	free(order);
	return r;
}

/* What every run takes besides the program. */
static double around_s(const struct ep_study *s)
{
	struct ep_run_options run;
	struct ep_err err = { 0 };
	char **argv, **all;
	double seconds = 0;
	size_t count;

	if (ep_plan_argv(s, 0, &argv) < 0)
		return 0;
	count = ep_words_count(argv);
	all = calloc(count + 2, sizeof(*all));
	if (all) {
		all[0] = (char *)(uintptr_t) "run";
		memcpy(all + 1, argv, count * sizeof(*all));
		if (ep_run_options_parse((int)count + 1, all, &run, &err) == 0)
			seconds = (double)(run.record.idle_ns +
					   run.record.tail_ns) /
				  EP_NS_PER_S;
	}
	free(all);
	ep_plan_argv_free(argv);
	return seconds;
}

static void show_time(const struct ep_study *s, double runs)
{
	double each_s = around_s(s);
	char text[40];

	if (s->cooldown == EP_COOLDOWN_TIME)
		each_s += (double)s->cooldown_ns / EP_NS_PER_S;
	ep_sweep_name_time(each_s * runs, text, sizeof(text));
	printf("  baselines%s take %s besides the program itself%s\n",
	       s->cooldown == EP_COOLDOWN_TIME ? " and pauses" : "", text,
	       s->cooldown == EP_COOLDOWN_TEMPERATURE
		       ? ", and cooling down as long as it takes"
		       : "");
}

int ep_sweep_show_plan(const struct ep_study *s, const char *dir)
{
	uint64_t count = ep_plan_config_count(s);
	char **argv;

	printf("Study%s%s in %s\n", s->title ? " " : "",
	       s->title ? s->title : "", dir);
	for (size_t i = 0; i < s->factor_count; i++) {
		printf("  %-12s", s->factors[i].name);
		for (size_t k = 0; k < s->factors[i].level_count; k++)
			printf("%s%s", k ? ", " : "", s->factors[i].levels[k]);
		fputc('\n', stdout);
	}
	printf("  %" PRIu64 " configuration%s, %" PRId64 " run%s%s%" PRId64
	       " warm-up%s of each: %" PRIu64 " runs\n",
	       count, count == 1 ? "" : "s", s->run_count,
	       s->run_count == 1 ? "" : "s", " and ", s->warmup_count,
	       s->warmup_count == 1 ? "" : "s",
	       count * (uint64_t)(s->run_count + s->warmup_count));
	if (s->search == EP_SEARCH_HALVING)
		ep_sweep_show_search_plan(s);
	if (s->until_metric)
		printf("  more runs, up to %" PRId64
		       ", until the 95 %% interval of %s is within %.3g %%\n",
		       s->max_run_count, s->until_metric, 100 * s->until_share);
	show_time(s, (double)count * (double)(s->run_count + s->warmup_count));
	if (count > EP_CONFIGS_ASK)
		printf("  so many configurations run only with --yes\n");
	printf("\nOrder of the first repetition (%s)\n",
	       s->order == EP_ORDER_GIVEN
		       ? "as given, all repetitions of one after the other"
		       : "every repetition has one of its own");
	if (count <= EP_CONFIGS_MAX && show_first_block(s, count) < 0)
		return -1;
	if (ep_plan_argv(s, 0, &argv) < 0)
		return -1;
	puts("\nConfiguration 1 is");
	show_argv(argv);
	ep_plan_argv_free(argv);
	puts("Nothing was started.");
	return 0;
}

static void show_mean(struct ep_store *store, uint64_t config,
		      const char *metric, FILE *to)
{
	struct ep_err err = { 0 };
	double mean = (double)NAN;

	if (ep_store_mean(store, config, metric, &mean, &err) < 0 ||
	    !isfinite(mean))
		fprintf(to, " %13s", "-");
	else
		fprintf(to, " %13.4g", mean);
}

int ep_sweep_show_results(struct ep_store *store, FILE *to, struct ep_err *err)
{
	const char *dir = ep_store_dir(store);
	const struct ep_study *s = ep_store_study(store);
	uint64_t count = ep_plan_config_count(s), short_count = 0;
	struct ep_standing *standing;
	int r = ep_store_standing(store, &standing, err);

	if (r < 0)
		return r;
	fprintf(to, "%5s %5s %8s %13s %13s %13s  %s\n", "", "valid", "rejected",
		"tokens/s", "J/token", "J per run", "means over valid runs");
	for (uint64_t i = 0; i < count; i++) {
		const struct ep_standing *st = &standing[i];
		char name[300];

		short_count += st->valid_count < s->run_count;
		ep_sweep_name_config(s, i, name, sizeof(name));
		fprintf(to, "%5" PRIu64 " %5" PRId64 " %8" PRId64, i + 1,
			st->valid_count, st->rejected_count + st->lost_count);
		show_mean(store, i, "generation.tokens_per_s", to);
		show_mean(store, i, "generation.j_per_token", to);
		show_mean(store, i, "run.energy_j", to);
		fprintf(to, "  %s%s\n", name,
			st->failed ? "  (cannot run)" : "");
	}
	fprintf(to,
		"\n%s/results.csv has every run and phase; %s/runs the folders\n",
		dir, dir);
	if (short_count > 0)
		fprintf(to,
			"%" PRIu64 " of %" PRIu64
			" configurations have too few valid runs: column "
			"reasons says why\n",
			short_count, count);
	if (s->search == EP_SEARCH_HALVING &&
	    ep_sweep_show_search(to, s, standing) < 0)
		r = ep_err_set(err, -ENOMEM, "out of memory");
	free(standing);
	return r;
}
