/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool is_named(const struct ep_phase *p, const char *name)
{
	return strcmp(p->name, name) == 0;
}

static int64_t add_known(int64_t sum, int64_t more)
{
	if (sum < 0 || more < 0 || sum > INT64_MAX - more)
		return -1;
	return sum + more;
}

/* The phase of a row that several segments make. */
static void sum_phases(const struct ep_analysis *a, struct ep_set set,
		       const char *name, struct ep_phase *ret)
{
	const struct ep_segment *s = a->part.segments;

	memset(ret, 0, sizeof(*ret));
	if (set.count > 0)
		*ret = s[set.segments[0]].phase;
	(void)ep_str_copy(ret->name, sizeof(ret->name), name);
	for (size_t i = 1; i < set.count; i++) {
		const struct ep_phase *p = &s[set.segments[i]].phase;

		ret->end_ns = p->end_ns;
		if (p->slack_ns > ret->slack_ns)
			ret->slack_ns = p->slack_ns;
		if (p->evidence > ret->evidence)
			ret->evidence = p->evidence;
		ret->tokens_count =
			add_known(ret->tokens_count, p->tokens_count);
		ret->steps_count = add_known(ret->steps_count, p->steps_count);
		ret->cached_count =
			add_known(ret->cached_count, p->cached_count);
	}
}

/* Output tokens of the generations in the set; -1 unknown. */
static int64_t output_tokens(const struct ep_maker *mk)
{
	int64_t sum = -1;
	bool any = false;

	for (size_t i = 0; i < mk->set.count; i++) {
		const struct ep_phase *p =
			&mk->a->part.segments[mk->set.segments[i]].phase;

		if (!is_named(p, EP_PHASE_GENERATION))
			continue;
		sum = any ? add_known(sum, p->tokens_count) : p->tokens_count;
		any = true;
	}
	if (sum < 0 && mk->kind == EP_ROW_REQUEST && mk->stamp_count > 0)
		sum = (int64_t)mk->stamp_count;
	return sum;
}

/* Chunks of output in place of tokens that nobody counted. */
static void guess_divisors(struct ep_maker *mk)
{
	int64_t tokens = 0, steps = 0;

	for (size_t i = 0; i < mk->set.count; i++) {
		const struct ep_phase *p =
			&mk->a->part.segments[mk->set.segments[i]].phase;
		int64_t n = p->tokens_count >= 0 ? p->tokens_count
						 : p->chunks_count;

		if (!is_named(p, EP_PHASE_GENERATION))
			continue;
		if (n <= 0)
			return;
		tokens = add_known(tokens, n);
		steps = add_known(steps, n - 1);
	}
	if (tokens <= 0)
		return;
	mk->token_estimated = true;
	mk->token_count = (double)tokens;
	mk->step_count = steps > 0 ? (double)steps : (double)NAN;
}

static void mark_estimates(struct ep_maker *mk)
{
	struct ep_row *row = mk->row;

	for (size_t i = 0; i < row->metric_count; i++) {
		struct ep_metric *m = &row->metrics[i];

		if (m->status == EP_STATUS_NOT_MEASURED ||
		    (strcmp(m->name, "tokens_per_s") != 0 &&
		     strcmp(m->name, "tpot_s") != 0 &&
		     !ep_str_ends(m->name, "tokens_per_j") &&
		     !strstr(m->name, "_per_token") &&
		     !strstr(m->name, "_per_output_token")))
			continue;
		m->status = EP_STATUS_ESTIMATED;
		m->by_chunks = true;
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  "the server tells no count of tokens: its "
				  "chunks are taken for them");
	}
}

/* What a phase's figures per token are divided by. */
static void set_divisors(struct ep_maker *mk)
{
	const struct ep_phase *p = &mk->row->phase;

	mk->step_count = mk->token_count = (double)NAN;
	if (mk->kind == EP_ROW_RUN || mk->kind == EP_ROW_REQUEST) {
		int64_t n = output_tokens(mk);

		mk->token_reason = n == 0 ? "no output token"
					  : "output tokens are not known";
		if (n > 0)
			mk->token_count = (double)n;
		else if (n < 0)
			guess_divisors(mk);
	} else if (is_named(p, EP_PHASE_GENERATION)) {
		if (p->steps_count == 0) {
			mk->token_reason = "no decode after the first token "
					   "(steps = 0)";
			return;
		}
		mk->token_reason = p->steps_count < 0
					   ? "decode steps are not known"
					   : "output tokens are not known";
		if (p->steps_count > 0)
			mk->step_count = (double)p->steps_count;
		if (p->tokens_count > 0)
			mk->token_count = (double)p->tokens_count;
		if (p->tokens_count < 0)
			guess_divisors(mk);
	} else if (is_named(p, EP_PHASE_PREFILL) || p->tokens_count > 0) {
		mk->token_reason = p->tokens_count == 0
					   ? "no token was evaluated"
					   : "tokens are not known";
		if (p->tokens_count > 0)
			mk->step_count = mk->token_count =
				(double)p->tokens_count;
	}
}

