/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "profiler/analyze/summary_parts.h"

/* "3, 5, 8, ..." */
struct list {
	char text[160];
	size_t count;
};

static void add(struct list *l, int64_t number)
{
	size_t used = strlen(l->text);

	l->count++;
	if (used + 16 > sizeof(l->text)) {
		if (!ep_str_ends(l->text, "..."))
			(void)ep_str_format(l->text + used,
					    sizeof(l->text) - used, ", ...");
		return;
	}
	(void)ep_str_format(l->text + used, sizeof(l->text) - used,
			    "%s%" PRId64, used > 0 ? ", " : "", number);
}

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static void say_numbers(const struct ep_summary_parser *p)
{
	if (!p->s->status_known)
		ep_summary_note(
			p->s,
			"results.csv is of an older edgeprof: what its figures "
			"are worth, which runs they are of, and the error that "
			"these have in common are not in it; the last is taken "
			"as large as it can be (edgeprof sweep DIR --rebuild "
			"makes a new one)");
	if (p->bad_count > 0)
		ep_summary_note(p->s,
				"results.csv: %zu cell%s (the first in "
				"line %zu): taken as not measured",
				p->bad_count,
				p->bad_count == 1 ? " is no finite number"
						  : "s are no finite numbers",
				p->bad_line);
	if (p->mixed_ids)
		ep_summary_note(p->s,
				"results.csv holds runs of several "
				"studies: its means are over all of them");
}

static void say_machines(const struct ep_summary_parser *p)
{
	char text[240] = "";

	if (p->machine_count < 2)
		return;
	for (size_t i = 0; i < p->machine_count; i++) {
		size_t used = strlen(text);

		(void)ep_str_format(text + used, sizeof(text) - used, "%s%s",
				    i > 0 ? ", " : "",
				    p->machines[i][0] ? p->machines[i]
						      : "unnamed");
	}
	ep_summary_note(
		p->s,
		"runs of %zu%s machines are in this study (%s%s): means "
		"hold what these differ in, unless the machine is one "
		"of its factors",
		p->machine_count, p->machines_more > 0 ? " or more" : "", text,
		p->machines_more > 0 ? ", ..." : "");
}

/* Configurations whose runs are few, or none. */
static void say_few(const struct ep_summary_parser *p)
{
	const struct ep_summary *s = p->s;
	struct list none = { .count = 0 }, one = { .count = 0 };

	for (size_t i = 0; i < s->config_count; i++) {
		if (s->configs[i].valid_count == 0)
			add(&none, s->configs[i].number);
		else if (s->configs[i].valid_count == 1)
			add(&one, s->configs[i].number);
	}
	if (s->config_count == 0)
		ep_summary_note(p->s, "no run has been made yet");
	if (none.count > 0)
		ep_summary_note(
			p->s,
			"%zu of %zu configuration%s no run that counts: "
			"%s",
			none.count, s->config_count,
			s->config_count == 1 ? " has" : "s have", none.text);
	if (one.count > 0)
		ep_summary_note(p->s,
				"one run counts of %zu configuration%s (%s): "
				"their run-to-run spread is unknown, and they "
				"cannot be compared with others",
				one.count, plural(one.count), one.text);
}

/* A phase that some configurations have and others do not. */
static void say_phases(const struct ep_summary_parser *p)
{
	const struct ep_summary *s = p->s;

	for (size_t i = 0; i < p->phase_count; i++) {
		struct list lack = { .count = 0 };
		size_t have = 0;

		for (size_t c = 0; c < s->config_count; c++) {
			bool has = (p->config_phases[c] >> i & 1) != 0;

			have += has;
			if (!has && s->configs[c].valid_count > 0)
				add(&lack, s->configs[c].number);
		}
		if (have > 0 && lack.count > 0)
			ep_summary_note(
				p->s,
				"no phase \"%s\" in configuration%s %s, "
				"which others have",
				p->phases[i], plural(lack.count), lack.text);
	}
}

void ep_summary_doubts(const struct ep_summary_parser *p)
{
	say_numbers(p);
	say_machines(p);
	say_few(p);
	say_phases(p);
}
