/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_MODEL_H
#define EP_RUNNERS_DEMO_MODEL_H

#include "runners/demo/error.h"
#include "runners/demo/pool.h"
#include "runners/demo/weights.h"

/* Prompt tokens evaluated together; bounds the memory of a batch. */
#define INFER_BATCH_MAX 128

/* One conversation: its position and its keys and values. */
struct infer_model;

/* Weights and pool are borrowed.  positions <= shape.context; -ENOMEM. */
int infer_model_new(const struct infer_weights *weights,
		    struct infer_pool *pool, size_t positions,
		    struct infer_model **ret, struct infer_err *err);
void infer_model_free(struct infer_model *m);

/* Forgets everything evaluated so far. */
void infer_model_reset(struct infer_model *m);

/*
 * Evaluates tokens after those already evaluated.  Returns the logits of the
 * last one (shape.vocab, valid and writable until the next call), or NULL when
 * count is 0 or the positions do not suffice.
 */
float *infer_model_eval(struct infer_model *m, const uint16_t *tokens,
			size_t count);

#endif
