/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/workflow_run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "runners/suite.h"

struct round {
	struct ep_client *c;
	const struct ep_workflow *w;
	int64_t number; /* 1, 2, ... */
	char *results[EP_WORKFLOW_STEPS_MAX];
	struct ep_err why; /* of the step that failed; "" told already */
};

int ep_workflow_ready(struct ep_client *c, struct ep_err *err)
{
	const struct ep_drive *said = c->drive;
	const struct ep_workflow *w = said->steps;
	int r = 0;

	for (size_t i = 0; r == 0 && i < w->step_count; i++) {
		struct ep_drive own = *said;

		if (!w->steps[i].model || !c->dialect->can_unload)
			continue;
		own.model = w->steps[i].model;
		c->drive = &own;
		r = ep_client_check_model(c, err);
		c->drive = said;
	}
	return r;
}

static void warn(struct ep_client *c, const char *code, char *text)
{
	struct ep_event e = ep_event_make(ep_clock_monotonic_ns(), "warning");

	ep_str_printable(text);
	e.source = code;
	e.text = text;
	ep_wire_put(&c->wire, &e);
	(void)dprintf(STDERR_FILENO, "edgeprof: %s\n", text);
}

static void tell_ingest(struct ep_client *c, const struct ep_step *s,
			int64_t start_ns, const char *text)
{
	struct ep_event e = ep_event_make(start_ns, "ingest");

	e.span_ns = ep_clock_monotonic_ns() - start_ns;
	e.source = s->id;
	e.evidence = EP_EVIDENCE_STREAMED;
	e.text = text;
	ep_wire_put(&c->wire, &e);
	ep_wire_flush_due(&c->wire, start_ns + e.span_ns);
}

static int fill(struct round *round, const struct ep_step *s,
		struct ep_buf *ret)
{
	int r;

	ep_buf_init(ret, EP_WORKFLOW_PROMPT_BYTES_MAX);
	r = ep_template_fill(&s->text, round->results, ret);
	if (r == -EFBIG)
		ep_err_set(&round->why, r, "its text is longer than 4 MiB");
	else if (r < 0)
		ep_err_set(&round->why, r, "out of memory");
	return r;
}

static int ingest(struct round *round, size_t number)
{
	static const char *const kinds[] = { "call", "file", "command",
					     "pause" };
	const struct ep_step *s = &round->w->steps[number];
	int64_t start_ns = ep_clock_monotonic_ns();
	struct ep_buf text, input;
	char said[400];
	int r = fill(round, s, &input);

	ep_buf_init(&text, EP_WORKFLOW_TEXT_BYTES_MAX);
	if (r == 0)
		r = ep_workflow_ingest(s, input.data, round->c->stop_fd, &text,
				       &round->why);
	if (r == 0)
		(void)ep_str_format(said, sizeof(said), "%s, %zu bytes",
				    kinds[s->kind], text.len);
	else
		(void)ep_str_format(said, sizeof(said), "%s, failed: %.300s",
				    kinds[s->kind],
				    r == -EINTR ? "interrupted"
						: round->why.text);
	ep_str_printable(said);
	tell_ingest(round->c, s, start_ns, said);
	ep_buf_done(&input);
	if (r < 0) {
		ep_buf_done(&text);
		round->c->failed_count += r != -EINTR;
		return r == -EINTR ? r : -ECHILD;
	}
	round->results[number] = text.data;
	return 0;
}

/* Which of several it is; "" when there is one. */
static void name_turn(const struct round *round, const struct ep_step *s,
		      int64_t turn, char *ret, size_t size)
{
	char part[40] = "";

	ret[0] = '\0';
	if (s->repeat_count > 1)
		(void)ep_str_format(part, sizeof(part), "call %lld",
				    (long long)turn);
	if (round->w->repeat_count > 1)
		(void)ep_str_format(ret, size, "round %lld%s%s",
				    (long long)round->number,
				    part[0] ? ", " : "", part);
	else
		(void)ep_str_copy(ret, size, part);
}

