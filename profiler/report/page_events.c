/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/report/page_totals.h"

#define EVENT_COLUMNS_MAX 8
#define PER_TOKEN "_per_token"

/* "context_switches_per_token" is an event; "net_j_per_token" is not. */
static bool is_event(const char *name, const char *suffix)
{
	return ep_str_ends(name, suffix) &&
	       strcmp(name, "swap_in_count") != 0 &&
	       strcmp(name, "j" PER_TOKEN) != 0 &&
	       strcmp(name, "net_j" PER_TOKEN) != 0 &&
	       strcmp(name, "action_j_s" PER_TOKEN) != 0;
}

/* "context_switches_count" -> "ctx switches" */
static void event_words(char *ret, size_t size, const char *metric,
			const char *suffix)
{
	(void)ep_str_copy(ret, size, metric);
	ret[strlen(ret) - strlen(suffix)] = '\0';
	for (char *c = ret; *c != '\0'; c++)
		if (*c == '_')
			*c = ' ';
	if (strcmp(ret, "context switches") == 0)
		(void)ep_str_copy(ret, size, "ctx switches");
}

/* The first row that has events: its order is the columns'. */
static const struct ep_row *event_row(const struct ep_report *r,
				      ep_totals_filter *wanted,
				      const char *suffix)
{
	for (size_t i = 0; i < ep_totals_shown(r); i++) {
		const struct ep_row *row = ep_totals_at(r, i);

		for (size_t k = 0; k < row->metric_count; k++)
			if (wanted(row) &&
			    is_event(row->metrics[k].name, suffix))
				return row;
	}
	return NULL;
}

/* The least and the most of its time that a row's events were counted, in
 * percent; false when all of them were counted all the time. */
static bool turns_of(const struct ep_row *row, const char *suffix,
		     int64_t *ret_least, int64_t *ret_most)
{
	int64_t percent;
	bool any = false;

	for (size_t k = 0; k < row->metric_count; k++) {
		const struct ep_metric *m = &row->metrics[k];
		const char *at = m->reason + strlen(EP_REASON_SCALED);

		if (!is_event(m->name, suffix) ||
		    !ep_str_starts(m->reason, EP_REASON_SCALED) ||
		    ep_num_scan_i64(at, strspn(at, "0123456789"), &percent) < 0)
			continue;
		if (!any || percent < *ret_least)
			*ret_least = percent;
		if (!any || percent > *ret_most)
			*ret_most = percent;
		any = true;
	}
	return any;
}

/* What was counted in turns, because the PMU has too few counters. */
static void note_turns(struct ep_page *page, ep_totals_filter *wanted,
		       const char *suffix)
{
	char list[400] = "";
	char text[80];

	for (size_t i = 0; i < ep_totals_shown(page->report); i++) {
		const struct ep_row *row = ep_totals_at(page->report, i);
		int64_t least = 0, most = 0;

		if (!wanted(row) || !turns_of(row, suffix, &least, &most))
			continue;
		(void)ep_str_format(text, sizeof(text),
				    "%.20s %" PRId64 " to %" PRId64 " %%",
				    row->phase.name, least, most);
		if (least == most)
			(void)ep_str_format(text, sizeof(text),
					    "%.20s %" PRId64 " %%",
					    row->phase.name, least);
		ep_page_list_add(list, sizeof(list), text);
	}
	if (list[0] != '\0')
		ep_page_note(page,
			     "counted in turns, for part of a phase's time, "
			     "and scaled to all of it: %s",
			     list);
}

/* Per token where there are tokens, else as often as they happened. */
void ep_page_events(struct ep_page *page)
{
	bool tokens = ep_totals_any_tokens(page->report);
	ep_totals_filter *wanted =
		tokens ? ep_totals_token_row : ep_totals_every_row;
	const char *suffix = tokens ? PER_TOKEN : "_count";
	const struct ep_row *first = event_row(page->report, wanted, suffix);
	size_t shown = 0;
	char head[80];

	if (!first)
		return;
	page->ops->heading(page->ctx, "System events");
	ep_totals_table(page, wanted);
	for (size_t i = 0; i < first->metric_count; i++) {
		struct ep_totals_spec s = { first->metrics[i].name, head,
					    tokens ? "/token" : "",
					    EP_SHOW_ROUNDED };

		if (!is_event(s.metric, suffix) || shown++ >= EVENT_COLUMNS_MAX)
			continue;
		event_words(head, sizeof(head), s.metric, suffix);
		ep_totals_column(page, wanted, &s);
	}
	if (page->table->column_count > 1)
		ep_page_table_end(page);
	ep_page_gaps_end(page);
	note_turns(page, wanted, suffix);
	if (shown > EVENT_COLUMNS_MAX)
		ep_page_note(page, "\xe2\x80\xa6 %zu more events in phases.csv",
			     shown - EVENT_COLUMNS_MAX);
}
