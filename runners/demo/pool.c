/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "runners/demo/pool.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * A decoding step meets this barrier some thirty times, a few tens of
 * microseconds apart: a sleeping worker would cost a wake-up each time.  Where
 * a core is not free, spinning would only keep the others from working, so it
 * is short, and absent with more threads than cores.
 */
#define SPIN_ROUNDS 4000
#define CHUNKS_PER_WORKER 8

struct worker {
	struct infer_pool *pool;
	int index;
};

/* A counter that some wait on until it has the value they want. */
struct gate {
	_Atomic uint32_t value;
	_Atomic int sleepers;
	pthread_mutex_t lock;
	pthread_cond_t changed;
};

struct infer_pool {
	int threads;
	int started;
	int spin_rounds;
	_Atomic bool ends;
	infer_work_fn *fn;
	void *ctx;
	size_t items;
	size_t chunk;
	_Atomic size_t next_item;
	struct gate epoch; /* counts jobs handed out */
	struct gate busy;  /* workers that have not finished the job */
	pthread_t ids[INFER_THREADS_MAX];
	struct worker workers[INFER_THREADS_MAX];
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

static void gate_init(struct gate *g)
{
	atomic_init(&g->value, 0);
	atomic_init(&g->sleepers, 0);
	(void)pthread_mutex_init(&g->lock, NULL);
	(void)pthread_cond_init(&g->changed, NULL);
}

static void gate_done(struct gate *g)
{
	(void)pthread_cond_destroy(&g->changed);
	(void)pthread_mutex_destroy(&g->lock);
}

/* Call after changing the value.  Whoever sleeps either counted itself before
 * that, or sees the new value. */
static void gate_wake(struct gate *g)
{
	if (atomic_load(&g->sleepers) == 0)
		return;
	(void)pthread_mutex_lock(&g->lock);
	(void)pthread_cond_broadcast(&g->changed);
	(void)pthread_mutex_unlock(&g->lock);
}

/* Until (value == wanted) is equal. */
static void gate_wait(struct gate *g, uint32_t wanted, bool equal, int spins)
{
	for (int i = 0; i < spins; i++) {
		if ((atomic_load(&g->value) == wanted) == equal)
			return;
		relax();
	}
	(void)pthread_mutex_lock(&g->lock);
	(void)atomic_fetch_add(&g->sleepers, 1);
	while ((atomic_load(&g->value) == wanted) != equal)
		(void)pthread_cond_wait(&g->changed, &g->lock);
	(void)atomic_fetch_sub(&g->sleepers, 1);
	(void)pthread_mutex_unlock(&g->lock);
}

static void take_chunks(struct infer_pool *p, int worker)
{
	for (;;) {
		size_t first = atomic_fetch_add(&p->next_item, p->chunk);
		size_t last = first + p->chunk;

		if (first >= p->items)
			return;
		p->fn(p->ctx, worker, first, last < p->items ? last : p->items);
	}
}

static void *worker_main(void *arg)
{
	const struct worker *w = arg;
	struct infer_pool *p = w->pool;
	uint32_t seen = 0;

	for (;;) {
		gate_wait(&p->epoch, seen, false, p->spin_rounds);
		seen++;
		if (atomic_load(&p->ends))
			return NULL;
		take_chunks(p, w->index);
		if (atomic_fetch_sub(&p->busy.value, 1) == 1)
			gate_wake(&p->busy);
	}
}

void infer_pool_run(struct infer_pool *p, infer_work_fn *fn, void *ctx,
		    size_t items)
{
	size_t pieces = (size_t)p->threads * CHUNKS_PER_WORKER;

	if (p->threads == 1 || items == 1) {
		fn(ctx, 0, 0, items);
		return;
	}
	p->fn = fn;
	p->ctx = ctx;
	p->items = items;
	p->chunk = (items + pieces - 1) / pieces;
	atomic_store(&p->next_item, 0);
	atomic_store(&p->busy.value, (uint32_t)p->started);
	(void)atomic_fetch_add(&p->epoch.value, 1);
	gate_wake(&p->epoch);
	take_chunks(p, 0);
	gate_wait(&p->busy, 0, true, p->spin_rounds);
}

int infer_pool_threads(const struct infer_pool *p)
{
	return p->threads;
}

int infer_pool_new(int threads, struct infer_pool **ret, struct infer_err *err)
{
	struct infer_pool *p;

	if (threads < 1 || threads > INFER_THREADS_MAX)
		return infer_err_set(err, -EINVAL,
				     "%d threads: use 1 to %d (-t)", threads,
				     INFER_THREADS_MAX);
	p = calloc(1, sizeof(*p));
	if (!p)
		return infer_err_set(err, -ENOMEM, "out of memory");
	p->threads = threads;
	p->spin_rounds =
		threads <= sysconf(_SC_NPROCESSORS_ONLN) ? SPIN_ROUNDS : 0;
	gate_init(&p->epoch);
	gate_init(&p->busy);
	for (int i = 1; i < threads; i++) {
		int r;

		p->workers[i] = (struct worker){ .pool = p, .index = i };
		r = pthread_create(&p->ids[i], NULL, worker_main,
				   &p->workers[i]);
		if (r != 0) {
			infer_pool_free(p);
			return infer_err_set(err, -r,
					     "thread %d cannot start: %s; use "
					     "fewer (-t)",
					     i + 1, strerror(r));
		}
		p->started++;
	}
	*ret = p;
	return 0;
}

void infer_pool_free(struct infer_pool *p)
{
	if (!p)
		return;
	atomic_store(&p->ends, true);
	(void)atomic_fetch_add(&p->epoch.value, 1);
	gate_wake(&p->epoch);
	for (int i = 1; i <= p->started; i++)
		(void)pthread_join(p->ids[i], NULL);
	gate_done(&p->epoch);
	gate_done(&p->busy);
	free(p);
}
