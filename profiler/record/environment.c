/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/environment.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/record/session.h"

static void say(struct ep_session *s, enum ep_progress how, const char *text)
{
	s->progress.tell(s->progress.ctx, how, text, 0);
}

/* To the terminal now, to events.csv once it is there. */
static void warn(struct ep_session *s, const char *code, const char *text)
{
	struct ep_environment *e = &s->environment;

	say(s, EP_PROGRESS_WARNING, text);
	if (s->writer_open) {
		ep_session_event(s, "warning", code, text);
		return;
	}
	if (e->note_count == EP_ENVIRONMENT_NOTES_MAX)
		return;
	(void)ep_str_copy(e->notes[e->note_count].code,
			  sizeof(e->notes[0].code), code);
	(void)ep_str_copy(e->notes[e->note_count].text,
			  sizeof(e->notes[0].text), text);
	e->note_count++;
}

static const char *warning_of(enum ep_change_state state)
{
	static const struct {
		enum ep_change_state state;
		const char *code;
	} codes[] = {
		{ EP_CHANGE_KEPT, "environment-kept" },
		{ EP_CHANGE_GONE, "environment-gone" },
		{ EP_CHANGE_UNRESTORED, "environment-unrestored" },
		{ EP_CHANGE_FAILED, "environment-failed" },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].state == state)
			return codes[i].code;
	return NULL;
}

/* What a crash left behind, before this run. */
static void on_recovered(void *ctx, const struct ep_change *c, const char *text)
{
	struct ep_session *s = ctx;
	const char *code = warning_of(c->state);

	s->environment.restored_before_count += c->state == EP_CHANGE_RESTORED;
	if (code)
		warn(s, code, text);
	else
		say(s, EP_PROGRESS_NOTE, text);
}

static void on_change(void *ctx, const struct ep_change *c, const char *text)
{
	char line[3 * EP_SETTING_VALUE_BYTES + 32];
	struct ep_session *s = ctx;
	const char *code = warning_of(c->state);

	if (c->state >= EP_CHANGE_RESTORED) {
		(void)ep_str_format(line, sizeof(line), "%s: %s",
				    ep_change_state_name(c->state),
				    c->state == EP_CHANGE_RESTORED ? c->was
								   : c->note);
		ep_session_event(s, "restore", c->what, line);
	} else {
		if (c->state == EP_CHANGE_FAILED)
			(void)ep_str_format(line, sizeof(line), "failed: %s",
					    c->note);
		else
			(void)ep_str_format(line, sizeof(line),
					    "was=%s asked=%s is=%s", c->was,
					    c->asked, c->is);
		ep_session_event(s, "setting", c->what, line);
		if (c->state == EP_CHANGE_SET &&
		    !ep_setting_same(c->ops, c->asked, c->is))
			code = "environment-rounded";
	}
	if (code)
		warn(s, code, text);
	else
		say(s, EP_PROGRESS_NOTE, text);
}

static int recover(struct ep_session *s, struct ep_err *err)
{
	struct ep_change_sink sink = { on_recovered, s };
	struct ep_journal *j = &s->environment.journal;
	struct ep_undo_result result;
	char text[160];
	int r;

	(void)ep_str_format(text, sizeof(text),
			    "an edgeprof that did not end orderly (process "
			    "%ld) left settings of this board changed",
			    (long)j->owner.pid);
	/* An empty one: it was killed before its first change. */
	if (j->count > 0)
		warn(s, "environment-stale", text);
	r = ep_change_recover(j, &s->env, &sink, &result, err);
	if (r == 0 && result.dropped_count > 0) {
		(void)ep_str_format(text, sizeof(text),
				    "%zu settings need not be put back: the "
				    "board was restarted since",
				    result.dropped_count);
		say(s, EP_PROGRESS_NOTE, text);
	}
	return r;
}

/* Nothing is asked for: what is found here never stops the run. */
static void open_plain(struct ep_session *s)
{
	struct ep_journal *j = &s->environment.journal;
	struct ep_err why = { 0 };
	char text[sizeof(why.text) + 64];
	int r = ep_journal_open(j, &s->env, false, 0, &why);

	if (r == 0)
		r = j->fd >= 0 ? recover(s, &why) : 0;
	if (r == -EBUSY) {
		(void)ep_str_format(text, sizeof(text),
				    "%s: this run is measured with its "
				    "settings",
				    why.text);
		warn(s, "board-held", text);
	} else if (r < 0 && r != -ENOENT)
		warn(s, "environment-stale",
		     why.text[0] ? why.text : strerror(-r));
	ep_journal_close(j);
}

