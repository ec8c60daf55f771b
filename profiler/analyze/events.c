/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"

#define EVENT_FIELDS 9
static const char header[] =
	"t_ns,span_ns,event,request,phase,tokens,evidence,source,text";

/* Times stay far from the ends of int64, so differences cannot overflow. */
#define TIME_NS_MAX (INT64_C(1) << 60)
#define SPAN_NS_MAX (INT64_C(1) << 40)

/* An empty cell leaves *ret as it is. */
static bool get_i64(const char *cell, int64_t max, int64_t *ret)
{
	int64_t value;

	if (cell[0] == '\0')
		return true;
	if (ep_num_parse_i64(cell, &value) < 0 || value < -1 || value > max)
		return false;
	*ret = value;
	return true;
}

static bool parse_line(char *line, struct ep_event *ret)
{
	char *f[EVENT_FIELDS];
	struct ep_event e = ep_event_make(-1, "");

	if (ep_csv_split(line, f, EVENT_FIELDS) != EVENT_FIELDS)
		return false;
	if (!get_i64(f[0], TIME_NS_MAX, &e.t_ns) || e.t_ns < 0 ||
	    !get_i64(f[1], SPAN_NS_MAX, &e.span_ns) || e.span_ns < 0 ||
	    !get_i64(f[3], INT64_MAX, &e.request) || e.request < 0 ||
	    !get_i64(f[5], INT64_MAX, &e.tokens) || f[2][0] == '\0' ||
	    ep_evidence_parse(f[6], &e.evidence) < 0)
		return false;
	e.event = f[2];
	e.phase = f[4];
	e.source = f[7];
	e.text = f[8];
	ep_str_printable(f[2]);
	ep_str_printable(f[4]);
	ep_str_printable(f[7]);
	ep_str_printable(f[8]);
	*ret = e;
	return true;
}

/* Names lie in one buffer in the order of writing: that makes it stable. */
static int by_time(const void *a, const void *b)
{
	const struct ep_event *x = a, *y = b;

	if (x->t_ns != y->t_ns)
		return x->t_ns < y->t_ns ? -1 : 1;
	return x->event < y->event ? -1 : x->event > y->event;
}

static void sort_events(struct ep_event *events, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (events[i].t_ns < events[i - 1].t_ns) {
			qsort(events, count, sizeof(*events), by_time);
			return;
		}
	}
}

/* Cuts the torn last line and checks the header; the rest, or NULL. */
static char *after_header(struct ep_buf *text, struct ep_err *err, int *code)
{
	char *end, *last;

	*code = -EBADMSG;
	last = text->len ? memrchr(text->data, '\n', text->len) : NULL;
	if (!last) {
		*code = ep_err_set(err, -ENODATA,
				   "events.csv is empty; nothing was recorded");
		return NULL;
	}
	text->len = (size_t)(last + 1 - text->data);
	text->data[text->len] = '\0';
	/* Blocks a power cut left empty spoil their lines, not the file. */
	for (size_t i = 0; i < text->len; i++)
		if (text->data[i] == '\0')
			text->data[i] = '?';
	end = strchr(text->data, '\n');
	*end = '\0';
	if (strcmp(text->data, header) != 0) {
		ep_err_set(err, *code,
			   "events.csv: line 1 is not \"%s\"; it was not "
			   "written by edgeprof",
			   header);
		return NULL;
	}
	*code = 0;
	return end + 1;
}

int ep_run_parse_events(struct ep_buf *text, struct ep_run *run,
			struct ep_err *err)
{
	size_t lines = 0;
	char *line, *end;
	int code;

	run->text = *text;
	line = after_header(&run->text, err, &code);
	if (!line)
		return code;
	for (const char *p = line; *p; p++)
		lines += *p == '\n';
	run->events = calloc(lines + 1, sizeof(*run->events));
	if (!run->events)
		return ep_err_set(err, -ENOMEM, "out of memory for %zu events",
				  lines);
	for (; *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		if (end > line && end[-1] == '\r')
			end[-1] = '\0';
		if (parse_line(line, &run->events[run->event_count]))
			run->event_count++;
		else
			run->bad_event_count++;
	}
	sort_events(run->events, run->event_count);
	return 0;
}

static const struct ep_event *find_event(const struct ep_run *run,
					 const char *name, const char *text)
{
	for (size_t i = 0; i < run->event_count; i++)
		if (strcmp(run->events[i].event, name) == 0 &&
		    (!text || strcmp(run->events[i].text, text) == 0))
			return &run->events[i];
	return NULL;
}

static void find_idle(struct ep_run *run)
{
	const struct ep_event *begin = find_event(run, "idle", "begin");
	const struct ep_event *end = find_event(run, "idle", "end");

	run->idle_begin_ns = run->idle_end_ns = run->gate_ns;
	if (!begin || begin->t_ns >= run->gate_ns)
		return;
	run->idle_begin_ns = begin->t_ns;
	if (end && end->t_ns > begin->t_ns && end->t_ns < run->gate_ns)
		run->idle_end_ns = end->t_ns;
}

int ep_run_find_bounds(struct ep_run *run, int64_t last_ns, struct ep_err *err)
{
	const struct ep_event *gate = find_event(run, "gate", NULL);
	const struct ep_event *exit_event = find_event(run, "exit", NULL);
	const struct ep_event *end = find_event(run, "end", NULL);

	if (!gate)
		return ep_err_set(err, -ENODATA,
				  "the gate never opened: recording ended "
				  "before the program ran, so there is nothing "
				  "to report");
	for (size_t i = 0; i < run->event_count; i++)
		if (run->events[i].t_ns > last_ns)
			last_ns = run->events[i].t_ns;
	run->begin_ns = run->events[0].t_ns;
	run->gate_ns = gate->t_ns;
	run->gate_span_ns = gate->span_ns;
	run->exit_seen = exit_event && exit_event->t_ns > gate->t_ns;
	run->end_seen = end && end->t_ns >= gate->t_ns;
	run->end_ns = run->end_seen ? end->t_ns : last_ns;
	run->exit_ns = run->exit_seen ? exit_event->t_ns : run->end_ns;
	if (run->end_ns < run->exit_ns)
		run->end_ns = run->exit_ns;
	if (run->exit_ns <= run->gate_ns)
		return ep_err_set(err, -ENODATA,
				  "the recording ends at the gate: nothing of "
				  "the program was measured");
	if (run->exit_seen)
		run->exit_span_ns = exit_event->span_ns;
	(void)ep_str_copy(run->exit_text, sizeof(run->exit_text),
			  run->exit_seen ? exit_event->text : "unknown");
	find_idle(run);
	return 0;
}

const char *ep_run_fact(const struct ep_run *run, const char *name)
{
	for (size_t i = run->event_count; i > 0; i--) {
		const struct ep_event *e = &run->events[i - 1];

		if (strcmp(e->event, "fact") == 0 &&
		    strcmp(e->source, name) == 0)
			return e->text;
	}
	return NULL;
}

int ep_run_fact_i64(const struct ep_run *run, const char *name, int64_t *ret)
{
	const char *text = ep_run_fact(run, name);

	return text ? ep_num_parse_i64(text, ret) : -ENOENT;
}
