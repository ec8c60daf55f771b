/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "runners/probed_story.h"

/*
 * ggml, on which other libraries are built: a graph that is computed is a
 * piece of a prompt, a token, an image ...; nobody tells which.  So there are
 * only spans of work.  Used where no library is known that uses it.
 */
#define GAP_NS (100 * EP_NS_PER_MS)

static const struct ep_probed_symbol symbols[] = {
	{ "ggml_backend_sched_graph_compute", 0, EP_PROBED_NOTHING,
	  EP_PROBED_INT, NULL, false },
	{ "ggml_backend_sched_graph_compute_async", 0, EP_PROBED_NOTHING,
	  EP_PROBED_INT, NULL, false },
	{ "ggml_backend_sched_synchronize", 0, EP_PROBED_NOTHING,
	  EP_PROBED_RETURN, NULL, false },
	{ "ggml_backend_graph_compute", 0, EP_PROBED_NOTHING, EP_PROBED_INT,
	  NULL, false },
	{ "ggml_graph_compute", 0, EP_PROBED_NOTHING, EP_PROBED_INT, NULL,
	  false },
};

static int timeline(const struct ep_event *events, size_t count,
		    int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_probed_calls calls;
	struct ep_probed_story story = { .count = 0 };
	int r = ep_probed_calls_build(&calls, &ep_probed_ggml, events, count);

	for (size_t i = 0; r == 0 && i < calls.count; i++) {
		const struct ep_probed_call *c = &calls.items[i];
		struct ep_probed_request q = { .start_ns = c->start_ns,
					       .end_ns = c->ended ? c->end_ns
								  : exit_ns };

		r = ep_probed_story_request(&story, &q);
	}
	if (r == 0)
		r = ep_probed_story_spans(&story, GAP_NS, gate_ns, exit_ns,
					  ret);
	ep_probed_story_done(&story);
	ep_probed_calls_done(&calls);
	return r;
}

const struct ep_probed ep_probed_ggml = {
	.name = "ggml",
	.title = "ggml's graphs, which tell no tokens",
	/* Any: they lie in several libraries. */
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.fallback = true,
	.timeline = timeline,
};
