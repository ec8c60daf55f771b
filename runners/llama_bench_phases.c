/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "runners/llama.h"
#include "runners/llama_bench.h"
#include "runners/probed_calls.h"

/* A row is stamped when edgeprof's thread runs. */
#define STAMP_SLACK_NS EP_NS_PER_MS
/* Between repetitions the cache is cleared. */
#define GAP_NS EP_NS_PER_MS
#define LIMIT 0.02

/* One evaluation; end: when the wait after it returned. */
struct evaluation {
	int64_t start_ns, end_ns, tokens;
};

struct story {
	struct ep_bench_row *rows;
	size_t row_count, row_size;
	struct evaluation *evaluations;
	size_t evaluation_count, evaluation_size;
	size_t next;  /* first evaluation after the row before */
	int64_t reps; /* asked for; else the default */
	int64_t gate_ns, exit_ns;
	struct ep_timeline *tl;
	size_t timeless_count;	/* rows that tell no times */
	size_t deep_count;	/* with what is only probably placed */
	size_t unfit_count;	/* longer than there was time for */
	size_t unmatched_count; /* evaluations are not those of the row */
	size_t rate_count;
	char differs[120];
};

static int add_row(struct story *s, const struct ep_event *e)
{
	struct ep_bench_row *row;
	int r = ep_probed_grow((void **)&s->rows, s->row_count, &s->row_size,
			       sizeof(*s->rows), EP_BENCH_ROWS_MAX);

	if (r < 0)
		return r;
	row = &s->rows[s->row_count];
	if (ep_bench_row_read(e->text, row) < 0)
		return 0;
	row->t_ns = e->t_ns < s->exit_ns ? e->t_ns : s->exit_ns;
	row->span_ns = e->span_ns;
	s->row_count++;
	return 0;
}

/* With -o and -oe both streams tell the same: the one that tells times. */
static const char *choose_stream(const struct ep_event *events, size_t count)
{
	const char *first = NULL;

	for (size_t i = 0; i < count; i++) {
		struct ep_bench_row row;

		if (strcmp(events[i].event, "bench") != 0 ||
		    ep_bench_row_read(events[i].text, &row) < 0)
			continue;
		if (row.avg_ns > 0 && !row.rate_only)
			return events[i].source;
		if (!first)
			first = events[i].source;
	}
	return first;
}

static int collect_rows(struct story *s, const struct ep_event *events,
			size_t count)
{
	const char *stream = choose_stream(events, count);
	int r = 0;

	for (size_t i = 0; r == 0 && stream && i < count; i++) {
		const struct ep_event *e = &events[i];
		int64_t reps;

		if (strcmp(e->event, "bench") == 0 && e->t_ns > s->gate_ns &&
		    strcmp(e->source, stream) == 0)
			r = add_row(s, e);
		else if (strcmp(e->event, "fact") == 0 &&
			 strcmp(e->source, "bench.reps") == 0 &&
			 ep_num_parse_i64(e->text, &reps) == 0 && reps > 0 &&
			 reps <= EP_BENCH_REPS_MAX)
			s->reps = reps;
	}
	for (size_t i = 0; i < s->row_count; i++)
		if (s->rows[i].reps <= 0)
			s->rows[i].reps = s->reps;
	return r;
}

static int collect_evaluations(struct story *s, const struct ep_event *events,
			       size_t count)
{
	struct ep_probed_calls calls;
	int r = ep_probed_calls_build(&calls, &ep_probed_llama, events, count);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < calls.count; i++) {
		const struct ep_probed_call *c = &calls.items[i];
		size_t n = s->evaluation_count;

		if (c->symbol->call == EP_LLAMA_SYNC && c->ended && n > 0 &&
		    c->end_ns > s->evaluations[n - 1].end_ns)
			s->evaluations[n - 1].end_ns = c->end_ns;
		if (c->symbol->call != EP_LLAMA_DECODE || !c->ended ||
		    c->result != 0)
			continue;
		r = ep_probed_grow((void **)&s->evaluations, n,
				   &s->evaluation_size, sizeof(*s->evaluations),
				   EP_PROBED_CALLS_MAX);
		if (r == 0)
			s->evaluations[s->evaluation_count++] =
				(struct evaluation){ c->start_ns, c->end_ns,
						     c->value };
	}
	ep_probed_calls_done(&calls);
	return r;
}

static int add_phase(struct story *s, struct ep_phase p, const char *name)
{
	(void)ep_str_copy(p.name, sizeof(p.name), name);
	p.cached_count = -1;
	return p.end_ns > p.start_ns ? ep_timeline_add_phase(s->tl, &p) : 0;
}

