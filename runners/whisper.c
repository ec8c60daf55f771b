/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runners/probed_story.h"

/*
 * whisper.cpp (whisper.h): how long it loads and how long it works.  Its
 * encoder and decoder are called within whisper_full() by functions that have
 * no names outside.
 */
enum { LOAD, FULL };

static const struct ep_probed_symbol symbols[] = {
	{ "whisper_full", FULL, EP_PROBED_NOTHING, EP_PROBED_INT, NULL, false },
	{ "whisper_full_with_state", FULL, EP_PROBED_NOTHING, EP_PROBED_INT,
	  NULL, false },
	{ "whisper_full_parallel", FULL, EP_PROBED_NOTHING, EP_PROBED_INT, NULL,
	  false },
	{ "whisper_init_from_file_with_params", LOAD, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
	{ "whisper_init_from_file_with_params_no_state", LOAD,
	  EP_PROBED_NOTHING, EP_PROBED_POINTER, NULL, false },
	{ "whisper_init_from_buffer_with_params", LOAD, EP_PROBED_NOTHING,
	  EP_PROBED_POINTER, NULL, false },
};

static int timeline(const struct ep_event *events, size_t count,
		    int64_t gate_ns, int64_t exit_ns, struct ep_timeline *ret)
{
	struct ep_probed_calls calls;
	struct ep_probed_story story = { .count = 0 };
	int r = ep_probed_calls_build(&calls, &ep_probed_whisper, events,
				      count);

	for (size_t i = 0; r == 0 && i < calls.count; i++) {
		const struct ep_probed_call *c = &calls.items[i];
		struct ep_probed_request q = { .start_ns = c->start_ns,
					       .end_ns = c->ended ? c->end_ns
								  : exit_ns };

		if (c->symbol->call == LOAD)
			r = ep_probed_story_load(&story, q.start_ns, q.end_ns);
		else
			r = ep_probed_story_request(&story, &q);
	}
	if (r == 0)
		r = ep_probed_story_spans(&story, 0, gate_ns, exit_ns, ret);
	ep_probed_story_done(&story);
	ep_probed_calls_done(&calls);
	return r;
}

const struct ep_probed ep_probed_whisper = {
	.name = "whisper",
	.title = "whisper.cpp, which tells no tokens",
	.key = "whisper_full",
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(symbols[0]),
	.timeline = timeline,
};
