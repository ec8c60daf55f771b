/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/csv_files.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/report/parts.h"

static void put_seconds(struct ep_csv_out *o, int64_t ns, char end)
{
	char text[32];

	text[ep_num_put_scaled(text, ns, 9)] = '\0';
	ep_csv_put(o, text, end);
}

int ep_csv_tokens(const struct ep_report *r, struct ep_buf *b)
{
	struct ep_csv_out o = { .b = b };

	ep_csv_put(&o, "request,index,time_s,energy_j", '\n');
	for (size_t i = 0; i < r->token_count && o.error == 0; i++) {
		const struct ep_token *t = &r->tokens[i];
		double energy_j = (double)NAN;

		if (r->token_energy_j)
			energy_j = r->token_energy_j[i];
		ep_csv_put_count(&o, t->request, ',');
		ep_csv_put_count(&o, t->index, ',');
		put_seconds(&o, t->t_ns - r->gate_ns, ',');
		ep_csv_put_number(&o, energy_j, '\n');
	}
	return o.error;
}

/* "2026-11-20T23:12:20.123Z"; "" when run.json has no clock pair. */
static void utc_text(char *ret, size_t size, const json_t *run, int64_t t_ns)
{
	const json_t *real = json_object_get(run, "started_real_ns");
	const json_t *mono = json_object_get(run, "started_mono_ns");
	int64_t real_ns, ms;
	struct tm tm;
	time_t s;

	ret[0] = '\0';
	if (!json_is_integer(real) || !json_is_integer(mono) ||
	    __builtin_sub_overflow(t_ns, json_integer_value(mono), &real_ns) ||
	    __builtin_add_overflow(real_ns, json_integer_value(real),
				   &real_ns) ||
	    real_ns < 0)
		return;
	s = (time_t)(real_ns / EP_NS_PER_S);
	ms = real_ns % EP_NS_PER_S / EP_NS_PER_MS;
	if (!gmtime_r(&s, &tm))
		return;
	(void)ep_str_format(ret, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
			    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			    tm.tm_hour, tm.tm_min, tm.tm_sec, (int)ms);
}

static double value_of(const struct ep_row *row, const char *name)
{
	return ep_csv_value(row, ep_row_metric(row, name));
}

/* Times are whole nanoseconds; what their seconds have beyond is rounding. */
static void put_ms(struct ep_csv_out *o, double seconds, char end)
{
	ep_csv_put_number(o, nearbyint(seconds * 1e9) / 1e6, end);
}

/* Only of runs that sent requests. */
static void put_told(struct ep_csv_out *o, const struct ep_row *row,
		     const struct ep_request *q)
{
	ep_csv_put(o, !q || q->cold < 0 ? "" : q->cold ? "cold" : "warm", ',');
	ep_csv_put_quoted(o, q ? q->tag : "", ',');
	ep_csv_put_count(o, q ? q->retry_count : -1, ',');
	put_ms(o, value_of(row, "server_total_s"), ',');
	put_ms(o, value_of(row, "server_load_s"), ',');
	put_ms(o, value_of(row, "server_prefill_s"), ',');
	put_ms(o, value_of(row, "server_generation_s"), ',');
	put_ms(o, value_of(row, "server_difference_s"), ',');
	ep_csv_put_count(o, q ? q->asked_prompt_count : -1, ',');
	ep_csv_put_count(o, q ? q->asked_output_count : -1, ',');
	ep_csv_put_quoted(o, q ? q->error : "", '\n');
}

/* Of the phases, else as the server told: an answer that came at once has no
 * phases to count in. */
static int64_t counted(int64_t seen_count, int64_t told_count)
{
	return seen_count >= 0 ? seen_count : told_count;
}

static void put_request(struct ep_csv_out *o, const struct ep_report *r,
			const struct ep_request_parts *p)
{
	const json_t *model = json_object_get(r->run, "model");
	const struct ep_request *q = ep_report_told(r, p->row->phase.request);
	const struct ep_row *row = p->row;
	char stamp[80];

	utc_text(stamp, sizeof(stamp), r->run, row->phase.start_ns);
	ep_csv_put(o, stamp, ',');
	ep_csv_put_quoted(o,
			  q && q->model[0]	  ? q->model
			  : json_is_string(model) ? json_string_value(model)
						  : "",
			  ',');
	/* Known to runners that send requests. */
	ep_csv_put_quoted(o, q ? q->id : "", ',');
	ep_csv_put_number(o, q ? q->randomness : (double)NAN, ',');
	ep_csv_put_count(o, q ? q->seed : -1, ',');
	put_ms(o, row->end_s - row->start_s, ',');
	put_ms(o, p->load_s, ',');
	ep_csv_put_count(o, counted(p->prompt_count, q ? q->prompt_count : -1),
			 ',');
	put_ms(o, p->prefill_s, ',');
	ep_csv_put_count(o, counted(p->output_count, q ? q->output_count : -1),
			 ',');
	put_ms(o, p->generation_s, ',');
	ep_csv_put_number(o, p->tokens_per_s, ',');
	ep_csv_put_number(o, value_of(row, "energy_j"), ',');
	ep_csv_put_number(o, value_of(row, "action_j_s_per_token"), ',');
	ep_csv_put_number(o, value_of(row, "ttft_s"), ',');
	ep_csv_put_count(o, p->cached_count, ',');
	ep_csv_put(o, ep_evidence_name(row->phase.evidence), ',');
	ep_csv_put_number(o, value_of(row, "itl_p50_s"), ',');
	ep_csv_put_number(o, value_of(row, "itl_p90_s"), ',');
	ep_csv_put_number(o, value_of(row, "itl_p99_s"),
			  r->told.count > 0 ? ',' : '\n');
	if (r->told.count > 0)
		put_told(o, row, q);
}

int ep_csv_requests(const struct ep_report *r, struct ep_buf *b)
{
	struct ep_csv_out o = { .b = b };
	struct ep_request_parts *parts;
	int code = ep_request_parts_build(r, &parts);

	if (code < 0)
		return code;
	ep_csv_put(&o,
		   "timestamp,model,prompt_id,temperature,seed,"
		   "total_duration_ms,load_duration_ms,prompt_eval_count,"
		   "prompt_eval_duration_ms,eval_count,eval_duration_ms,"
		   "tokens_per_second,energy_j,action_j_s_per_token,ttft_s,"
		   "cached_tokens,evidence,itl_p50_s,itl_p90_s,itl_p99_s",
		   r->told.count > 0 ? ',' : '\n');
	if (r->told.count > 0)
		ep_csv_put(&o,
			   "start,tag,retries,server_total_ms,server_load_ms,"
			   "server_prefill_ms,server_generation_ms,"
			   "server_difference_ms,asked_prompt_tokens,"
			   "asked_output_tokens,error",
			   '\n');
	for (size_t i = 0; i < r->request_count && o.error == 0; i++)
		put_request(&o, r, &parts[i]);
	free(parts);
	return o.error;
}
