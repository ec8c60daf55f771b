/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_WEIGHTS_H
#define EP_RUNNERS_DEMO_WEIGHTS_H

#include "runners/demo/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INFER_LAYERS_MAX 64
#define INFER_WIDTH_MAX 65536 /* of any vector */

/* dim and ffn are multiples of 16, head width (dim / heads) is even. */
struct infer_shape {
	uint32_t dim;
	uint32_t layers;
	uint32_t heads;
	uint32_t ffn;
	uint32_t vocab;
	uint32_t context; /* positions the model may be asked for */
};
/* 90 MB of weights: larger than the last-level caches of edge boards. */
extern const struct infer_shape infer_shape_default;
/* 1 MB, for tests. */
extern const struct infer_shape infer_shape_tiny;

/* row r, column c = rows[r * width + c] * scales[r] */
struct infer_matrix {
	int8_t *rows;
	float *scales;
	uint32_t row_count;
	uint32_t width;
};

struct infer_layer {
	float *attention_norm; /* dim gains */
	struct infer_matrix query;
	struct infer_matrix key;
	struct infer_matrix value;
	struct infer_matrix output;
	float *mlp_norm;
	struct infer_matrix gate;
	struct infer_matrix up;
	struct infer_matrix down;
};

/* Pointers lead into the payload, which a mapped file makes read-only. */
struct infer_weights {
	struct infer_shape shape;
	void *map;
	size_t map_bytes;
	struct infer_matrix embedding;
	struct infer_layer layers[INFER_LAYERS_MAX];
	float *final_norm;
	struct infer_matrix head;
};

/*
 * Lays the tensors of w->shape out from payload on, each on a 64-byte border;
 * returns the bytes used.  payload may be NULL to learn them.
 */
size_t infer_weights_bind(struct infer_weights *w, uint8_t *payload);

/* Random weights of a seed, scaled so that activations stay near 1. */
void infer_weights_fill(struct infer_weights *w, uint64_t seed);

/*
 * Maps a model file, verifies its checksum and thereby reads every page.
 * -ENOENT, -EACCES ...: cannot be read.
 * -EBADMSG:     one of ours, but cut short, damaged, of another version or of
 *               the other byte order.
 * -ENODATA:     an empty file.
 * -EMEDIUMTYPE: not one of ours.
 */
int infer_weights_map(struct infer_weights *ret, const char *path,
		      struct infer_err *err);
void infer_weights_done(struct infer_weights *w);

/* As infer_weights_map, but keeps nothing.  */
int infer_weights_verify(const char *path, struct infer_err *err);

/*
 * Writes a model file under another name beside path, syncs and renames it.
 * An existing path is replaced; the caller has decided that.
 */
int infer_weights_make(const char *path, const struct infer_shape *shape,
		       uint64_t seed, struct infer_err *err);

/* splitmix64: the next value of a seeded sequence. */
uint64_t infer_random_next(uint64_t *state);

#endif
