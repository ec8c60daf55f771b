/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/page_totals.h"
#include "profiler/report/width.h"

#define METER_COLUMNS 24

static size_t find_total(const struct ep_report *r, const char *name)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, name) == 0)
			return i;
	return r->total_count;
}

/* "+5.2 %" of the primary; "-" where one of the two is missing. */
static void put_percent(char *cell, const struct ep_metric *difference,
			const struct ep_metric *primary)
{
	if (ep_cell_missing(difference) || ep_cell_missing(primary) ||
	    !(fabs(primary->value) > 0))
		(void)ep_str_copy(cell, EP_CELL_BYTES, "-");
	else
		(void)ep_str_format(cell, EP_CELL_BYTES, "%+.1f %%",
				    100 * difference->value /
					    fabs(primary->value));
}

/* As declared, for the value of a steady load may not change for long. */
static void put_refresh(char *cell, const struct ep_meter_row *m)
{
	if (m->declared_refresh_ns > 0)
		ep_cell_seconds(cell, (double)m->declared_refresh_ns / 1e9);
	else if (isfinite(m->measured_refresh_s))
		ep_cell_seconds(cell, m->measured_refresh_s);
	else
		(void)ep_str_copy(cell, EP_CELL_BYTES, "unknown");
}

static void put_meter(struct ep_page *page, const struct ep_meter_row *m,
		      size_t generation)
{
	const struct ep_meter_row *primary = &page->report->meters[0];
	struct ep_table *t = page->table;
	size_t row = t->row_count++, column = 2;
	size_t last = page->report->total_count - 1;

	ep_width_clean(t->cells[row][0], EP_CELL_BYTES, m->what);
	ep_width_cut(t->cells[row][0], EP_CELL_BYTES, METER_COLUMNS);
	put_refresh(t->cells[row][1], m);
	if (generation < last)
		ep_cell_metric(t->cells[row][column++],
			       &m->energy_j[generation], EP_CELL_U95,
			       &page->marks);
	ep_cell_metric(t->cells[row][column++], &m->energy_j[last], EP_CELL_U95,
		       &page->marks);
	ep_cell_metric(t->cells[row][column++], &m->mean_w[last], 0,
		       &page->marks);
	if (m->primary)
		(void)ep_str_copy(t->cells[row][column], EP_CELL_BYTES,
				  "the total");
	else
		put_percent(t->cells[row][column], &m->difference_j[last],
			    &primary->energy_j[last]);
	if (ep_cell_missing(&m->energy_j[last]))
		ep_page_gap(page, t->cells[row][0], m->energy_j[last].reason);
}

void ep_page_list_add(char *list, size_t size, const char *name)
{
	static const char more[] = ", \xe2\x80\xa6";
	size_t used = strlen(list);

	if (used > 0 && ep_str_ends(list, more))
		return;
	if (used + strlen(name) + 2 + sizeof(more) > size)
		(void)ep_str_copy(list + used, size - used, more);
	else
		(void)ep_str_format(list + used, size - used, "%s%s",
				    used > 0 ? ", " : "", name);
}

void ep_page_unknown(struct ep_page *page, const char *list)
{
	if (list[0] != '\0')
		ep_page_note(page,
			     "accuracy not known, so their own error is not in "
			     "the \xc2\xb1: %s",
			     list);
}

/* What a figure of both together says of their disagreement. */
static void put_verdict(struct ep_page *page, const struct ep_meter_row *m)
{
	const struct ep_metric *d =
		&m->difference_j[page->report->total_count - 1];
	char cell[EP_CELL_BYTES];

	if (m->primary || ep_cell_missing(d))
		return;
	ep_cell_metric(cell, d, EP_CELL_U95, &page->marks);
	ep_page_note(page, "%s differs from the total by %s J: %s", m->what,
		     cell,
		     fabs(d->value) <= d->u95
			     ? "within what both \u00b1 allow"
			     : "more than both \u00b1 allow; they may cover "
			       "different things");
}

static void put_count(struct ep_page *page, const struct ep_meter_row *m)
{
	const struct ep_metric *d = &m->count_difference_j;
	char counted[EP_CELL_BYTES], made[EP_CELL_BYTES];
	struct ep_cell_marks ignored = { .paper = page->marks.paper };

	if (ep_cell_missing(d))
		return;
	ep_cell_metric(counted, &m->count_j, EP_CELL_U95, &ignored);
	ep_cell_number(made, m->count_j.value + d->value, 4);
	ep_page_note(page,
		     "%s counted %s J itself; its power makes %s J in the same "
		     "time",
		     m->sensor, counted, made);
}

