/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/phase.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const evidence_names[] = {
	[EP_EVIDENCE_NONE] = "",
	[EP_EVIDENCE_MARKED] = "MARKED",
	[EP_EVIDENCE_PROBED] = "PROBED",
	[EP_EVIDENCE_STREAMED] = "STREAMED",
	[EP_EVIDENCE_REPORTED] = "REPORTED",
	[EP_EVIDENCE_INFERRED] = "INFERRED",
};
#define EVIDENCE_COUNT (sizeof(evidence_names) / sizeof(evidence_names[0]))

const char *ep_evidence_name(enum ep_evidence e)
{
	return (unsigned)e < EVIDENCE_COUNT ? evidence_names[e] : "";
}

int ep_evidence_parse(const char *text, enum ep_evidence *ret)
{
	for (size_t i = 0; i < EVIDENCE_COUNT; i++) {
		if (strcmp(text, evidence_names[i]) == 0) {
			*ret = (enum ep_evidence)i;
			return 0;
		}
	}
	return -EINVAL;
}

void ep_timeline_init(struct ep_timeline *tl)
{
	memset(tl, 0, sizeof(*tl));
}

void ep_timeline_done(struct ep_timeline *tl)
{
	if (!tl)
		return;
	free(tl->phases);
	free(tl->tokens);
	ep_timeline_init(tl);
}

/*
 * Makes room for one more item.  There is no capacity field: memory grows when
 * count is a power of two (or 0), so count alone tells how much there is.
 */
static int grow(void **items, size_t count, size_t item_bytes, size_t max)
{
	void *bigger;

	if (count >= max)
		return -EFBIG;
	if ((count & (count - 1)) != 0)
		return 0;
	bigger = realloc(*items, (count == 0 ? 1 : count * 2) * item_bytes);
	if (!bigger)
		return -ENOMEM;
	*items = bigger;
	return 0;
}

int ep_timeline_add_phase(struct ep_timeline *tl, const struct ep_phase *p)
{
	void *items = tl->phases;
	int r = grow(&items, tl->phase_count, sizeof(*p), EP_PHASES_MAX);

	if (r < 0)
		return r;
	tl->phases = items;
	tl->phases[tl->phase_count++] = *p;
	return 0;
}

int ep_timeline_add_token(struct ep_timeline *tl, const struct ep_token *t)
{
	void *items = tl->tokens;
	int r = grow(&items, tl->token_count, sizeof(*t), EP_TOKENS_MAX);

	if (r < 0)
		return r;
	tl->tokens = items;
	tl->tokens[tl->token_count++] = *t;
	return 0;
}

struct ep_event ep_event_make(int64_t t_ns, const char *event)
{
	struct ep_event e = {
		.t_ns = t_ns,
		.event = event,
		.phase = "",
		.tokens = -1,
		.evidence = EP_EVIDENCE_NONE,
		.source = "",
		.text = "",
	};

	return e;
}