/* The evaluations just before one that together have so many tokens; false
 * when there are none. */
static bool take_back(const struct story *s, size_t *end, int64_t tokens)
{
	size_t at = *end;

	while (tokens > 0 && at > s->next &&
	       s->evaluations[at - 1].tokens > 0 &&
	       s->evaluations[at - 1].tokens <= tokens)
		tokens -= s->evaluations[--at].tokens;
	if (tokens > 0)
		return false;
	*end = at;
	return true;
}

/* Where the parts of one repetition begin, as indices of evaluations. */
struct repetition {
	size_t prompt, gen, end;
};

/*
 * From the end backwards: what comes before the repetitions is the warm-up.
 * deep: the prompt that fills the cache is evaluated before each of them.
 */
static bool match(const struct story *s, const struct ep_bench_row *row,
		  size_t end, struct repetition *reps, bool deep)
{
	for (int64_t i = row->reps; i > 0; i--) {
		struct repetition *r = &reps[i - 1];

		r->end = end;
		for (int64_t k = 0; k < row->gen; k++) {
			if (end == s->next ||
			    s->evaluations[end - 1].tokens != 1)
				return false;
			end--;
		}
		r->gen = end;
		if (!take_back(s, &end, row->prompt))
			return false;
		r->prompt = end;
		if (deep && !take_back(s, &end, row->depth))
			return false;
	}
	return true;
}

static int add_repetition(struct story *s, const struct ep_bench_row *row,
			  const struct repetition *r, int32_t request)
{
	const struct evaluation *e = s->evaluations;
	struct ep_phase p = { .slack_ns = EP_PROBED_SLACK_NS,
			      .evidence = EP_EVIDENCE_PROBED,
			      .request = request,
			      .tokens_count = row->prompt,
			      .steps_count = -1 };
	int code = 0;

	if (r->gen > r->prompt) {
		p.start_ns = e[r->prompt].start_ns;
		p.end_ns = e[r->gen - 1].end_ns;
		code = add_phase(s, p, EP_PHASE_PREFILL);
	}
	if (code == 0 && r->end > r->gen) {
		p.start_ns = e[r->gen].start_ns;
		p.end_ns = e[r->end - 1].end_ns;
		p.tokens_count = p.steps_count = row->gen;
		code = add_phase(s, p, EP_PHASE_GENERATION);
	}
	return code;
}

/* Do the probes say what the row says? */
static void check(struct story *s, const struct ep_bench_row *row,
		  const struct repetition *reps, int32_t request)
{
	int64_t seen_ns = 0, told_ns = row->avg_ns;
	double off;

	for (int64_t i = 0; i < row->reps; i++)
		seen_ns += s->evaluations[reps[i].end - 1].end_ns -
			   s->evaluations[reps[i].prompt].start_ns;
	seen_ns /= row->reps;
	off = (double)(told_ns > seen_ns ? told_ns - seen_ns
					 : seen_ns - told_ns);
	if (told_ns <= 0 || off <= LIMIT * (double)told_ns ||
	    off <= 4 * EP_PROBED_SLACK_NS || s->differs[0])
		return;
	(void)ep_str_format(s->differs, sizeof(s->differs),
			    "test %d: llama-bench tells %.3f ms for a "
			    "repetition, but %.3f ms was observed",
			    (int)request, (double)told_ns * 1e-6,
			    (double)seen_ns * 1e-6);
}

/* 1: the probes tell the borders; 0: they do not. */
static int add_probed(struct story *s, size_t index, int64_t from_ns)
{
	const struct ep_bench_row *row = &s->rows[index];
	struct repetition reps[EP_BENCH_REPS_MAX] = { { 0 } };
	size_t end;
	int r = 0;

	while (s->next < s->evaluation_count &&
	       s->evaluations[s->next].start_ns <= from_ns)
		s->next++;
	end = s->next;
	while (end < s->evaluation_count &&
	       s->evaluations[end].end_ns <= row->t_ns)
		end++;
	if (end == s->next)
		return 0;
	if (!(row->depth > 0 && match(s, row, end, reps, true)) &&
	    !match(s, row, end, reps, false)) {
		s->unmatched_count++;
		return 0;
	}
	for (int64_t i = 0; r == 0 && i < row->reps; i++)
		r = add_repetition(s, row, &reps[i], (int32_t)index + 1);
	check(s, row, reps, (int32_t)index + 1);
	return r < 0 ? r : 1;
}

