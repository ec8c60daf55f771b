/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/check.h"
#include "profiler/analyze/comparison.h"

/* 1.05 against 1 is a change of 5 % but for the last bit of a double. */
#define BORDER 1e-9

static void add(struct ep_check_item *item, const char *format, ...)
	EP_PRINTF(2, 3);
static void add(struct ep_check_item *item, const char *format, ...)
{
	size_t used = strlen(item->text);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(item->text + used, sizeof(item->text) - used, format,
			args);
	va_end(args);
}

static const char *spaced_unit(const struct ep_check_item *item, char ret[40])
{
	const char *unit = ep_metric_unit(item->metric);

	(void)ep_str_format(ret, 40, "%s%s", unit[0] ? " " : "", unit);
	return ret;
}

/* "1.93 J/token (95 %: 1.88 to 1.98, 5 runs)" */
static void add_mean(struct ep_check_item *item,
		     const struct ep_check_figure *f)
{
	const struct ep_group_figure *g = &f->figure;
	char unit[40];

	add(item, "mean %.6g%s (", g->mean, spaced_unit(item, unit));
	if (g->run_count == 1 && isfinite(g->u95))
		add(item, "%.6g to %.6g by its own \u00b1; ", g->mean - g->u95,
		    g->mean + g->u95);
	else if (isfinite(g->u95))
		add(item, "95 %%: %.6g to %.6g; ", g->mean - g->u95,
		    g->mean + g->u95);
	if (g->run_count == 1)
		add(item, "one run: run-to-run spread unknown");
	else
		add(item, "%s%zu runs", isfinite(g->u95) ? "" : "no interval; ",
		    g->run_count);
	add(item, ")");
	if (g->run_count < f->valid_count)
		add(item, ", missing in %zu of %zu runs",
		    f->valid_count - g->run_count, f->valid_count);
}

/* "estimated: in 2 of 3 runs"; a reason may begin with the word itself. */
static void add_worth(struct ep_check_item *item, const char *whose,
		      const char *word, const char *reason)
{
	bool said = ep_str_starts(reason, word);

	add(item, "%s%s%s%s", whose, said ? "" : word,
	    said || reason[0] == '\0' ? "" : ": ", reason);
}

/* Why the figure is not good enough, where that was not allowed. */
static bool refuse(struct ep_check_item *item, const struct ep_check_figure *f,
		   const struct ep_check_rules *rules, const char *whose)
{
	const struct ep_group_figure *g = &f->figure;
	bool none = g->run_count == 0 || !isfinite(g->mean);
	const char *allow = NULL;

	if (f->valid_count == 0) {
		item->verdict = EP_CHECK_CANNOT_JUDGE;
		add(item, "%sthere is no valid run", whose);
		return true;
	}
	if (none || (g->run_count < f->valid_count && !rules->allow_missing)) {
		item->verdict = rules->allow_missing ? EP_CHECK_SKIPPED
						     : EP_CHECK_CANNOT_JUDGE;
		add(item, "%snot measured in %zu of %zu runs%s%s", whose,
		    f->valid_count - (none ? 0 : g->run_count), f->valid_count,
		    none && g->reason[0] ? ": " : "", none ? g->reason : "");
		allow = "missing";
	} else if (g->status == EP_STATUS_ESTIMATED &&
		   !rules->allow_estimated) {
		add_worth(item, whose, "estimated", g->reason);
		allow = "estimated";
	} else if (g->status == EP_STATUS_LOW_CONFIDENCE &&
		   !rules->allow_low_confidence) {
		add_worth(item, whose, "low confidence", g->reason);
		allow = "low-confidence";
	} else if (f->status_unknown && !rules->allow_low_confidence) {
		add(item,
		    "%sof an older edgeprof that kept no word on how good "
		    "figures are; edgeprof sweep DIR --rebuild makes "
		    "results.csv again",
		    whose);
		allow = "low-confidence";
	}
	if (!allow)
		return false;
	if (item->verdict != EP_CHECK_SKIPPED) {
		item->verdict = EP_CHECK_CANNOT_JUDGE;
		add(item, " (--allow %s lets it pass)", allow);
	}
	return true;
}

