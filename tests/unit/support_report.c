/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_report.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/report/render.h"

#define GATE_NS (INT64_C(1000) * EP_NS_PER_S)
#define METRICS_MAX 16

static const char run_json[] =
	"{\"schema\":\"edgeprof.run/1\",\"version\":\"0.1.0\","
	"\"command\":[\"./infer\",\"-p\",\"two words\"],"
	"\"started_real_ns\":1795216340000000000,"
	"\"started_mono_ns\":990000000000,"
	"\"host\":{\"name\":\"bench\",\"kernel\":\"6.1.0\","
	"\"machine\":\"x86_64\",\"cpus_online\":4},"
	"\"board\":{\"name\":\"x86\",\"title\":\"PC with RAPL\","
	"\"status\":\"untested\",\"matched\":true},"
	"\"governor\":\"performance\",\"interval_ns\":10000000,"
	"\"sensors\":[{\"id\":\"rapl\",\"status\":\"ok\",\"reason\":\"\","
	"\"notes\":[\"psys left out: it holds the package\"],"
	"\"channels\":[]},"
	"{\"id\":\"hwmon\",\"status\":\"failed\","
	"\"reason\":\"no power sensor in this machine\"}],"
	"\"observers\":[{\"name\":\"marks\",\"status\":\"ok\","
	"\"reason\":\"\"}]}";

struct figures {
	const char *name;
	double seconds;
	int64_t tokens, steps;
	double watts;
};

static const struct figures one_request[] = {
	{ "load", 0.5, -1, -1, 9.0 },
	{ "prefill", 1.25, 84, -1, 14.0 },
	{ "generation", 10.0, 100, 99, 12.0 },
};

static struct ep_metric *add(struct ep_row *row, const char *name, double value,
			     double u95)
{
	struct ep_metric *m = &row->metrics[row->metric_count++];

	assert_true(row->metric_count <= METRICS_MAX);
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	m->value = value;
	m->u95 = u95;
	m->status = isfinite(value) ? EP_STATUS_OK : EP_STATUS_NOT_MEASURED;
	return m;
}

static void add_missing(struct ep_row *row, const char *name,
			const char *reason)
{
	struct ep_metric *m = add(row, name, (double)NAN, (double)NAN);

	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
}

static void add_per_token(struct ep_row *row, double energy_j, double seconds)
{
	const struct ep_phase *p = &row->phase;
	int64_t n = p->steps_count >= 0 ? p->steps_count : p->tokens_count;
	double per = energy_j / (double)n;

	if (n < 0)
		return;
	add(row, "tokens_per_s", (double)n / seconds, 0.01);
	add(row, "j_per_token", per, per * 0.01);
	add(row, "net_j_per_token", per * 0.6, per * 0.015);
	add(row, "action_j_s_per_token",
	    energy_j * seconds / (double)p->tokens_count, 0.5);
	add(row, "context_switches_per_token", 3.25, (double)NAN);
	add(row, "page_faults_per_token", 0.125, (double)NAN);
	add_missing(row, "cache_misses_per_token", "no hardware PMU");
}

static void fill(struct ep_row *row, const struct figures *f, double start_s)
{
	double energy_j = f->seconds * f->watts;
	struct ep_metric *m;

	memset(row, 0, sizeof(*row));
	row->metrics = calloc(METRICS_MAX, sizeof(*row->metrics));
	assert_non_null(row->metrics);
	(void)ep_str_copy(row->phase.name, sizeof(row->phase.name), f->name);
	row->phase.evidence = EP_EVIDENCE_MARKED;
	row->phase.tokens_count = f->tokens;
	row->phase.steps_count = f->steps;
	row->phase.cached_count = -1;
	row->start_s = start_s;
	row->end_s = start_s + f->seconds;
	row->slack_s = 1e-6;
	row->phase.start_ns = GATE_NS + (int64_t)(start_s * 1e9);
	row->phase.end_ns = GATE_NS + (int64_t)(row->end_s * 1e9);
	add(row, "duration_s", f->seconds, 2e-6);
	m = add(row, "energy_j", energy_j, energy_j * 0.01);
	m->terms[0] = (struct ep_term){ "gain", energy_j * 0.004 };
	m->terms[1] = (struct ep_term){ "border", energy_j * 0.003 };
	m->term_count = 2;
	add(row, "energy_net_j", energy_j * 0.6, energy_j * 0.015);
	add(row, "power_mean_w", f->watts, f->watts * 0.01);
	add(row, "power_peak_w", f->watts * 1.25, (double)NAN);
	add(row, "rss_peak_bytes", 812.0 * 1048576.0, (double)NAN);
	add_per_token(row, energy_j, f->seconds);
}

