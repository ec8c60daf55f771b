/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/compare.h"

/* What report.json says of a run that another run should share. */
static const struct {
	const char *label, *object, *key; /* object NULL: of the run itself */
} facts[] = {
	{ "board", "board", "name" },
	{ "serial of the board", "board", "serial" },
	{ "firmware", "board", "firmware" },
	{ "host", "host", "name" },
	{ "kernel", "host", "kernel" },
	{ "online CPUs", "host", "cpus_online" },
	{ "governor", NULL, "governor" },
	{ "model", NULL, "model" },
	{ "SHA-256 of the model", NULL, "model_sha256" },
	{ "runner", NULL, "runner" },
	{ "version of edgeprof", NULL, "version" },
	{ "sampling interval", NULL, "interval_ns" },
	{ "sensors of the total", "total", "channels" },
	{ "command", NULL, "command" },
};
#define FACT_COUNT (sizeof(facts) / sizeof(facts[0]))

/* NULL: unknown; free(). */
static char *fact_of(const struct ep_source *s, size_t fact)
{
	const json_t *o = facts[fact].object
				  ? json_object_get(s->run, facts[fact].object)
				  : s->run;
	const json_t *value = json_object_get(o, facts[fact].key);

	if (!value || json_is_null(value))
		return NULL;
	return json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
}

static bool other_group_differs(const struct ep_compare_work *w, size_t fact,
				size_t source)
{
	const struct ep_source *list = w->seen.list;
	char *mine = fact_of(&list[source], fact), *other;
	bool differs = false;

	for (size_t i = 0; !differs && mine && i < w->seen.source_count; i++) {
		if (list[i].group == list[source].group)
			continue;
		other = fact_of(&list[i], fact);
		differs = other && strcmp(mine, other) != 0;
		free(other);
	}
	free(mine);
	return differs;
}

/* A study sets its factors by the command or by name. */
static bool is_under_test(const struct ep_compare_work *w, size_t fact)
{
	return w->o->by && (strcmp(facts[fact].label, "command") == 0 ||
			    strcmp(facts[fact].label, w->o->by) == 0);
}

static void compare_facts(struct ep_compare_work *w)
{
	char text[300] = "";
	size_t count = 0, allowed = w->o->by ? 0 : 1;

	for (size_t f = 0; f < FACT_COUNT; f++) {
		bool differs = false;
		size_t used = strlen(text);

		/* The first of each group is enough: others of the group are
		 * compared with it where they differ. */
		for (size_t i = 0; !differs && i < w->seen.source_count; i++)
			differs =
				(i == 0 || w->seen.list[i].group !=
						   w->seen.list[i - 1].group) &&
				other_group_differs(w, f, i);
		if (!differs || is_under_test(w, f))
			continue;
		(void)ep_str_format(text + used, sizeof(text) - used, "%s%s",
				    used ? ", " : "", facts[f].label);
		count++;
	}
	if (count > allowed)
		ep_compare_say(
			&w->warnings,
			"the groups differ in %s%s: what made a "
			"difference is open",
			text, w->o->by ? ", not only in what is compared" : "");
}

/* Factors of the study that vary beside the one that is compared. */
static void compare_factors(struct ep_compare_work *w)
{
	static const char *const about[] = { "study_id", "config",
					     "run",	 "order",
					     "host",	 "board_serial" };
	const struct ep_table *t = &w->seen.table;

	for (size_t c = 0; w->o->by && c < t->column_count; c++) {
		const char *name = t->columns[c].name, *first = NULL;
		bool skip = strchr(name, '.') || strcmp(name, w->o->by) == 0;

		for (size_t i = 0; i < sizeof(about) / sizeof(about[0]); i++)
			skip |= strcmp(name, about[i]) == 0;
		for (size_t i = 0; !skip && i < t->row_count; i++) {
			const char *text = ep_table_get(t, i, c);

			if (w->seen.groups[i] == EP_TABLE_NONE)
				continue;
			if (!first)
				first = text;
			if (strcmp(first, text) == 0)
				continue;
			ep_compare_say(&w->warnings,
				       "%s varies too; --where %s=%s compares "
				       "at one value of it",
				       name, name, first);
			skip = true;
		}
	}
}

static double mean_of(const struct ep_compare_work *w, size_t column,
		      size_t group)
{
	const struct ep_table *t = &w->seen.table;
	double sum = 0, value;
	size_t count = 0;

	for (size_t i = 0; i < t->row_count; i++)
		if (w->seen.groups[i] == group &&
		    ep_num_parse_f64(ep_table_get(t, i, column), &value) == 0) {
			sum += value;
			count++;
		}
	return count ? sum / (double)count : (double)NAN;
}

/* Energy per request and action per token grow with the length of answers. */
static void compare_tokens(struct ep_compare_work *w)
{
	static const char *const columns[] = { "generation.tokens",
					       "prefill.tokens", "eval_count",
					       "prompt_eval_count" };

	for (size_t k = 0; k < sizeof(columns) / sizeof(columns[0]); k++) {
		size_t c = ep_table_find(&w->seen.table, columns[k]);
		double base;

		if (c == EP_TABLE_NONE)
			continue;
		base = mean_of(w, c, w->baseline);
		for (size_t g = 0; g < w->group_count; g++) {
			double mean = mean_of(w, c, g);

			if (!(fabs(mean - base) > 0.01 * fabs(base)))
				continue;
			ep_compare_say(
				&w->warnings,
				"%s: %.4g in %s, %.4g in %s: energies per "
				"request and action per token grow with it",
				columns[k], base, w->group_names[w->baseline],
				mean, w->group_names[g]);
		}
	}
}

void ep_compare_facts(struct ep_compare_work *w)
{
	compare_facts(w);
	compare_factors(w);
	compare_tokens(w);
}
