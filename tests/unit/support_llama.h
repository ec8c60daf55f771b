/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_LLAMA_H
#define EP_TESTS_UNIT_SUPPORT_LLAMA_H

#include "base/phase.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A story in words, 1 ms per call and 0.1 ms between calls:
 * M model loaded, C context made, 6 evaluates six tokens, s waits, L reads
 * logits of the last row, L3 of row 3, V an embedding, R resets, F frees, x6 an
 * evaluation that finds no room, E40 encodes forty, ? one that never returns,
 * K empties the memory, <5 cuts it at position 5, >9 moves what is behind 9,
 * @2 what follows is of context 2.
 */
#define GATE INT64_C(1000000000)
#define CALL INT64_C(1000000)
#define GAP INT64_C(100000)

struct script {
	struct ep_event events[4096];
	char sources[4][32];
	size_t count;
	int64_t now;
	int context;
	int thread;
};

struct script *script_begin(void);
void script_tell(struct script *s, const char *story);
/* One hit, now. */
void script_hit(struct script *s, const char *text, int64_t value);
/* The timeline of it, ordered and not overlapping; frees the script. */
struct ep_timeline script_end(struct script *s);
/* All at once. */
struct ep_timeline script_of(const char *story);

/* counts: request, tokens, steps */
void script_is_phase(const struct ep_timeline *tl, size_t i, const char *name,
		     const int64_t counts[3]);
#define PHASE(tl, i, name, ...) \
	script_is_phase(tl, i, name, (const int64_t[3]){ __VA_ARGS__ })

#endif
