/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_KERNELS_H
#define EP_RUNNERS_DEMO_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The arithmetic of the transformer on one vector.  Every result is the same
 * to the last bit whatever the vector width of the machine's code, the number
 * of threads and the number of tokens evaluated together: sums that the
 * compiler may reorder are integers.
 */

/* out = in / rms(in) * gain */
void infer_rms_norm(float *restrict out, const float *restrict in,
		    const float *restrict gain, size_t width);

/* out = round(in / scale) with scale = max|in| / 127; returns scale. */
float infer_quantize(int8_t *restrict out, const float *restrict in,
		     size_t width);

/* width <= 2^17, so that the sum of int8 products fits. */
int32_t infer_dot(const int8_t *restrict a, const int8_t *restrict b,
		  size_t width);
/* Four vectors, `stride` apart, against one row that is loaded once. */
void infer_dot4(int32_t ret[4], const int8_t *restrict row,
		const int8_t *restrict vectors, size_t stride, size_t width);

/* Cosine and sine of position / 10000^(2i/width) for each pair i. */
void infer_rope_turn(float *turn, size_t width, size_t position);
/* Rotates each pair (2i, 2i+1) of a head. */
void infer_rope(float *restrict head, const float *restrict turn, size_t width);

/* In place; count >= 1. */
void infer_softmax(float *values, size_t count);

/* gate = silu(gate) * up */
void infer_swiglu(float *restrict gate, const float *restrict up, size_t width);

/* out += in */
void infer_add(float *restrict out, const float *restrict in, size_t width);
/* out += in * factor */
void infer_add_scaled(float *restrict out, const float *restrict in,
		      float factor, size_t width);

#endif
