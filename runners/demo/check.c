/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/check.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runners/demo/kernels.h"
#include "runners/demo/model.h"
#include "runners/demo/options.h"
#include "runners/demo/tokens.h"

#define WIDTH ((size_t)272)
/* One full batch and a part of another. */
#define PROMPT_TOKENS ((size_t)(INFER_BATCH_MAX + 21))
#define MORE_TOKENS ((size_t)12)

struct check {
	FILE *out;
	const struct infer_weights *weights;
	int failed;
};

__attribute__((format(printf, 4, 5))) static void
report(struct check *c, const char *name, bool good, const char *why, ...)
{
	va_list args;

	if (good) {
		(void)fprintf(c->out, "ok %s\n", name);
		return;
	}
	c->failed++;
	(void)fprintf(c->out, "not ok %s: ", name);
	va_start(args, why);
	(void)vfprintf(c->out, why, args);
	va_end(args);
	(void)fputc('\n', c->out);
}

/* -1 .. 1 */
static void fill(float *values, size_t count, uint64_t seed)
{
	for (size_t i = 0; i < count; i++)
		values[i] =
			(float)(infer_random_next(&seed) >> 40) / 8388608.0F -
			1.0F;
}

static double difference(const float *a, const double *b, size_t count)
{
	double worst = 0.0;

	/* A NaN is the worst there is, and stays. */
	for (size_t i = 0; i < count && !isnan(worst); i++) {
		double d = fabs((double)a[i] - b[i]);

		if (!(d <= worst))
			worst = d;
	}
	return worst;
}

static void check_rms_norm(struct check *c)
{
	float in[WIDTH];
	float gain[WIDTH];
	float out[WIDTH];
	double want[WIDTH];
	double sum = 0.0;
	double off;

	fill(in, WIDTH, 1);
	fill(gain, WIDTH, 2);
	infer_rms_norm(out, in, gain, WIDTH);
	for (size_t i = 0; i < WIDTH; i++)
		sum += (double)in[i] * (double)in[i];
	for (size_t i = 0; i < WIDTH; i++)
		want[i] = (double)in[i] * (double)gain[i] /
			  sqrt(sum / (double)WIDTH + 1e-5);
	off = difference(out, want, WIDTH);
	report(c, "rms_norm_equals_its_formula", off < 1e-5, "off by %g", off);
}

/* Rounding to bytes costs at most half a step per factor. */
static void check_quantized_product(struct check *c)
{
	float in[4 * WIDTH];
	int8_t bytes[4 * WIDTH];
	int8_t row[WIDTH];
	float scales[4];
	int32_t sums[4];
	bool same = true;
	bool near = true;

	fill(in, 4 * WIDTH, 3);
	for (size_t i = 0; i < WIDTH; i++)
		row[i] = (int8_t)((int)(i * 37 % 255) - 127);
	for (size_t k = 0; k < 4; k++)
		scales[k] = infer_quantize(bytes + k * WIDTH, in + k * WIDTH,
					   WIDTH);
	infer_dot4(sums, row, bytes, WIDTH, WIDTH);
	for (size_t k = 0; k < 4; k++) {
		double want = 0.0;
		double slack = 0.0;

		same = same &&
		       sums[k] == infer_dot(row, bytes + k * WIDTH, WIDTH);
		for (size_t i = 0; i < WIDTH; i++) {
			want += (double)in[k * WIDTH + i] * row[i];
			slack += 0.501 * (double)scales[k] * abs(row[i]);
		}
		near = near && fabs((double)sums[k] * (double)scales[k] -
				    want) <= slack;
	}
	report(c, "four_products_equal_one_by_one", same, "sums differ");
	report(c, "bytes_product_is_near_the_exact_one", near,
	       "off by more than half a step per factor");
}

static void check_zero_vector(struct check *c)
{
	float in[16] = { 0 };
	int8_t out[16] = { 1 };
	float scale = infer_quantize(out, in, 16);

	report(c, "zero_vector_stays_zero", out[0] == 0 && !(scale > 0.0F),
	       "first byte %d", out[0]);
}

