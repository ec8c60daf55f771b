/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/model.h"

#include <errno.h>
#include <stdlib.h>

#include "runners/demo/kernels.h"
#include "runners/demo/layer.h"

static void embed(struct infer_model *m, const uint16_t *tokens, size_t batch)
{
	const struct infer_matrix *e = &m->weights->embedding;
	size_t dim = m->shape->dim;

	for (size_t i = 0; i < batch; i++) {
		const int8_t *row = e->rows + tokens[i] * dim;

		for (size_t c = 0; c < dim; c++)
			m->stream[i * dim + c] =
				(float)row[c] * e->scales[tokens[i]];
	}
}

static void eval_batch(struct infer_model *m, const uint16_t *tokens,
		       size_t batch)
{
	embed(m, tokens, batch);
	for (size_t i = 0; i < m->shape->layers; i++)
		infer_layer_eval(m, i, batch);
	m->used += batch;
}

float *infer_model_eval(struct infer_model *m, const uint16_t *tokens,
			size_t count)
{
	size_t batch = 0;

	if (count == 0 || count > m->positions - m->used)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (tokens[i] >= m->shape->vocab)
			return NULL;
	}
	for (size_t done = 0; done < count; done += batch) {
		batch = count - done;
		if (batch > INFER_BATCH_MAX)
			batch = INFER_BATCH_MAX;
		eval_batch(m, tokens + done, batch);
	}
	infer_head_eval(m, batch - 1);
	return m->logits;
}

void infer_model_reset(struct infer_model *m)
{
	m->used = 0;
}

static float *floats(size_t count, size_t width, int *failed)
{
	float *block = calloc(count, width * sizeof(float));

	*failed |= !block;
	return block;
}

static int allocate(struct infer_model *m)
{
	const struct infer_shape *s = m->shape;
	size_t batch = INFER_BATCH_MAX;
	size_t threads = (size_t)infer_pool_threads(m->pool);
	int failed = 0;

	m->keys = floats(s->layers * m->positions, s->dim, &failed);
	m->values = floats(s->layers * m->positions, s->dim, &failed);
	m->stream = floats(batch, s->dim, &failed);
	m->norm = floats(batch, s->dim, &failed);
	m->query = floats(batch, s->dim, &failed);
	m->key = floats(batch, s->dim, &failed);
	m->value = floats(batch, s->dim, &failed);
	m->branch = floats(batch, s->dim, &failed);
	m->gate = floats(batch, s->ffn, &failed);
	m->up = floats(batch, s->ffn, &failed);
	m->turns = floats(m->positions, m->head_width, &failed);
	m->scores = floats(threads, m->positions, &failed);
	m->logits = floats(1, s->vocab, &failed);
	m->narrow.scales = floats(batch, 1, &failed);
	m->wide.scales = floats(batch, 1, &failed);
	m->narrow.values = calloc(batch, s->dim);
	m->wide.values = calloc(batch, s->ffn);
	return failed || !m->narrow.values || !m->wide.values ? -ENOMEM : 0;
}

int infer_model_new(const struct infer_weights *weights,
		    struct infer_pool *pool, size_t positions,
		    struct infer_model **ret, struct infer_err *err)
{
	struct infer_model *m;

	if (positions < 1 || positions > weights->shape.context)
		return infer_err_set(err, -EINVAL,
				     "prompt and output are %zu tokens, the "
				     "model takes %u: shorten -p or -n",
				     positions, weights->shape.context);
	m = calloc(1, sizeof(*m));
	if (!m)
		return infer_err_set(err, -ENOMEM, "out of memory");
	m->weights = weights;
	m->shape = &weights->shape;
	m->pool = pool;
	m->positions = positions;
	m->head_width = weights->shape.dim / weights->shape.heads;
	if (allocate(m) < 0) {
		infer_model_free(m);
		return infer_err_set(err, -ENOMEM,
				     "out of memory for %zu positions",
				     positions);
	}
	for (size_t i = 0; i < positions; i++)
		infer_rope_turn(m->turns + i * m->head_width, m->head_width, i);
	*ret = m;
	return 0;
}

void infer_model_free(struct infer_model *m)
{
	if (!m)
		return;
	free(m->keys);
	free(m->values);
	free(m->stream);
	free(m->norm);
	free(m->query);
	free(m->key);
	free(m->value);
	free(m->branch);
	free(m->gate);
	free(m->up);
	free(m->turns);
	free(m->scores);
	free(m->logits);
	free(m->narrow.scales);
	free(m->wide.scales);
	free(m->narrow.values);
	free(m->wide.values);
	free(m);
}
