/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_PROBED_STORY_H
#define EP_RUNNERS_PROBED_STORY_H

#include "runners/probed_calls.h"

/* What the calls of a library tell, for those where a prompt and a token are
 * calls of their own. */
struct ep_probed_request {
	int64_t start_ns, first_ns, end_ns; /* first: the prompt is done */
	int64_t prompt_count, output_count; /* -1 not known */
	bool mixed; /* it cannot be told what is what in it */
};

struct ep_probed_story {
	struct ep_probed_request *items;
	size_t count, size;
	struct ep_probed_stamp {
		size_t request;
		int64_t t_ns;
	} * stamps;
	size_t stamp_count, stamp_size;
	struct ep_probed_load {
		int64_t start_ns, end_ns;
	} * loads;
	size_t load_count, load_size;
};
/* Each -ENOMEM, -EFBIG. */
int ep_probed_story_load(struct ep_probed_story *s, int64_t start_ns,
			 int64_t end_ns) EP_MUST_CHECK;
int ep_probed_story_request(struct ep_probed_story *s,
			    const struct ep_probed_request *q) EP_MUST_CHECK;
/* A token of a request, by its index. */
int ep_probed_story_token(struct ep_probed_story *s, size_t request,
			  int64_t t_ns) EP_MUST_CHECK;
/*
 * Phases and tokens of it, in order of time; requests that overlap are mixed.
 * why: what makes a request mixed that does not overlap; NULL where none is.
 */
int ep_probed_story_write(struct ep_probed_story *s, int64_t gate_ns,
			  int64_t exit_ns, const char *why,
			  struct ep_timeline *ret) EP_MUST_CHECK;
void ep_probed_story_done(struct ep_probed_story *s);

/* Only loads and how long it worked: spans as phases "compute", those no more
 * than gap_ns apart as one. */
int ep_probed_story_spans(struct ep_probed_story *s, int64_t gap_ns,
			  int64_t gate_ns, int64_t exit_ns,
			  struct ep_timeline *ret) EP_MUST_CHECK;

#endif
