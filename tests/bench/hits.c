/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a probe costs a program: CPU time of calls into a libllama that does
 * nothing.  Under edgeprof they are probed, alone they are not.
 *
 * usage: hits LIBRARY OUT	appends "decode US" and "token US", each call's
 *				CPU time; a token is an evaluation, a wait and a
 *				read of logits
 */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

/* Rings hold some thousand hits, and are read every 20 ms. */
#define BURST 100
#define BURSTS 50

struct llama_batch {
	int32_t n_tokens;
	void *token, *embd, *pos, *n_seq_id, *seq_id, *logits;
};

struct calls {
	int32_t (*decode)(void *ctx, struct llama_batch batch);
	void (*synchronize)(void *ctx);
	float *(*logits)(void *ctx, int32_t i);
};

static int64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * EP_NS_PER_S + t.tv_nsec;
}

static int take(void *handle, const char *name, void *ret)
{
	void *found = handle ? dlsym(handle, name) : NULL;

	if (!found)
		return -1;
	memcpy(ret, &found, sizeof(found));
	return 0;
}

/* Microseconds of one; between bursts edgeprof can read. */
static double measure(const struct calls *c, int tokens)
{
	const struct timespec pause = { .tv_nsec = 30000000 };
	struct llama_batch batch = { .n_tokens = 1 };
	int64_t spent = 0, start;
	int context = 0;

	for (int b = 0; b < BURSTS; b++) {
		start = cpu_ns();
		for (int i = 0; i < BURST; i++) {
			(void)c->decode(&context, batch);
			if (!tokens)
				continue;
			c->synchronize(&context);
			(void)c->logits(&context, -1);
		}
		spent += cpu_ns() - start;
		nanosleep(&pause, NULL);
	}
	return (double)spent / 1000 / BURST / BURSTS;
}

int main(int argc, char **argv)
{
	struct calls c;
	void *handle;
	FILE *out;

	if (argc != 3)
		return 2;
	handle = dlopen(argv[1], RTLD_NOW);
	out = fopen(argv[2], "ae");
	if (take(handle, "llama_decode", &c.decode) < 0 ||
	    take(handle, "llama_synchronize", &c.synchronize) < 0 ||
	    take(handle, "llama_get_logits_ith", &c.logits) < 0 || !out) {
		fprintf(stderr, "cannot use %s\n", argv[1]);
		return 1;
	}
	fprintf(out, "decode %.4f\n", measure(&c, 0));
	fprintf(out, "token %.4f\n", measure(&c, 1));
	return fclose(out) == 0 ? 0 : 1;
}
