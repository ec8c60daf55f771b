/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libllama's functions with nothing in them, for what a probe costs. */
#include <stdint.h>

/* The real functions begin with a push, which the kernel need not step over. */
#if defined(__x86_64__)
#define PUSH __asm__ volatile("" ::: "rbx")
#else
#define PUSH ((void)0)
#endif

struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

int32_t llama_decode(void *ctx, struct llama_batch batch);
void llama_synchronize(void *ctx);
float *llama_get_logits_ith(void *ctx, int32_t i);

__attribute__((noinline)) int32_t llama_decode(void *ctx,
					       struct llama_batch batch)
{
	PUSH;
	*(volatile int *)ctx = batch.n_tokens;
	return 0;
}

__attribute__((noinline)) void llama_synchronize(void *ctx)
{
	PUSH;
	*(volatile int *)ctx = 0;
}

__attribute__((noinline)) float *llama_get_logits_ith(void *ctx, int32_t i)
{
	static float logits[1];

	PUSH;
	*(volatile int *)ctx = i;
	return logits;
}
