/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rknn-llm's C API, without an NPU. */
#include "tests/sim/support/play.h"

#include <pthread.h>
#include <stddef.h>

typedef int (*callback_fn)(void *result, void *data, int state);

int rkllm_init(void **handle, void *param, callback_fn callback);
int rkllm_run(void *handle, void *input, void *infer, void *data);
int rkllm_run_async(void *handle, void *input, void *infer, void *data);
int rkllm_destroy(void *handle);
void play(FILE *log);

static callback_fn told;
static pthread_t worker;
static FILE *book;

NO_INLINE static int on_token(void *result, void *data, int state)
{
	(void)result;
	(void)data;
	play_log(book, state == 0 ? "token" : "finish", play_now());
	return 0;
}

NO_INLINE int rkllm_init(void **handle, void *param, callback_fn callback)
{
	(void)param;
	*handle = &told;
	told = callback;
	/* Time enough for a probe in what we were given. */
	play_work(1500000);
	return 0;
}

/* data: how many tokens */
NO_INLINE int rkllm_run(void *handle, void *input, void *infer, void *data)
{
	int count = *(const int *)data;

	(void)handle;
	(void)infer;
	play_work(8000);
	for (int i = 0; i < count; i++) {
		if (i > 0)
			play_work(4000);
		told(input, data, 0);
	}
	if (count > 0)
		told(input, data, 2);
	return 0;
}

static void *work(void *data)
{
	play_work(8000);
	for (int i = 0; i < *(const int *)data; i++) {
		if (i > 0)
			play_work(4000);
		told(NULL, data, 0);
	}
	told(NULL, data, 2);
	return NULL;
}

NO_INLINE int rkllm_run_async(void *handle, void *input, void *infer,
			      void *data)
{
	(void)handle;
	(void)input;
	(void)infer;
	return pthread_create(&worker, NULL, work, data);
}

NO_INLINE int rkllm_destroy(void *handle)
{
	return handle != &told;
}

void play(FILE *log)
{
	int counts[3] = { 5, 4, 0 };
	void *handle = NULL;

	book = log;
	PLAY(log, "init", rkllm_init(&handle, NULL, on_token));
	play_log(log, "run", play_now());
	rkllm_run(handle, NULL, NULL, &counts[0]);
	play_work(5000);
	play_log(log, "async", play_now());
	rkllm_run_async(handle, NULL, NULL, &counts[1]);
	pthread_join(worker, NULL);
	play_work(5000);
	PLAY(log, "silent", rkllm_run(handle, NULL, NULL, &counts[2]));
	rkllm_destroy(handle);
}