/* All repetitions as one phase that ends where the row was printed. */
static int add_told(struct story *s, size_t index, int64_t from_ns)
{
	const struct ep_bench_row *row = &s->rows[index];
	/* Before each repetition the cache is filled, which is not told. */
	int64_t reps = row->depth > 0 ? 1 : row->reps, total_ns = 0;
	int64_t room_ns = row->t_ns - from_ns;
	struct ep_phase p = { .end_ns = row->t_ns,
			      .evidence = EP_EVIDENCE_INFERRED,
			      .request = (int32_t)index + 1,
			      .tokens_count = -1,
			      .steps_count = -1 };

	for (size_t i = 0; i < row->sample_count; i++)
		total_ns += row->samples_ns[i];
	if (row->sample_count > 0 && row->depth > 0)
		total_ns = row->samples_ns[row->sample_count - 1];
	if (row->sample_count == 0 && row->avg_ns > 0)
		total_ns = row->avg_ns > INT64_MAX / reps ? INT64_MAX
							  : row->avg_ns * reps;
	if (total_ns <= 0) {
		s->timeless_count++;
		return 0;
	}
	s->rate_count += row->rate_only;
	s->deep_count += row->depth > 0;
	p.slack_ns = reps * GAP_NS + row->span_ns + STAMP_SLACK_NS;
	if (total_ns > room_ns + p.slack_ns) {
		s->unfit_count++;
		return 0;
	}
	p.start_ns = row->t_ns - total_ns;
	if (p.start_ns < from_ns)
		p.start_ns = from_ns;
	if (row->prompt > 0 && row->gen > 0)
		return add_phase(s, p, "pg");
	p.tokens_count = reps * (row->prompt + row->gen);
	if (row->gen > 0)
		p.steps_count = p.tokens_count;
	return add_phase(s, p,
			 row->gen > 0 ? EP_PHASE_GENERATION : EP_PHASE_PREFILL);
}

static void note(struct ep_timeline *tl, const char *text)
{
	size_t used = strlen(tl->note);

	(void)ep_str_format(tl->note + used, sizeof(tl->note) - used, "%s%s",
			    used ? "; " : "", text);
}

/* "1 pp512, 2 tg128" */
static void name_tests(const struct story *s)
{
	char *to = s->tl->note;

	for (size_t i = 0; i < s->row_count && i < 6; i++) {
		const struct ep_bench_row *row = &s->rows[i];
		size_t used = strlen(to), size = sizeof(s->tl->note);

		(void)ep_str_format(to + used, size - used, "%s%zu ",
				    used ? ", " : "tests ", i + 1);
		used = strlen(to);
		if (row->prompt > 0)
			(void)ep_str_format(to + used, size - used, "pp%lld",
					    (long long)row->prompt);
		used = strlen(to);
		if (row->gen > 0)
			(void)ep_str_format(to + used, size - used, "%stg%lld",
					    row->prompt > 0 ? "+" : "",
					    (long long)row->gen);
	}
}

static void write_note(const struct story *s)
{
	struct ep_timeline *tl = s->tl;

	name_tests(s);
	if (s->timeless_count > 0)
		note(tl, "llama-bench told no times: add -o jsonl to its "
			 "arguments");
	else if (s->rate_count > 0)
		note(tl, "made from rates; -o jsonl tells times");
	if (s->unmatched_count > 0)
		note(tl, "the probes do not fit what was printed");
	if (s->unfit_count > 0)
		note(tl, "times longer than the test could last were left "
			 "out");
	if (s->deep_count > 0)
		note(tl, "with -d only the last repetition is placed");
	if (s->differs[0])
		note(tl, s->differs);
}

static int tell(struct story *s)
{
	int64_t from_ns = s->gate_ns;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < s->row_count; i++) {
		r = add_probed(s, i, from_ns);
		if (r == 0)
			r = add_told(s, i, from_ns);
		from_ns = s->rows[i].t_ns;
	}
	return r < 0 ? r : 0;
}

int ep_bench_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_timeline tl;
	struct story s = { .reps = EP_BENCH_REPS_DEFAULT,
			   .gate_ns = gate_ns,
			   .exit_ns = exit_ns,
			   .tl = &tl };
	int r;

	ep_timeline_init(&tl);
	r = collect_rows(&s, events, count);
	if (r == 0 && s.row_count > 0)
		r = collect_evaluations(&s, events, count);
	if (r == 0)
		r = tell(&s);
	if (r == 0 && s.row_count > 0)
		write_note(&s);
	free(s.rows);
	free(s.evaluations);
	if (r < 0) {
		ep_timeline_done(&tl);
		return r;
	}
	ep_timeline_done(ret);
	*ret = tl;
	return 0;
}
