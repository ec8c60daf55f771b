/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_POOL_H
#define EP_RUNNERS_DEMO_POOL_H

#include "runners/demo/error.h"

#include <stddef.h>

#define INFER_THREADS_MAX 256

struct infer_pool;

/*
 * Work on items [first, last) as worker 0..threads-1.  Which worker gets which
 * items differs from run to run, so the result of an item must not depend on
 * it.
 */
typedef void infer_work_fn(void *ctx, int worker, size_t first, size_t last);

/* threads counts the caller, who is worker 0.  -EINVAL, -ENOMEM, -EAGAIN. */
int infer_pool_new(int threads, struct infer_pool **ret, struct infer_err *err);
void infer_pool_free(struct infer_pool *p);
int infer_pool_threads(const struct infer_pool *p);

/* Returns when every item is done. */
void infer_pool_run(struct infer_pool *p, infer_work_fn *fn, void *ctx,
		    size_t items);

#endif
