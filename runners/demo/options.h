/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_OPTIONS_H
#define EP_RUNNERS_DEMO_OPTIONS_H

#include "runners/demo/error.h"

#include <stdbool.h>
#include <stdint.h>

#define INFER_TOKENS_MAX 4095 /* of output */
#define INFER_REQUESTS_MAX 1000

extern const char infer_help[];

/* Texts are borrowed from argv. */
struct infer_options {
	int threads;
	int tokens;
	int requests;
	uint64_t seed;
	float temperature;
	const char *prompt;
	const char *model;	/* NULL: where infer_place_find() says */
	const char *make_model; /* a file to write, then end; else NULL */
	bool tiny;		/* with make_model: the shape for tests */
	bool quiet;
	bool times;
	bool self_check;
	bool help;
};

/* -EINVAL with a sentence. */
int infer_options_parse(struct infer_options *ret, int argc, char **argv,
			struct infer_err *err);

/* The whole text must be decimal digits with a value of at most max. */
int infer_number_parse(const char *text, uint64_t max, uint64_t *ret);
/* Digits, and up to six more after a '.'; at most 1000. */
int infer_decimal_parse(const char *text, float *ret);

#endif
