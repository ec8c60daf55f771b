/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/phase.h"
#include "runners/llama.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_MAX 2048

/* Four bytes per hit: symbol and direction, thread and context, value, time. */
static void make_event(const uint8_t *at, int64_t *t_ns, struct ep_event *ret,
		       char text[2][64])
{
	size_t symbol = (size_t)(at[0] >> 1) % ep_llama_symbol_count;

	*t_ns += (int64_t)at[3] * at[3] * 500 - 2000;
	*ret = ep_event_make(*t_ns, "probe");
	(void)snprintf(text[0], 64, "%s:%s", ep_llama_symbols[symbol].name,
		       (at[0] & 1) ? "out" : "in");
	(void)snprintf(text[1], 64, "llama:%d:%x", 10 + (at[1] & 1),
		       (at[1] >> 1) & 3U);
	ret->text = text[0];
	ret->source = text[1];
	ret->request = at[1] >> 5;
	ret->tokens = (int64_t)(int8_t)at[2];
}

static void check_timeline(const struct ep_timeline *tl, int64_t exit_ns)
{
	int32_t request = 0;

	for (size_t i = 0; i < tl->phase_count; i++) {
		const struct ep_phase *p = &tl->phases[i];

		if (p->start_ns >= p->end_ns || p->end_ns > exit_ns ||
		    p->start_ns < (i > 0 ? tl->phases[i - 1].end_ns : 0) ||
		    p->request < request)
			abort();
		request = p->request;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ep_event events[EVENTS_MAX];
	static char texts[EVENTS_MAX][2][64];
	struct ep_timeline tl;
	int64_t t_ns = 1000000;
	size_t count = 0;

	for (; size >= 4 && count < EVENTS_MAX; data += 4, size -= 4, count++)
		make_event(data, &t_ns, &events[count], texts[count]);
	ep_timeline_init(&tl);
	if (ep_llama_timeline(events, count, 0, t_ns + 1000, &tl) == 0)
		check_timeline(&tl, t_ns + 1000);
	ep_timeline_done(&tl);
	return 0;
}
