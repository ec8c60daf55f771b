/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/cli/sweep.h"

#define REDRAW_NS (500 * EP_NS_PER_MS)
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

/* "1 h 12 min", "45 s" */
static void name_time(double seconds, char *ret, size_t size)
{
	int64_t s = isfinite(seconds) ? (int64_t)llround(seconds) : -1;

	if (s < 0)
		(void)ep_str_copy(ret, size, "?");
	else if (s < 100)
		(void)ep_str_format(ret, size, "%" PRId64 " s", s);
	else if (s < 6000)
		(void)ep_str_format(ret, size, "%" PRId64 " min",
				    (s + 30) / 60);
	else
		(void)ep_str_format(ret, size, "%" PRId64 " h %" PRId64 " min",
				    s / 3600, s / 60 % 60);
}

void ep_sweep_close_line(struct ep_sweep_screen *screen)
{
	if (screen->line_open)
		fputc('\n', stderr);
	screen->line_open = false;
}

static void describe(const struct ep_sweep_screen *screen,
		     const struct ep_study_progress *p, char *ret, size_t size)
{
	char name[300], eta[40];
	size_t used;

	ep_sweep_name_config(screen->study, p->item.config, name, sizeof(name));
	name_time(p->eta_s, eta, sizeof(eta));
	(void)ep_str_format(ret, size,
			    "%" PRId64 " of %" PRId64 ": configuration %" PRIu64
			    " of %" PRIu64 " (%s), %s %" PRId64,
			    p->done_count + 1, p->plan_count,
			    p->item.config + 1, p->config_count, name,
			    p->item.warmup ? "warm-up" : "run",
			    p->item.repetition);
	used = strlen(ret);
	if (!p->item.warmup)
		(void)ep_str_format(ret + used, size - used, " of %" PRId64,
				    p->run_count);
	used = strlen(ret);
	if (isfinite(p->eta_s))
		(void)ep_str_format(ret + used, size - used, ", %s to go", eta);
	used = strlen(ret);
	if (isfinite(p->j_per_token))
		(void)ep_str_format(ret + used, size - used,
				    ", %.4g J/token so far", p->j_per_token);
	used = strlen(ret);
	if (isfinite(p->temperature_c))
		(void)ep_str_format(ret + used, size - used,
				    ", %.0f \xc2\xb0"
				    "C",
				    p->temperature_c);
}

/* Redrawn in place on a terminal; one line per run elsewhere. */
static void show_status(struct ep_sweep_screen *screen,
			const struct ep_study_progress *p, const char *mark)
{
	char text[900];

	describe(screen, p, text, sizeof(text));
	if (screen->terminal) {
		fprintf(stderr, "\r\033[K%s%s", text, mark);
		screen->line_open = true;
	} else {
		fprintf(stderr, "edgeprof: %s%s\n", text, mark);
	}
	screen->shown_ns = ep_clock_monotonic_ns();
}

static void show_pause(struct ep_sweep_screen *screen,
		       const struct ep_study_progress *p)
{
	char mark[80];

	if (isfinite(p->pause_s) && screen->study->cooldown == EP_COOLDOWN_TIME)
		(void)ep_str_format(mark, sizeof(mark), "; pause, %.0f s",
				    ceil(p->pause_s));
	else
		(void)ep_str_format(mark, sizeof(mark),
				    "; cooling down to %.4g \xc2\xb0"
				    "C",
				    screen->study->cooldown_c);
	show_status(screen, p, mark);
}

static void show_line(struct ep_sweep_screen *screen, const char *what,
		      const char *text)
{
	char line[1300];

	ep_sweep_close_line(screen);
	(void)ep_str_format(line, sizeof(line), "%s%s%s", what,
			    text && text[0] ? ": " : "", text ? text : "");
	ep_str_printable(line);
	fprintf(stderr, "edgeprof: %s\n", line);
}

void ep_sweep_tell(void *ctx, const struct ep_study_progress *p)
{
	struct ep_sweep_screen *screen = ctx;
	bool late = ep_clock_monotonic_ns() - screen->shown_ns > REDRAW_NS;

	if (screen->quiet)
		return;
	switch (p->event) {
	case EP_STUDY_STARTS:
		show_status(screen, p, "");
		break;
	case EP_STUDY_RUNS:
		if (screen->terminal && late)
			show_status(screen, p, "");
		break;
	case EP_STUDY_PAUSES:
		if (screen->terminal && late)
			show_pause(screen, p);
		break;
	case EP_STUDY_VALID:
		break;
	case EP_STUDY_REJECTED:
		show_line(screen, "run rejected", p->text);
		break;
	case EP_STUDY_LOST:
		show_line(screen, "run lost", p->text);
		break;
	case EP_STUDY_WARNS:
		show_line(screen, "warning", p->text);
		break;
	}
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
	if (s->until_metric)
		printf("  more runs, up to %" PRId64
		       ", until the 95 %% interval of %s is within %.3g %%\n",
		       s->max_run_count, s->until_metric, 100 * s->until_share);
	if (s->cooldown == EP_COOLDOWN_TIME) {
		char text[40];

		name_time((double)s->cooldown_ns / EP_NS_PER_S * (double)count *
				  (double)(s->run_count + s->warmup_count),
			  text, sizeof(text));
		printf("  pauses alone take %s\n", text);
	}
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
		      const char *metric)
{
	struct ep_err err = { 0 };
	double mean = (double)NAN;

	if (ep_store_mean(store, config, metric, &mean, &err) < 0 ||
	    !isfinite(mean))
		printf(" %13s", "-");
	else
		printf(" %13.4g", mean);
}

int ep_sweep_show_results(struct ep_store *store, const char *dir,
			  struct ep_err *err)
{
	const struct ep_study *s = ep_store_study(store);
	uint64_t count = ep_plan_config_count(s);
	struct ep_standing *standing;
	int r = ep_store_standing(store, &standing, err);

	if (r < 0)
		return r;
	printf("%5s %5s %8s %13s %13s %13s  %s\n", "", "valid", "rejected",
	       "tokens/s", "J/token", "J per run", "means over valid runs");
	for (uint64_t i = 0; i < count; i++) {
		const struct ep_standing *st = &standing[i];
		char name[300];

		ep_sweep_name_config(s, i, name, sizeof(name));
		printf("%5" PRIu64 " %5" PRId64 " %8" PRId64, i + 1,
		       st->valid_count, st->rejected_count + st->lost_count);
		show_mean(store, i, "generation.tokens_per_s");
		show_mean(store, i, "generation.j_per_token");
		show_mean(store, i, "run.energy_j");
		printf("  %s%s\n", name, st->failed ? "  (cannot run)" : "");
	}
	printf("\n%s/results.csv has every run and phase; %s/runs the folders\n",
	       dir, dir);
	free(standing);
	return 0;
}
