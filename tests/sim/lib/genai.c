/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ONNX Runtime GenAI's C API, without a model. */
#include "tests/sim/support/play.h"

#include <stddef.h>

void *OgaCreateModel(const char *path, int *model);
void *OgaCreateGenerator(int *model, void *params, int **generator);
void *OgaGenerator_AppendTokens(int *generator, const int32_t *ids,
				size_t count);
void *OgaGenerator_AppendTokenSequences(int *generator, void *sequences);
void *OgaGenerator_GenerateNextToken(int *generator);
void OgaDestroyGenerator(int *generator);
void play(FILE *log);

static int generators[2];
static int refused; /* what the next call returns an error for */

NO_INLINE void *OgaCreateModel(const char *path, int *model)
{
	(void)path;
	*model = 1;
	play_work(10000);
	return NULL;
}

NO_INLINE void *OgaCreateGenerator(int *model, void *params, int **generator)
{
	(void)params;
	play_work(1000);
	*generator = &generators[*model - 1];
	return NULL;
}

NO_INLINE void *OgaGenerator_AppendTokens(int *generator, const int32_t *ids,
					  size_t count)
{
	(void)ids;
	*generator = 0;
	play_work(5000 + 20 * (int64_t)count);
	return NULL;
}

NO_INLINE void *OgaGenerator_AppendTokenSequences(int *generator,
						  void *sequences)
{
	(void)sequences;
	*generator = 0;
	play_work(6000);
	return NULL;
}

/* The first one after a prompt only samples. */
NO_INLINE void *OgaGenerator_GenerateNextToken(int *generator)
{
	if (refused)
		return &refused;
	play_work(*generator == 0 ? 20 : 4000);
	++*generator;
	return NULL;
}

NO_INLINE void OgaDestroyGenerator(int *generator)
{
	*generator = 0;
}

static void answer(FILE *log, int *g, int tokens)
{
	while (tokens-- > 0)
		PLAY(log, "token", OgaGenerator_GenerateNextToken(g));
}

void play(FILE *log)
{
	static const int32_t ids[64];
	int model, *g = NULL, *other = &generators[1];

	PLAY(log, "model", OgaCreateModel("x", &model));
	PLAY(log, "generator", OgaCreateGenerator(&model, NULL, &g));
	PLAY(log, "append", OgaGenerator_AppendTokens(g, ids, 30));
	PLAY(log, "append", OgaGenerator_AppendTokens(g, ids, 25));
	answer(log, g, 5);
	refused = 1;
	answer(log, g, 1);
	refused = 0;
	/* A second question to the same generator. */
	PLAY(log, "append", OgaGenerator_AppendTokens(g, ids, 12));
	answer(log, g, 3);
	OgaDestroyGenerator(g);
	PLAY(log, "sequences", OgaGenerator_AppendTokenSequences(g, NULL));
	answer(log, g, 2);
	/* Two at the same time. */
	PLAY(log, "append", OgaGenerator_AppendTokens(g, ids, 8));
	PLAY(log, "append", OgaGenerator_AppendTokens(other, ids, 8));
	answer(log, g, 2);
	answer(log, other, 2);
}
