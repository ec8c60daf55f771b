/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/change_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

static bool is_open(const struct ep_journal_entry *e)
{
	return e->state == EP_CHANGE_SET || e->state == EP_CHANGE_UNRESTORED;
}

static void count(struct ep_undo_result *r, enum ep_change_state state)
{
	r->restored_count += state == EP_CHANGE_RESTORED;
	r->kept_count += state == EP_CHANGE_KEPT;
	r->gone_count += state == EP_CHANGE_GONE;
	r->dropped_count += state == EP_CHANGE_DROPPED;
	r->failed_count += state == EP_CHANGE_UNRESTORED;
}

static void tell(const struct ep_undo *u, const struct ep_journal_entry *e,
		 const struct ep_setting_ops *ops)
{
	struct ep_change c = { .ops = ops, .state = e->state };
	char text[EP_CHANGE_WHAT_BYTES + EP_SETTING_VALUE_BYTES +
		  EP_CHANGE_NOTE_BYTES];

	if (!u->sink)
		return;
	(void)ep_str_copy(c.target, sizeof(c.target), e->target);
	(void)ep_str_copy(c.asked, sizeof(c.asked), e->asked);
	(void)ep_str_copy(c.what, sizeof(c.what), e->what);
	(void)ep_str_copy(c.was, sizeof(c.was), e->was);
	(void)ep_str_copy(c.is, sizeof(c.is), e->is);
	(void)ep_str_copy(c.note, sizeof(c.note), e->note);
	if (e->state == EP_CHANGE_RESTORED)
		(void)ep_str_format(text, sizeof(text), "%s is back to %s",
				    e->what, e->was);
	else
		(void)ep_str_format(text, sizeof(text), "%s %s", e->what,
				    e->note);
	u->sink->tell(u->sink->ctx, &c, text);
}

/* The end of an entry.  quiet: it was never altered, nobody need be told. */
static void end(struct ep_undo *u, size_t index, enum ep_change_state state,
		const char *note, bool quiet)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);

	(void)ep_journal_end(u->journal, index, state, note);
	if (ops && ops->forget && state != EP_CHANGE_UNRESTORED)
		ops->forget(u->env, e->target, e->was);
	if (quiet)
		return;
	count(&u->result, state);
	tell(u, e, ops);
}

/* It may work once what else is to be put back is. */
static bool fail(struct ep_undo *u, size_t index, const char *why)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);
	char note[EP_CHANGE_NOTE_BYTES], now[EP_SETTING_VALUE_BYTES];

	if (!u->last_try)
		return false;
	/* So that a later try knows it from what someone else set. */
	if (e->undoing && ops &&
	    ops->read(u->env, e->target, now, sizeof(now), NULL) >= 0)
		(void)ep_journal_is(u->journal, index, now);
	(void)ep_str_format(note, sizeof(note),
			    "could not be put back to %.60s: %s", e->was, why);
	end(u, index, EP_CHANGE_UNRESTORED, note, false);
	return true;
}

static void leave(struct ep_undo *u, size_t index, const char *now)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	char note[EP_CHANGE_NOTE_BYTES];

	if (e->kept)
		(void)ep_str_format(note, sizeof(note),
				    "was set to %.80s by someone else and "
				    "stays so: before that it was %.80s",
				    now, e->was);
	else
		(void)ep_str_format(note, sizeof(note),
				    "was set to %.50s by someone else and "
				    "stays so: edgeprof had made it %.50s, "
				    "before that it was %.50s",
				    now, e->is, e->was);
	end(u, index, EP_CHANGE_KEPT, note, false);
}

/* It may come back with what else is put back. */
static bool gone(struct ep_undo *u, size_t index)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	char note[EP_CHANGE_NOTE_BYTES];

	if (!u->last_try)
		return false;
	(void)ep_str_format(note, sizeof(note),
			    "does not exist any more, so it cannot be put back "
			    "to %.60s",
			    e->was);
	end(u, index, EP_CHANGE_GONE, note, false);
	return true;
}

static bool put_back(struct ep_undo *u, size_t index,
		     const struct ep_setting_ops *ops)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	char now[EP_SETTING_VALUE_BYTES], why[EP_SETTING_VALUE_BYTES + 40];
	struct ep_err err = { 0 };
	int r;

	(void)ep_journal_undo(u->journal, index);
	ep_sweep_before(&u->sweep, index);
	r = ops->write(u->env, e->target, e->was, &err);
	ep_sweep_after(&u->sweep, index);
	if (r >= 0)
		r = ops->read(u->env, e->target, now, sizeof(now), &err);
	if (r == -ENOENT)
		return gone(u, index);
	if (r < 0)
		return fail(u, index, err.text[0] ? err.text : strerror(-r));
	if (!ep_setting_same(ops, now, e->was)) {
		(void)ep_str_format(why, sizeof(why),
				    "it was accepted, but it reads back %s",
				    now);
		return fail(u, index, why);
	}
	end(u, index, EP_CHANGE_RESTORED, "", false);
	return true;
}

