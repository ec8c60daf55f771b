/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page_totals.h"

/* How phases were found, and what the program itself printed of them. */
void ep_page_found(struct ep_page *page)
{
	static const char twice[] = "phases ";
	const char *note = page->report->evidence_note;

	if (note[0] != '\0')
		ep_page_fact(page, "phases", "%s",
			     note + (ep_str_starts(note, twice) ? strlen(twice)
								: 0));
	if (page->report->log_note[0] != '\0')
		ep_page_fact(page, "log", "agrees: %s", page->report->log_note);
}

static void put_tokens(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	int column = ep_page_table_column(page, "tokens", "", false);

	for (size_t i = 0; column >= 0 && i < ep_totals_shown(r); i++)
		ep_cell_count(page->table->cells[i][column],
			      ep_totals_at(r, i)->phase.tokens_count);
}

/* Why figures carry a "~". */
static void note_low_confidence(struct ep_page *page)
{
	size_t shown = 0;

	for (size_t i = 0; i < ep_totals_shown(page->report); i++) {
		const struct ep_row *row = ep_totals_at(page->report, i);
		const struct ep_metric *m = ep_row_metric(row, "energy_j");

		if (m && m->status == EP_STATUS_LOW_CONFIDENCE &&
		    m->reason[0] != '\0' && shown++ < EP_GAPS_MAX)
			ep_page_note(page, "~ %s: %s", row->phase.name,
				     m->reason);
	}
}

static void put_time_and_energy(struct ep_page *page)
{
	static const struct ep_totals_spec duration = { "duration_s", "time",
							"s", EP_SHOW_ROUNDED };
	static const struct ep_totals_spec rest[] = {
		{ "tokens_per_s", "rate", "tokens/s", EP_SHOW_ROUNDED },
		{ "energy_j", "energy (gross)", "J", EP_SHOW_PLUS_MINUS },
		{ "energy_net_j", "energy (net)", "J", EP_SHOW_PLUS_MINUS },
	};

	page->ops->heading(page->ctx, "Time and energy");
	ep_totals_table(page, ep_totals_every_row);
	ep_totals_column(page, ep_totals_every_row, &duration);
	put_tokens(page);
	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		ep_totals_column(page, ep_totals_every_row, &rest[i]);
	ep_page_table_end(page);
	ep_page_gaps_end(page);
	note_low_confidence(page);
	if (page->report->total_count > EP_TABLE_ROWS_MAX)
		ep_page_note(page, "\xe2\x80\xa6 %zu more phases in phases.csv",
			     page->report->total_count - EP_TABLE_ROWS_MAX);
}

/* What J/token divides by, so that no figure is without its denominator. */
static void denominator(char *cell, const struct ep_phase *p)
{
	static const struct {
		const char *phase, *what;
	} words[] = {
		{ EP_PHASE_GENERATION, "steps" },
		{ EP_PHASE_PREFILL, "prompt" },
		{ "run", "output" },
	};
	int64_t count = p->tokens_count;
	const char *what = "tokens";

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(words[i].phase, p->name) == 0)
			what = words[i].what;
	if (strcmp(p->name, EP_PHASE_GENERATION) == 0)
		count = p->steps_count;
	if (count < 0)
		(void)ep_str_copy(cell, EP_CELL_BYTES, "-");
	else
		(void)ep_str_format(cell, EP_CELL_BYTES, "%" PRId64 " %s",
				    count, what);
}

static void put_denominators(struct ep_page *page)
{
	int column =
		ep_page_table_column(page, "divided by", "tokens, steps", true);
	size_t row = 0;

	for (size_t i = 0; column >= 0 && i < ep_totals_shown(page->report);
	     i++) {
		const struct ep_row *total = ep_totals_at(page->report, i);

		if (ep_totals_token_row(total))
			denominator(page->table->cells[row++][column],
				    &total->phase);
	}
}

/* E x T / N, where N of the generation is its output tokens, not its steps. */
static void note_action(struct ep_page *page)
{
	for (size_t i = 0; i < ep_totals_shown(page->report); i++) {
		const struct ep_row *row = ep_totals_at(page->report, i);
		const struct ep_metric *m =
			ep_row_metric(row, "action_j_s_per_token");
		char count[24] = "";

		if (!m || ep_cell_missing(m) ||
		    strcmp(row->phase.name, EP_PHASE_GENERATION) != 0)
			continue;
		if (row->phase.tokens_count >= 0)
			(void)ep_str_format(count, sizeof(count),
					    "%" PRId64 " ",
					    row->phase.tokens_count);
		ep_page_note(
			page,
			"action = energy \xc3\x97 time \xc3\xb7 tokens; in "
			"generation the %soutput tokens (it grows with their "
			"number)",
			count);
	}
}

