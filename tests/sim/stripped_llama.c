/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with a libllama linked into it, meant to be stripped: functions of
 * the same arguments and messages as the real ones, which only spin, in the
 * order in which a program calls them.  Needs nothing but the C library, so
 * that a test can build it in other ways.
 *
 * usage: stripped_llama [PROMPT [TOKENS [REQUESTS]]]
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if defined(__GNUC__) && !defined(__clang__)
#define METHOD __attribute__((noinline, noclone, no_sanitize_address))
#else
#define METHOD __attribute__((noinline, no_sanitize_address))
#endif
#ifdef COPIED /* as link-time optimization may do */
#define PART static inline __attribute__((always_inline))
#else
#define PART METHOD static
#endif
#define CHUNK 16

/* llama_batch of 2024 and later: 56 bytes. */
struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

struct context {
	bool warm;
	int64_t evaluated;
};

static struct context context;
static struct context *volatile active = &context;
static volatile int refuse; /* never: the compiler must not know */

METHOD __attribute__((format(printf, 1, 2))) static void
log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vfprintf(stderr, format, args);
	va_end(args);
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

METHOD static void spin(int64_t us)
{
	int64_t end = now_us() + us;

	while (now_us() < end)
		;
}

METHOD static int evaluate(struct context *ctx, const struct llama_batch *batch)
{
	spin(200 * batch->n_tokens);
	ctx->evaluated += batch->n_tokens;
	return refuse;
}

PART int32_t llama_decode(struct context *ctx, struct llama_batch batch)
{
	int ret = evaluate(ctx, &batch);

	if (ret != 0 && ret != 1)
		log_error("%s: failed to decode, ret = %d\n", __func__, ret);
	return ret;
}

PART struct context *llama_model_load_from_file_impl(const char *path)
{
	spin(5000);
	if (refuse) {
		log_error("%s: failed to load model\n", __func__);
		return NULL;
	}
	(void)path;
	return &context;
}

PART struct context *llama_init_from_model(struct context *model)
{
	if (!model) {
		log_error("%s: model cannot be NULL\n", __func__);
		return NULL;
	}
	spin(1000);
	return model;
}

PART void set_warmup(struct context *ctx, bool value)
{
	if (refuse)
		log_error("%s: value = %d\n", __func__, value);
	ctx->warm = value;
}

PART void set_embeddings(struct context *ctx, bool value)
{
	if (refuse)
		log_error("%s: value = %d\n", __func__, value);
	ctx->evaluated += value;
}

PART float *get_logits_ith(struct context *ctx, int32_t i)
{
	static float logits[2];

	if (i < -1 || !ctx) {
		log_error("%s: invalid logits id %d, reason: %s\n", __func__, i,
			  "out of range");
		return NULL;
	}
	spin(1);
	return logits + (i & 1);
}

static int answer(int64_t prompt, int64_t tokens)
{
	int64_t left = prompt;

	for (int64_t t = 0; t < tokens; t++, left = 1) {
		while (left > 0) {
			struct llama_batch batch = {
				.n_tokens =
					(int32_t)(left < CHUNK ? left : CHUNK)
			};

			if (llama_decode(active, batch) != 0)
				return -1;
			left -= batch.n_tokens;
		}
		if (!get_logits_ith(active, refuse - 1))
			return -1;
	}
	return 0;
}

static int64_t number(const char *text)
{
	int64_t value = 0;

	while (*text >= '0' && *text <= '9' && value < 100000)
		value = value * 10 + (*text++ - '0');
	return value;
}

int main(int argc, char **argv)
{
	int64_t numbers[3] = { 37, 10, 3 }; /* prompt, tokens, requests */
	struct context *ctx;

	for (int i = 1; i < argc && i < 4; i++)
		numbers[i - 1] = number(argv[i]);
	ctx = llama_init_from_model(llama_model_load_from_file_impl("none"));
	if (!ctx)
		return 1;
	set_embeddings(ctx, false);
	set_warmup(ctx, true);
	(void)llama_decode(ctx, (struct llama_batch){ .n_tokens = 2 });
	set_warmup(ctx, false);
	for (int64_t r = 0; r < numbers[2]; r++)
		if (answer(numbers[0], numbers[1]) < 0)
			return 1;
	printf("%" PRId64 "\n", ctx->evaluated);
	return 0;
}
