/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_CHANGE_H
#define EP_PROFILER_RECORD_CHANGE_H

#include "base/env.h"
#include "base/err.h"
#include "drivers/setting.h"

#include <stdbool.h>
#include <stddef.h>

#define EP_CHANGE_WHAT_BYTES 96
#define EP_CHANGE_NOTE_BYTES 240
#define EP_CHANGES_MAX 4096

struct ep_journal;

enum ep_change_state {
	EP_CHANGE_ASKED,
	EP_CHANGE_SET,
	EP_CHANGE_ALREADY,    /* it was so before: nothing was written */
	EP_CHANGE_DONE,	      /* an action */
	EP_CHANGE_FAILED,     /* note says why; the run goes on (best effort) */
	EP_CHANGE_RESTORED,   /* and read back */
	EP_CHANGE_KEPT,	      /* someone else set it meanwhile: left */
	EP_CHANGE_GONE,	      /* the setting does not exist any more */
	EP_CHANGE_UNRESTORED, /* could not be put back: note says why */
	EP_CHANGE_DROPPED,    /* the board was restarted: it is back anyway */
};
/* "set", "kept", "gone", "unrestored"... */
const char *ep_change_state_name(enum ep_change_state state);

/* One setting to change.  The lower half is filled by apply and undo. */
struct ep_change {
	const struct ep_setting_ops *ops;
	char target[EP_SETTING_TARGET_BYTES];
	char asked[EP_SETTING_VALUE_BYTES];
	char what[EP_CHANGE_WHAT_BYTES]; /* "governor of policy0" */

	enum ep_change_state state;
	char was[EP_SETTING_VALUE_BYTES];
	char is[EP_SETTING_VALUE_BYTES]; /* read back */
	char note[EP_CHANGE_NOTE_BYTES]; /* "" or one sentence */
};

/* What to change, in order.  Zeroed memory is an empty list. */
struct ep_change_list {
	struct ep_change *items; /* owned */
	size_t count;
	bool best_effort; /* what fails is noted, and the run goes on */
};

/*
 * Adds a change: kind is a name of drivers/setting.h, what is for people.
 * -EINVAL (no such kind), -ENAMETOOLONG, -EFBIG, -ENOMEM.
 */
struct ep_change_ask {
	const char *kind, *target, *value, *what;
};
int ep_change_add(struct ep_change_list *list, const struct ep_change_ask *ask,
		  struct ep_err *err) EP_MUST_CHECK;
void ep_change_list_done(struct ep_change_list *list);

/* Told of everything that happens, in order; text is one sentence. */
struct ep_change_sink {
	void (*tell)(void *ctx, const struct ep_change *change,
		     const char *text);
	void *ctx;
};

/*
 * Applies the list in order.  Each: read, journal (synced), write, read back,
 * journal that.  When one fails all before it are put back in reverse, and the
 * error names the file, what, and the values there are; with best_effort it is
 * noted instead.  journal is open and has no entries.
 */
int ep_change_apply(struct ep_change_list *list, const struct ep_env *env,
		    struct ep_journal *journal,
		    const struct ep_change_sink *sink,
		    struct ep_err *err) EP_MUST_CHECK;

/* How an undo went. */
struct ep_undo_result {
	size_t restored_count, kept_count, gone_count, dropped_count,
		failed_count;
};

/*
 * Puts back what the journal holds and was not put back yet, in reverse order,
 * and reads it back.  A value that is neither ours nor the old one was set by
 * someone else and stays.  Goes on past every failure.  0, or -EIO when
 * something could not be put back.  The journal stays; ep_journal_finish()
 * removes it.
 */
int ep_change_undo(struct ep_journal *journal, const struct ep_env *env,
		   const struct ep_change_sink *sink,
		   struct ep_undo_result *ret);
/*
 * The same for a journal that was left behind, whose file goes when everything
 * is decided.  What the guardian found and could tell nobody is told too.
 */
int ep_change_recover(struct ep_journal *journal, const struct ep_env *env,
		      const struct ep_change_sink *sink,
		      struct ep_undo_result *ret,
		      struct ep_err *err) EP_MUST_CHECK;

#endif
