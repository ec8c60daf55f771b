/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_TEXT_H
#define EP_RUNNERS_TEXT_H

#include "base/phase.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What programs print of their own timings.  Lines that a decoder or a rule
 * knows become events "line" (source "stdout" or "stderr", text the line, span
 * how long before it may have been written); everything else is made of those
 * alone.
 */
#define EP_TEXT_LINE_BYTES 1024 /* the rest of a longer line is not looked at */
#define EP_TEXT_LINES_MAX 100000 /* events; more are counted */

enum ep_text_what {
	EP_TEXT_LOAD,
	EP_TEXT_PROMPT,
	EP_TEXT_EVAL,
	EP_TEXT_TOTAL,
	EP_TEXT_SAMPLE,
	EP_TEXT_RATES,	 /* tokens per second, no counts, no times */
	EP_TEXT_BORDERS, /* instants by the wall clock */
	EP_TEXT_WHAT_COUNT
};

/* One line.  Times and counts are -1 where it does not tell. */
struct ep_text_told {
	const char *decoder; /* static: what printed it */
	enum ep_text_what what;
	bool output;   /* count of EVAL is output tokens, else decode steps */
	bool wall;     /* EVAL lasts from the first token to the last */
	int64_t task;  /* of a server; -1 none */
	int64_t ns;    /* how long it took; 0 is none: --no-perf */
	int64_t count; /* tokens or runs */
	double prompt_rate, eval_rate; /* of RATES; NAN not told */
	/* Of BORDERS: ns since 1970; -1 not told. */
	int64_t load_start_ns, load_end_ns, start_ns, prompt_end_ns;
	int64_t first_ns, end_ns;
	int64_t prompt_count, output_count;
};

struct ep_text_decoder {
	const char *name;
	bool (*decode)(const char *line, struct ep_text_told *ret);
};
/* Pure; a line is clean (ep_text_clean) and NUL ended. */
extern const struct ep_text_decoder ep_text_decoders[];
extern const size_t ep_text_decoder_count;
/* The first that knows the line; false: none.  ret is then not touched. */
bool ep_text_decode(const char *line, struct ep_text_told *ret);

/*
 * In place: colours and other terminal sequences out, control bytes and what is
 * not UTF-8 to '?', blanks at the end away.  len bytes may hold NULs; the
 * result is NUL ended (text[len] is there) and never longer.
 */
void ep_text_clean(char *text, size_t len);

/* Lines of one print-out. */
struct ep_text_block {
	struct ep_text_told told[EP_TEXT_WHAT_COUNT];
	bool has[EP_TEXT_WHAT_COUNT];
	const char *decoder;
	int64_t t_ns, span_ns; /* of its first line */
};
#define EP_TEXT_BLOCKS_MAX 16384
struct ep_text_blocks {
	struct ep_text_block *items; /* in time order */
	size_t count, size;
};
/* -ENOMEM, -EFBIG. */
int ep_text_blocks_read(const struct ep_event *events, size_t count,
			struct ep_text_blocks *ret) EP_MUST_CHECK;
void ep_text_blocks_done(struct ep_text_blocks *b);

int ep_text_timeline(const struct ep_event *events, size_t count,
		     int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret);

#define EP_TEXT_DIFFERS_MAX 6
/* How far the program's own account is from what was observed. */
struct ep_text_verdict {
	char agrees[200]; /* "prompt 7 tokens 1.79 ms, ..."; "" nothing told */
	char differs[EP_TEXT_DIFFERS_MAX][200];
	size_t differ_count; /* may be more than there is room for */
};
/* Over 2 % and what the borders leave open; observed is by another observer.
 * -ENOMEM, -EFBIG. */
int ep_text_check(const struct ep_event *events, size_t count,
		  const struct ep_timeline *observed,
		  struct ep_text_verdict *ret) EP_MUST_CHECK;

#endif
