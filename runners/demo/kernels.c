/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/kernels.h"

#include <math.h>

#define RMS_EPSILON 1e-5F
#define ROPE_BASE 10000.0F

void infer_rms_norm(float *restrict out, const float *restrict in,
		    const float *restrict gain, size_t width)
{
	float sum = 0.0F;
	float factor;

	for (size_t i = 0; i < width; i++)
		sum += in[i] * in[i];
	factor = 1.0F / sqrtf(sum / (float)width + RMS_EPSILON);
	for (size_t i = 0; i < width; i++)
		out[i] = in[i] * factor * gain[i];
}

float infer_quantize(int8_t *restrict out, const float *restrict in,
		     size_t width)
{
	float peak = 0.0F;
	float factor;

	for (size_t i = 0; i < width; i++) {
		float size = fabsf(in[i]);

		peak = size > peak ? size : peak;
	}
	if (!(peak > 0.0F)) {
		for (size_t i = 0; i < width; i++)
			out[i] = 0;
		return 0.0F;
	}
	factor = 127.0F / peak;
	for (size_t i = 0; i < width; i++) {
		float x = in[i] * factor;

		out[i] = (int8_t)(int)(x + copysignf(0.5F, x));
	}
	return peak / 127.0F;
}

int32_t infer_dot(const int8_t *restrict a, const int8_t *restrict b,
		  size_t width)
{
	int32_t sum = 0;

	for (size_t i = 0; i < width; i++)
		sum += (int16_t)a[i] * (int16_t)b[i];
	return sum;
}

void infer_dot4(int32_t ret[4], const int8_t *restrict row,
		const int8_t *restrict vectors, size_t stride, size_t width)
{
	const int8_t *restrict v0 = vectors;
	const int8_t *restrict v1 = vectors + stride;
	const int8_t *restrict v2 = vectors + 2 * stride;
	const int8_t *restrict v3 = vectors + 3 * stride;
	int32_t sum0 = 0;
	int32_t sum1 = 0;
	int32_t sum2 = 0;
	int32_t sum3 = 0;

	for (size_t i = 0; i < width; i++) {
		int16_t x = (int16_t)row[i];

		sum0 += x * (int16_t)v0[i];
		sum1 += x * (int16_t)v1[i];
		sum2 += x * (int16_t)v2[i];
		sum3 += x * (int16_t)v3[i];
	}
	ret[0] = sum0;
	ret[1] = sum1;
	ret[2] = sum2;
	ret[3] = sum3;
}

void infer_rope_turn(float *turn, size_t width, size_t position)
{
	for (size_t i = 0; i + 1 < width; i += 2) {
		float speed = powf(ROPE_BASE, -(float)i / (float)width);
		float angle = (float)position * speed;

		turn[i] = cosf(angle);
		turn[i + 1] = sinf(angle);
	}
}

void infer_rope(float *restrict head, const float *restrict turn, size_t width)
{
	for (size_t i = 0; i + 1 < width; i += 2) {
		float x = head[i];
		float y = head[i + 1];

		head[i] = x * turn[i] - y * turn[i + 1];
		head[i + 1] = x * turn[i + 1] + y * turn[i];
	}
}

void infer_softmax(float *values, size_t count)
{
	float peak = values[0];
	float sum = 0.0F;

	for (size_t i = 1; i < count; i++)
		peak = values[i] > peak ? values[i] : peak;
	for (size_t i = 0; i < count; i++) {
		values[i] = expf(values[i] - peak);
		sum += values[i];
	}
	for (size_t i = 0; i < count; i++)
		values[i] /= sum;
}

void infer_swiglu(float *restrict gate, const float *restrict up, size_t width)
{
	for (size_t i = 0; i < width; i++)
		gate[i] = gate[i] / (1.0F + expf(-gate[i])) * up[i];
}

void infer_add(float *restrict out, const float *restrict in, size_t width)
{
	for (size_t i = 0; i < width; i++)
		out[i] += in[i];
}

void infer_add_scaled(float *restrict out, const float *restrict in,
		      float factor, size_t width)
{
	for (size_t i = 0; i < width; i++)
		out[i] += in[i] * factor;
}
