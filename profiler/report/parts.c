/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_seconds(double *sum, double seconds)
{
	*sum = isnan(*sum) ? seconds : *sum + seconds;
}

static void add_count(int64_t *sum, int64_t count)
{
	if (count >= 0)
		*sum = *sum < 0 ? count : *sum + count;
}

/* A request that was cut in pieces: the ratio of the sums. */
static void add_rate(struct ep_request_parts *p, const struct ep_row *row)
{
	const struct ep_metric *m = ep_row_metric(row, "tokens_per_s");
	double before = p->generation_s, seconds = row->end_s - row->start_s;
	/* Of chunks, not of tokens. */
	bool guessed = m && m->status == EP_STATUS_ESTIMATED;
	double rate = m && !guessed ? m->value : (double)NAN;

	if (isnan(before))
		p->tokens_per_s = rate;
	else
		p->tokens_per_s = (p->tokens_per_s * before + rate * seconds) /
				  (before + seconds);
}

static void add_phase(struct ep_request_parts *p, const struct ep_row *row)
{
	const char *name = row->phase.name;
	double seconds = row->end_s - row->start_s;

	if (strcmp(name, EP_PHASE_LOAD) == 0) {
		add_seconds(&p->load_s, seconds);
	} else if (strcmp(name, EP_PHASE_PREFILL) == 0) {
		add_seconds(&p->prefill_s, seconds);
		add_count(&p->prompt_count, row->phase.tokens_count);
		add_count(&p->cached_count, row->phase.cached_count);
	} else if (strcmp(name, EP_PHASE_GENERATION) == 0) {
		add_rate(p, row);
		add_seconds(&p->generation_s, seconds);
		add_count(&p->output_count, row->phase.tokens_count);
	}
}

static int by_request(const void *key, const void *element)
{
	const struct ep_request_parts *p = element;
	int32_t request = *(const int32_t *)key;

	return (request > p->row->phase.request) -
	       (request < p->row->phase.request);
}

int ep_request_parts_build(const struct ep_report *report,
			   struct ep_request_parts **ret)
{
	size_t count = report->request_count;
	struct ep_request_parts *parts =
		calloc(count > 0 ? count : 1, sizeof(*parts));

	if (!parts)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		parts[i] = (struct ep_request_parts){
			.row = &report->requests[i],
			.load_s = (double)NAN,
			.prefill_s = (double)NAN,
			.generation_s = (double)NAN,
			.prompt_count = -1,
			.cached_count = -1,
			.output_count = -1,
			.tokens_per_s = (double)NAN,
		};
	}
	/* Requests are in the order of their numbers. */
	for (size_t i = 0; i < report->phase_count; i++) {
		const struct ep_row *row = &report->phases[i];
		struct ep_request_parts *p =
			bsearch(&row->phase.request, parts, count,
				sizeof(*parts), by_request);

		if (p)
			add_phase(p, row);
	}
	*ret = parts;
	return 0;
}
