/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/summary_parts.h"

/* One configuration that is asked. */
struct one {
	struct ep_summary *s;
	const struct ep_summary_config *config;
	const struct ep_summary_config *reference; /* of the other study */
	const struct ep_asked *asked;
};

static void put_key(char *ret, size_t size, const struct ep_section *from,
		    const struct ep_section_row *row)
{
	char scope[80];

	/* Of its one row there is nothing to tell apart. */
	if (strcmp(from->key, "reading") == 0) {
		(void)ep_str_copy(ret, size, from->key);
		return;
	}
	(void)ep_str_copy(scope, sizeof(scope), row->scope);
	ep_str_slug(scope);
	for (size_t n = strlen(scope); n > 0 && scope[n - 1] == '_'; n--)
		scope[n - 1] = '\0';
	(void)ep_str_format(ret, size, "%.30s_%.60s", from->key, scope);
}

static bool is_break_even(const struct ep_section *s)
{
	return strcmp(s->key, "break_even") == 0;
}

static void copy_beside(struct ep_section *to, const struct ep_section *from)
{
	memcpy(to->facts, from->facts, sizeof(to->facts));
	to->fact_count = from->fact_count;
	if (strcmp(from->key, "reading") == 0)
		return;
	memcpy(to->notes, from->notes, sizeof(to->notes));
	to->note_count = from->note_count;
}

/* The study's section of that kind of row; facts and notes stand in the first
 * of several. */
static struct ep_section *find_section(struct ep_summary *s,
				       const struct ep_section *from,
				       const struct ep_section_row *row)
{
	const char *what =
		row->what[0] && !is_break_even(from) ? row->what : row->scope;
	bool first = true;
	struct ep_section *to;
	char key[96];

	put_key(key, sizeof(key), from, row);
	for (size_t i = 0; s->sections && i < s->sections->count; i++) {
		to = s->sections->items[i];
		if (strcmp(to->key, key) == 0)
			return to;
		first &= strcmp(to->heading, from->heading) != 0 &&
			 !(ep_str_starts(to->heading, from->heading) &&
			   to->heading[strlen(from->heading)] == ':');
	}
	to = ep_section_new(&s->sections, "", "", "configuration");
	if (!to)
		return NULL;
	(void)ep_str_copy(to->key_text, sizeof(to->key_text), key);
	(void)ep_str_format(to->heading_text, sizeof(to->heading_text),
			    "%s%s%s", from->heading,
			    strcmp(from->key, "reading") == 0 ? "" : ": ",
			    strcmp(from->key, "reading") == 0 ? "" : what);
	to->key = to->key_text;
	to->heading = to->heading_text;
	to->by_config = true;
	if (first)
		copy_beside(to, from);
	/* Other tables of a study have the spread of its runs as ±. */
	if (first && (strcmp(from->key, "battery") == 0 ||
		      strcmp(from->key, "cost") == 0))
		ep_section_note(to,
				"\u00b1 of energies is absolute: it has the "
				"error that all runs share, of the meter");
	return to;
}

static void put_verdict(const struct one *o, const struct ep_section *from,
			const char *what, struct ep_section_row *row)
{
	char name[80];

	if (strcmp(from->key, "reading") == 0) {
		/* What it says differs from one configuration to the next. */
		if (from->note_count > 0)
			(void)ep_str_copy(row->verdict, sizeof(row->verdict),
					  from->notes[0]);
	} else if (is_break_even(from)) {
		(void)ep_str_copy(row->verdict, sizeof(row->verdict), what);
	} else if (strcmp(from->key, "against") == 0 && o->reference) {
		ep_summary_config_name(o->asked->against_study, o->reference,
				       name, sizeof(name));
		(void)ep_str_format(row->verdict, sizeof(row->verdict),
				    "against its %" PRId64 " (%s)",
				    o->reference->number, name);
	}
}

