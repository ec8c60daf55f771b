/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with the C API of libllama linked into it, which only spins: the
 * calls of a real one, from two threads, with known counts.
 *
 * usage: fake_llama [PROMPT [TOKENS [REQUESTS]]]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/num.h"

#if defined(__GNUC__) && !defined(__clang__)
#define NO_INLINE __attribute__((noinline, used, externally_visible))
#else
#define NO_INLINE __attribute__((noinline, used))
#endif
#define CHUNK 16

/* llama_batch of 2024 and later: 56 bytes. */
struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

void *llama_model_load_from_file(const char *path);
void *llama_init_from_model(void *model);
int32_t llama_decode(void *ctx, struct llama_batch batch);
void llama_synchronize(void *ctx);
float *llama_get_logits_ith(void *ctx, int32_t i);
void llama_perf_context_reset(void *ctx);
void llama_free(void *ctx);

static int context;
static volatile int64_t evaluated;

static void spin(int64_t us)
{
	int64_t end = ep_clock_monotonic_ns() + us * EP_NS_PER_US;

	while (ep_clock_monotonic_ns() < end)
		;
}

NO_INLINE void *llama_model_load_from_file(const char *path)
{
	(void)path;
	spin(5000);
	return &context;
}

NO_INLINE void *llama_init_from_model(void *model)
{
	spin(1000);
	return model;
}

NO_INLINE int32_t llama_decode(void *ctx, struct llama_batch batch)
{
	(void)ctx;
	spin(200 * batch.n_tokens);
	evaluated += batch.n_tokens;
	return 0;
}

NO_INLINE void llama_synchronize(void *ctx)
{
	(void)ctx;
	spin(1);
}

NO_INLINE float *llama_get_logits_ith(void *ctx, int32_t i)
{
	static float logits[2];

	(void)ctx;
	spin(1);
	return logits + (i & 1);
}

NO_INLINE void llama_perf_context_reset(void *ctx)
{
	(void)ctx;
	spin(1);
}

NO_INLINE void llama_free(void *ctx)
{
	(void)ctx;
	spin(1);
}

static void *evaluate(void *arg)
{
	int64_t left = *(const int64_t *)arg;

	while (left > 0) {
		struct llama_batch batch = {
			.n_tokens = (int32_t)(left < CHUNK ? left : CHUNK)
		};

		if (llama_decode(&context, batch) != 0)
			return NULL;
		llama_synchronize(&context);
		left -= batch.n_tokens;
	}
	return &context;
}

static int in_a_thread(int64_t tokens)
{
	pthread_t thread;
	void *good = NULL;

	if (pthread_create(&thread, NULL, evaluate, &tokens) != 0)
		return -1;
	pthread_join(thread, &good);
	(void)llama_get_logits_ith(&context, -1);
	return good ? 0 : -1;
}

int main(int argc, char **argv)
{
	int64_t numbers[3] = { 37, 10, 3 }; /* prompt, tokens, requests */
	void *ctx;

	for (int i = 1; i < argc && i < 4; i++)
		if (ep_num_parse_i64(argv[i], &numbers[i - 1]) < 0)
			return 2;
	ctx = llama_init_from_model(llama_model_load_from_file("none"));
	(void)llama_decode(ctx, (struct llama_batch){ .n_tokens = 2 });
	llama_synchronize(ctx);
	llama_perf_context_reset(ctx);
	for (int64_t r = 0; r < numbers[2]; r++)
		for (int64_t t = 0; t < numbers[1]; t++)
			if (in_a_thread(t == 0 ? numbers[0] : 1) < 0)
				return 1;
	llama_free(ctx);
	printf("%" PRId64 "\n", evaluated);
	return 0;
}
