/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_LLAMA_BENCH_H
#define EP_RUNNERS_LLAMA_BENCH_H

#include "base/buf.h"
#include "base/phase.h"
#include "runners/runner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What llama-bench prints: one row per test, as csv, json, jsonl, sql or a
 * markdown table.  Fields are found by their names, which differ between
 * versions.  An event "bench" holds one row: text a JSON object with n_prompt,
 * n_gen, n_depth, reps, avg_ns and samples_ns, as far as it tells them.
 */
#define EP_BENCH_REPS_MAX 256
#define EP_BENCH_REPS_DEFAULT 5 /* of llama-bench, in all versions */
#define EP_BENCH_ROWS_MAX 4096

struct ep_bench_row {
	int64_t t_ns, span_ns;	    /* of the event */
	int64_t prompt, gen, depth; /* tokens */
	int64_t reps;		    /* -1 not told */
	int64_t avg_ns;		    /* of one repetition; -1 not told */
	bool rate_only;		    /* avg_ns is made of tokens per second */
	int64_t samples_ns[EP_BENCH_REPS_MAX];
	size_t sample_count;
};

#define EP_BENCH_ROW_BYTES_MAX (128 * 1024)

/* Takes the output apart, in pieces of any size.  each: a row was printed. */
struct ep_bench_reader {
	struct ep_buf text; /* a JSON object, or a line */
	bool object, quoted, escaped;
	int depth;
	bool skipping; /* longer than a row can be */
	char *head;    /* of csv or of the table; owned */
	void (*each)(void *ctx, const struct ep_bench_row *row);
	void *ctx;
};
void ep_bench_reader_init(struct ep_bench_reader *r,
			  void (*each)(void *ctx,
				       const struct ep_bench_row *row),
			  void *ctx);
void ep_bench_reader_done(struct ep_bench_reader *r);
/* len 0: the output has ended. */
void ep_bench_reader_feed(struct ep_bench_reader *r, const char *bytes,
			  size_t len);

/* Rows as text of an event, and back.  -ENOMEM, -EFBIG; -EBADMSG. */
int ep_bench_row_write(const struct ep_bench_row *row,
		       struct ep_buf *ret) EP_MUST_CHECK;
int ep_bench_row_read(const char *text, struct ep_bench_row *ret) EP_MUST_CHECK;

/* Of events "bench", "probe" and the fact "bench.reps". */
int ep_bench_timeline(const struct ep_event *events, size_t count,
		      int64_t gate_ns, int64_t exit_ns,
		      struct ep_timeline *ret);

extern const struct ep_runner_ops ep_runner_llama_bench;

#endif
