/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A libllama of a time to come: what evaluates has another name. */
#include <stdint.h>

void llama_backend_init(void);
int32_t llama_evaluate(void *context, const void *batch);

__attribute__((noinline)) void llama_backend_init(void)
{
}

__attribute__((noinline)) int32_t llama_evaluate(void *context,
						 const void *batch)
{
	return context != batch;
}
