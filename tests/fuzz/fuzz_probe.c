/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/phase.h"
#include "runners/probed.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 2048
#define TEXT_BYTES 64

/* Four bytes per hit: symbol and direction, thread and context, value, time. */
static void make_event(const struct ep_probed *p, const uint8_t *at,
		       int64_t *t_ns, struct ep_event *ret)
{
	size_t symbol = (size_t)(at[0] >> 1) % p->symbol_count;
	bool out = at[0] & 1;
	char *text = (char *)(uintptr_t)ret->text;
	char *source = (char *)(uintptr_t)ret->source;

	*t_ns += (int64_t)at[3] * at[3] * 500 - 2000;
	(void)snprintf(text, TEXT_BYTES, "%s:%s", p->symbols[symbol].name,
		       out ? "out" : "in");
	if (!out && p->symbols[symbol].value == EP_PROBED_PLACE)
		(void)snprintf(text, TEXT_BYTES, "%s:in:%d",
			       p->symbols[symbol].name, at[1] >> 6);
	(void)snprintf(source, TEXT_BYTES, "%s:%d:%x", p->name,
		       10 + (at[1] & 1), (at[1] >> 1) & 3U);
	*ret = ep_event_make(*t_ns, "probe");
	ret->text = text;
	ret->source = source;
	ret->request = at[1] >> 5;
	/* Most calls work, and most numbers can be. */
	ret->tokens = at[2] < 240 ? (out ? 0 : at[2] % 12 + 1)
				  : (int64_t)(int8_t)at[2];
}

static void check_timeline(const struct ep_timeline *tl, int64_t exit_ns)
{
	int32_t request = 0;

	for (size_t i = 0; i < tl->phase_count; i++) {
		const struct ep_phase *p = &tl->phases[i];

		if (p->start_ns >= p->end_ns || p->end_ns > exit_ns ||
		    p->start_ns < (i > 0 ? tl->phases[i - 1].end_ns : 0) ||
		    (p->request > 0 && p->request < request))
			abort();
		if (strcmp(p->name, EP_PHASE_MIXED) == 0 &&
		    (p->tokens_count >= 0 || p->steps_count >= 0 ||
		     p->request != 0))
			abort();
		if (p->request > 0)
			request = p->request;
	}
}

/* The first byte says which library. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ep_event events[EVENTS_MAX];
	static char texts[EVENTS_MAX][2][TEXT_BYTES];
	const struct ep_probed *p = ep_probed_table[0];
	struct ep_timeline tl;
	int64_t t_ns = 1000000;
	size_t count = 0, wanted = size > 0 ? data[0] % 5U : 0;

	for (size_t i = 0; i <= wanted && ep_probed_table[i]; i++)
		p = ep_probed_table[i];
	for (data++; size >= 5 && count < EVENTS_MAX;
	     data += 4, size -= 4, count++) {
		events[count].text = texts[count][0];
		events[count].source = texts[count][1];
		make_event(p, data, &t_ns, &events[count]);
	}
	ep_timeline_init(&tl);
	if (p->timeline(events, count, 0, t_ns + 1000, &tl) == 0)
		check_timeline(&tl, t_ns + 1000);
	ep_timeline_done(&tl);
	return 0;
}
