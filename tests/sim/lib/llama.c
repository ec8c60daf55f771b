/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * libllama's C API as far as probes know it, without a model: calls take a
 * known time and return what the environment says.
 *
 * FAKE_LLAMA_ASYNC    1: an evaluation returns at once, as with a GPU, and is
 *                     done when somebody waits for it or reads its result
 * FAKE_LLAMA_RETURNS  "0 1 0": what the evaluations return, then 0
 */
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NO_INLINE __attribute__((noinline))
#define CALL_US 4000 /* an evaluation, and 20 us for each token */
#define TOKENS_MAX 1000

struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};
struct parameters {
	unsigned char bytes[512];
};
struct context {
	int64_t busy_until_ns;
	int memory;
};

/* Not before that moment; the caller's own thread works. */
static void work_until(int64_t end_ns)
{
	struct timespec t;

	do
		clock_gettime(CLOCK_MONOTONIC, &t);
	while (t.tv_sec * INT64_C(1000000000) + t.tv_nsec < end_ns);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

struct parameters llama_model_default_params(void);
struct parameters llama_context_default_params(void);
void *llama_model_load_from_file(const char *path, struct parameters p);
void *llama_init_from_model(void *model, struct parameters p);
int32_t llama_decode(struct context *c, struct llama_batch batch);
int32_t llama_encode(struct context *c, struct llama_batch batch);
void llama_synchronize(struct context *c);
float *llama_get_logits_ith(struct context *c, int32_t i);
float *llama_get_embeddings_seq(struct context *c, int32_t i);
void llama_perf_context_reset(struct context *c);
void llama_free(struct context *c);
void llama_backend_init(void);
void *llama_get_memory(struct context *c);
void llama_memory_clear(void *memory, int data);
int llama_memory_seq_rm(void *memory, int32_t seq, int32_t from, int32_t to);
void llama_memory_seq_add(void *memory, int32_t seq, int32_t from, int32_t to,
			  int32_t by);

static float logits[2];
static jmp_buf *jump; /* where an evaluation goes instead of returning */
void fake_llama_jump(jmp_buf *to);

NO_INLINE void fake_llama_jump(jmp_buf *to)
{
	jump = to;
}

NO_INLINE void llama_backend_init(void)
{
}

NO_INLINE struct parameters llama_model_default_params(void)
{
	return (struct parameters){ { 0 } };
}

NO_INLINE struct parameters llama_context_default_params(void)
{
	return (struct parameters){ { 0 } };
}

NO_INLINE void *llama_model_load_from_file(const char *path,
					   struct parameters p)
{
	(void)p;
	work_until(now_ns() + 10000000);
	return strcmp(path, "none") == 0 ? NULL : &logits;
}

NO_INLINE void *llama_init_from_model(void *model, struct parameters p)
{
	(void)p;
	work_until(now_ns() + 2000000);
	return model ? calloc(1, sizeof(struct context)) : NULL;
}

static int32_t next_result(void)
{
	static const char *results;
	char *end;
	long value;

	if (!results)
		results = getenv("FAKE_LLAMA_RETURNS");
	if (!results || !*results)
		return 0;
	value = strtol(results, &end, 10);
	results = end;
	return (int32_t)value;
}

static int32_t evaluate(struct context *c, int32_t tokens)
{
	int32_t result = next_result();
	int64_t us = CALL_US;

	if (tokens > 0)
		us += 20L * (tokens < TOKENS_MAX ? tokens : TOKENS_MAX);
	if (result != 0)
		return result;
	if (getenv("FAKE_LLAMA_ASYNC"))
		c->busy_until_ns = now_ns() + us * 1000;
	else
		work_until(now_ns() + us * 1000);
	return 0;
}

NO_INLINE int32_t llama_decode(struct context *c, struct llama_batch batch)
{
	int32_t result = evaluate(c, batch.n_tokens);

	if (jump)
		longjmp(*jump, 1);
	return result;
}

NO_INLINE int32_t llama_encode(struct context *c, struct llama_batch batch)
{
	return evaluate(c, batch.n_tokens);
}

NO_INLINE void llama_synchronize(struct context *c)
{
	work_until(c->busy_until_ns);
}

NO_INLINE float *llama_get_logits_ith(struct context *c, int32_t i)
{
	work_until(c->busy_until_ns);
	return logits + (i & 1);
}

NO_INLINE float *llama_get_embeddings_seq(struct context *c, int32_t i)
{
	work_until(c->busy_until_ns);
	return logits + (i & 1);
}

NO_INLINE void llama_perf_context_reset(struct context *c)
{
	(void)c;
}

NO_INLINE void llama_free(struct context *c)
{
	free(c);
}

NO_INLINE void *llama_get_memory(struct context *c)
{
	return &c->memory;
}

NO_INLINE void llama_memory_clear(void *memory, int data)
{
	*(volatile int *)memory = data;
}

NO_INLINE int llama_memory_seq_rm(void *memory, int32_t seq, int32_t from,
				  int32_t to)
{
	*(volatile int *)memory = seq + from + to;
	return 1;
}

NO_INLINE void llama_memory_seq_add(void *memory, int32_t seq, int32_t from,
				    int32_t to, int32_t by)
{
	*(volatile int *)memory = seq + from + to + by;
}
