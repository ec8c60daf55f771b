/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/record/change_parts.h"

#define CHOICES_BYTES 256

const char *ep_change_state_name(enum ep_change_state state)
{
	static const char *const names[] = {
		[EP_CHANGE_ASKED] = "asked",
		[EP_CHANGE_SET] = "set",
		[EP_CHANGE_ALREADY] = "already",
		[EP_CHANGE_DONE] = "done",
		[EP_CHANGE_FAILED] = "failed",
		[EP_CHANGE_RESTORED] = "restored",
		[EP_CHANGE_KEPT] = "kept",
		[EP_CHANGE_GONE] = "gone",
		[EP_CHANGE_UNRESTORED] = "unrestored",
		[EP_CHANGE_DROPPED] = "dropped",
	};

	return (size_t)state < sizeof(names) / sizeof(names[0]) ? names[state]
								: "";
}

int ep_change_add(struct ep_change_list *list, const struct ep_change_ask *ask,
		  struct ep_err *err)
{
	struct ep_change *c;

	if (list->count == EP_CHANGES_MAX)
		return ep_err_set(err, -EFBIG,
				  "more than %d settings to change",
				  EP_CHANGES_MAX);
	/* Grows at 0, 1, 2, 4, 8... */
	if ((list->count & (list->count - 1)) == 0) {
		size_t size = list->count ? list->count * 2 : 1;

		c = realloc(list->items, size * sizeof(*c));
		if (!c)
			return ep_err_set(err, -ENOMEM, "out of memory");
		list->items = c;
	}
	c = &list->items[list->count];
	memset(c, 0, sizeof(*c));
	c->ops = ep_setting_find(ask->kind);
	if (!c->ops)
		return ep_err_set(err, -EINVAL,
				  "there is no kind of setting '%s'",
				  ask->kind);
	if (!ep_str_copy(c->target, sizeof(c->target), ask->target) ||
	    !ep_str_copy(c->asked, sizeof(c->asked), ask->value))
		return ep_err_set(err, -ENAMETOOLONG,
				  "%s: the path or the value is too long",
				  ask->what);
	(void)ep_str_copy(c->what, sizeof(c->what), ask->what);
	list->count++;
	return 0;
}

void ep_change_list_done(struct ep_change_list *list)
{
	if (!list)
		return;
	free(list->items);
	list->items = NULL;
	list->count = 0;
}

struct apply {
	const struct ep_env *env;
	struct ep_journal *journal;
	const struct ep_change_sink *sink;
	struct ep_err *err;
};

static void tell(const struct apply *a, const struct ep_change *c,
		 const char *text)
{
	if (a->sink)
		a->sink->tell(a->sink->ctx, c, text);
}

/* A file that another change resets: "ondemand/up_threshold". */
static int keep_file(void *ctx, const char *file)
{
	struct apply *a = ctx;
	struct ep_change c = { .ops = &ep_setting_file };
	const char *tail = strrchr(file, '/');
	int r;

	for (size_t i = 0; i < a->journal->count; i++)
		if (a->journal->entries[i].state == EP_CHANGE_SET &&
		    strcmp(a->journal->entries[i].target, file) == 0)
			return 0;
	while (tail && tail > file && tail[-1] != '/')
		tail--;
	(void)ep_str_copy(c.what, sizeof(c.what), tail ? tail : file);
	if (!ep_str_copy(c.target, sizeof(c.target), file))
		return ep_err_set(a->err, -ENAMETOOLONG,
				  "%s: the path is too long", file);
	r = c.ops->read(a->env, file, c.was, sizeof(c.was), a->err);
	/* Gone already: there is nothing to lose. */
	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = ep_journal_add(a->journal, &c, true, a->err);
	return r < 0 ? r : 0;
}

static int not_taken(const struct ep_change *c, struct ep_err *err)
{
	return ep_err_set(err, -EIO, "%s was accepted, but it reads back %s",
			  c->asked, c->is);
}

/* Journalled as entry index: writes it and reads it back. */
static int write_entry(struct apply *a, struct ep_change *c, size_t index)
{
	struct ep_sweep sweep;
	int r = ep_sweep_init(&sweep, a->env, a->journal);

	if (r < 0)
		return ep_err_set(a->err, r, "out of memory");
	ep_sweep_before(&sweep, index);
	r = c->ops->write(a->env, c->target, c->asked, a->err);
	if (r >= 0) {
		ep_sweep_after(&sweep, index);
		r = c->ops->read(a->env, c->target, c->is, sizeof(c->is),
				 a->err);
	}
	ep_sweep_done(&sweep);
	if (r < 0)
		return r;
	(void)ep_journal_is(a->journal, index, c->is);
	c->state = EP_CHANGE_SET;
	return ep_setting_took(c->ops, c->asked, c->is) ? 0
							: not_taken(c, a->err);
}

