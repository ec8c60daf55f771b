/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_PHASE_H
#define EP_BASE_PHASE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Best evidence first. */
enum ep_evidence {
	EP_EVIDENCE_NONE,
	EP_EVIDENCE_MARKED,
	EP_EVIDENCE_PROBED,
	EP_EVIDENCE_STREAMED,
	EP_EVIDENCE_REPORTED,
	EP_EVIDENCE_INFERRED,
};
const char *ep_evidence_name(enum ep_evidence e); /* "MARKED"; "" for none */
int ep_evidence_parse(const char *text, enum ep_evidence *ret);

#define EP_PHASE_NAME_BYTES 32
#define EP_PHASES_MAX 65536
#define EP_TOKENS_MAX (16 * 1024 * 1024)

/* The names every report knows; a program may mark others. */
#define EP_PHASE_IDLE "idle"
#define EP_PHASE_LOAD "load"
#define EP_PHASE_PREFILL "prefill"
#define EP_PHASE_GENERATION "generation"
#define EP_PHASE_FAILED "failed"   /* a request without an answer */
#define EP_PHASE_INGEST "ingest"   /* what a workflow reads or waits for */
#define EP_PHASE_MIXED "mixed"	   /* requests that cannot be told apart */
#define EP_PHASE_COMPUTE "compute" /* work, nobody tells of what */
#define EP_PHASE_OTHER "other"
#define EP_PHASE_TAIL "tail"
#define EP_PHASE_AFTER "after"

/* An interval [start, end) on CLOCK_MONOTONIC.  Counts are -1 where unknown. */
struct ep_phase {
	char name[EP_PHASE_NAME_BYTES];
	int64_t start_ns;
	int64_t end_ns;
	int64_t slack_ns; /* half-width of what is known about the borders */
	enum ep_evidence evidence;
	int32_t request;      /* 1, 2, ...; 0 = belongs to none */
	int64_t tokens_count; /* N_prompt in prefill, N_out in generation */
	int64_t steps_count;  /* generation only */
	int64_t cached_count; /* prompt tokens that were not evaluated */
	/* Chunks of output where nobody counted tokens: an estimate; 0 none. */
	int64_t chunks_count;
};

struct ep_token {
	int64_t t_ns;
	int32_t request;
	int32_t index; /* 1, 2, ... within its request */
};

/* Phases in time order, not overlapping; tokens in time order. */
struct ep_timeline {
	struct ep_phase *phases;
	size_t phase_count;
	struct ep_token *tokens;
	size_t token_count;
	char note[256]; /* "" or one sentence for the report */
	bool vague; /* no request's phases: anybody who has some knows better */
};
void ep_timeline_init(struct ep_timeline *tl);
void ep_timeline_done(struct ep_timeline *tl);
/* -EFBIG past the maxima, -ENOMEM. */
int ep_timeline_add_phase(struct ep_timeline *tl,
			  const struct ep_phase *p) EP_MUST_CHECK;
int ep_timeline_add_token(struct ep_timeline *tl,
			  const struct ep_token *t) EP_MUST_CHECK;

/*
 * One line of events.csv:
 * t_ns,span_ns,event,request,phase,tokens,evidence,source,text
 *
 * event    what                       source, text
 * start    recording began            -
 * idle     the baseline began / ended text "begin" / "end"
 * gate     the gate opened            -
 * exit     the direct child ended     text "exit N" / "signal N"
 * end      recording ended            -
 * mark     edgeprof.h said a phase    source "pid:stream", phase its name
 *          begins (phase "" = none)
 * token    edgeprof.h said a token    source "pid:stream"
 * probe    a probe was hit            source "LIBRARY:PID:CONTEXT" (hex), text
 *                                     "SYMBOL:in" or "SYMBOL:out", tokens its
 *                                     argument or return value, request =
 *                                     thread id (runners/probed.h)
 * ready    the server that was started answers; span_ns since it did not
 * request  a request begins            request its number, source the dialect,
 *                                     text JSON: id, model, temperature ...
 * sent     its last byte has left      request
 * piece    a chunk of output came      request, phase "thinking" or none,
 *                                     tokens in it as the server counts
 * progress of the prompt               request, text JSON
 * finish   the server said "complete"  request
 * reply    the answer has ended        request, text JSON: what was told
 * ingest   a workflow read or waited    span how long, source its step, text
 *                                     what, and how many bytes or why not
 * rule     a phase rule                text as typed (runners/rules.h)
 * line     the program printed a line  source "stdout"/"stderr", text the line
 *          that a rule or a decoder    (runners/text.h); it may be span_ns
 *          knows                       older
 * bench    llama-bench told a test     text JSON (runners/llama_bench.h)
 * clock    clock pair                 text "real_ns=N boot_ns=N"
 * step     the wall clock was set     text "by_ns=N"
 * cpu      a CPU went or came         source "cpuN", text "offline"/"online"
 * sensor   a sensor changed its state source its id, text why
 * setting  a setting was changed      source what, text "was=W asked=A is=I",
 *                                     or "failed: " and why
 * restore  it was put back, or not    source what, text "restored: VALUE", or
 *                                     "kept: ", "gone: ", "unrestored: " and why
 * fact     an end fact                source its name, tokens or text its value
 * warning  source its code            text the sentence
 * error    recording failed           text the sentence
 */
struct ep_event {
	int64_t t_ns;
	int64_t span_ns;
	const char *event; /* never NULL; borrowed */
	int64_t request;   /* 0: none */
	const char *phase; /* "" none */
	int64_t tokens;	   /* -1: none */
	enum ep_evidence evidence;
	const char *source; /* "" none */
	const char *text;   /* "" none */
};
/* Sets every field to "none" with the given name and instant. */
struct ep_event ep_event_make(int64_t t_ns, const char *event);

struct ep_event_sink {
	void (*emit)(void *ctx, const struct ep_event *event);
	void *ctx;
};

#endif
