/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"

#define COUNTS_MAX 6

static const struct ep_metric *known(const struct ep_row *row, const char *name)
{
	const struct ep_metric *m = ep_row_metric(row, name);

	return m && !ep_cell_missing(m) ? m : NULL;
}

static void put_counts(struct ep_page *page, const struct ep_row *row)
{
	char list[400] = "", name[80], number[EP_CELL_BYTES];
	int count = 0;

	for (size_t i = 0; i < row->metric_count && count < COUNTS_MAX; i++) {
		const struct ep_metric *m = &row->metrics[i];
		size_t used = strlen(list);

		if (!ep_str_ends(m->name, "_count") || ep_cell_missing(m))
			continue;
		(void)ep_str_format(name, sizeof(name), "%.*s",
				    (int)(strlen(m->name) - strlen("_count")),
				    m->name);
		for (char *p = name; *p; p++)
			*p = *p == '_' ? ' ' : *p;
		ep_cell_number(number, m->value, 4);
		(void)ep_str_format(list + used, sizeof(list) - used, "%s%s %s",
				    used ? ", " : "", number, name);
		count++;
	}
	if (list[0])
		ep_page_fact(page, "counts", "%s", list);
}

/* What it used, so that two clients can be compared. */
void ep_page_client_cost(struct ep_page *page)
{
	const struct ep_row *row = &page->report->client;
	const struct ep_metric *cpu = known(row, "cpu_s");
	const struct ep_metric *rss = known(row, "rss_peak_bytes");
	const struct ep_metric *start = known(row, "startup_s");
	char time[EP_CELL_BYTES], more[EP_CELL_BYTES] = "", first[160] = "";
	char wait[EP_CELL_BYTES];

	if (!page->report->has_client)
		return;
	ep_cell_number(time, cpu ? cpu->value * 1e3 : (double)NAN, 3);
	if (rss)
		ep_cell_bytes(more, rss->value);
	if (start) {
		ep_cell_metric(wait, start, EP_CELL_U95, &page->marks);
		(void)ep_str_format(first, sizeof(first), ", %s after %s s",
				    ep_str_starts(start->reason, "until its")
					    ? "first request"
					    : "connected to the server",
				    wait);
	}
	page->ops->heading(page->ctx, "The client, apart from what is above");
	ep_page_fact(page, "cost", "%s ms of CPU time%s%s%s%s",
		     time[0] ? time : "an unknown number of",
		     more[0] ? ", " : "", more, more[0] ? " at most" : "",
		     first);
	put_counts(page, row);
}

bool ep_page_is_alone(const struct ep_page *page)
{
	const json_t *run = page->report->run;

	return json_object_get(run, "attach") &&
	       !json_object_get(run, "drive") &&
	       json_array_size(json_object_get(run, "command")) == 0;
}

/* Whom the figures speak of when that was there before the run. */
void ep_page_attached(struct ep_page *page)
{
	const json_t *attach = json_object_get(page->report->run, "attach");
	const json_t *pid = json_object_get(attach, "pid");
	const char *exe = ep_page_run_text(page, "attach", "exe");
	const char *note = ep_page_run_text(page, "attach", "note");

	if (!attach)
		return;
	if (json_integer_value(pid) <= 0) {
		ep_page_fact(page, "measured",
			     "the board's energy; of the server nothing else: "
			     "%s",
			     ep_page_run_text(page, "attach", "reason"));
		return;
	}
	ep_page_fact(page, "measured",
		     "%s (%" JSON_INTEGER_FORMAT
		     "), attached: %s. Counters, memory, threads and probes "
		     "are those of it and what it started; energy is the "
		     "board's. It was there before the run: what it loaded "
		     "before is no phase.%s%s",
		     exe, json_integer_value(pid),
		     ep_page_run_text(page, "attach", "how"),
		     note[0] ? " " : "", note);
}