static void put_table(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	size_t generation = find_total(r, EP_PHASE_GENERATION);

	ep_page_table_start(page);
	(void)ep_page_table_column(page, "meter", "", true);
	(void)ep_page_table_column(page, "refresh", "", false);
	if (generation < r->total_count - 1)
		(void)ep_page_table_column(page, "generation", "J", false);
	(void)ep_page_table_column(page, "whole run", "J", false);
	(void)ep_page_table_column(page, "mean", "W", false);
	(void)ep_page_table_column(page, "differs", "", false);
	for (size_t i = 0; i < r->meter_count && i < EP_TABLE_ROWS_MAX; i++)
		put_meter(page, &r->meters[i], generation);
	ep_page_table_end(page);
	if (r->meter_count > EP_TABLE_ROWS_MAX)
		ep_page_note(page, "\xe2\x80\xa6 %zu more in report.json",
			     r->meter_count - EP_TABLE_ROWS_MAX);
}

/* Meters without limits, when they have figures to spoil. */
static void put_unknown(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	char list[400] = "";

	for (size_t i = 0; i < r->meter_count; i++) {
		const struct ep_meter_row *m = &r->meters[i];

		if (!m->has_limits && !m->estimated &&
		    !ep_cell_missing(&m->energy_j[r->total_count - 1]))
			ep_page_list_add(list, sizeof(list), m->what);
	}
	ep_page_unknown(page, list);
}

void ep_page_meters(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	bool counts = false;

	for (size_t i = 0; i < r->meter_count; i++)
		counts |= !ep_cell_missing(&r->meters[i].count_difference_j);
	if (r->total_count == 0 || (r->meter_count < 2 && !counts))
		return;
	page->ops->heading(page->ctx, "Meters side by side");
	put_table(page);
	for (size_t i = 0; i < r->meter_count; i++) {
		put_verdict(page, &r->meters[i]);
		put_count(page, &r->meters[i]);
	}
	put_unknown(page);
	ep_page_gaps_end(page);
}

/* The heading says that it is estimated; "~" as of what it is made from. */
static void put_calibrated(struct ep_page *page, char *cell,
			   const struct ep_metric *m,
			   const struct ep_metric *from)
{
	struct ep_metric plain = *m;

	if (plain.status == EP_STATUS_ESTIMATED)
		plain.status = from && from->status == EP_STATUS_LOW_CONFIDENCE
				       ? EP_STATUS_LOW_CONFIDENCE
				       : EP_STATUS_OK;
	ep_cell_metric(cell, &plain, isnan(m->u95) ? 0U : EP_CELL_U95,
		       &page->marks);
}

void ep_page_calibrated(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	const struct ep_calibrated *c = &r->calibrated;
	struct ep_table *t = page->table;

	if (!c->name[0])
		return;
	page->ops->heading(page->ctx, c->has_interval
					      ? "By calibration"
					      : "By calibration (indicative)");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "phase", "", true);
	(void)ep_page_table_column(page, "energy", "J", false);
	(void)ep_page_table_column(page, "mean", "W", false);
	for (size_t i = 0; i < ep_totals_shown(r); i++) {
		const struct ep_row *total = ep_totals_at(r, i);
		size_t at = (size_t)(total - r->totals), row = t->row_count++;

		ep_width_clean(t->cells[row][0], EP_CELL_BYTES,
			       total->phase.name);
		put_calibrated(page, t->cells[row][1], &c->energy_j[at],
			       ep_row_metric(total, "energy_j"));
		put_calibrated(page, t->cells[row][2], &c->mean_w[at],
			       ep_row_metric(total, "power_mean_w"));
		if (ep_cell_missing(&c->energy_j[at]))
			ep_page_gap(page, t->cells[row][0],
				    c->energy_j[at].reason);
	}
	ep_page_table_end(page);
	ep_page_gaps_end(page);
	ep_page_note(page, "%s, by %s: %s", c->target, c->name, c->caveat);
	ep_page_note(page, "source: %s", c->source);
}
