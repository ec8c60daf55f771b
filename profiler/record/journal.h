/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_JOURNAL_H
#define EP_PROFILER_RECORD_JOURNAL_H

#include "base/buf.h"
#include "base/env.h"
#include "base/err.h"
#include "base/state.h"
#include "profiler/record/change.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define EP_JOURNAL_BYTES_MAX (16 * 1024 * 1024)
#define EP_JOURNAL_LINE_BYTES_MAX 8192
#define EP_JOURNAL_ENTRIES_MAX 16384

/*
 * What was changed on the board and how it was before: a text file in the state
 * folder (base/state.h), one line per step, each with a checksum, only ever
 * appended to:
 *
 *   begin 1 BOOT_ID PID START_TICKS COMMAND
 *   set N KIND TARGET WHAT WAS ASKED   on disk before the change is made
 *   keep N KIND TARGET WHAT WAS        another change alters it
 *   is N VALUE                         read back after a change
 *   undo N                             it is being put back
 *   end N STATE NOTE                   it is, or will never be
 *
 * Fields have blanks, backslashes and control bytes escaped (\xNN); an empty
 * one is \e.
 */
struct ep_journal_entry {
	int64_t number; /* N */
	char kind[EP_SETTING_KIND_BYTES];
	char target[EP_SETTING_TARGET_BYTES];
	char what[EP_CHANGE_WHAT_BYTES];
	char was[EP_SETTING_VALUE_BYTES];
	char asked[EP_SETTING_VALUE_BYTES];
	char is[EP_SETTING_VALUE_BYTES];
	char note[EP_CHANGE_NOTE_BYTES];
	bool kept;    /* asked is none: another change alters it */
	bool settled; /* is is known; else a change was under way */
	bool undoing;
	/* EP_CHANGE_SET: not put back yet. */
	enum ep_change_state state;
};

/* Who holds the board. */
struct ep_journal_owner {
	pid_t pid; /* 0 unknown */
	unsigned long long start_ticks;
	char command[256];
};

struct ep_journal {
	struct ep_state state; /* the folder */
	char name[160];	       /* of the file in it */
	int lock_fd;
	int board_fd;
	int fd;				 /* -1: there is no journal file */
	char boot_id[EP_BOOT_ID_BYTES];	 /* as it says */
	char boot_now[EP_BOOT_ID_BYTES]; /* of this boot */
	struct ep_journal_owner owner;
	struct ep_journal_entry *entries; /* owned */
	size_t count, entries_size;
	size_t damaged_count; /* lines left out, but a torn last one */
	int64_t good_bytes;   /* up to the end of the last whole line */
	int write_errno;      /* first append that failed, 0 none */
};

/*
 * Opens the state folder and takes the lock that makes this process (and the
 * guardian, which inherits it) the only edgeprof that changes this board.
 * Waits up to wait_ns for it.  -EBUSY with a sentence that names the owner.
 * A journal that was left behind is read: fd >= 0.
 * With create false nothing is made: -ENOENT when there is no journal.
 * *j is filled, and to be closed, in any case.
 */
int ep_journal_open(struct ep_journal *j, const struct ep_env *env, bool create,
		    int64_t wait_ns, struct ep_err *err) EP_MUST_CHECK;
void ep_journal_close(struct ep_journal *j); /* gives the lock back */
/* Says in the lock file whose it is. */
int ep_journal_own(struct ep_journal *j, const char *command,
		   struct ep_err *err) EP_MUST_CHECK;

/* Starts a new file, on disk with its folder.  There must be none. */
int ep_journal_begin(struct ep_journal *j, struct ep_err *err) EP_MUST_CHECK;
/* Reads the file again: another process has written to it. */
int ep_journal_reload(struct ep_journal *j, struct ep_err *err) EP_MUST_CHECK;
/* Removes the file, on disk. */
int ep_journal_finish(struct ep_journal *j, struct ep_err *err) EP_MUST_CHECK;
/* From another boot: only what outlives a reboot is still set. */
bool ep_journal_other_boot(const struct ep_journal *j);

/* Appends an entry ("keep" when asked for nothing) with its ops, target, what,
 * was and asked, on disk; returns its index. */
int ep_journal_add(struct ep_journal *j, const struct ep_change *change,
		   bool keep, struct ep_err *err) EP_MUST_CHECK;
/* The rest says what became of entry index; -errno when it is not written, and
 * then only this process knows. */
int ep_journal_is(struct ep_journal *j, size_t index, const char *value);
int ep_journal_undo(struct ep_journal *j, size_t index);
int ep_journal_end(struct ep_journal *j, size_t index,
		   enum ep_change_state state, const char *note);

/* journal_text.c: pure.  Replaces the entries by those of text; -EBADMSG when
 * it is no journal, -EFBIG, -ENOMEM. */
int ep_journal_parse(struct ep_journal *j, const char *text,
		     size_t len) EP_MUST_CHECK;
/* One line with its checksum and newline; fields end with NULL. */
int ep_journal_format(struct ep_buf *b,
		      const char *const *fields) EP_MUST_CHECK;
/* The owner a lock file names; -EBADMSG. */
int ep_journal_parse_owner(const char *text, size_t len,
			   struct ep_journal_owner *ret) EP_MUST_CHECK;
/* Room for one more entry, zeroed; NULL when there is none. */
struct ep_journal_entry *ep_journal_grow(struct ep_journal *j);

#endif
