/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_SESSION_H
#define EP_RUNNERS_DEMO_SESSION_H

#include "runners/demo/error.h"
#include "runners/demo/options.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* CLOCK_MONOTONIC, read just before the work and at every token. */
struct infer_request {
	int64_t prefill_ns;
	int64_t end_ns;
	int64_t *token_ns; /* output_tokens; the first ends the prefill */
};

struct infer_record {
	int64_t load_start_ns;
	int64_t load_end_ns;
	size_t prompt_tokens;
	size_t output_tokens; /* per request */
	size_t request_count;
	struct infer_request *requests;
	int64_t *token_ns; /* of all requests */
};

/*
 * Loads the model and answers the prompt o->requests times, with marks for
 * edgeprof; the text goes to out as it comes.
 */
int infer_session_run(const struct infer_options *o, const char *model_path,
		      FILE *out, struct infer_record *ret,
		      struct infer_err *err);
void infer_record_done(struct infer_record *r);

/* Counts and rates, one line per request. */
void infer_record_print(const struct infer_record *r, int threads, FILE *out);
/* "load N", "prefill N", "token N", "end N" in monotonic nanoseconds. */
void infer_record_print_times(const struct infer_record *r, FILE *out);

#endif
