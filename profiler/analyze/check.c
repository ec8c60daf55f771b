/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/check.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/pool.h"

const char *ep_check_verdict_name(enum ep_check_verdict v)
{
	static const char *const names[] = {
		[EP_CHECK_PASS] = "pass",
		[EP_CHECK_FAIL] = "fail",
		[EP_CHECK_CANNOT_TELL] = "cannot tell",
		[EP_CHECK_CANNOT_JUDGE] = "cannot be judged",
		[EP_CHECK_SKIPPED] = "skipped",
	};

	return names[v];
}

/* The status of a run when its samples are looked at with those of others. */
static enum ep_status status_of(const struct ep_check_run *r, bool pooled)
{
	bool few = r->status == EP_STATUS_LOW_CONFIDENCE &&
		   r->run.sample_count > 0;

	return few && pooled ? EP_STATUS_OK : r->status;
}

int ep_check_group(const struct ep_check_run *runs, size_t count,
		   struct ep_group_figure *ret)
{
	struct ep_group_run *list = calloc(count + 1, sizeof(*list));
	enum ep_status worst = EP_STATUS_OK;
	int64_t samples = 0;
	size_t bad = 0, used = 0;
	const char *reason = "";
	bool pooled;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		list[i] = runs[i].run;
		if (!isfinite(list[i].value))
			list[i].value = (double)NAN;
		else if (list[i].sample_count > 0)
			samples += list[i].sample_count;
		used += isnan(list[i].value) ? 0 : 1;
	}
	ep_group_uncertainty(list, count, ret);
	pooled = used > 1 && samples >= EP_POOL_SAMPLES_MIN;
	for (size_t i = 0; i < count; i++) {
		enum ep_status s = status_of(&runs[i], pooled);

		if (isnan(list[i].value) || s == EP_STATUS_OK || s < worst)
			continue;
		bad = s == worst ? bad + 1 : 1;
		if (s > worst || reason[0] == '\0')
			reason = runs[i].reason;
		worst = s;
	}
	free(list);
	if (used == 0 && count > 0 && runs[0].reason[0])
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  runs[0].reason);
	if (worst <= ret->status)
		return 0;
	ret->status = worst;
	if (used > 1)
		(void)ep_str_format(ret->reason, sizeof(ret->reason),
				    "in %zu of %zu runs: %s", bad, used,
				    reason);
	else
		(void)ep_str_copy(ret->reason, sizeof(ret->reason), reason);
	return 0;
}

static void take_interval(const struct ep_contrast *c, double ratio_u95,
			  struct ep_change *ret)
{
	const struct ep_stat *welch = &c->tests[EP_TEST_WELCH];
	double size = fabs(c->a.mean);

	if (isfinite(ratio_u95)) {
		ret->low = ret->relative - ratio_u95;
		ret->high = ret->relative + ratio_u95;
	} else if (isfinite(welch->low) && isfinite(welch->high)) {
		ret->low = welch->low / size;
		ret->high = welch->high / size;
	} else if (c->a.constant && c->b.constant) {
		ret->low = ret->high = ret->relative;
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  "the runs of a group are all alike");
	} else {
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  "the spread has no interval");
	}
}

void ep_change_make(const struct ep_contrast *c, double ratio_u95,
		    struct ep_change *ret)
{
	*ret = (struct ep_change){ (double)NAN, (double)NAN, (double)NAN,
				   c->runs_to_differ, "" };
	if (c->a.n == 0 || c->b.n == 0) {
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  "no value to compare");
		return;
	}
	if (!(fabs(c->a.mean) > 0)) {
		(void)ep_str_copy(ret->reason, sizeof(ret->reason),
				  "the baseline's mean is 0, of which no share "
				  "can be taken");
		return;
	}
	ret->relative = (c->b.mean - c->a.mean) / fabs(c->a.mean);
	if (c->a.n > 1 && c->b.n > 1) {
		take_interval(c, ratio_u95, ret);
		return;
	}
	(void)ep_str_format(ret->reason, sizeof(ret->reason),
			    "%s: run-to-run spread unknown, the change has no "
			    "interval",
			    c->a.n > 1	 ? "one run"
			    : c->b.n > 1 ? "one run in the baseline"
					 : "one run in each group");
}

struct ep_check_tally ep_check_count(const struct ep_check_result *r)
{
	struct ep_check_tally t = { 0 };

	for (size_t i = 0; i < r->count; i++) {
		const struct ep_check_item *item = &r->items[i];

		t.fail += item->fails;
		t.unjudged += item->verdict == EP_CHECK_CANNOT_JUDGE;
		t.skipped += item->verdict == EP_CHECK_SKIPPED;
		t.unsure +=
			item->verdict == EP_CHECK_CANNOT_TELL && !item->fails;
	}
	t.pass = r->count - t.fail - t.unjudged - t.skipped;
	return t;
}

void ep_check_conclude(const struct ep_check_result *r, char *ret, size_t size)
{
	struct ep_check_tally t = ep_check_count(r);
	char fail[48] = "", unjudged[48] = "", skipped[48] = "";
	char unsure[64] = "";

	if (t.fail > 0)
		(void)ep_str_format(fail, sizeof(fail), "%zu failed, ", t.fail);
	if (t.unjudged > 0)
		(void)ep_str_format(unjudged, sizeof(unjudged),
				    "%zu cannot be judged, ", t.unjudged);
	if (t.skipped > 0)
		(void)ep_str_format(skipped, sizeof(skipped), "%zu skipped, ",
				    t.skipped);
	if (t.unsure > 0)
		(void)ep_str_format(unsure, sizeof(unsure),
				    " (of %zu nobody can tell)", t.unsure);
	(void)ep_str_format(ret, size, "%s: %s%s%s%zu of %zu passed%s",
			    t.fail > 0	     ? "fail"
			    : t.unjudged > 0 ? "cannot be judged"
					     : "pass",
			    fail, unjudged, skipped, t.pass, r->count, unsure);
}