/* Prefill and generation alone: what an answer costs end to end. */
static bool is_answer(const struct ep_phase *p)
{
	return is_named(p, EP_PHASE_PREFILL) ||
	       is_named(p, EP_PHASE_GENERATION);
}

/* What a request costs where the model stays in memory. */
static bool is_served(const struct ep_phase *p)
{
	return p->request > 0 && !is_named(p, EP_PHASE_LOAD);
}

static int measure_some(struct ep_maker *mk,
			bool (*wanted)(const struct ep_phase *p),
			struct ep_energy *ret)
{
	uint32_t *some = calloc(mk->set.count + 1, sizeof(*some));
	struct ep_set set = { some, 0 };

	if (!some)
		return -ENOMEM;
	for (size_t i = 0; i < mk->set.count; i++)
		if (wanted(&mk->a->part.segments[mk->set.segments[i]].phase))
			some[set.count++] = mk->set.segments[i];
	ep_energy_measure(mk->a, &mk->a->total, set, ret);
	free(some);
	return 0;
}

static int make_row(struct ep_maker *mk)
{
	struct ep_row *row = mk->row;
	const struct ep_phase *p = &row->phase;

	row->start_s = (double)(p->start_ns - mk->a->run.gate_ns) * 1e-9;
	row->end_s = (double)(p->end_ns - mk->a->run.gate_ns) * 1e-9;
	row->slack_s = (double)p->slack_ns * 1e-9;
	if (mk->kind != EP_ROW_IDLE && mk->kind != EP_ROW_AFTER)
		set_divisors(mk);
	if (mk->kind == EP_ROW_AFTER) {
		ep_maker_times(mk);
		return mk->failed;
	}
	if ((mk->kind == EP_ROW_RUN || mk->kind == EP_ROW_REQUEST) &&
	    measure_some(mk, is_answer, &mk->answer) < 0)
		return -ENOMEM;
	if (mk->kind == EP_ROW_RUN &&
	    measure_some(mk, is_served, &mk->served) < 0)
		return -ENOMEM;
	ep_maker_energies(mk);
	ep_maker_charge(mk);
	ep_maker_rates(mk);
	if (mk->kind == EP_ROW_REQUEST)
		ep_maker_request(mk);
	if (mk->kind != EP_ROW_IDLE)
		ep_maker_counts(mk);
	if (mk->token_estimated)
		mark_estimates(mk);
	return mk->failed;
}

static int make_phases(struct ep_analysis *a, const struct ep_counts *counts)
{
	struct ep_report *r = a->report;
	int code = 0;

	r->phases = calloc(a->part.count + 1, sizeof(*r->phases));
	if (!r->phases)
		return -ENOMEM;
	for (size_t i = 0; i < a->part.count && code == 0; i++) {
		const struct ep_segment *s = &a->part.segments[i];
		uint32_t index = (uint32_t)i;
		struct ep_maker mk = { .a = a, .counts = counts };

		if (!s->baseline && !s->inside && i + 1 < a->part.count)
			continue;
		if (is_named(&s->phase, EP_PHASE_IDLE) && !s->baseline)
			continue;
		mk.kind = s->baseline ? EP_ROW_IDLE
			  : s->inside ? EP_ROW_PHASE
				      : EP_ROW_AFTER;
		mk.row = &r->phases[r->phase_count++];
		mk.row->phase = s->phase;
		mk.set.segments = &index;
		mk.set.count = 1;
		code = make_row(&mk);
	}
	return code;
}

