/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"
#include "profiler/record/pmic_cost.h"
#include "profiler/report/width.h"

#define COLUMN 14

static void say(const char *label, const char *format, ...) EP_PRINTF(2, 3);
static void say(const char *label, const char *format, ...)
{
	char text[600];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_lines_fact(COLUMN, label, text);
}

static void say_polling(const struct ep_pmic_cost *c)
{
	say("a reading",
	    "takes %.2f ms; one every %.1f ms: %.1f %% of the "
	    "time is spent in calls",
	    (double)c->poll_ns / 1e6, (double)c->period_ns / 1e6,
	    100 * c->share);
	if (c->error_count > 0)
		say("", "%lld of %lld readings failed",
		    (long long)c->error_count, (long long)c->poll_count);
	for (size_t i = 0; i < c->note_count; i++)
		say("", "%s", c->notes[i]);
	say("governor", "%s", c->governor[0] ? c->governor : "not told");
}

static void say_transitions(const struct ep_pmic_cost *c)
{
	double quiet = c->quiet_transitions, polled = c->polled_transitions;

	if (isnan(quiet) || isnan(polled)) {
		say("clock changes", "not measured: this kernel does not count "
				     "them (CONFIG_CPU_FREQ_STAT)");
		return;
	}
	if (quiet > 0)
		say("clock changes",
		    "%.1f a second while read, %.1f without: ratio %.2f",
		    polled, quiet, polled / quiet);
	else
		say("clock changes", "%.1f a second while read, none without",
		    polled);
}

static void say_work(const struct ep_pmic_cost *c)
{
	double ratio, change;

	if (!(c->quiet_rate > 0)) {
		say("work", "not measured: the workload got nothing done");
		return;
	}
	ratio = c->polled_rate / c->quiet_rate;
	change = 100 * (ratio - 1);
	say("work",
	    "ratio %.4f while read to without; +- %.4f from round to "
	    "round",
	    ratio, c->spread);
	if (fabs(ratio - 1) <= c->spread)
		say("", "no difference is seen");
	else
		say("", "reading makes programs %.2f %% %s", fabs(change),
		    change < 0 ? "slower" : "faster");
}

static void advise(const struct ep_pmic_cost *c)
{
	bool slower = c->quiet_rate > 0 &&
		      c->polled_rate / c->quiet_rate < 1 - c->spread;

	(void)printf("\n");
	if (slower)
		ep_lines_wrap(0, 0,
			      "Read less often: a board file of your own with "
			      "pmic_budget = 5 in its sensor \"pmic\" "
			      "(docs/adding-a-board.md), or keep the clock "
			      "still, so that there is nothing to wait for:");
	else
		ep_lines_wrap(0, 0,
			      "Nothing need be changed. Where clocks follow "
			      "the load, a still clock takes away what is "
			      "left:");
	(void)printf("  sudo edgeprof run --governor performance -- ./infer\n");
}

int ep_doctor_pmic(const struct ep_env *env, int64_t whole_ns)
{
	int64_t round_ns = whole_ns / (2 * EP_PMIC_COST_ROUNDS);
	struct ep_pmic_cost cost;
	struct ep_err err = { 0 };
	char clean[600];
	int r;

	ep_lines_wrapf(0, 0,
		       "all cores are busy for %.1f s, in turns without and "
		       "with readings of the power chip",
		       (double)whole_ns / 1e9);
	(void)putchar('\n');
	(void)fflush(stdout);
	r = ep_pmic_cost_measure(env, round_ns, &cost, &err);
	if (r < 0) {
		ep_width_clean(clean, sizeof(clean),
			       err.text[0] ? err.text : strerror(-r));
		(void)fprintf(stderr, "edgeprof doctor: %s\n", clean);
		return EP_EXIT_USAGE;
	}
	say_polling(&cost);
	say_transitions(&cost);
	say_work(&cost);
	advise(&cost);
	return EP_EXIT_OK;
}