static void fill_request(struct ep_row *row, int32_t request, double start_s)
{
	const struct figures all = { "request", 11.75, 100, -1, 12.1 };

	fill(row, &all, start_s);
	row->phase.request = request;
	add(row, "ttft_s", 1.75, 1e-6);
	add(row, "j_per_output_token", 1.375, 0.013);
}

static void add_rest(struct ep_report *r)
{
	struct ep_channel_row *c = calloc(2, sizeof(*c));
	struct ep_health *h = calloc(2, sizeof(*h));

	assert_non_null(c);
	assert_non_null(h);
	for (size_t i = 0; i < 2; i++) {
		(void)ep_str_copy(c[i].name, sizeof(c[i].name),
				  i == 0 ? "rapl.package_0" : "rapl.core_0");
		c[i].role = i == 0 ? EP_ROLE_TOTAL : EP_ROLE_PART;
		c[i].primary = i == 0;
		c[i].idle_w.value = 4.0 - (double)i;
		c[i].idle_w.u95 = 0.05;
		c[i].energy_j = calloc(r->total_count, sizeof(*c[i].energy_j));
		assert_non_null(c[i].energy_j);
		for (size_t k = 0; k < r->total_count; k++) {
			c[i].energy_j[k] =
				*support_edit_metric(&r->totals[k], "energy_j");
			c[i].energy_j[k].value /= 1.0 + (double)i;
		}
		(void)ep_str_copy(h[i].sensor, sizeof(h[i].sensor), "rapl");
		(void)ep_str_copy(h[i].channel, sizeof(h[i].channel),
				  i == 0 ? "package_0" : "core_0");
		h[i].unit = "j";
		h[i].declared_refresh_ns = EP_NS_PER_MS;
		h[i].measured_refresh_s = i == 0 ? 0.01 : (double)NAN;
		h[i].poll_s = 0.01;
		h[i].read_count = 2175;
		h[i].max_gap_s = 0.02;
	}
	r->channels = c;
	r->channel_count = 2;
	r->health = h;
	r->health_count = 2;
}

static void add_tokens(struct ep_report *r)
{
	r->token_count = 100;
	r->tokens = calloc(r->token_count, sizeof(*r->tokens));
	r->token_energy_j = calloc(r->token_count, sizeof(double));
	assert_non_null(r->tokens);
	assert_non_null(r->token_energy_j);
	for (size_t i = 0; i < r->token_count; i++) {
		r->tokens[i].t_ns = GATE_NS + INT64_C(1750000001) +
				    (int64_t)i * 100 * EP_NS_PER_MS;
		r->tokens[i].request = 1;
		r->tokens[i].index = (int32_t)i + 1;
		r->token_energy_j[i] = i == 0 ? (double)NAN : 1.2;
	}
}

static void fill_fixed(struct ep_report *r)
{
	r->run = json_loads(run_json, 0, NULL);
	assert_non_null(r->run);
	r->gate_ns = GATE_NS;
	(void)ep_str_copy(r->exit_text, sizeof(r->exit_text), "exit 0");
	(void)ep_str_copy(r->evidence_note, sizeof(r->evidence_note),
			  "phases by marks (MARKED)");
	(void)ep_str_copy(r->total_name, sizeof(r->total_name),
			  "rapl.package_0");
	(void)ep_str_copy(r->coverage, sizeof(r->coverage),
			  "the processor package; not the supply, memory "
			  "modules, disks or screen");
	r->idle_power_w = (struct ep_metric){ .name = "idle_power_w",
					      .value = 4.0,
					      .u95 = 0.05 };
	r->threads_seen = 4;
	r->conditions = (struct ep_conditions){
		.background_cpu_share = 0.012,
		.temperature_start_c = 48.2,
		.temperature_end_c = 61.7,
		.frequency_shortfall = (double)NAN,
		.swap_in_count = 0,
	};
	r->validity.valid = true;
	r->validity.complete = true;
	r->grid = (struct ep_grid_health){
		.interval_s = 0.01,
		.tick_count = 2175,
		.late_p50_us = 31.0,
		.late_p99_us = 84.0,
		.late_max_us = 212.0,
		.interval_mean_s = 0.01,
		.self_cpu_s = 0.081,
		.self_cpu_share = 0.0067,
		.self_energy_j = 0.3,
		.self_wakeups = 2301,
		.self_bytes = 1234567,
	};
}