/* Rows of one report to where the rows of other configurations stand. */
static int merge(const struct one *o, const struct ep_sections *answers)
{
	for (size_t i = 0; answers && i < answers->count; i++) {
		const struct ep_section *from = answers->items[i];

		for (size_t k = 0; k < from->row_count; k++) {
			const struct ep_section_row *row = &from->rows[k];
			struct ep_section *to = find_section(o->s, from, row);
			struct ep_section_row *added =
				to ? ep_section_row_copy(to, row) : NULL;

			if (!added)
				return -ENOMEM;
			(void)ep_str_format(added->scope, sizeof(added->scope),
					    "%" PRId64, o->config->number);
			ep_summary_config_name(o->s, o->config, added->what,
					       sizeof(added->what));
			put_verdict(o, from, row->what, added);
		}
	}
	return 0;
}

/* How often a duty does not fit, and what was said of the first. */
struct duty {
	size_t asked_count, failed_count;
	struct ep_err first;
};

static int ask_one(struct one *o, struct duty *duty, struct ep_err *err)
{
	struct ep_asked q = *o->asked;
	struct ep_report *r = NULL, *other = NULL;
	struct ep_err why;
	int code = ep_summary_pooled(o->s, o->config, &r);

	q.pooled = true;
	if (code == 0 && o->reference) {
		code = ep_summary_pooled(q.against_study, o->reference, &other);
		q.against = other;
	}
	if (code == 0) {
		duty->asked_count++;
		if (ep_asked_check_duty(r, &q, &why) < 0 &&
		    duty->failed_count++ == 0)
			duty->first = why;
		code = ep_asked_answer(r, &q, err);
	} else {
		(void)ep_err_set(err, code, "out of memory");
	}
	if (code == 0) {
		code = merge(o, r->sections);
		if (code < 0)
			(void)ep_err_set(err, code, "out of memory");
	}
	ep_summary_pooled_free(r);
	ep_summary_pooled_free(other);
	return code;
}

static bool same_level(const struct ep_summary *s,
		       const struct ep_summary_config *c, size_t factor,
		       const struct ep_summary *other,
		       const struct ep_summary_config *d)
{
	for (size_t k = 0; k < other->factor_count; k++)
		if (strcmp(s->factors[factor], other->factors[k]) == 0)
			return strcmp(c->levels[factor], d->levels[k]) == 0;
	return true;
}

/*
 * The configuration of the other study that has the same levels of the factors
 * that both studies have; NULL: none has runs that count, or several do.
 */
static const struct ep_summary_config *
find_reference(const struct ep_summary *s, const struct ep_summary_config *c,
	       const struct ep_summary *other)
{
	const struct ep_summary_config *found = NULL;

	for (size_t i = 0; i < other->config_count; i++) {
		const struct ep_summary_config *d = &other->configs[i];
		bool same = d->valid_count > 0;

		for (size_t k = 0; same && k < s->factor_count; k++)
			same = same_level(s, c, k, other, d);
		if (same && found)
			return NULL;
		if (same)
			found = d;
	}
	return found;
}

static bool asks_figures(const struct ep_asked *q)
{
	return q->has_battery || !isnan(q->price_per_kwh) || q->against ||
	       q->against_study;
}

static int ask_all(struct ep_summary *s, const struct ep_asked *q,
		   struct ep_err *err)
{
	struct duty duty = { .asked_count = 0 };
	size_t alone = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->config_count; i++) {
		struct one o = { .s = s, .config = &s->configs[i], .asked = q };

		if (o.config->valid_count == 0)
			continue;
		if (q->against_study) {
			o.reference =
				find_reference(s, o.config, q->against_study);
			alone += !o.reference;
		}
		r = ask_one(&o, &duty, err);
	}
	if (r < 0)
		return r;
	if (duty.failed_count > 0 && duty.failed_count == duty.asked_count)
		return ep_err_set(err, -ERANGE, "in every configuration: %s",
				  duty.first.text);
	if (alone > 0)
		ep_summary_note(s,
				"%zu of %zu configurations stand against none "
				"of %.200s: none of it has the same levels of "
				"the factors that both have, or several do",
				alone, s->config_count, q->against_name);
	return 0;
}

int ep_summary_ask(struct ep_summary *s, const struct ep_asked *q,
		   struct ep_err *err)
{
	int r = 0;

	if (q->best || q->bound_count > 0)
		r = ep_summary_best(s, q, err);
	if (r == 0 && asks_figures(q))
		r = ask_all(s, q, err);
	return r;
}
