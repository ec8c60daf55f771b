/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/layer.h"

#include <math.h>
#include <string.h>

#include "runners/demo/kernels.h"

struct product {
	const struct infer_matrix *matrix;
	float *out; /* [batch][row_count] */
};

/* Up to three matrices over the same input are one job for the pool. */
struct multiply_job {
	struct product products[3];
	size_t product_count;
	const struct infer_quantized *in;
	size_t batch;
};

struct layer_job {
	struct infer_model *model;
	const struct infer_layer *layer;
	const float *gains;
	size_t layer_index;
	size_t batch;
};

static void multiply_row(const struct multiply_job *j, const struct product *p,
			 size_t row)
{
	const struct infer_matrix *m = p->matrix;
	const int8_t *weights = m->rows + row * m->width;
	float scale = m->scales[row];
	float *out = p->out + row;
	size_t i = 0;

	for (; i + 4 <= j->batch; i += 4) {
		int32_t sums[4];

		infer_dot4(sums, weights, j->in->values + i * m->width,
			   m->width, m->width);
		for (size_t k = 0; k < 4; k++)
			out[(i + k) * m->row_count] =
				(float)sums[k] * (scale * j->in->scales[i + k]);
	}
	for (; i < j->batch; i++)
		out[i * m->row_count] =
			(float)infer_dot(weights, j->in->values + i * m->width,
					 m->width) *
			(scale * j->in->scales[i]);
}

static void multiply_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct multiply_job *j = ctx;
	size_t before = 0;

	(void)worker;
	for (size_t k = 0; k < j->product_count; k++) {
		const struct product *p = &j->products[k];
		size_t end = before + p->matrix->row_count;

		for (; first < end && first < last; first++)
			multiply_row(j, p, first - before);
		before = end;
	}
}

static void multiply(struct infer_pool *pool, struct multiply_job *j)
{
	size_t rows = 0;

	for (size_t k = 0; k < j->product_count; k++)
		rows += j->products[k].matrix->row_count;
	infer_pool_run(pool, multiply_work, j, rows);
}

static void norm_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct layer_job *j = ctx;
	struct infer_model *m = j->model;
	size_t dim = m->shape->dim;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		infer_rms_norm(m->norm + i * dim, m->stream + i * dim, j->gains,
			       dim);
		m->narrow.scales[i] = infer_quantize(m->narrow.values + i * dim,
						     m->norm + i * dim, dim);
	}
}

/* Rotates queries and keys and stores keys and values, per token. */
static void store_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct layer_job *j = ctx;
	struct infer_model *m = j->model;
	size_t dim = m->shape->dim;
	size_t width = m->head_width;
	size_t plane = j->layer_index * dim * m->positions;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		size_t position = m->used + i;
		const float *turn = m->turns + position * width;

		for (size_t h = 0; h < m->shape->heads; h++) {
			size_t at = i * dim + h * width;
			size_t head = plane + h * width * m->positions;
			float *keys = m->keys + head + position;

			infer_rope(m->query + at, turn, width);
			infer_rope(m->key + at, turn, width);
			for (size_t c = 0; c < width; c++)
				keys[c * m->positions] = m->key[at + c];
			memcpy(m->values + head + position * width,
			       m->value + at, width * sizeof(float));
		}
	}
}

/* One head of one token over every position up to its own. */
static void attend(struct infer_model *m, const struct layer_job *j,
		   size_t item, float *scores)
{
	size_t token = item / m->shape->heads;
	size_t head = item % m->shape->heads;
	size_t width = m->head_width;
	size_t count = m->used + token + 1;
	size_t plane =
		(j->layer_index * m->shape->dim + head * width) * m->positions;
	float *query = m->query + token * m->shape->dim + head * width;
	float factor = 1.0F / sqrtf((float)width);

	memset(scores, 0, count * sizeof(float));
	for (size_t c = 0; c < width; c++)
		infer_add_scaled(scores, m->keys + plane + c * m->positions,
				 query[c] * factor, count);
	infer_softmax(scores, count);
	memset(query, 0, width * sizeof(float));
	for (size_t t = 0; t < count; t++)
		infer_add_scaled(query, m->values + plane + t * width,
				 scores[t], width);
}