struct ep_report *support_report_of_requests(size_t count)
{
	static const struct figures run = { "run", 12.0, 100, -1, 12.2 };
	struct ep_report *r = calloc(1, sizeof(*r));
	size_t kinds = sizeof(one_request) / sizeof(one_request[0]);

	assert_non_null(r);
	fill_fixed(r);
	r->phases = calloc(count * kinds, sizeof(*r->phases));
	r->requests = calloc(count, sizeof(*r->requests));
	r->totals = calloc(kinds + 1, sizeof(*r->totals));
	assert_non_null(r->phases);
	assert_non_null(r->requests);
	assert_non_null(r->totals);
	for (size_t i = 0; i < count; i++) {
		double at = 12.0 * (double)i;

		fill_request(&r->requests[r->request_count++], (int32_t)i + 1,
			     at);
		for (size_t k = 0; k < kinds; k++) {
			struct ep_row *row = &r->phases[r->phase_count++];

			fill(row, &one_request[k], at);
			row->phase.request = (int32_t)i + 1;
			at += one_request[k].seconds;
		}
	}
	for (size_t k = 0; k < kinds; k++)
		fill(&r->totals[r->total_count++], &one_request[k], 0.0);
	fill(&r->totals[r->total_count++], &run, 0.0);
	add(&r->totals[kinds], "j_per_output_token", 1.375, 0.013);
	r->duration_s = 12.0 * (double)count;
	add_rest(r);
	add_tokens(r);
	return r;
}

struct ep_report *support_report(void)
{
	return support_report_of_requests(1);
}

struct ep_metric *support_edit_metric(struct ep_row *row, const char *name)
{
	for (size_t i = 0; i < row->metric_count; i++)
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	fail_msg("no metric %s in %s", name, row->phase.name);
	return NULL;
}

struct ep_row *support_edit_total(struct ep_report *report, const char *name)
{
	for (size_t i = 0; i < report->total_count; i++)
		if (strcmp(report->totals[i].phase.name, name) == 0)
			return &report->totals[i];
	fail_msg("no row %s", name);
	return NULL;
}

static bool is_energy(const char *name)
{
	return strstr(name, "energy") || strstr(name, "power") ||
	       strstr(name, "j_per") || strstr(name, "j_s");
}

static void set_rows(struct ep_row *rows, size_t count, enum ep_status status,
		     const char *reason)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < rows[i].metric_count; k++) {
			struct ep_metric *m = &rows[i].metrics[k];

			if (!is_energy(m->name))
				continue;
			m->status = status;
			(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
			if (status != EP_STATUS_NOT_MEASURED)
				continue;
			m->value = (double)NAN;
			m->u95 = (double)NAN;
			m->term_count = 0;
		}
	}
}

void support_set_status(struct ep_report *report, enum ep_status status,
			const char *reason)
{
	set_rows(report->phases, report->phase_count, status, reason);
	set_rows(report->totals, report->total_count, status, reason);
	set_rows(report->requests, report->request_count, status, reason);
	report->total_estimated = status == EP_STATUS_ESTIMATED;
	report->idle_power_w.status = status;
}

static void squeeze(char *text)
{
	char *to = text;

	for (const char *c = text; *c; c++) {
		bool space = *c == '\n' || *c == ' ';

		if (!space || to == text || to[-1] != ' ')
			*to++ = space ? ' ' : *c;
	}
	*to = '\0';
}

char *support_render(const char *format, const struct ep_report *report)
{
	const struct ep_render_options options = { .columns = 80 };
	const struct ep_format *f = ep_format_find(format, NULL);
	struct ep_buf b;
	char *text;

	assert_non_null(f);
	ep_buf_init(&b, (size_t)64 << 20);
	assert_int_equal(f->render(report, &options, &b), 0);
	text = strdup(b.data);
	assert_non_null(text);
	ep_buf_done(&b);
	if (strcmp(format, "text") == 0)
		squeeze(text);
	return text;
}
