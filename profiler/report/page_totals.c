/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/page_totals.h"

#include <string.h>

#include "base/str.h"
#include "profiler/report/width.h"

#define PHASE_COLUMNS 20

bool ep_totals_every_row(const struct ep_row *row)
{
	(void)row;
	return true;
}

bool ep_totals_token_row(const struct ep_row *row)
{
	const char *name = row->phase.name;

	return row->phase.tokens_count > 0 || row->phase.steps_count > 0 ||
	       strcmp(name, EP_PHASE_PREFILL) == 0 ||
	       strcmp(name, EP_PHASE_GENERATION) == 0;
}

size_t ep_totals_shown(const struct ep_report *r)
{
	return r->total_count < EP_TABLE_ROWS_MAX ? r->total_count
						  : EP_TABLE_ROWS_MAX;
}

/* The last row is the whole run: it stays when phases are too many. */
const struct ep_row *ep_totals_at(const struct ep_report *r, size_t i)
{
	if (i + 1 == ep_totals_shown(r))
		return &r->totals[r->total_count - 1];
	return &r->totals[i];
}

bool ep_totals_any_tokens(const struct ep_report *r)
{
	for (size_t i = 0; i < ep_totals_shown(r); i++)
		if (ep_totals_token_row(ep_totals_at(r, i)))
			return true;
	return false;
}

static void phase_name(char *ret, const struct ep_row *row)
{
	ep_width_clean(ret, EP_CELL_BYTES, row->phase.name);
	ep_width_cut(ret, EP_CELL_BYTES, PHASE_COLUMNS);
}

/* Fills the phase column; every later column uses the same rows. */
void ep_totals_table(struct ep_page *page, ep_totals_filter *wanted)
{
	struct ep_table *t = page->table;

	ep_page_table_start(page);
	(void)ep_page_table_column(page, "phase", "", true);
	for (size_t i = 0; i < ep_totals_shown(page->report); i++) {
		const struct ep_row *row = ep_totals_at(page->report, i);

		if (wanted(row))
			phase_name(t->cells[t->row_count++][0], row);
	}
}

/* As batteries are labelled. */
static void put_mah(struct ep_page *page, char *cell, const struct ep_metric *m)
{
	struct ep_metric mah;

	if (m) {
		mah = *m;
		mah.value /= EP_COULOMBS_PER_MAH;
		mah.u95 /= EP_COULOMBS_PER_MAH;
	}
	ep_cell_metric(cell, m ? &mah : NULL, EP_CELL_U95, &page->marks);
}

static void put_cell(struct ep_page *page, char *cell,
		     const struct ep_metric *m, enum ep_show how)
{
	unsigned flags =
		page->report->total_estimated ? EP_CELL_HEAD_SAYS_EST : 0;
	char bytes[EP_CELL_BYTES];
	bool low;

	if (how == EP_SHOW_MAH) {
		put_mah(page, cell, m);
		return;
	}
	if (how == EP_SHOW_PLUS_MINUS)
		flags |= EP_CELL_U95;
	if (how != EP_SHOW_BYTES || !m || ep_cell_missing(m)) {
		ep_cell_metric(cell, m, flags, &page->marks);
		return;
	}
	low = m->status == EP_STATUS_LOW_CONFIDENCE;
	ep_cell_bytes(bytes, m->value);
	(void)ep_str_format(cell, EP_CELL_BYTES, "%s%.60s", low ? "~" : "",
			    bytes);
	page->marks.low_confidence = page->marks.low_confidence || low;
}

/* "J/token of prefill", or the figure alone when no row has it. */
static void note_gap(struct ep_page *page, const struct ep_totals_spec *s,
		     const char *phase, const struct ep_metric *m)
{
	char what[160];

	(void)ep_str_format(what, sizeof(what), "%s%s%s%s%s", s->head,
			    s->unit[0] == '/' ? " " : "",
			    s->unit[0] == '/' ? s->unit : "",
			    phase[0] != '\0' ? " of " : "", phase);
	ep_page_gap(page, what, m->reason);
}

/* What the rows of one column have in common. */
struct column_facts {
	const struct ep_metric *missing; /* one that is not measured */
	size_t present_count;
	bool estimated;
	bool reasons_differ; /* of those not measured */
};

static struct column_facts look_at(const struct ep_page *page,
				   ep_totals_filter *wanted, const char *metric)
{
	struct column_facts f = { 0 };

	for (size_t i = 0; i < ep_totals_shown(page->report); i++) {
		const struct ep_row *total = ep_totals_at(page->report, i);
		const struct ep_metric *m = ep_row_metric(total, metric);

		if (!m || !wanted(total))
			continue;
		if (ep_cell_missing(m)) {
			f.missing = f.missing ? f.missing : m;
			f.reasons_differ |=
				strcmp(m->reason, f.missing->reason) != 0;
			continue;
		}
		f.present_count++;
		f.estimated |= m->status == EP_STATUS_ESTIMATED &&
			       page->report->total_estimated;
	}
	return f;
}

/* Why a column is missing: once, when all rows have one reason. */
static void note_column(struct ep_page *page, ep_totals_filter *wanted,
			const struct ep_totals_spec *s,
			const struct column_facts *facts)
{
	char phase[EP_CELL_BYTES];

	if (facts->missing && !facts->reasons_differ)
		note_gap(page, s, "", facts->missing);
	for (size_t i = 0;
	     facts->reasons_differ && i < ep_totals_shown(page->report); i++) {
		const struct ep_row *total = ep_totals_at(page->report, i);
		const struct ep_metric *m = ep_row_metric(total, s->metric);

		if (!m || !wanted(total))
			continue;
		phase_name(phase, total);
		note_gap(page, s, phase, m);
	}
}

/* A column of the totals' metric; none when no row has a value. */
void ep_totals_column(struct ep_page *page, ep_totals_filter *wanted,
		      const struct ep_totals_spec *s)
{
	struct column_facts facts = look_at(page, wanted, s->metric);
	char unit[40];
	size_t row = 0;
	int column;

	if (facts.present_count == 0) {
		note_column(page, wanted, s, &facts);
		return;
	}
	(void)ep_str_format(unit, sizeof(unit), "%s%s%s", s->unit,
			    facts.estimated && s->unit[0] != '\0' ? " " : "",
			    facts.estimated ? "est." : "");
	column = ep_page_table_column(page, s->head, unit, false);
	for (size_t i = 0; column >= 0 && i < ep_totals_shown(page->report);
	     i++) {
		const struct ep_row *total = ep_totals_at(page->report, i);
		const struct ep_metric *m = ep_row_metric(total, s->metric);

		if (!wanted(total))
			continue;
		put_cell(page, page->table->cells[row][column], m, s->how);
		if (m && ep_cell_missing(m))
			note_gap(page, s, page->table->cells[row][0], m);
		row++;
	}
}
