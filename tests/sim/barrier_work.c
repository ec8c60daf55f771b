/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * barrier_work SECONDS [ROWS]: the shape of decoding: two threads, each with a
 * fixed half of a matrix-vector product, one spinning barrier per product.
 * ROWS (default 3600) sets the microseconds between barriers.  Prints products
 * per second.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

#define WIDTH ((size_t)512)
#define ROWS_MAX 65536
/* Rounds before a waiter lets somebody else have the core. */
#define SPIN_ROUNDS 20000

struct work {
	float *matrix;
	float *vector;
	float *result;
	size_t rows;
	int64_t end_ns;
	_Atomic unsigned int arrived;
	_Atomic unsigned int round;
	_Atomic int64_t last; /* the product after which both end; 0 unknown */
};

struct half {
	struct work *work;
	size_t first;
	size_t last;
	int leads;
};

static void meet(struct work *w)
{
	unsigned int round = atomic_load(&w->round);
	int spins = 0;

	if (atomic_fetch_add(&w->arrived, 1) == 1) {
		atomic_store(&w->arrived, 0);
		atomic_store(&w->round, round + 1);
		return;
	}
	while (atomic_load(&w->round) == round) {
		if (++spins >= SPIN_ROUNDS) {
			(void)sched_yield();
			spins = 0;
		}
	}
}

static void multiply(const struct half *h)
{
	const struct work *w = h->work;

	for (size_t r = h->first; r < h->last; r++) {
		const float *row = w->matrix + r * WIDTH;
		float sum[4] = { 0.0F };

		for (size_t c = 0; c < WIDTH; c += 4) {
			for (size_t k = 0; k < 4; k++)
				sum[k] += row[c + k] * w->vector[c + k];
		}
		w->result[r] = sum[0] + sum[1] + sum[2] + sum[3];
	}
}

static void *run_half(void *arg)
{
	const struct half *h = arg;
	struct work *w = h->work;

	/* A leader already at the next product must not end the other one
	 * early: so the end is a number, not a flag. */
	for (int64_t n = 1;; n++) {
		multiply(h);
		if (h->leads && ep_clock_monotonic_ns() >= w->end_ns)
			atomic_store(&w->last, n);
		meet(w);
		if (atomic_load(&w->last) == n)
			return NULL;
	}
}

static int run(struct work *w, double seconds)
{
	struct half halves[2] = {
		{ .work = w, .first = 0, .last = w->rows / 2, .leads = 1 },
		{ .work = w, .first = w->rows / 2, .last = w->rows },
	};
	int64_t start_ns = ep_clock_monotonic_ns();
	double lasted_s;
	double products;
	pthread_t other;

	w->end_ns = start_ns + (int64_t)(seconds * 1e9);
	if (pthread_create(&other, NULL, run_half, &halves[1]) != 0)
		return -1;
	(void)run_half(&halves[0]);
	(void)pthread_join(other, NULL);
	lasted_s = (double)(ep_clock_monotonic_ns() - start_ns) / 1e9;
	products = (double)atomic_load(&w->last);
	printf("{\"products\":%.0f,\"per_s\":%.2f,\"us_each\":%.2f}\n",
	       products, products / lasted_s, lasted_s * 1e6 / products);
	return 0;
}

int main(int argc, char **argv)
{
	struct work w = { .rows = 0 };
	int64_t rows = 3600;
	double seconds;
	int r = -1;

	if (argc < 2 || argc > 3 || ep_num_parse_f64(argv[1], &seconds) < 0 ||
	    seconds <= 0.0 ||
	    (argc == 3 && (ep_num_parse_i64(argv[2], &rows) < 0 || rows < 2 ||
			   rows > ROWS_MAX))) {
		fprintf(stderr, "usage: barrier_work SECONDS [ROWS]\n");
		return 2;
	}
	w.rows = (size_t)rows;
	w.matrix = calloc(w.rows * WIDTH, sizeof(float));
	w.vector = calloc(WIDTH, sizeof(float));
	w.result = calloc(w.rows, sizeof(float));
	if (w.matrix && w.vector && w.result)
		r = run(&w, seconds);
	free(w.matrix);
	free(w.vector);
	free(w.result);
	return r < 0 ? 1 : 0;
}