static int ask(struct round *round, const struct ep_step *s, char *text,
	       struct ep_buf *answer)
{
	struct ep_client *c = round->c;
	char turn_name[80];
	double randomness = s->randomness;
	int r = 0;

	if (isnan(randomness))
		r = ep_drive_randomness(c->drive, round->w->randomness,
					&randomness, &round->why);

	for (int64_t turn = 1; r == 0 && turn <= s->repeat_count; turn++) {
		const struct ep_prompt p = {
			.id = s->id,
			.text = text,
			.tag = turn_name,
			.randomness = randomness,
			.max_token_count = s->max_token_count,
		};

		name_turn(round, s, turn, turn_name, sizeof(turn_name));
		c->keep = answer;
		c->request++;
		r = ep_client_drive_one(c, &p);
		c->keep = NULL;
		if (r == 0 && c->reply.error[0])
			return -ECHILD;
	}
	if (r == 0 && c->keep_cut) {
		c->failed_count++;
		return ep_err_set(&round->why, -ECHILD,
				  "its answer is longer than 1 MiB");
	}
	return r;
}

static int call(struct round *round, size_t number)
{
	const struct ep_step *s = &round->w->steps[number];
	const struct ep_drive *said = round->c->drive;
	struct ep_drive own = *said;
	struct ep_buf text, answer;
	int r = fill(round, s, &text);

	ep_buf_init(&answer, EP_WORKFLOW_TEXT_BYTES_MAX);
	if (r < 0) {
		round->c->failed_count++;
		r = -ECHILD;
	}
	if (r == 0 && ep_buf_adds(&answer, "") < 0)
		r = -ENOMEM;
	if (s->model)
		own.model = s->model;
	round->c->drive = &own;
	if (r == 0)
		r = ask(round, s, text.data, &answer);
	round->c->drive = said;
	ep_buf_done(&text);
	if (r < 0) {
		ep_buf_done(&answer);
		return r;
	}
	round->results[number] = answer.data;
	return 0;
}

/* What was not run is no gap in silence. */
static void tell_end(struct round *round, size_t at)
{
	const struct ep_workflow *w = round->w;
	char text[700];
	size_t used;

	if (w->repeat_count > 1)
		(void)ep_str_format(text, sizeof(text),
				    "round %lld of %lld of the workflow",
				    (long long)round->number,
				    (long long)w->repeat_count);
	else
		(void)ep_str_copy(text, sizeof(text), "the workflow");
	used = strlen(text);
	(void)ep_str_format(text + used, sizeof(text) - used,
			    " ended at step '%s'%s%.200s", w->steps[at].id,
			    round->why.text[0] ? ": " : "", round->why.text);
	for (size_t i = at + 1; i < w->step_count; i++) {
		used = strlen(text);
		(void)ep_str_format(
			text + used, sizeof(text) - used, "%s %.60s",
			i == at + 1 ? "; not run:" : ",", w->steps[i].id);
	}
	warn(round->c, "workflow-ended", text);
}

static int run_round(struct round *round)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < round->w->step_count; i++) {
		r = round->w->steps[i].kind == EP_STEP_CALL ? call(round, i)
							    : ingest(round, i);
		if (r < 0)
			tell_end(round, i);
	}
	for (size_t i = 0; i < round->w->step_count; i++)
		free(round->results[i]);
	return r;
}

int ep_workflow_drive(struct ep_client *c)
{
	const struct ep_workflow *w = c->drive->steps;
	int64_t number = 0;
	char text[120];
	int r = 0;

	/* A step that failed ends its round alone. */
	while (number < w->repeat_count && (r == 0 || r == -ECHILD)) {
		struct round *round = calloc(1, sizeof(*round));

		if (!round)
			return -ENOMEM;
		round->c = c;
		round->w = w;
		round->number = ++number;
		r = run_round(round);
		free(round);
	}
	if (number < w->repeat_count) {
		(void)ep_str_format(text, sizeof(text),
				    "%lld of %lld rounds of the workflow were "
				    "not begun",
				    (long long)(w->repeat_count - number),
				    (long long)w->repeat_count);
		warn(c, "workflow-ended", text);
	}
	return r == -ECHILD ? 0 : r;
}