static int make_totals(struct ep_analysis *a, const struct ep_counts *counts)
{
	struct ep_report *r = a->report;
	struct ep_groups g;
	int code = ep_groups_by_name(&a->part, &g);

	if (code < 0)
		return code;
	r->totals = calloc(g.count + 1, sizeof(*r->totals));
	code = r->totals ? 0 : -ENOMEM;
	for (size_t i = 0; i < g.count && code == 0; i++) {
		struct ep_maker mk = { .a = a, .counts = counts };

		mk.kind = i + 1 == g.count ? EP_ROW_RUN : EP_ROW_PHASE;
		mk.row = &r->totals[r->total_count++];
		mk.set = g.groups[i].set;
		sum_phases(a, mk.set, g.groups[i].name, &mk.row->phase);
		mk.row->phase.request = 0;
		if (mk.kind == EP_ROW_RUN)
			mk.row->phase.steps_count = mk.row->phase.cached_count =
				-1;
		if (mk.kind == EP_ROW_RUN)
			mk.row->phase.tokens_count = output_tokens(&mk);
		code = make_row(&mk);
	}
	if (code == 0 && g.count > 0)
		code = ep_client_make(a, g.groups[g.count - 1].set);
	ep_groups_done(&g);
	return code;
}

static int by_request(const void *a, const void *b)
{
	const struct ep_token *x = a, *y = b;

	if (x->request != y->request)
		return x->request < y->request ? -1 : 1;
	return x->t_ns < y->t_ns ? -1 : x->t_ns > y->t_ns;
}

/* sorted: every token by request, then time. */
static int make_requests(struct ep_analysis *a, const struct ep_counts *counts,
			 const struct ep_token *sorted)
{
	struct ep_report *r = a->report;
	size_t at = 0, n = r->token_count;
	struct ep_groups g;
	int code = ep_groups_by_request(&a->part, &g);

	if (code < 0)
		return code;
	r->requests = calloc(g.count + 1, sizeof(*r->requests));
	code = r->requests ? 0 : -ENOMEM;
	for (size_t i = 0; i < g.count && code == 0; i++) {
		int32_t request = g.groups[i].request;
		struct ep_maker mk = { .a = a, .counts = counts };

		while (at < n && sorted[at].request < request)
			at++;
		mk.tokens = sorted + at;
		while (at < n && sorted[at].request == request) {
			at++;
			mk.stamp_count++;
		}
		mk.kind = EP_ROW_REQUEST;
		mk.told = ep_report_told(r, request);
		mk.row = &r->requests[r->request_count++];
		mk.set = g.groups[i].set;
		sum_phases(a, mk.set, "request", &mk.row->phase);
		mk.row->phase.request = request;
		mk.row->phase.steps_count = mk.row->phase.cached_count = -1;
		mk.row->phase.tokens_count = output_tokens(&mk);
		code = make_row(&mk);
	}
	ep_groups_done(&g);
	return code;
}

/* tokens in time order, with what each cost since the one before it. */
static int make_tokens(struct ep_analysis *a, struct ep_token *sorted)
{
	struct ep_report *r = a->report;
	size_t n = a->part.timeline.token_count;

	r->tokens = calloc(n + 1, sizeof(*r->tokens));
	r->token_energy_j = calloc(n + 1, sizeof(*r->token_energy_j));
	if (!r->tokens || !r->token_energy_j)
		return -ENOMEM;
	r->token_count = n;
	if (n > 0)
		memcpy(r->tokens, a->part.timeline.tokens,
		       n * sizeof(*r->tokens));
	for (size_t i = 0; i < n; i++) {
		const struct ep_token *t = &r->tokens[i];

		r->token_energy_j[i] = (double)NAN;
		if (i > 0 && t[-1].request == t->request &&
		    t[-1].t_ns < t->t_ns &&
		    t->t_ns - t[-1].t_ns >= ep_meter_min_ns(&a->total))
			r->token_energy_j[i] = ep_energy_between(
				a, &a->total, t[-1].t_ns, t->t_ns);
	}
	if (n > 0)
		memcpy(sorted, r->tokens, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_request);
	return 0;
}

int ep_rows_make(struct ep_analysis *a)
{
	struct ep_token *sorted =
		calloc(a->part.timeline.token_count + 1, sizeof(*sorted));
	struct ep_counts counts;
	int code = ep_counts_make(a, false, &counts);

	if (!sorted)
		code = -ENOMEM;
	if (code == 0)
		code = ep_requests_read(a->run.events, a->run.event_count,
					&a->report->told);
	if (code == 0)
		code = make_tokens(a, sorted);
	if (code == 0)
		code = make_phases(a, &counts);
	if (code == 0)
		code = make_totals(a, &counts);
	if (code == 0)
		code = make_requests(a, &counts, sorted);
	ep_counts_done(&counts);
	free(sorted);
	return code;
}