bool ep_undo_entry(struct ep_undo *u, size_t index)
{
	const struct ep_journal_entry *e = &u->journal->entries[index];
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);
	char now[EP_SETTING_VALUE_BYTES];
	struct ep_err err = { 0 };
	int r;

	if (!ops || !ops->read)
		return fail(u, index, "this edgeprof does not know its kind");
	if (ep_journal_other_boot(u->journal) && !ops->outlives_reboot) {
		end(u, index, EP_CHANGE_DROPPED,
		    "was reset when the board was restarted", e->kept);
		return true;
	}
	r = ops->read(u->env, e->target, now, sizeof(now), &err);
	if (r == -ENOENT)
		return gone(u, index);
	/* What a change cut short left need not be readable. */
	if (r < 0 && ep_sweep_is_open(&u->sweep, index))
		return put_back(u, index, ops);
	if (r < 0)
		return fail(u, index, err.text[0] ? err.text : strerror(-r));
	if (ep_setting_same(ops, now, e->was)) {
		end(u, index, EP_CHANGE_RESTORED, "", e->kept);
		return true;
	}
	if (!ep_sweep_is_ours(&u->sweep, index, now)) {
		leave(u, index, now);
		return true;
	}
	return put_back(u, index, ops);
}

/* One round over what is open, last change first.  What an entry that fails
 * or waits would alter waits for the next round. */
static void undo_round(struct ep_undo *u, bool *waiting)
{
	for (size_t i = u->journal->count; i-- > 0;) {
		if (!is_open(&u->journal->entries[i]))
			continue;
		if ((!waiting[i] || u->last_try) && ep_undo_entry(u, i))
			continue;
		for (size_t k = 0; k < i; k++)
			waiting[k] |= ep_sweep_binds(&u->sweep, i, k);
	}
}

int ep_change_undo(struct ep_journal *journal, const struct ep_env *env,
		   const struct ep_change_sink *sink,
		   struct ep_undo_result *ret)
{
	struct ep_undo u = { .env = env, .journal = journal, .sink = sink };
	bool *waiting = calloc(journal->count + 1, sizeof(*waiting));
	int r = waiting ? ep_sweep_init(&u.sweep, env, journal) : -ENOMEM;

	if (r == 0) {
		undo_round(&u, waiting);
		u.last_try = true;
		undo_round(&u, waiting);
	}
	ep_sweep_done(&u.sweep);
	free(waiting);
	*ret = u.result;
	if (r < 0)
		return r;
	return u.result.failed_count > 0 ? -EIO : 0;
}

static void tell_ended(struct ep_undo *u)
{
	for (size_t i = 0; i < u->journal->count; i++) {
		const struct ep_journal_entry *e = &u->journal->entries[i];

		if (e->state != EP_CHANGE_KEPT && e->state != EP_CHANGE_GONE)
			continue;
		count(&u->result, e->state);
		tell(u, e, ep_setting_find(e->kind));
	}
}

int ep_change_recover(struct ep_journal *journal, const struct ep_env *env,
		      const struct ep_change_sink *sink,
		      struct ep_undo_result *ret, struct ep_err *err)
{
	struct ep_undo before = { .env = env,
				  .journal = journal,
				  .sink = sink };
	int r;

	tell_ended(&before);
	r = ep_change_undo(journal, env, sink, ret);
	ret->kept_count += before.result.kept_count;
	ret->gone_count += before.result.gone_count;
	if (r == -EIO)
		return ep_err_set(err, r,
				  "%zu settings that an edgeprof before left "
				  "changed could not be put back: see what "
				  "edgeprof restore says; edgeprof restore "
				  "--forget gives them up",
				  ret->failed_count);
	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	if (journal->damaged_count > 0)
		return ep_err_set(err, -EBADMSG,
				  "%zu lines of %s/%s are damaged: what they "
				  "say must be put back by hand; edgeprof "
				  "restore --forget removes it",
				  journal->damaged_count, journal->state.path,
				  journal->name);
	return ep_journal_finish(journal, err);
}
