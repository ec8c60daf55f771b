/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A 99th percentile of fewer values is the maximum in disguise. */
#define P99_VALUES_MIN 100

static const struct ep_segment *segment_at(const struct ep_maker *mk, size_t i)
{
	return &mk->a->part.segments[mk->set.segments[i]];
}

/* When the first output token was there; -1 unknown. */
static int64_t first_token_ns(const struct ep_maker *mk, size_t *ret_border)
{
	if (mk->stamp_count > 0)
		return mk->tokens[0].t_ns;
	for (size_t i = 0; i < mk->set.count; i++) {
		const struct ep_phase *p = &segment_at(mk, i)->phase;

		if (strcmp(p->name, EP_PHASE_PREFILL) == 0) {
			*ret_border = mk->set.segments[i] + 1;
			return p->end_ns;
		}
	}
	return -1;
}

static void add_ttft(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "ttft_s");
	const struct ep_phase *first = &segment_at(mk, 0)->phase;
	size_t border = SIZE_MAX;
	int64_t t = first_token_ns(mk, &border);
	struct ep_budget b = { .count = 0 };

	if (t < first->start_ns) {
		ep_metric_refuse(m, "the first token was not seen");
		return;
	}
	ep_budget_add(
		&b, "border",
		ep_u_limit(ep_border_slack_s(mk->a, mk->set.segments[0])));
	if (border != SIZE_MAX)
		ep_budget_add(&b, "border",
			      ep_u_limit(ep_border_slack_s(mk->a, border)));
	ep_metric_set(m, (double)(t - first->start_ns) * 1e-9, &b, 1);
	(void)ep_str_format(m->reason, sizeof(m->reason),
			    "from the start of its %s to %s", first->name,
			    border == SIZE_MAX ? "the first token"
					       : "the end of prefill");
}

static void add_longest(struct ep_maker *mk, const double *gaps, size_t count)
{
	struct ep_metric *m = ep_maker_add(mk, "itl_max_s");
	double longest = 0;

	for (size_t i = 0; i < count; i++)
		longest = gaps[i] > longest ? gaps[i] : longest;
	if (count == 0) {
		ep_metric_refuse(m, "tokens were not stamped");
		return;
	}
	m->value = longest;
	m->status = EP_STATUS_OK;
}

static void add_latencies(struct ep_maker *mk)
{
	static const struct {
		const char *name;
		double q;
		size_t min;
	} figures[] = {
		{ "itl_p50_s", 0.50, 1 },
		{ "itl_p90_s", 0.90, 1 },
		{ "itl_p99_s", 0.99, P99_VALUES_MIN },
	};
	size_t count = mk->stamp_count > 0 ? mk->stamp_count - 1 : 0;
	double *gaps = calloc(count + 1, sizeof(*gaps));

	if (!gaps) {
		mk->failed = -ENOMEM;
		return;
	}
	for (size_t i = 0; i < count; i++)
		gaps[i] =
			(double)(mk->tokens[i + 1].t_ns - mk->tokens[i].t_ns) *
			1e-9;
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		struct ep_metric *m = ep_maker_add(mk, figures[i].name);

		if (count < figures[i].min) {
			ep_metric_refuse(m, count == 0
						    ? "tokens were not stamped"
						    : "fewer than 100 "
						      "intervals");
			continue;
		}
		m->value = ep_quantile_f64(gaps, count, figures[i].q);
		m->status = EP_STATUS_OK;
	}
	add_longest(mk, gaps, count);
	free(gaps);
}

/* The edge study's: what the model takes until its first token can be drawn. */
static void add_ttft_model(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "ttft_model_s");
	bool prefill = false;
	double sum = 0;

	for (size_t i = 0; i < mk->set.count; i++) {
		const struct ep_phase *p = &segment_at(mk, i)->phase;
		bool is_prefill = strcmp(p->name, EP_PHASE_PREFILL) == 0;

		if (!is_prefill && strcmp(p->name, EP_PHASE_LOAD) != 0)
			continue;
		sum += (double)(p->end_ns - p->start_ns) * 1e-9;
		prefill |= is_prefill;
	}
	if (!prefill) {
		ep_metric_refuse(m, "no prefill was seen");
		return;
	}
	m->value = sum;
	m->status = EP_STATUS_OK;
	(void)ep_str_copy(m->reason, sizeof(m->reason),
			  "load and prefill of the request");
}

/* As whoever asked sees it, and as the server tells it. */
static void add_ttft_asked(struct ep_maker *mk)
{
	const struct ep_request *q = mk->told;
	struct ep_metric *m = ep_maker_add(mk, "ttft_client_s");

	if (q->first_ns > q->sent_ns && q->sent_ns > 0) {
		m->value = (double)(q->first_ns - q->sent_ns) * 1e-9;
		m->status = EP_STATUS_OK;
	} else {
		ep_metric_refuse(m, "the answer was not streamed");
	}
	m = ep_maker_add(mk, "ttft_server_s");
	if (q->prefill_ns < 0) {
		ep_metric_refuse(m, "the server does not tell it");
		return;
	}
	m->value = (double)(q->prefill_ns + (q->load_ns > 0 ? q->load_ns : 0)) *
		   1e-9;
	m->status = EP_STATUS_OK;
}

/* What the server tells of itself, beside what was observed. */
static void add_told(struct ep_maker *mk)
{
	const struct ep_request *q = mk->told;
	const struct ep_row *row = mk->row;
	int64_t server_ns = ep_request_server_ns(q);
	const struct {
		const char *name;
		int64_t ns;
	} told[] = {
		{ "server_load_s", q->load_ns },
		{ "server_prefill_s", q->prefill_ns },
		{ "server_generation_s", q->generation_ns },
		{ "server_total_s", server_ns },
	};
	struct ep_metric *m;

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		m = ep_maker_add(mk, told[i].name);
		if (told[i].ns < 0) {
			ep_metric_refuse(m, "the server does not tell it");
			continue;
		}
		m->value = (double)told[i].ns * 1e-9;
		m->status = EP_STATUS_OK;
	}
	m = ep_maker_add(mk, "server_difference_s");
	if (server_ns < 0 || q->error[0]) {
		ep_metric_refuse(m, "the server tells no durations");
		return;
	}
	m->value = row->end_s - row->start_s - (double)server_ns * 1e-9;
	m->status = EP_STATUS_OK;
}

void ep_maker_request(struct ep_maker *mk)
{
	if (mk->told)
		add_told(mk);
	add_ttft(mk);
	add_ttft_model(mk);
	if (mk->told)
		add_ttft_asked(mk);
	add_latencies(mk);
}