static void note_end_to_end(struct ep_page *page)
{
	static const struct {
		const char *metric, *what;
	} figures[] = {
		{ "j_per_output_token", "output token" },
		{ "j_per_visible_token",
		  "visible token, without the token that ends an answer" },
	};
	const struct ep_report *r = page->report;
	char cell[EP_CELL_BYTES];

	for (size_t i = 0; i < 2 && r->total_count > 0; i++) {
		const struct ep_metric *m = ep_row_metric(
			&r->totals[r->total_count - 1], figures[i].metric);

		if (!m || ep_cell_missing(m))
			continue;
		ep_cell_metric(cell, m, EP_CELL_U95, &page->marks);
		ep_page_note(page,
			     "end to end: %s J per %s (prefill + generation, "
			     "load apart)",
			     cell, figures[i].what);
	}
}

static void put_per_token(struct ep_page *page)
{
	static const struct ep_totals_spec specs[] = {
		{ "j_per_token", "energy (gross)", "J/token",
		  EP_SHOW_PLUS_MINUS },
		{ "net_j_per_token", "energy (net)", "J/token",
		  EP_SHOW_PLUS_MINUS },
	};
	static const struct ep_totals_spec action = { "action_j_s_per_token",
						      "action",
						      "J\xc2\xb7s/token",
						      EP_SHOW_PLUS_MINUS };

	static const struct ep_totals_spec inverse[] = {
		{ "tokens_per_j", "per joule (gross)", "tokens/J",
		  EP_SHOW_PLUS_MINUS },
		{ "net_tokens_per_j", "per joule (dynamic)", "tokens/J",
		  EP_SHOW_PLUS_MINUS },
	};

	page->ops->heading(page->ctx, "Per token");
	if (!ep_totals_any_tokens(page->report)) {
		ep_page_note(page, "no tokens were seen, so nothing can be "
				   "given per token; see \"phases\" above");
		return;
	}
	ep_totals_table(page, ep_totals_token_row);
	put_denominators(page);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		ep_totals_column(page, ep_totals_token_row, &specs[i]);
	ep_totals_column(page, ep_totals_token_row, &action);
	for (size_t i = 0; i < sizeof(inverse) / sizeof(inverse[0]); i++)
		ep_totals_column(page, ep_totals_token_row, &inverse[i]);
	if (page->table->column_count > 2)
		ep_page_table_end(page);
	ep_page_gaps_end(page);
	ep_page_note(page,
		     "prefill is divided by its prompt tokens, generation "
		     "by its decode steps: the first output token comes "
		     "out of prefill");
	note_action(page);
	note_end_to_end(page);
	ep_page_latency(page);
}

/* Is there a row where it is more than none? */
static bool any_of(const struct ep_report *r, const char *metric)
{
	for (size_t i = 0; i < ep_totals_shown(r); i++) {
		const struct ep_metric *m =
			ep_row_metric(ep_totals_at(r, i), metric);

		if (m && !ep_cell_missing(m) && m->value > 0)
			return true;
	}
	return false;
}

/* What did not happen needs no column; what nobody knows is told below. */
static void put_faults(struct ep_page *page)
{
	static const struct ep_totals_spec specs[] = {
		{ "major_faults_count", "major faults", "", EP_SHOW_ROUNDED },
		{ "swap_in_count", "swapped in", "pages", EP_SHOW_ROUNDED },
	};
	const struct ep_report *r = page->report;
	const struct ep_row *run = ep_totals_at(r, ep_totals_shown(r) - 1);

	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const struct ep_metric *m = ep_row_metric(run, specs[i].metric);

		if (any_of(r, specs[i].metric) || (m && ep_cell_missing(m)))
			ep_totals_column(page, ep_totals_every_row, &specs[i]);
	}
}

static void put_power_and_memory(struct ep_page *page)
{
	static const struct ep_totals_spec specs[] = {
		{ "power_mean_w", "mean power", "W", EP_SHOW_PLUS_MINUS },
		{ "power_peak_w", "peak power", "W", EP_SHOW_ROUNDED },
		{ "charge_c", "charge", "mAh", EP_SHOW_MAH },
		{ "rss_peak_bytes", "peak memory", "", EP_SHOW_BYTES },
		{ "rss_mean_bytes", "mean memory", "", EP_SHOW_BYTES },
	};

	page->ops->heading(page->ctx, "Power and memory");
	ep_totals_table(page, ep_totals_every_row);
	for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++)
		ep_totals_column(page, ep_totals_every_row, &specs[i]);
	if (ep_totals_shown(page->report) > 0)
		put_faults(page);
	if (page->table->column_count > 1)
		ep_page_table_end(page);
	ep_page_gaps_end(page);
}

void ep_page_phases(struct ep_page *page)
{
	put_time_and_energy(page);
	put_per_token(page);
	put_power_and_memory(page);
	ep_page_events(page);
}
