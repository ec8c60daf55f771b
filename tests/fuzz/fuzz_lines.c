/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/llama_bench.h"
#include "runners/rules.h"
#include "runners/text.h"
#include "runners/text_lines.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 256
#define GATE INT64_C(1000000000)
#define STEP INT64_C(20000000)
#define EXIT (GATE + EVENTS_MAX * STEP)

struct run {
	struct ep_event events[EVENTS_MAX];
	char texts[EVENTS_MAX][EP_TEXT_LINE_BYTES];
	size_t count;
	struct ep_timeline observed;
};

static void add(struct run *r, const char *event, const char *text)
{
	struct ep_event *e = &r->events[r->count];

	if (r->count == EVENTS_MAX || strlen(text) >= EP_TEXT_LINE_BYTES)
		return;
	strcpy(r->texts[r->count], text);
	*e = ep_event_make(GATE + (int64_t)(r->count + 1) * STEP, event);
	e->source = "stdout";
	e->text = r->texts[r->count];
	r->count++;
}

static void take_line(void *ctx, const struct ep_output *piece, char *line)
{
	struct ep_text_told told;

	(void)piece;
	if (strlen(line) >= EP_TEXT_LINE_BYTES)
		abort();
	(void)ep_text_decode(line, &told);
	add(ctx, "line", line);
}

/* A row, written and read again, is the same. */
static void take_row(void *ctx, const struct ep_bench_row *row)
{
	struct ep_bench_row again;
	struct ep_buf text;

	ep_buf_init(&text, 64 * 1024);
	if (ep_bench_row_write(row, &text) == 0 &&
	    ep_bench_row_read(text.data, &again) == 0) {
		if (again.prompt != row->prompt || again.gen != row->gen)
			abort();
		add(ctx, "bench", text.data);
	}
	ep_buf_done(&text);
}

static void check_timeline(const struct ep_timeline *tl)
{
	for (size_t i = 0; i < tl->phase_count; i++)
		if (tl->phases[i].start_ns >= tl->phases[i].end_ns ||
		    tl->phases[i].slack_ns < 0 ||
		    (i > 0 &&
		     tl->phases[i].start_ns < tl->phases[i - 1].end_ns))
			abort();
}

static void ask(struct run *r,
		int (*timeline)(const struct ep_event *, size_t, int64_t,
				int64_t, struct ep_timeline *))
{
	struct ep_timeline tl;

	ep_timeline_init(&tl);
	if (timeline(r->events, r->count, GATE, EXIT, &tl) == 0)
		check_timeline(&tl);
	ep_timeline_done(&tl);
}

static void compare(struct run *r)
{
	struct ep_phase p = { .name = EP_PHASE_PREFILL,
			      .start_ns = GATE,
			      .end_ns = GATE + STEP / 2,
			      .tokens_count = 7,
			      .steps_count = -1 };
	struct ep_text_verdict v;

	ep_timeline_init(&r->observed);
	if (ep_timeline_add_phase(&r->observed, &p) == 0 &&
	    ep_text_check(r->events, r->count, &r->observed, &v) < 0)
		abort();
	ep_timeline_done(&r->observed);
}

/* A rule: the input's first line. */
static void try_rule(const uint8_t *data, size_t size)
{
	char text[64] = "";
	struct ep_rule rule;

	memcpy(text, data, size < sizeof(text) ? size : sizeof(text) - 1);
	text[strcspn(text, "\n")] = '\0';
	if (ep_rule_parse(text, &rule, NULL) == 0)
		ep_rule_done(&rule);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *r = calloc(1, sizeof(*r));
	struct ep_text_lines *l = calloc(1, sizeof(*l));
	struct ep_output piece = { .stream = 1 };
	struct ep_bench_reader reader;

	if (!r || !l)
		abort();
	try_rule(data, size);
	add(r, "clock", "real_ns=1758000000000000000 boot_ns=1");
	add(r, "rule", "prefill:end=/prompt.*[^0-9]([0-9]+) tokens/");
	add(r, "rule", "x=/(a|b*)*c/");
	l->each = take_line;
	l->ctx = r;
	ep_bench_reader_init(&reader, take_row, r);
	/* The first byte says how large the pieces are. */
	for (size_t at = 0, step; at < size; at += step) {
		step = (size_t)data[0] + 1;
		if (step > size - at)
			step = size - at;
		piece.bytes = (const char *)data + at;
		piece.len = step;
		ep_text_lines_feed(l, &piece);
		ep_bench_reader_feed(&reader, piece.bytes, step);
	}
	piece.len = 0;
	ep_text_lines_feed(l, &piece);
	ep_bench_reader_feed(&reader, NULL, 0);
	ep_bench_reader_done(&reader);
	ask(r, ep_text_timeline);
	ask(r, ep_rules_timeline);
	ask(r, ep_bench_timeline);
	compare(r);
	free(l);
	free(r);
	return 0;
}