static void attend_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct layer_job *j = ctx;
	float *scores = j->model->scores + (size_t)worker * j->model->positions;

	for (size_t i = first; i < last; i++)
		attend(j->model, j, i, scores);
}

static void narrow_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct layer_job *j = ctx;
	struct infer_model *m = j->model;
	size_t dim = m->shape->dim;

	(void)worker;
	for (size_t i = first; i < last; i++)
		m->narrow.scales[i] = infer_quantize(m->narrow.values + i * dim,
						     m->query + i * dim, dim);
}

static void wide_work(void *ctx, int worker, size_t first, size_t last)
{
	const struct layer_job *j = ctx;
	struct infer_model *m = j->model;
	size_t ffn = m->shape->ffn;

	(void)worker;
	for (size_t i = first; i < last; i++) {
		infer_swiglu(m->gate + i * ffn, m->up + i * ffn, ffn);
		m->wide.scales[i] = infer_quantize(m->wide.values + i * ffn,
						   m->gate + i * ffn, ffn);
	}
}

static void eval_attention(struct layer_job *j)
{
	struct infer_model *m = j->model;
	const struct infer_layer *l = j->layer;
	struct multiply_job in = {
		.products = { { &l->query, m->query },
			      { &l->key, m->key },
			      { &l->value, m->value } },
		.product_count = 3,
		.in = &m->narrow,
		.batch = j->batch,
	};
	struct multiply_job out = {
		.products = { { &l->output, m->branch } },
		.product_count = 1,
		.in = &m->narrow,
		.batch = j->batch,
	};

	j->gains = l->attention_norm;
	infer_pool_run(m->pool, norm_work, j, j->batch);
	multiply(m->pool, &in);
	infer_pool_run(m->pool, store_work, j, j->batch);
	infer_pool_run(m->pool, attend_work, j, j->batch * m->shape->heads);
	infer_pool_run(m->pool, narrow_work, j, j->batch);
	multiply(m->pool, &out);
	infer_add(m->stream, m->branch, j->batch * m->shape->dim);
}

static void eval_mlp(struct layer_job *j)
{
	struct infer_model *m = j->model;
	const struct infer_layer *l = j->layer;
	struct multiply_job in = {
		.products = { { &l->gate, m->gate }, { &l->up, m->up } },
		.product_count = 2,
		.in = &m->narrow,
		.batch = j->batch,
	};
	struct multiply_job out = {
		.products = { { &l->down, m->branch } },
		.product_count = 1,
		.in = &m->wide,
		.batch = j->batch,
	};

	j->gains = l->mlp_norm;
	infer_pool_run(m->pool, norm_work, j, j->batch);
	multiply(m->pool, &in);
	infer_pool_run(m->pool, wide_work, j, j->batch);
	multiply(m->pool, &out);
	infer_add(m->stream, m->branch, j->batch * m->shape->dim);
}

void infer_layer_eval(struct infer_model *m, size_t layer_index, size_t batch)
{
	struct layer_job j = {
		.model = m,
		.layer = &m->weights->layers[layer_index],
		.layer_index = layer_index,
		.batch = batch,
	};

	eval_attention(&j);
	eval_mlp(&j);
}

void infer_head_eval(struct infer_model *m, size_t index)
{
	size_t dim = m->shape->dim;
	struct multiply_job j = {
		.products = { { &m->weights->head, m->logits } },
		.product_count = 1,
		.in = &m->narrow,
		.batch = 1,
	};

	infer_rms_norm(m->norm, m->stream + index * dim, m->weights->final_norm,
		       dim);
	m->narrow.scales[0] = infer_quantize(m->narrow.values, m->norm, dim);
	multiply(m->pool, &j);
}
