/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

/* Another figure of the row, copied: adding one may move them. */
static bool take(const struct ep_maker *mk, const char *name,
		 struct ep_metric *ret)
{
	const struct ep_metric *m = ep_row_metric(mk->row, name);

	if (m)
		*ret = *m;
	return m != NULL;
}

/* 1 / m under its own name; the terms follow from du = u / m^2. */
static void add_reciprocal(struct ep_maker *mk, const char *name,
			   const char *of)
{
	struct ep_metric from, *m;
	double square;

	if (!take(mk, of, &from))
		return;
	m = ep_maker_add(mk, name);
	if (from.status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(m, from.reason);
		return;
	}
	if (!(from.value > 0)) {
		ep_metric_refuse(m, "its energy is not above zero");
		return;
	}
	square = from.value * from.value;
	(void)ep_str_copy(from.name, sizeof(from.name), name);
	from.value = 1 / from.value;
	from.u95 /= square;
	for (size_t i = 0; i < from.term_count; i++)
		from.terms[i].u /= square;
	*m = from;
}

/* T / steps: the mean time between two tokens. */
static void add_tpot(struct ep_maker *mk)
{
	struct ep_metric t, *m;
	struct ep_budget b = { .count = 0 };

	if (strcmp(mk->row->phase.name, EP_PHASE_GENERATION) != 0 ||
	    !take(mk, "duration_s", &t))
		return;
	m = ep_maker_add(mk, "tpot_s");
	if (isnan(mk->step_count)) {
		ep_metric_refuse(m, mk->token_reason);
		return;
	}
	memcpy(b.terms, t.terms, sizeof(b.terms));
	b.count = t.term_count;
	ep_metric_set(m, t.value / mk->step_count, &b, 1 / mk->step_count);
}

/* Tokens a reader sees, of every request of the row; -1 not all are known. */
static int64_t visible_tokens(const struct ep_maker *mk)
{
	const struct ep_requests *told = &mk->a->report->told;
	int64_t sum = 0;

	if (mk->kind == EP_ROW_REQUEST)
		return mk->told->visible_count;
	for (size_t i = 0; i < told->count; i++) {
		int64_t n = told->items[i].visible_count;

		if (told->items[i].error[0])
			continue;
		if (n < 0 || sum > INT64_MAX - n)
			return -1;
		sum += n;
	}
	return sum;
}

/* Only where something tells how an answer ended. */
static void add_per_visible(struct ep_maker *mk)
{
	const struct ep_energy *e = &mk->answer;
	struct ep_metric *m;
	int64_t count;
	double n;

	if (mk->kind == EP_ROW_REQUEST ? !mk->told
				       : mk->a->report->told.count == 0)
		return;
	count = visible_tokens(mk);
	n = (double)count;
	m = ep_maker_add(mk, "j_per_visible_token");
	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else if (count <= 0) {
		ep_metric_refuse(m, count == 0 ? "no visible token"
					       : "the server does not tell how "
						 "the answer ended");
	} else {
		ep_metric_set(m, e->energy_j / n, &e->budget, 1 / n);
		ep_metric_judge(m, &mk->a->total, e);
	}
}

/* Rates as other tools print them, from what the server tells of itself. */
static void add_server_rates(struct ep_maker *mk)
{
	const struct ep_requests *told = &mk->a->report->told;
	double tokens = 0, seconds = 0, rates = 0, n = 0;
	struct ep_metric *count, *api;

	for (size_t i = 0; i < told->count; i++) {
		const struct ep_request *q = &told->items[i];

		if (q->output_count < 1 || q->generation_ns <= 0)
			continue;
		tokens += (double)q->output_count;
		seconds += (double)q->generation_ns * 1e-9;
		rates += (double)q->output_count /
			 ((double)q->generation_ns * 1e-9);
		n++;
	}
	if (told->count == 0)
		return;
	count = ep_maker_add(mk, "count_rate_tokens_per_s");
	ep_metric_refuse(count, "the server does not tell it");
	if (n > 0) {
		count->value = tokens / seconds;
		count->status = EP_STATUS_OK;
		(void)ep_str_copy(count->reason, sizeof(count->reason),
				  "sum of the server's counts over sum of its "
				  "durations");
	}
	api = ep_maker_add(mk, "api_rate_tokens_per_s");
	ep_metric_refuse(api, "the server does not tell it");
	if (n > 0) {
		api->value = rates / n;
		api->status = EP_STATUS_OK;
		(void)ep_str_copy(api->reason, sizeof(api->reason),
				  "mean over requests of the server's count "
				  "over its duration");
	}
}

/* From the start of the program until its first output token. */
static void add_ttft_process(struct ep_maker *mk)
{
	const struct ep_report *r = mk->a->report;
	int64_t first = r->token_count > 0 ? r->tokens[0].t_ns : -1;
	struct ep_metric *m;

	for (size_t i = 0; first < 0 && i < mk->set.count; i++) {
		const struct ep_phase *p =
			&mk->a->part.segments[mk->set.segments[i]].phase;

		if (strcmp(p->name, EP_PHASE_PREFILL) == 0)
			first = p->end_ns;
	}
	m = ep_maker_add(mk, "ttft_process_s");
	if (first < mk->a->run.gate_ns) {
		ep_metric_refuse(m, "the first token was not seen");
		return;
	}
	m->value = (double)(first - mk->a->run.gate_ns) * 1e-9;
	m->status = EP_STATUS_OK;
}

/* The requests without what they load: a model that stays in memory. */
static void add_served(struct ep_maker *mk)
{
	const struct ep_energy *e = &mk->served;
	const struct ep_budget none = { .count = 0 };
	struct ep_metric *m;

	if (!(e->duration_s > 0))
		return;
	ep_metric_set(ep_maker_add(mk, "duration_served_s"), e->duration_s,
		      &none, 1);
	m = ep_maker_add(mk, "energy_served_j");
	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else {
		ep_metric_set(m, e->energy_j, &e->budget, 1);
		ep_metric_judge(m, &mk->a->total, e);
	}
	m = ep_maker_add(mk, "power_served_mean_w");
	if (isnan(e->energy_j)) {
		ep_metric_refuse(m, e->reason);
	} else {
		ep_metric_set(m, e->mean_w, &e->power, 1);
		ep_metric_judge(m, &mk->a->total, e);
	}
}

void ep_maker_rates(struct ep_maker *mk)
{
	bool whole = mk->kind == EP_ROW_RUN || mk->kind == EP_ROW_REQUEST;

	if (whole && mk->token_reason) {
		add_reciprocal(mk, "tokens_per_j", "j_per_output_token");
		add_per_visible(mk);
	} else if (!whole) {
		add_reciprocal(mk, "tokens_per_j", "j_per_token");
		add_reciprocal(mk, "net_tokens_per_j", "net_j_per_token");
		add_tpot(mk);
	}
	if (mk->kind == EP_ROW_RUN) {
		add_ttft_process(mk);
		add_server_rates(mk);
		add_served(mk);
	}
}
