/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_CHANGE_PARTS_H
#define EP_PROFILER_RECORD_CHANGE_PARTS_H

#include "profiler/record/journal.h"

/*
 * What a change does to settings journalled before it: ours[i] tells, for each
 * entry, that its present value is edgeprof's own doing, whatever it is.
 */
struct ep_sweep {
	const struct ep_env *env;
	struct ep_journal *journal;
	bool *ours; /* journal->count of them; owned */
	bool *seen; /* scratch, the same size; owned */
};
/* -ENOMEM.  Entries that a change cut short may have altered are ours. */
int ep_sweep_init(struct ep_sweep *s, const struct ep_env *env,
		  struct ep_journal *j) EP_MUST_CHECK;
void ep_sweep_done(struct ep_sweep *s);
/* Does putting index back alter other, or set the same thing? */
bool ep_sweep_binds(const struct ep_sweep *s, size_t index, size_t other);
/* Around the write of entry index: what was ours before still is after, and
 * that is journalled. */
void ep_sweep_before(struct ep_sweep *s, size_t index);
void ep_sweep_after(struct ep_sweep *s, size_t index);
/* Is entry index ours whatever its value is, because a change was cut short? */
bool ep_sweep_is_open(const struct ep_sweep *s, size_t index);
/* Is value of entry index what edgeprof made it, or the old one? */
bool ep_sweep_is_ours(const struct ep_sweep *s, size_t index,
		      const char *value);

/* Puts one entry back; true when it need not be tried again. */
struct ep_undo {
	struct ep_sweep sweep;
	const struct ep_env *env;
	struct ep_journal *journal;
	const struct ep_change_sink *sink;
	struct ep_undo_result result;
	bool last_try;
};
bool ep_undo_entry(struct ep_undo *u, size_t index);

#endif
