/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/width.h"

#define OUTLIERS_SHOWN 5
#define RAILS_SHOWN 12
/* A rail whose power has less to do with events is not worth a line. */
#define CORRELATION_MIN 0.5

static bool has_slope(const struct ep_generation_profile *p)
{
	return !ep_cell_missing(&p->energy.slope) ||
	       !ep_cell_missing(&p->time.slope);
}

/* What a token takes, and how that grows with the context. */
static void put_slope(struct ep_page *page, const char *label,
		      const struct ep_metric *slope,
		      const struct ep_metric *mean, const char *unit)
{
	bool told = fabs(slope->value) > slope->u95;
	char cell[EP_CELL_BYTES], of[EP_CELL_BYTES];

	if (ep_cell_missing(slope))
		return;
	ep_cell_metric(cell, slope, EP_CELL_U95, &page->marks);
	ep_cell_metric(of, mean, EP_CELL_U95, &page->marks);
	ep_page_fact(page, label,
		     "%s %s per token; with each 1000 tokens of context it "
		     "changes by %s%s",
		     of, unit, cell,
		     told || isnan(slope->u95) ? ""
					       : ", which cannot be told from "
						 "none");
}

static void put_throttled(struct ep_page *page,
			  const struct ep_generation_profile *p)
{
	char on[EP_CELL_BYTES], off[EP_CELL_BYTES];

	if (p->throttled_count == 0)
		return;
	ep_cell_metric(on, &p->throttled_s, EP_CELL_U95, &page->marks);
	ep_cell_metric(off, &p->other_s, EP_CELL_U95, &page->marks);
	ep_page_fact(page, "throttled",
		     "%zu of %zu tokens while %s was on: %s s each, the "
		     "others %s s",
		     p->throttled_count, p->token_count, p->alarm, on, off);
}

static void put_outliers(struct ep_page *page,
			 const struct ep_generation_profile *p)
{
	char list[400] = "";

	if (p->outlier_count == 0)
		return;
	for (size_t i = 0; i < p->outlier_count && i < OUTLIERS_SHOWN; i++) {
		const struct ep_token_outlier *o = &p->outliers[i];
		size_t used = strlen(list);
		char times[EP_CELL_BYTES];

		ep_cell_number(times, o->times, 2);
		(void)ep_str_format(list + used, sizeof(list) - used,
				    "%stoken %" PRId32 " of request %" PRId32
				    " (%s times the median%s)",
				    used ? ", " : "", o->index, o->request,
				    times, o->throttled ? ", throttled" : "");
	}
	ep_page_fact(page, "outliers", "%zu of %zu tokens: %s%s",
		     p->outlier_count, p->token_count, list,
		     p->outlier_count > OUTLIERS_SHOWN ? ", ..." : "");
}

static void put_profile(struct ep_page *page)
{
	const struct ep_generation_profile *p = page->report->generation;

	if (!p ||
	    (!has_slope(p) && p->outlier_count == 0 && p->throttled_count == 0))
		return;
	page->ops->heading(page->ctx, "Within a generation");
	put_slope(page, "energy", &p->energy.slope, &p->energy.mean, "J");
	put_slope(page, "time", &p->time.slope, &p->time.mean, "s");
	put_outliers(page, p);
	put_throttled(page, p);
}

static bool is_shown(const struct ep_association *as)
{
	return as->follows[0] && fabs(as->correlation) >= CORRELATION_MIN;
}

static void add_rail(struct ep_table *t, const struct ep_association *as)
{
	char(*row)[EP_CELL_BYTES] = t->cells[t->row_count++];

	ep_width_clean(row[0], EP_CELL_BYTES, as->channel);
	ep_width_clean(row[1], EP_CELL_BYTES, as->follows);
	ep_cell_number(row[2], as->correlation, 2);
	ep_cell_number(row[3], as->mean_w, 3);
	ep_cell_number(row[4], as->r2, 2);
	ep_cell_number(row[5], as->residual_w, 2);
}

static void put_associations(struct ep_page *page)
{
	const struct ep_associations *s = page->report->associations;
	char seconds[EP_CELL_BYTES];
	size_t found = 0;

	for (size_t i = 0; s && i < s->rail_count; i++)
		found += is_shown(&s->rails[i]);
	if (found == 0)
		return;
	page->ops->heading(page->ctx, "What power goes with");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "channel", "", true);
	(void)ep_page_table_column(page, "goes most with", "", true);
	(void)ep_page_table_column(page, "correlation", "", false);
	(void)ep_page_table_column(page, "mean", "W", false);
	(void)ep_page_table_column(page, "explained", "R\xc2\xb2", false);
	(void)ep_page_table_column(page, "left over", "W", false);
	for (size_t i = 0;
	     i < s->rail_count && page->table->row_count < RAILS_SHOWN; i++)
		if (is_shown(&s->rails[i]))
			add_rail(page->table, &s->rails[i]);
	ep_page_table_end(page);
	ep_cell_seconds(seconds, s->window_s);
	ep_page_note(page,
		     "over %zu stretches of %s in generation: what rises and "
		     "falls together, not what causes what; every counter "
		     "with its coefficient is in report.json",
		     s->window_count, seconds);
}

void ep_page_generation(struct ep_page *page)
{
	put_profile(page);
	put_associations(page);
}
