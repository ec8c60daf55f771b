/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_PROBED_CALLS_H
#define EP_RUNNERS_PROBED_CALLS_H

#include "base/phase.h"
#include "runners/probed.h"

/* Hits of one library's probes, paired to calls. */

#define EP_PROBED_CALLS_MAX (64 * 1024 * 1024)

struct ep_probed_call {
	const struct ep_probed_symbol *symbol;
	bool ended; /* its return was seen, or is not probed */
	int32_t pid, tid;
	int32_t place; /* EP_PROBED_PLACE: the second argument; else -1 */
	uint64_t context, made; /* the first argument; what was returned */
	int64_t start_ns, end_ns;
	int64_t value;	/* at the entry; -1 none */
	int64_t result; /* at the return; -1 none */
};

struct ep_probed_calls {
	struct ep_probed_call *items; /* by start */
	size_t count, size;
	int64_t late_ns; /* probes came this long after the library; 0 not */
	bool lost;	 /* hits are missing */
	bool torn;	 /* a call had begun before the probes came */
	bool attached;	 /* the program ran before us */
	/* Then: all probes were in place; until then returns are missing. */
	int64_t whole_ns;
	/* The same of the library that came last, which began to be used at
	 * placing_ns. */
	int64_t placing_ns, placed_ns;
	bool by_texts; /* in a stripped program: not all functions */
	/* Calls that the same thread cannot have left open, with all probes
	 * in place. */
	size_t unreturned_count;
};
/* -ENOMEM, -EFBIG.  Events that are no well-formed hits are passed over. */
int ep_probed_calls_build(struct ep_probed_calls *c, const struct ep_probed *p,
			  const struct ep_event *events,
			  size_t count) EP_MUST_CHECK;
void ep_probed_calls_done(struct ep_probed_calls *c);

/* Room for one more item of a growing array; -ENOMEM, -EFBIG past max. */
int ep_probed_grow(void **items, size_t count, size_t *size, size_t item_bytes,
		   size_t max) EP_MUST_CHECK;

/* A hit is stamped 1 us (emulated first instruction) to 25 us (single step)
 * after the call; measured on x86-64. */
#define EP_PROBED_SLACK_NS INT64_C(10000)
/* A phase of this evidence with no counts. */
struct ep_phase ep_probed_phase(const char *name, int64_t start_ns,
				int64_t end_ns);
/* Adds what of p lies between *free_ns and exit_ns, and moves *free_ns to its
 * end; nothing where nothing is left.  -ENOMEM, -EFBIG. */
int ep_probed_add(struct ep_timeline *tl, struct ep_phase p, int64_t *free_ns,
		  int64_t exit_ns) EP_MUST_CHECK;

#endif
