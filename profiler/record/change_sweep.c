/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/change_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool open_entry(const struct ep_journal_entry *e)
{
	return e->state == EP_CHANGE_SET || e->state == EP_CHANGE_UNRESTORED;
}

static bool touches(const struct ep_journal *j, size_t index, size_t other)
{
	const struct ep_setting_ops *ops =
		ep_setting_find(j->entries[index].kind);

	return ops && ops->touches && open_entry(&j->entries[other]) &&
	       ops->touches(j->entries[index].target, j->entries[other].target);
}

bool ep_sweep_binds(const struct ep_sweep *s, size_t index, size_t other)
{
	const struct ep_journal_entry *e = s->journal->entries;

	return strcmp(e[index].target, e[other].target) == 0 ||
	       touches(s->journal, index, other);
}

int ep_sweep_init(struct ep_sweep *s, const struct ep_env *env,
		  struct ep_journal *j)
{
	s->env = env;
	s->journal = j;
	s->ours = calloc(j->count + 1, sizeof(*s->ours));
	s->seen = calloc(j->count + 1, sizeof(*s->seen));
	if (!s->ours || !s->seen) {
		ep_sweep_done(s);
		return -ENOMEM;
	}
	for (size_t i = 0; i < j->count; i++) {
		const struct ep_journal_entry *e = &j->entries[i];

		if (!open_entry(e) || (e->settled && !e->undoing))
			continue;
		s->ours[i] = true;
		for (size_t k = 0; k < i; k++)
			if (touches(j, i, k))
				s->ours[k] = true;
	}
	return 0;
}

void ep_sweep_done(struct ep_sweep *s)
{
	free(s->ours);
	free(s->seen);
	s->ours = s->seen = NULL;
}

bool ep_sweep_is_open(const struct ep_sweep *s, size_t index)
{
	const struct ep_journal_entry *e = &s->journal->entries[index];

	return s->ours[index] || !e->settled || e->undoing;
}

bool ep_sweep_is_ours(const struct ep_sweep *s, size_t index, const char *value)
{
	const struct ep_journal_entry *e = &s->journal->entries[index];
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);

	return ep_sweep_is_open(s, index) ||
	       (ops && (ep_setting_same(ops, value, e->is) ||
			ep_setting_same(ops, value, e->was)));
}

static int read_now(const struct ep_sweep *s, size_t index,
		    char value[EP_SETTING_VALUE_BYTES])
{
	const struct ep_journal_entry *e = &s->journal->entries[index];
	const struct ep_setting_ops *ops = ep_setting_find(e->kind);

	return ops ? ops->read(s->env, e->target, value, EP_SETTING_VALUE_BYTES,
			       NULL)
		   : -EINVAL;
}

void ep_sweep_before(struct ep_sweep *s, size_t index)
{
	char value[EP_SETTING_VALUE_BYTES];

	for (size_t i = 0; i < index; i++) {
		int r;

		s->seen[i] = false;
		if (!touches(s->journal, index, i))
			continue;
		r = read_now(s, i, value);
		/* What has gone comes back with values that nobody chose. */
		s->seen[i] = r == -ENOENT ||
			     (r >= 0 && ep_sweep_is_ours(s, i, value));
	}
}

void ep_sweep_after(struct ep_sweep *s, size_t index)
{
	char value[EP_SETTING_VALUE_BYTES];

	for (size_t i = 0; i < index; i++) {
		if (!s->seen[i] || read_now(s, i, value) < 0)
			continue;
		if (strcmp(value, s->journal->entries[i].is) != 0)
			(void)ep_journal_is(s->journal, i, value);
	}
}
