/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_LAYER_H
#define EP_RUNNERS_DEMO_LAYER_H

#include "runners/demo/model.h"

/* A batch of vectors as bytes with one scale each. */
struct infer_quantized {
	int8_t *values;
	float *scales;
};

/*
 * Keys are kept as [layer][head][component][position], so that the scores of
 * all positions are a sum of rows; values as [layer][head][position][component]
 * for the same reason.  Neither needs a sum within a vector.
 */
struct infer_model {
	const struct infer_weights *weights;
	const struct infer_shape *shape;
	struct infer_pool *pool;
	size_t positions;
	size_t used;
	size_t head_width;
	float *keys;
	float *values;
	float *stream; /* [batch][dim], what the layers add to */
	float *norm;   /* [batch][dim] */
	float *query;  /* [batch][dim]; afterwards the attention's result */
	float *key;
	float *value;
	float *branch; /* [batch][dim] */
	float *gate;   /* [batch][ffn] */
	float *up;
	float *turns;  /* [positions][head_width], infer_rope_turn() */
	float *scores; /* [thread][positions] */
	float *logits;
	struct infer_quantized narrow; /* [batch][dim] */
	struct infer_quantized wide;   /* [batch][ffn] */
};

/* Adds one layer's attention, then its MLP, to a batch of the stream. */
void infer_layer_eval(struct infer_model *m, size_t layer_index, size_t batch);

/* The logits of the token at `index` of the batch just evaluated. */
void infer_head_eval(struct infer_model *m, size_t index);

#endif
