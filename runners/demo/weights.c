/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/weights.h"

#include <math.h>

/* Standard deviation of a byte uniform in -127..127. */
#define BYTE_DEVIATION 73.32F
/* Of the logits: peaked enough that a temperature below 1 matters. */
#define LOGIT_DEVIATION 3.0F
#define TENSOR_ALIGN ((size_t)64)

const struct infer_shape infer_shape_default = {
	.dim = 1024,
	.layers = 7,
	.heads = 16,
	.ffn = 2816,
	.vocab = 258,
	.context = 4096,
};

const struct infer_shape infer_shape_tiny = {
	.dim = 128,
	.layers = 4,
	.heads = 4,
	.ffn = 352,
	.vocab = 258,
	.context = 4096,
};

struct cursor {
	uint8_t *payload;
	size_t used;
};

static void *take(struct cursor *c, size_t bytes)
{
	void *at = c->payload ? c->payload + c->used : NULL;

	c->used += (bytes + TENSOR_ALIGN - 1) / TENSOR_ALIGN * TENSOR_ALIGN;
	return at;
}

static struct infer_matrix take_matrix(struct cursor *c, uint32_t rows,
				       uint32_t width)
{
	struct infer_matrix m = { .row_count = rows, .width = width };

	m.scales = take(c, rows * sizeof(float));
	m.rows = take(c, (size_t)rows * width);
	return m;
}

size_t infer_weights_bind(struct infer_weights *w, uint8_t *payload)
{
	const struct infer_shape *s = &w->shape;
	struct cursor c = { .payload = payload };

	w->embedding = take_matrix(&c, s->vocab, s->dim);
	for (uint32_t i = 0; i < s->layers; i++) {
		struct infer_layer *l = &w->layers[i];

		l->attention_norm = take(&c, s->dim * sizeof(float));
		l->query = take_matrix(&c, s->dim, s->dim);
		l->key = take_matrix(&c, s->dim, s->dim);
		l->value = take_matrix(&c, s->dim, s->dim);
		l->output = take_matrix(&c, s->dim, s->dim);
		l->mlp_norm = take(&c, s->dim * sizeof(float));
		l->gate = take_matrix(&c, s->ffn, s->dim);
		l->up = take_matrix(&c, s->ffn, s->dim);
		l->down = take_matrix(&c, s->dim, s->ffn);
	}
	w->final_norm = take(&c, s->dim * sizeof(float));
	w->head = take_matrix(&c, s->vocab, s->dim);
	return c.used;
}

uint64_t infer_random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* 0.9 .. 1.1 */
static float near_one(uint64_t *random)
{
	return 0.9F +
	       0.2F * (float)(infer_random_next(random) >> 40) / 16777216.0F;
}

static void fill_gains(float *gains, uint32_t width, uint64_t *random)
{
	for (uint32_t i = 0; i < width; i++)
		gains[i] = near_one(random);
}

/* deviation: of one output for inputs of deviation 1. */
static void fill_matrix(struct infer_matrix *m, float deviation,
			uint64_t *random)
{
	float scale = deviation / (BYTE_DEVIATION * sqrtf((float)m->width));
	size_t bytes = (size_t)m->row_count * m->width;

	for (uint32_t r = 0; r < m->row_count; r++)
		m->scales[r] = scale * near_one(random);
	for (size_t i = 0; i < bytes; i += 8) {
		uint64_t bits = infer_random_next(random);

		for (size_t k = 0; k < 8; k++) {
			int byte = (int)(bits >> (8 * k) & 0xff) - 128;

			m->rows[i + k] = (int8_t)(byte < -127 ? 0 : byte);
		}
	}
}

void infer_weights_fill(struct infer_weights *w, uint64_t seed)
{
	const struct infer_shape *s = &w->shape;
	/* Two branches per layer add to the stream of activations. */
	float branch = 1.0F / sqrtf(2.0F * (float)s->layers);
	uint64_t random = seed;

	/* A row is itself the input vector: no sum over its width. */
	fill_matrix(&w->embedding, sqrtf((float)s->dim), &random);
	for (uint32_t i = 0; i < s->layers; i++) {
		struct infer_layer *l = &w->layers[i];

		fill_gains(l->attention_norm, s->dim, &random);
		fill_matrix(&l->query, 1.0F, &random);
		fill_matrix(&l->key, 1.0F, &random);
		fill_matrix(&l->value, 1.0F, &random);
		fill_matrix(&l->output, branch, &random);
		fill_gains(l->mlp_norm, s->dim, &random);
		fill_matrix(&l->gate, 1.0F, &random);
		fill_matrix(&l->up, 1.0F, &random);
		fill_matrix(&l->down, branch, &random);
	}
	fill_gains(w->final_norm, s->dim, &random);
	fill_matrix(&w->head, LOGIT_DEVIATION, &random);
}
