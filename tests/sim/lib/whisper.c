/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whisper.cpp's C API, without a model. */
#include "tests/sim/support/play.h"

#include <stddef.h>

struct parameters {
	unsigned char bytes[64];
};

void *whisper_init_from_file_with_params(const char *path, struct parameters p);
int whisper_full_with_state(void *ctx, void *state, struct parameters p);
int whisper_full(void *ctx, struct parameters p);
void play(FILE *log);

NO_INLINE void *whisper_init_from_file_with_params(const char *path,
						   struct parameters p)
{
	static int context;

	(void)path;
	(void)p;
	play_work(10000);
	return &context;
}

NO_INLINE int whisper_full_with_state(void *ctx, void *state,
				      struct parameters p)
{
	(void)p;
	play_work(20000);
	return ctx == state;
}

NO_INLINE int whisper_full(void *ctx, struct parameters p)
{
	int r = whisper_full_with_state(ctx, NULL, p);

	play_work(1000);
	return r;
}

void play(FILE *log)
{
	struct parameters p = { { 0 } };
	void *ctx = NULL;

	PLAY(log, "load", ctx = whisper_init_from_file_with_params("model", p));
	PLAY(log, "full", whisper_full(ctx, p));
	play_work(10000);
	PLAY(log, "full", whisper_full(ctx, p));
}
