/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/page.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "profiler/report/width.h"

#define COMMAND_BYTES_MAX 300

void ep_page_fact(struct ep_page *page, const char *label, const char *format,
		  ...)
{
	char text[1200], clean[1200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_width_clean(clean, sizeof(clean), text);
	page->ops->fact(page->ctx, label, clean);
}

void ep_page_note(struct ep_page *page, const char *format, ...)
{
	char text[1200], clean[1200];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ep_width_clean(clean, sizeof(clean), text);
	page->ops->note(page->ctx, clean);
}

/* Whether the list "a, b" already ends in or holds the item. */
static bool list_has(const char *list, const char *item)
{
	size_t len = strlen(item);
	const char *at = list;

	while ((at = strstr(at, item)) != NULL) {
		bool begins = at == list || at[-1] == ' ';

		if (begins && (at[len] == ',' || at[len] == '\0'))
			return true;
		at += len;
	}
	return false;
}

void ep_page_gap(struct ep_page *page, const char *what, const char *reason)
{
	struct ep_gap *gap = NULL;
	size_t used;

	for (size_t i = 0; i < page->gap_count; i++)
		if (strcmp(page->gaps[i].reason, reason) == 0)
			gap = &page->gaps[i];
	if (!gap && page->gap_count == EP_GAPS_MAX) {
		page->gap_more_count++;
		return;
	}
	if (!gap) {
		gap = &page->gaps[page->gap_count++];
		gap->what[0] = '\0';
		(void)ep_str_copy(gap->reason, sizeof(gap->reason), reason);
	}
	if (list_has(gap->what, what))
		return;
	used = strlen(gap->what);
	(void)ep_str_format(gap->what + used, sizeof(gap->what) - used, "%s%s",
			    used > 0 ? ", " : "", what);
}

void ep_page_gaps_end(struct ep_page *page)
{
	for (size_t i = 0; i < page->gap_count; i++) {
		const struct ep_gap *gap = &page->gaps[i];

		ep_page_note(page, "not measured: %s%s%s", gap->what,
			     gap->reason[0] != '\0' ? ": " : "", gap->reason);
	}
	if (page->gap_more_count > 0)
		ep_page_note(page,
			     "not measured: %zu more figures, each with "
			     "its reason in report.json",
			     page->gap_more_count);
	page->gap_count = 0;
	page->gap_more_count = 0;
}

const char *ep_page_run_text(const struct ep_page *page, const char *object,
			     const char *key)
{
	const json_t *at = page->report->run;
	const char *text;

	if (object[0] != '\0')
		at = json_object_get(at, object);
	text = json_string_value(json_object_get(at, key));
	return text ? text : "";
}

static bool needs_quotes(const char *arg)
{
	return arg[0] == '\0' || strpbrk(arg, " \t\n\"'\\$&|;<>*?()`#") != NULL;
}

/* Words with spaces in quotes; cut when long. */
static void put_command(struct ep_page *page)
{
	const json_t *command = json_object_get(page->report->run, "command");
	char text[COMMAND_BYTES_MAX] = "";
	const json_t *arg;
	size_t i, used;

	json_array_foreach(command, i, arg)
	{
		const char *word = json_string_value(arg);
		bool quoted = word && needs_quotes(word);

		used = strlen(text);
		if (!word)
			continue;
		if (!ep_str_format(text + used, sizeof(text) - used,
				   quoted ? "%s'%s'" : "%s%s",
				   used > 0 ? " " : "", word)) {
			memcpy(text + sizeof(text) - 5, " ...", 5);
			break;
		}
	}
	if (json_object_get(page->report->run, "drive"))
		return;
	ep_page_fact(page, "command", "%s",
		     text[0] != '\0'	      ? text
		     : ep_page_is_alone(page) ? "none beside it"
					      : "none: the whole system");
}

/* What was asked of threads and CPUs, beside what was seen. */
static void put_placement(struct ep_page *page)
{
	const json_t *asked = json_object_get(
		json_object_get(page->report->run, "options"), "threads");
	const char *program = ep_page_run_text(page, "options", "program_cpus");
	const char *own = ep_page_run_text(page, "options", "edgeprof_cpus");

	if (json_is_integer(asked) && page->report->threads_seen < 0)
		ep_page_fact(page, "threads",
			     "asked %" JSON_INTEGER_FORMAT
			     "; how many were busy is not measured",
			     json_integer_value(asked));
	else if (json_is_integer(asked))
		ep_page_fact(page, "threads",
			     "asked %" JSON_INTEGER_FORMAT ", saw %" PRId64,
			     json_integer_value(asked),
			     page->report->threads_seen);
	if (program[0] || own[0])
		ep_page_fact(page, "CPUs", "%s%s%s%s%s",
			     program[0] ? "program " : "", program,
			     program[0] && own[0] ? ", " : "",
			     own[0] ? "edgeprof " : "", own);
}

static bool threads_were_asked(const struct ep_page *page)
{
	return json_object_get(json_object_get(page->report->run, "options"),
			       "threads") != NULL;
}

static void put_result(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	char duration[EP_CELL_BYTES], requests[EP_CELL_BYTES] = "";
	char threads[EP_CELL_BYTES] = "";

	ep_cell_number(duration, r->duration_s, 4);
	if (r->request_count > 0)
		(void)ep_str_format(requests, sizeof(requests),
				    ", %zu request%s", r->request_count,
				    r->request_count == 1 ? "" : "s");
	if (r->threads_seen >= 0 && !threads_were_asked(page))
		(void)ep_str_format(threads, sizeof(threads),
				    ", %" PRId64 " busy thread%s seen",
				    r->threads_seen,
				    r->threads_seen == 1 ? "" : "s");
	ep_page_fact(page, "result", "%s after %s s%s%s",
		     ep_page_is_alone(page) ? "ended" : r->exit_text,
		     duration[0] != '\0' ? duration : "an unknown time",
		     requests, threads);
	put_placement(page);
}

static void put_board(struct ep_page *page)
{
	const char *status = ep_page_run_text(page, "board", "status");
	const char *name = ep_page_run_text(page, "board", "name");
	const char *title = ep_page_run_text(page, "board", "title");
	const json_t *board = json_object_get(page->report->run, "board");
	bool other = json_is_false(json_object_get(board, "matched"));

	ep_page_fact(page, "board", "%s%s%s%s", name[0] != '\0' ? name : "none",
		     title[0] != '\0' ? ": " : "", title,
		     other ? " (this machine is not that board)" : "");
	if (strcmp(status, "untested") == 0)
		ep_page_fact(page, "status",
			     "untested: nobody has compared this board file "
			     "with a meter yet");
	else if (status[0] != '\0')
		ep_page_fact(page, "status", "%s", status);
}

static void put_power(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	const struct ep_metric *idle = &r->idle_power_w;
	char cell[EP_CELL_BYTES];

	if (r->total_name[0] == '\0') {
		ep_page_fact(page, "power", "not measured: %s",
			     r->total_reason[0] != '\0'
				     ? r->total_reason
				     : "no sensor here delivers a total");
		return;
	}
	ep_page_fact(page, "power", "%s%s",
		     r->total_estimated ? "ESTIMATED by a model, not measured "
					  "by a meter: "
					: "",
		     r->total_name);
	if (r->coverage[0] != '\0')
		ep_page_fact(page, "covers", "%s", r->coverage);
	if (ep_cell_missing(idle)) {
		ep_page_fact(page, "idle", "not measured%s%s",
			     idle->reason[0] != '\0' ? ": " : "", idle->reason);
		return;
	}
	ep_cell_metric(cell, idle, EP_CELL_U95, &page->marks);
	ep_page_fact(
		page, "idle",
		"%s W before the start; \"net\" is what comes on top of it",
		cell);
}

static void put_machine(struct ep_page *page)
{
	const char *kernel = ep_page_run_text(page, "host", "kernel");
	const char *machine = ep_page_run_text(page, "host", "machine");
	const char *governor = ep_page_run_text(page, "", "governor");
	const json_t *host = json_object_get(page->report->run, "host");
	const json_t *cpus = json_object_get(host, "cpus_online");

	if (kernel[0] == '\0' && machine[0] == '\0')
		return;
	if (json_is_integer(cpus))
		ep_page_fact(page, "machine",
			     "%s, Linux %s, %" JSON_INTEGER_FORMAT
			     " CPUs online%s%s",
			     machine, kernel, json_integer_value(cpus),
			     governor[0] != '\0' ? ", governor " : "",
			     governor);
	else
		ep_page_fact(page, "machine", "%s, Linux %s", machine, kernel);
}

/* First, because no figure below may be read without it. */
static void put_validity(struct ep_page *page)
{
	const struct ep_validity *v = &page->report->validity;
	char clean[160];

	if (!v->complete)
		page->ops->warning(page->ctx,
				   "INCOMPLETE: the recording stopped before "
				   "the end of the run",
				   "figures hold up to its last full second");
	else if (!v->valid)
		page->ops->warning(page->ctx,
				   "INVALID: do not use these figures", "");
	for (size_t i = 0; i < v->reason_count; i++) {
		ep_width_clean(clean, sizeof(clean), v->reasons[i]);
		page->ops->note(page->ctx, clean);
	}
}

static void put_head(struct ep_page *page)
{
	char title[EP_CELL_BYTES];

	(void)ep_str_format(title, sizeof(title), "edgeprof %s report",
			    ep_page_run_text(page, "", "version"));
	ep_width_clean(title, sizeof(title), title);
	page->ops->title(page->ctx, title);
	put_validity(page);
	put_command(page);
	ep_page_client(page);
	ep_page_attached(page);
	ep_page_models(page);
	put_result(page);
	put_machine(page);
	put_board(page);
	put_power(page);
	ep_page_found(page);
}

static void put_legend(struct ep_page *page)
{
	const char *folder = page->options->folder;
	const struct ep_cell_marks *m = &page->marks;

	if (m->plus_minus || m->low_confidence || m->estimated)
		page->ops->heading(page->ctx, "How to read this");
	if (m->plus_minus)
		ep_page_fact(page, "\xc2\xb1",
			     "95 %% uncertainty of this one run; run-to-run "
			     "spread unknown");
	if (m->paper)
		ep_page_fact(page, "\xe2\x80\x94",
			     "not measured, which is not 0");
	if (m->low_confidence)
		ep_page_fact(page, "~",
			     "low confidence: too few fresh values, or what "
			     "report.json gives as the reason");
	if (m->estimated)
		ep_page_fact(page, "est.",
			     "ESTIMATED from utilisation by a model; no meter "
			     "was involved");
	if (folder && folder[0] != '\0') {
		page->ops->heading(page->ctx, "Data");
		ep_page_fact(page, "folder", "%s", folder);
		ep_page_fact(page, "files",
			     "trace.csv (the grid), phases.csv, requests.csv, "
			     "tokens.csv, report.json (uncertainty budgets)");
	}
}

int ep_page_build(const struct ep_report *report,
		  const struct ep_render_options *options,
		  const struct ep_page_ops *ops, void *ctx)
{
	struct ep_page page = {
		.report = report,
		.options = options,
		.ops = ops,
		.ctx = ctx,
		.marks = { .paper = options->paper },
	};

	page.table = ep_page_table_new(ep_page_sections_rows(report->sections));
	if (!page.table)
		return -ENOMEM;
	put_head(&page);
	ep_page_phases(&page);
	ep_page_requests(&page);
	ep_page_generation(&page);
	ep_page_client_cost(&page);
	ep_page_sections(&page, report->sections);
	ep_page_meters(&page);
	ep_page_calibrated(&page);
	ep_page_channels(&page);
	ep_page_sensors(&page);
	ep_page_environment(&page);
	ep_page_recording(&page);
	put_legend(&page);
	ep_page_table_free(page.table);
	return 0;
}