/* *ret_index is its entry once there is one. */
static int change_one(struct apply *a, struct ep_change *c, int *ret_index)
{
	const struct ep_setting_ops *ops = c->ops;
	bool already;
	int r;

	if (!ops->read) {
		r = ops->write(a->env, c->target, c->asked, a->err);
		if (r >= 0)
			c->state = EP_CHANGE_DONE;
		return r;
	}
	r = (ops->save ? ops->save : ops->read)(a->env, c->target, c->was,
						sizeof(c->was), a->err);
	if (r < 0)
		return r;
	already = ep_setting_same(ops, c->asked, c->was);
	r = 0;
	if (!already && ops->companions)
		r = ops->companions(a->env, c->target, keep_file, a);
	if (r == 0)
		r = ep_journal_add(a->journal, c, already, a->err);
	if (r < 0) {
		if (ops->forget)
			ops->forget(a->env, c->target, c->was);
		return r;
	}
	*ret_index = r;
	if (!already)
		return write_entry(a, c, (size_t)r);
	(void)ep_str_copy(c->is, sizeof(c->is), c->was);
	c->state = EP_CHANGE_ALREADY;
	return 0;
}

/* "cannot set governor of policy0 to turbo: ...; there are: a b c" */
static void explain(const struct apply *a, const struct ep_change *c, int code)
{
	char choices[CHOICES_BYTES];
	size_t len;

	if (!a->err)
		return;
	if (!a->err->text[0])
		(void)ep_err_set(a->err, code, "%s", strerror(-code));
	ep_err_prefix(a->err, c->ops->read ? "cannot set %s to %s" : "%s %s",
		      c->what, c->asked);
	len = strlen(a->err->text);
	if ((code == -EINVAL || code == -EIO) && c->ops->choices &&
	    c->ops->choices(a->env, c->target, choices, sizeof(choices)) > 0)
		(void)ep_str_format(a->err->text + len,
				    sizeof(a->err->text) - len,
				    "; there are: %s", choices);
}

/* Best effort: that one alone is put back, and said. */
static void note_failure(struct apply *a, struct ep_change *c, int index)
{
	char text[sizeof(a->err->text)];

	(void)ep_str_copy(text, sizeof(text), a->err->text);
	if (index >= 0) {
		struct ep_undo u = { .env = a->env,
				     .journal = a->journal,
				     .last_try = true };

		if (ep_sweep_init(&u.sweep, a->env, a->journal) == 0)
			(void)ep_undo_entry(&u, (size_t)index);
		ep_sweep_done(&u.sweep);
	}
	c->state = EP_CHANGE_FAILED;
	(void)ep_str_copy(c->note, sizeof(c->note), text);
	tell(a, c, text);
	a->err->text[0] = '\0';
}

static void tell_set(const struct apply *a, const struct ep_change *c)
{
	char text[EP_CHANGE_WHAT_BYTES + 3 * EP_SETTING_VALUE_BYTES + 64];

	if (c->state == EP_CHANGE_DONE)
		(void)ep_str_format(text, sizeof(text), "%s %s: done", c->what,
				    c->asked);
	else if (c->state == EP_CHANGE_ALREADY)
		(void)ep_str_format(text, sizeof(text), "%s is %s already",
				    c->what, c->is);
	else if (ep_setting_same(c->ops, c->asked, c->is))
		(void)ep_str_format(text, sizeof(text), "%s set to %s (was %s)",
				    c->what, c->is, c->was);
	else
		(void)ep_str_format(text, sizeof(text),
				    "%s asked to be %s; the kernel made it %s "
				    "(was %s)",
				    c->what, c->asked, c->is, c->was);
	tell(a, c, text);
}

int ep_change_apply(struct ep_change_list *list, const struct ep_env *env,
		    struct ep_journal *journal,
		    const struct ep_change_sink *sink, struct ep_err *err)
{
	struct ep_err local = { 0 };
	struct apply a = { env, journal, sink, err ? err : &local };
	struct ep_undo_result undone;

	a.err->text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		struct ep_change *c = &list->items[i];
		int index = -1, r = change_one(&a, c, &index);

		if (r >= 0) {
			tell_set(&a, c);
			continue;
		}
		explain(&a, c, r);
		if (list->best_effort) {
			note_failure(&a, c, index);
			continue;
		}
		c->state = EP_CHANGE_FAILED;
		(void)ep_str_copy(c->note, sizeof(c->note), a.err->text);
		(void)ep_change_undo(journal, env, sink, &undone);
		return r;
	}
	return 0;
}