static void command_text(const struct ep_session *s, char *ret, size_t size)
{
	/* Arguments may hold secrets. */
	(void)ep_str_format(ret, size, "edgeprof run%s%s",
			    s->options->argv ? " -- " : "",
			    s->options->argv ? s->options->argv[0] : "");
	ep_str_printable(ret);
}

static int begin(struct ep_session *s, struct ep_err *err)
{
	struct ep_journal *j = &s->environment.journal;
	char command[256];
	int r = 0;

	if (j->fd >= 0)
		r = recover(s, err);
	command_text(s, command, sizeof(command));
	if (r == 0)
		r = ep_journal_own(j, command, err);
	return r == 0 ? ep_journal_begin(j, err) : r;
}

int ep_environment_open(struct ep_session *s, struct ep_err *err)
{
	const struct ep_change_list *changes = s->options->changes;
	struct ep_environment *e = &s->environment;
	int r;

	if (!changes || changes->count == 0) {
		open_plain(s);
		return 0;
	}
	r = ep_journal_open(&e->journal, &s->env, true,
			    s->options->lock_wait_ns, err);
	if (r == -EBUSY && err)
		(void)ep_err_set(err, r,
				 "%.380s: wait until it has ended, or use "
				 "--wait 10m",
				 err->text);
	if (r == 0)
		r = begin(s, err);
	if (r == 0) {
		e->opened = true;
		return 0;
	}
	ep_journal_close(&e->journal);
	return r;
}

int ep_environment_apply(struct ep_session *s, struct ep_err *err)
{
	struct ep_change_sink sink = { on_change, s };
	struct ep_environment *e = &s->environment;

	for (size_t i = 0; i < e->note_count; i++)
		ep_session_event(s, "warning", e->notes[i].code,
				 e->notes[i].text);
	e->note_count = 0;
	if (!e->opened)
		return 0;
	e->changed = true;
	return ep_change_apply(s->options->changes, &s->env, &e->journal, &sink,
			       err);
}

void ep_environment_restore(struct ep_session *s)
{
	struct ep_change_sink sink = { on_change, s };
	struct ep_environment *e = &s->environment;
	struct ep_undo_result result;
	struct ep_err err = { 0 };
	int r;

	if (!e->changed)
		return;
	e->changed = false;
	r = ep_change_undo(&e->journal, &s->env, &sink, &result);
	if (r == -EIO) {
		warn(s, "environment-unrestored",
		     "edgeprof restore tries again to put back what could not "
		     "be put back");
		return;
	}
	if (r == 0)
		r = ep_journal_finish(&e->journal, &err);
	if (r < 0)
		warn(s, "environment-unrestored",
		     err.text[0] ? err.text : strerror(-r));
}

void ep_environment_close(struct ep_session *s)
{
	struct ep_environment *e = &s->environment;

	if (!e->opened)
		return;
	/* Begun, and then something else failed before the first change. */
	e->changed = true;
	ep_environment_restore(s);
	ep_journal_close(&e->journal);
	e->opened = false;
}

json_t *ep_environment_json(const struct ep_session *s)
{
	const struct ep_change_list *changes = s->options->changes;
	json_t *array;

	if (!changes || changes->count == 0)
		return NULL;
	array = json_array();
	for (size_t i = 0; i < changes->count; i++) {
		const struct ep_change *c = &changes->items[i];
		json_t *o = json_object();

		json_object_set_new(o, "what", json_string(c->what));
		json_object_set_new(o, "kind", json_string(c->ops->name));
		json_object_set_new(o, "target", json_string(c->target));
		json_object_set_new(o, "asked", json_string(c->asked));
		json_object_set_new(o, "was", json_string(c->was));
		json_object_set_new(o, "is", json_string(c->is));
		json_object_set_new(
			o, "state",
			json_string(ep_change_state_name(c->state)));
		json_object_set_new(o, "note", json_string(c->note));
		json_array_append_new(array, o);
	}
	return array;
}