static double product_at(const float *query, const float *key, size_t at,
			 size_t distance)
{
	float q[64];
	float k[64];
	float turn[64];
	double sum = 0.0;

	memcpy(q, query, sizeof(q));
	memcpy(k, key, sizeof(k));
	infer_rope_turn(turn, 64, at + distance);
	infer_rope(q, turn, 64);
	infer_rope_turn(turn, 64, at);
	infer_rope(k, turn, 64);
	for (size_t i = 0; i < 64; i++)
		sum += (double)q[i] * (double)k[i];
	return sum;
}

static void check_rope(struct check *c)
{
	float query[64];
	float key[64];
	double near;
	double far;

	fill(query, 64, 4);
	fill(key, 64, 5);
	near = product_at(query, key, 0, 7);
	far = product_at(query, key, 300, 7);
	report(c, "rope_product_depends_on_distance_only",
	       fabs(near - far) < 1e-3, "%.6f here, %.6f far away", near, far);
}

static void check_softmax(struct check *c)
{
	float values[3] = { 1000.0F, 1001.0F, 999.0F };
	double want[3];
	double sum = exp(-1.0) + 1.0 + exp(-2.0);
	double off;

	infer_softmax(values, 3);
	want[0] = exp(-1.0) / sum;
	want[1] = 1.0 / sum;
	want[2] = exp(-2.0) / sum;
	off = difference(values, want, 3);
	report(c, "softmax_of_large_values_equals_its_formula", off < 1e-6,
	       "off by %g", off);
}

static void check_swiglu(struct check *c)
{
	float gate[3] = { -2.0F, 0.0F, 3.0F };
	const float up[3] = { 1.5F, 2.0F, -1.0F };
	double want[3];
	double off;

	for (size_t i = 0; i < 3; i++)
		want[i] = (double)gate[i] / (1.0 + exp(-(double)gate[i])) *
			  (double)up[i];
	infer_swiglu(gate, up, 3);
	off = difference(gate, want, 3);
	report(c, "swiglu_equals_its_formula", off < 1e-6, "off by %g", off);
}

static void check_parsers(struct check *c)
{
	static const char *const bad[] = {
		"", " 1", "1 ", "+1", "-1", "0x1", "1e3", "99999999999999999999"
	};
	uint64_t number = 77;
	float decimal = 7.0F;
	bool good = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		good = good &&
		       infer_number_parse(bad[i], UINT64_MAX, &number) < 0 &&
		       infer_decimal_parse(bad[i], &decimal) < 0;
	good = good && infer_decimal_parse("1.", &decimal) < 0 &&
	       infer_decimal_parse(".5", &decimal) < 0 &&
	       infer_decimal_parse("nan", &decimal) < 0 && number == 77;
	report(c, "rubbish_is_not_a_number", good, "one was taken");
	good = infer_number_parse("18446744073709551615", UINT64_MAX,
				  &number) == 0 &&
	       number == UINT64_MAX &&
	       infer_number_parse("256", 255, &number) == -ERANGE &&
	       infer_decimal_parse("0.75", &decimal) == 0 &&
	       fabsf(decimal - 0.75F) < 1e-7F;
	report(c, "numbers_are_read_to_their_limits", good, "one was not");
}

/*
 * The logits after the prompt and after each further token, in ret; the prompt
 * `step` tokens at a time.
 */
static int run_model(struct check *c, int threads, size_t step, float *ret,
		     struct infer_err *err)
{
	size_t vocab = c->weights->shape.vocab;
	struct infer_model *m = NULL;
	struct infer_pool *pool = NULL;
	uint16_t tokens[PROMPT_TOKENS + MORE_TOKENS];
	size_t total = PROMPT_TOKENS + MORE_TOKENS;
	size_t count = 0;
	int r;

	for (size_t i = 0; i < total; i++)
		tokens[i] = (uint16_t)(i * 31 % INFER_VOCAB);
	r = infer_pool_new(threads, &pool, err);
	if (r == 0)
		r = infer_model_new(c->weights, pool, total, &m, err);
	for (size_t done = 0; r == 0 && done < total; done += count) {
		const float *logits;

		count = done < PROMPT_TOKENS ? PROMPT_TOKENS - done : 1;
		count = count < step ? count : step;
		logits = infer_model_eval(m, tokens + done, count);
		if (!logits)
			r = infer_err_set(err, -EIO, "no logits at %zu", done);
		else if (done + count >= PROMPT_TOKENS)
			memcpy(ret + (done + count - PROMPT_TOKENS) * vocab,
			       logits, vocab * sizeof(float));
	}
	infer_model_free(m);
	infer_pool_free(pool);
	return r;
}

