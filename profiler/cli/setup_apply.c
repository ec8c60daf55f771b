/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/setup.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"
#include "profiler/cli/cli.h"

int ep_setup_state(struct ep_setup *s, const struct ep_setup_act *a)
{
	int r;

	if (a->ops == &ep_setup_probes) {
		r = ep_setup_publish(s, true, NULL);
		return r < 0 ? r : r > 0 ? EP_SETUP_BEFORE : EP_SETUP_DONE;
	}
	r = a->ops->state(&s->env.root, a);
	if (r == EP_SETUP_FOREIGN && a->ops == &ep_setup_file &&
	    ep_setup_journal_wrote(&s->journal, &s->env.root, a))
		r = EP_SETUP_BEFORE;
	return r;
}

bool ep_setup_is_so(struct ep_setup *s, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (ep_setup_state(s, &s->plan->acts[i]) != EP_SETUP_DONE)
			return false;
	return true;
}

/* Who reads files of these folders at once is told. */
static void tell_daemons(const struct ep_setup *s, const char *path,
			 unsigned *told)
{
	static const struct {
		const char *folder;
		const char *argv[4];
	} daemons[] = {
		{ "/etc/udev/", { "udevadm", "control", "--reload", NULL } },
		{ "/etc/systemd/", { "systemctl", "daemon-reload", NULL } },
	};

	for (size_t i = 0; i < 2; i++) {
		struct ep_err err = { 0 };

		if (!ep_str_starts(path, daemons[i].folder) ||
		    (*told & (1U << i)))
			continue;
		*told |= 1U << i;
		/* Not there or not running, as in a container: read at its
		 * start. */
		if (ep_setup_tool(&s->env.root, daemons[i].argv, &err) < 0)
			continue;
	}
}

/* Older contents of the same file are gone now. */
static int forget_others(struct ep_setup *s, const struct ep_setup_act *a,
			 struct ep_err *err)
{
	struct ep_setup_list *l = s->journal.list;
	int r = 0;

	for (size_t i = l->count; r == 0 && i-- > 0;)
		if (l->acts[i].ops == a->ops &&
		    strcmp(l->acts[i].target, a->target) == 0 &&
		    strcmp(l->acts[i].after, a->after) != 0)
			r = ep_setup_journal_remove(&s->journal, i, err);
	return r;
}

static int make(struct ep_setup *s, const struct ep_setup_act *a,
		struct ep_err *err)
{
	int r = ep_setup_journal_add(&s->journal, a, err);

	if (r == 0 && a->ops == &ep_setup_probes)
		r = ep_setup_publish(s, false, err);
	else if (r == 0)
		r = a->ops->make(&s->env.root, a, err);
	if (r == 0 && a->ops == &ep_setup_file)
		r = forget_others(s, a, err);
	return r;
}

int ep_setup_apply(struct ep_setup *s)
{
	size_t failed = 0, done = 0;
	unsigned told = 0;

	for (size_t i = 0; i < s->plan->count; i++) {
		const struct ep_setup_act *a = &s->plan->acts[i];
		int state = ep_setup_state(s, a), r = 0;
		struct ep_err err = { 0 };

		if (state == EP_SETUP_DONE)
			continue;
		if (state == EP_SETUP_FOREIGN)
			r = ep_err_set(&err, -EEXIST,
				       "another one than setup would make is "
				       "there already: left as it is");
		else
			r = make(s, a, &err);
		if (r < 0) {
			failed++;
			ep_setup_print_act("failed: ", a,
					   err.text[0] ? err.text
						       : strerror(-r));
			continue;
		}
		done++;
		ep_setup_print_act("done: ", a, NULL);
	}
	for (size_t i = 0; i < s->plan->count; i++)
		if (done > 0)
			tell_daemons(s, s->plan->acts[i].target, &told);
	return failed > 0 ? EP_EXIT_NO : EP_EXIT_OK;
}

/* 0 gone, 1 left to its new owner, -errno it stays and is tried again. */
static int undo_one(struct ep_setup *s, const struct ep_setup_act *a,
		    struct ep_err *err)
{
	int state = a->ops->state(&s->env.root, a), r;

	if (state < 0)
		return ep_err_set(err, state, "cannot be looked at: %s",
				  strerror(-state));
	if (state == EP_SETUP_FOREIGN &&
	    ep_setup_journal_wrote(&s->journal, &s->env.root, a))
		return 0;
	if (state == EP_SETUP_FOREIGN) {
		ep_err_set(err, -EEXIST,
			   "changed by someone since: left as it is");
		return 1;
	}
	/* A file that was about to be made may have left its draft. */
	if (state == EP_SETUP_BEFORE && a->ops != &ep_setup_file)
		return 0;
	r = a->ops->undo(&s->env.root, a, err);
	return r == -ENOTEMPTY ? 1 : r;
}

int ep_setup_undo(struct ep_setup *s)
{
	struct ep_setup_list *l = s->journal.list;
	bool whole = true;
	unsigned told = 0;

	for (size_t i = l->count; i-- > 0;) {
		const struct ep_setup_act a = l->acts[i];
		struct ep_err err = { 0 };
		int r = undo_one(s, &a, &err);

		if (r != 0)
			whole = false;
		ep_setup_print_act(r < 0   ? "failed: "
				   : r > 0 ? "left: "
					   : "undone: ",
				   &a, r != 0 ? err.text : NULL);
		if (r < 0)
			continue;
		tell_daemons(s, a.target, &told);
		r = ep_setup_journal_remove(&s->journal, i, &err);
		if (r < 0) {
			ep_setup_complain(err.text);
			return EP_EXIT_NO;
		}
	}
	return whole ? EP_EXIT_OK : EP_EXIT_NO;
}
