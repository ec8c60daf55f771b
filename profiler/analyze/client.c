/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/uncertainty.h"

/* What asked, beside what was measured: its own cost over its whole life. */

static void add_cpu(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "cpu_s");
	int64_t user, system;

	if (ep_run_fact_i64(&mk->a->run, "client.utime_ns", &user) < 0 ||
	    ep_run_fact_i64(&mk->a->run, "client.stime_ns", &system) < 0 ||
	    user < 0 || system < 0) {
		ep_metric_refuse(m, "the system told nothing of its end");
		return;
	}
	m->value = ((double)user + (double)system) * 1e-9;
	m->status = EP_STATUS_OK;
	(void)ep_str_copy(m->reason, sizeof(m->reason),
			  "getrusage of the client");
}

/* Its first request, or its first connection to the server's port. */
static void add_startup(struct ep_maker *mk)
{
	struct ep_metric *m = ep_maker_add(mk, "startup_s");
	const struct ep_run *run = &mk->a->run;
	struct ep_budget b = { .count = 0 };
	int64_t start = -1, slack = 0;

	if (ep_run_fact_i64(run, "client.start_ns", &start) == 0 &&
	    start >= 0) {
		m->value = (double)start * 1e-9;
		m->status = EP_STATUS_OK;
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  "until its first request");
		return;
	}
	if (ep_run_fact_i64(run, "client.startup_ns", &start) < 0 ||
	    ep_run_fact_i64(run, "client.startup_slack_ns", &slack) < 0 ||
	    start < 0 || slack < 0) {
		ep_metric_refuse(m, "no connection of its own to the server's "
				    "port was seen at any look");
		return;
	}
	ep_budget_add(&b, "border", ep_u_limit((double)slack * 1e-9));
	ep_metric_set(m, (double)start * 1e-9, &b, 1);
	(void)ep_str_copy(m->reason, sizeof(m->reason),
			  "until a look at the machine's connections showed "
			  "one to the server's port");
}

static bool is_told(const struct ep_run *run)
{
	return ep_run_fact(run, "client.utime_ns") != NULL ||
	       ep_run_fact(run, "client.maxrss_bytes") != NULL;
}

int ep_client_make(struct ep_analysis *a, struct ep_set run)
{
	struct ep_report *r = a->report;
	struct ep_counts counts;
	struct ep_maker mk = { .a = a,
			       .counts = &counts,
			       .kind = EP_ROW_RUN,
			       .usage = "client",
			       .set = run,
			       .row = &r->client };
	int code;

	if (!is_told(&a->run))
		return 0;
	code = ep_counts_make(a, true, &counts);
	if (code < 0)
		return code;
	r->has_client = true;
	(void)ep_str_copy(r->client.phase.name, sizeof(r->client.phase.name),
			  "client");
	r->client.phase.tokens_count = r->client.phase.steps_count = -1;
	r->client.phase.cached_count = -1;
	add_cpu(&mk);
	add_startup(&mk);
	ep_maker_counts(&mk);
	ep_counts_done(&counts);
	return mk.failed;
}