static void check_finite(struct check *c, const float *logits, size_t count)
{
	float least = logits[0];
	float most = logits[0];
	bool finite = true;

	for (size_t i = 0; i < count; i++) {
		finite = finite && isfinite(logits[i]);
		least = fminf(least, logits[i]);
		most = fmaxf(most, logits[i]);
	}
	report(c, "logits_are_finite_and_of_their_scale",
	       finite && most - least > 1.0F && most - least < 100.0F,
	       "from %g to %g", (double)least, (double)most);
}

static int compare_runs(struct check *c, float *base, float *other,
			struct infer_err *err)
{
	size_t count = (MORE_TOKENS + 1) * c->weights->shape.vocab;
	size_t bytes = count * sizeof(float);
	int r = run_model(c, 1, PROMPT_TOKENS, base, err);

	if (r < 0)
		return r;
	check_finite(c, base, count);
	r = run_model(c, 2, PROMPT_TOKENS, other, err);
	if (r < 0)
		return r;
	report(c, "two_threads_equal_one", memcmp(base, other, bytes) == 0,
	       "the logits differ");
	r = run_model(c, 3, 1, other, err);
	if (r < 0)
		return r;
	report(c, "one_token_at_a_time_equals_batches",
	       memcmp(base, other, bytes) == 0, "the logits differ");
	return 0;
}

static int check_model(struct check *c, struct infer_err *err)
{
	size_t count = (MORE_TOKENS + 1) * c->weights->shape.vocab;
	float *base = calloc(count, sizeof(float));
	float *other = calloc(count, sizeof(float));
	int r;

	if (base && other)
		r = compare_runs(c, base, other, err);
	else
		r = infer_err_set(err, -ENOMEM, "out of memory");
	free(base);
	free(other);
	return r;
}

/* The last of count tokens: all anew in one batch, or with the keys and values
 * of those before it kept. */
static int compare_cache(struct check *c, struct infer_model *m,
			 const uint16_t *tokens, size_t count)
{
	size_t bytes = c->weights->shape.vocab * sizeof(float);
	float *anew = malloc(bytes);
	const float *logits = infer_model_eval(m, tokens, count);

	if (!anew || !logits) {
		free(anew);
		return -EIO;
	}
	memcpy(anew, logits, bytes);
	infer_model_reset(m);
	for (size_t i = 0; logits && i < count; i++)
		logits = infer_model_eval(m, tokens + i, 1);
	report(c, "kept_keys_and_values_equal_recomputed_ones",
	       logits && memcmp(anew, logits, bytes) == 0, "the logits differ");
	free(anew);
	return 0;
}

static int check_cache(struct check *c, struct infer_err *err)
{
	struct infer_model *m = NULL;
	struct infer_pool *pool = NULL;
	uint16_t tokens[INFER_BATCH_MAX];
	int r;

	for (size_t i = 0; i < INFER_BATCH_MAX; i++)
		tokens[i] = (uint16_t)(i * 17 % INFER_VOCAB);
	r = infer_pool_new(2, &pool, err);
	if (r == 0)
		r = infer_model_new(c->weights, pool, INFER_BATCH_MAX, &m, err);
	if (r == 0 && compare_cache(c, m, tokens, INFER_BATCH_MAX - 7) < 0)
		r = infer_err_set(err, -EIO, "no logits");
	if (r == 0)
		report(c, "more_tokens_than_positions_are_refused",
		       !infer_model_eval(m, tokens, 8), "8 went into 7");
	infer_model_free(m);
	infer_pool_free(pool);
	return r;
}

int infer_check_run(const struct infer_weights *w, FILE *out,
		    struct infer_err *err)
{
	struct check c = { .out = out, .weights = w };
	int r;

	check_rms_norm(&c);
	check_quantized_product(&c);
	check_zero_vector(&c);
	check_rope(&c);
	check_softmax(&c);
	check_swiglu(&c);
	check_parsers(&c);
	r = check_model(&c, err);
	if (r == 0)
		r = check_cache(&c, err);
	return r < 0 ? r : c.failed;
}