/* What was allowed is told all the same. */
static void add_status(struct ep_check_item *item,
		       const struct ep_check_figure *f)
{
	if (f->figure.status == EP_STATUS_ESTIMATED)
		add(item, "; estimated");
	else if (f->figure.status == EP_STATUS_LOW_CONFIDENCE ||
		 f->status_unknown)
		add(item, "; low confidence");
}

static void judge_limit(struct ep_check_item *item,
			const struct ep_check_rules *rules)
{
	const struct ep_group_figure *g = &item->now.figure;
	bool max = item->kind == EP_CHECK_MAX;
	double over = max ? g->mean - item->limit : item->limit - g->mean;
	char unit[40];

	(void)ep_str_format(item->asked, sizeof(item->asked), "%s %s %.6g%s",
			    item->metric, max ? "<=" : ">=", item->limit,
			    spaced_unit(item, unit));
	if (refuse(item, &item->now, rules, ""))
		return;
	item->verdict = over > 0 ? EP_CHECK_FAIL : EP_CHECK_PASS;
	add_mean(item, &item->now);
	add(item, " is %s%s %.6g%s", over > 0 ? "" : "not ",
	    max ? "above" : "below", item->limit, unit);
	if (over > 0 && fabs(item->limit) > 0)
		add(item, ", by %.3g %%", 100 * over / fabs(item->limit));
	if (isfinite(g->u95) && fabs(over) < g->u95)
		add(item, "; the interval holds the limit");
	add_status(item, &item->now);
}

static void judge_interval(struct ep_check_item *item,
			   const struct ep_check_rules *rules)
{
	const struct ep_change *c = &item->change;
	bool higher = ep_metric_higher_is_better(item->metric);
	/* How much worse at least and at most. */
	double least = higher ? -c->high : c->low;
	double most = higher ? -c->low : c->high;
	size_t runs = item->now.figure.run_count;

	if (item->base.figure.run_count < runs)
		runs = item->base.figure.run_count;
	if (!isfinite(least) || !isfinite(most)) {
		item->verdict = EP_CHECK_CANNOT_TELL;
		add(item, "cannot tell: %s", c->reason);
	} else if (least - rules->margin > BORDER * rules->margin) {
		item->verdict = EP_CHECK_FAIL;
		add(item, "worse by more than %.4g %%", 100 * rules->margin);
	} else if (most - rules->margin <= BORDER * rules->margin) {
		item->verdict = EP_CHECK_PASS;
		add(item, "not worse by more than %.4g %%",
		    100 * rules->margin);
	} else {
		item->verdict = EP_CHECK_CANNOT_TELL;
		add(item,
		    "cannot tell whether it is worse by more than %.4g %%",
		    100 * rules->margin);
		if (c->runs_to_tell > runs && c->runs_to_tell < EP_RUNS_MAX)
			add(item,
			    "; about %zu runs of each would show a change "
			    "of that size",
			    c->runs_to_tell);
	}
}

static void judge_change(struct ep_check_item *item,
			 const struct ep_check_rules *rules)
{
	const struct ep_change *c = &item->change;
	char unit[40];

	(void)ep_str_format(item->asked, sizeof(item->asked),
			    "%s not worse by more than %.4g %%", item->metric,
			    100 * rules->margin);
	if (refuse(item, &item->now, rules, "") ||
	    refuse(item, &item->base, rules, "in the baseline "))
		return;
	add(item, "%.6g%s against %.6g, %zu and %zu runs",
	    item->now.figure.mean, spaced_unit(item, unit),
	    item->base.figure.mean, item->now.figure.run_count,
	    item->base.figure.run_count);
	if (isfinite(c->relative))
		add(item, ": %+.3g %%", 100 * c->relative);
	if (isfinite(c->low))
		add(item, " (95 %%: %+.3g to %+.3g %%)", 100 * c->low,
		    100 * c->high);
	add(item, ", ");
	judge_interval(item, rules);
	add_status(item, &item->now);
}

void ep_check_judge(struct ep_check_item *item,
		    const struct ep_check_rules *rules)
{
	item->text[0] = '\0';
	if (item->kind == EP_CHECK_CHANGE)
		judge_change(item, rules);
	else
		judge_limit(item, rules);
	item->fails = item->verdict == EP_CHECK_FAIL ||
		      (item->verdict == EP_CHECK_CANNOT_TELL && rules->strict);
	ep_str_printable(item->text);
	ep_str_printable(item->asked);
}
