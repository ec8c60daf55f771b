/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "runners/demo/model.h"
#include "runners/demo/tokens.h"
#include "runners/edgeprof.h"

struct session {
	const struct infer_options *options;
	FILE *out;
	struct infer_weights weights;
	struct infer_pool *pool;
	struct infer_model *model;
	uint16_t *prompt;
	size_t prompt_tokens;
};

static int64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int load(struct session *s, const char *path, struct infer_err *err)
{
	const struct infer_options *o = s->options;
	size_t output = (size_t)o->tokens;
	int r = infer_weights_map(&s->weights, path, err);

	if (r < 0)
		return r;
	r = infer_pool_new(o->threads, &s->pool, err);
	if (r < 0)
		return r;
	s->prompt = calloc(strlen(o->prompt) + 1, sizeof(*s->prompt));
	if (!s->prompt)
		return infer_err_set(err, -ENOMEM, "out of memory");
	s->prompt_tokens = infer_tokens_encode(o->prompt, s->prompt);
	/* The last token that is chosen is never evaluated. */
	return infer_model_new(&s->weights, s->pool,
			       s->prompt_tokens + output - 1, &s->model, err);
}

static void unload(struct session *s)
{
	infer_model_free(s->model);
	infer_pool_free(s->pool);
	free(s->prompt);
	infer_weights_done(&s->weights);
}

static int put(FILE *out, uint16_t token, struct infer_err *err)
{
	if (fputc(token, out) == EOF || fflush(out) == EOF)
		return infer_err_set(err, -errno,
				     "the text cannot be written: %s",
				     strerror(errno));
	return 0;
}

static int answer(struct session *s, struct infer_request *q,
		  struct infer_err *err)
{
	const struct infer_options *o = s->options;
	uint64_t random = o->seed;
	uint16_t token;
	float *logits;

	infer_model_reset(s->model);
	q->prefill_ns = now_ns();
	edgeprof_phase("prefill", (long)s->prompt_tokens);
	logits = infer_model_eval(s->model, s->prompt, s->prompt_tokens);
	for (int i = 0; i < o->tokens; i++) {
		int r;

		if (i > 0)
			logits = infer_model_eval(s->model, &token, 1);
		if (!logits)
			return infer_err_set(err, -EIO,
					     "token %d could not be evaluated",
					     i + 1);
		q->token_ns[i] = now_ns();
		edgeprof_token();
		if (i == 0)
			edgeprof_phase("generation", 0);
		token = infer_tokens_choose(logits, o->temperature, &random);
		r = put(s->out, token, err);
		if (r < 0)
			return r;
	}
	q->end_ns = now_ns();
	edgeprof_phase("", 0);
	return put(s->out, '\n', err);
}

static int make_record(struct infer_record *r, const struct infer_options *o,
		       struct infer_err *err)
{
	r->output_tokens = (size_t)o->tokens;
	r->request_count = (size_t)o->requests;
	r->requests = calloc(r->request_count, sizeof(*r->requests));
	r->token_ns = calloc(r->request_count,
			     r->output_tokens * sizeof(*r->token_ns));
	if (!r->requests || !r->token_ns)
		return infer_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

void infer_record_done(struct infer_record *r)
{
	free(r->requests);
	free(r->token_ns);
	r->requests = NULL;
	r->token_ns = NULL;
}

int infer_session_run(const struct infer_options *o, const char *model_path,
		      FILE *out, struct infer_record *ret,
		      struct infer_err *err)
{
	struct session s = { .options = o, .out = out };
	struct infer_record record = { .load_start_ns = now_ns() };
	int r;

	edgeprof_phase("load", 0);
	r = make_record(&record, o, err);
	if (r == 0)
		r = load(&s, model_path, err);
	record.load_end_ns = now_ns();
	record.prompt_tokens = s.prompt_tokens;
	for (size_t i = 0; r == 0 && i < record.request_count; i++) {
		record.requests[i].token_ns =
			record.token_ns + i * record.output_tokens;
		r = answer(&s, &record.requests[i], err);
	}
	edgeprof_phase("", 0);
	unload(&s);
	if (r < 0) {
		infer_record_done(&record);
		return r;
	}
	*ret = record;
	return 0;
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
	return (double)(to_ns - from_ns) / 1e9;
}

static double rate(size_t count, double duration_s)
{
	return duration_s > 0.0 ? (double)count / duration_s : 0.0;
}

void infer_record_print(const struct infer_record *r, int threads, FILE *out)
{
	(void)fprintf(out, "infer: load %.3f s, %d thread%s\n",
		      seconds(r->load_start_ns, r->load_end_ns), threads,
		      threads == 1 ? "" : "s");
	for (size_t i = 0; i < r->request_count; i++) {
		const struct infer_request *q = &r->requests[i];
		int64_t last_ns = q->token_ns[r->output_tokens - 1];
		double prefill = seconds(q->prefill_ns, q->token_ns[0]);
		double steps = seconds(q->token_ns[0], last_ns);

		(void)fprintf(out,
			      "infer: request %zu: prefill %zu tokens in %.3f "
			      "s (%.1f/s), generation %zu tokens, %zu steps "
			      "in %.3f s (%.1f/s)\n",
			      i + 1, r->prompt_tokens, prefill,
			      rate(r->prompt_tokens, prefill), r->output_tokens,
			      r->output_tokens - 1, steps,
			      rate(r->output_tokens - 1, steps));
	}
}

void infer_record_print_times(const struct infer_record *r, FILE *out)
{
	(void)fprintf(out, "load %lld\n", (long long)r->load_start_ns);
	for (size_t i = 0; i < r->request_count; i++) {
		const struct infer_request *q = &r->requests[i];

		(void)fprintf(out, "prefill %lld\n", (long long)q->prefill_ns);
		for (size_t k = 0; k < r->output_tokens; k++)
			(void)fprintf(out, "token %lld\n",
				      (long long)q->token_ns[k]);
		(void)fprintf(out, "end %lld\n", (long long)q->end_ns);
	}
}
