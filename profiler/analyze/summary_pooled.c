/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/metrics.h"
#include "profiler/analyze/model.h"
#include "profiler/analyze/summary_parts.h"

#define SCOPES_MAX 8

const char *const ep_summary_asked_metrics[] = {
	"idle.power_mean_w",
	"load.duration_s",
	"load.energy_j",
	"prefill.tokens",
	"prefill.tokens_per_s",
	"prefill.j_per_token",
	"prefill.net_j_per_token",
	"prefill.action_j_s_per_token",
	"prefill.edp_j_s_per_token2",
	"generation.tokens",
	"generation.duration_s",
	"generation.energy_j",
	"generation.power_mean_w",
	"generation.tokens_per_s",
	"generation.j_per_token",
	"generation.net_j_per_token",
	"generation.action_j_s_per_token",
	"generation.edp_j_s_per_token2",
	"run.tokens",
	"run.requests",
	"run.duration_s",
	"run.energy_j",
	"run.power_mean_w",
	"run.duration_served_s",
	"run.energy_served_j",
	"run.power_served_mean_w",
	"run.j_per_output_token",
	"run.rss_peak_bytes",
	NULL,
};

/* The intervals of means are t times u, so terms are those that give it again
 * as twice their root of squares. */
void ep_summary_metric_of(const struct ep_summary_cell *cell, const char *name,
			  struct ep_metric *ret)
{
	const struct ep_group_figure *f = &cell->figure;
	double u = f->u95 / 2, common = fmin(f->u_common, u);

	ep_metric_begin(ret, name);
	if (isnan(f->mean)) {
		ep_metric_refuse(ret, f->reason);
		return;
	}
	ret->value = f->mean;
	ret->u95 = f->u95;
	ret->status = f->status;
	(void)ep_str_copy(ret->reason, sizeof(ret->reason), f->reason);
	if (!isfinite(u))
		return;
	if (common > 0)
		ret->terms[ret->term_count++] =
			(struct ep_term){ EP_TERM_METER, common };
	if (u > common)
		ret->terms[ret->term_count++] =
			(struct ep_term){ f->run_count > 1 ? "spread"
							   : "one_run",
					  sqrt(u * u - common * common) };
}

static double mean_of(const struct ep_summary *s,
		      const struct ep_summary_config *c, const char *metric)
{
	int m = ep_summary_find(s, metric);

	return m < 0 ? (double)NAN : c->cells[m].figure.mean;
}

/* The figures of a phase; -ENOENT: it was not seen. */
static int fill_row(const struct ep_summary *s,
		    const struct ep_summary_config *c, const char *scope,
		    struct ep_row *row)
{
	double tokens;
	char name[60];

	row->metrics = calloc(s->metric_count + 1, sizeof(*row->metrics));
	if (!row->metrics)
		return -ENOMEM;
	row->metric_count = 0;
	for (size_t m = 0; m < s->metric_count; m++) {
		if (strcmp(s->metrics[m].scope, scope) != 0 ||
		    !s->metrics[m].any)
			continue;
		ep_summary_metric_of(&c->cells[m], s->metrics[m].name,
				     &row->metrics[row->metric_count++]);
	}
	(void)ep_str_copy(row->phase.name, sizeof(row->phase.name), scope);
	(void)ep_str_format(name, sizeof(name), "%s.tokens", scope);
	tokens = mean_of(s, c, name);
	row->phase.tokens_count =
		tokens >= 0 && tokens < 1e15 ? (int64_t)llround(tokens) : -1;
	if (row->metric_count > 0)
		return 0;
	free(row->metrics);
	row->metrics = NULL;
	return -ENOENT;
}

static int fill_totals(const struct ep_summary *s,
		       const struct ep_summary_config *c, struct ep_report *r)
{
	/* The run last: what it gave out is the output. */
	static const char *const scopes[] = { "load", "prefill", "generation",
					      "run" };

	r->totals = calloc(SCOPES_MAX, sizeof(*r->totals));
	if (!r->totals)
		return -ENOMEM;
	for (size_t i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++) {
		int code =
			fill_row(s, c, scopes[i], &r->totals[r->total_count]);

		if (code == -ENOMEM)
			return code;
		r->total_count += code == 0;
	}
	return 0;
}

static int fill_facts(const struct ep_summary *s, struct ep_report *r)
{
	/* A reader of "attach" wants to know whether there was a process. */
	r->run = json_pack("{s:{s:s}, s:{s:s}, s:{s:i}}", "host", "name",
			   s->host, "board", "name", s->board, "attach", "pid",
			   s->resident ? 1 : 0);
	if (!s->totals_differ)
		(void)ep_str_copy(r->total_name, sizeof(r->total_name),
				  s->total_name);
	return r->run ? 0 : -ENOMEM;
}

int ep_summary_pooled(const struct ep_summary *s,
		      const struct ep_summary_config *c, struct ep_report **ret)
{
	struct ep_report *r = calloc(1, sizeof(*r));
	int idle = ep_summary_find(s, "idle.power_mean_w"), code;
	double requests = mean_of(s, c, "run.requests");

	if (!r)
		return -ENOMEM;
	code = fill_totals(s, c, r);
	if (code == 0)
		code = fill_facts(s, r);
	if (code < 0) {
		ep_report_free(r);
		return code;
	}
	if (requests >= 1 && requests < 1e9)
		r->request_count = (size_t)llround(requests);
	ep_metric_begin(&r->idle_power_w, "idle_power_w");
	if (idle >= 0 && s->metrics[idle].any)
		ep_summary_metric_of(&c->cells[idle], "idle_power_w",
				     &r->idle_power_w);
	else
		ep_metric_refuse(&r->idle_power_w,
				 s->status_known
					 ? "no idle power was measured"
					 : "not in this older results.csv "
					   "(--rebuild)");
	*ret = r;
	return 0;
}

void ep_summary_pooled_free(struct ep_report *r)
{
	if (!r)
		return;
	/* A count without rows of requests. */
	r->request_count = 0;
	ep_report_free(r);
}
