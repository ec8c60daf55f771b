/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/compare.h"

/* What belongs together: two runs of one command on two boards differ in many
 * facts, and in one thing. */
enum family {
	WHAT_RAN,
	MACHINE,
	KERNEL,
	GOVERNOR,
	SETTINGS,
	TOOL,
	INTERVAL,
	IDLE,
	FAMILIES,
};

/* What report.json says of a run that another run should share. */
static const struct {
	const char *label, *object, *key; /* object NULL: of the run itself */
	enum family family;
	const char *factor; /* of a study, that changes it */
} facts[] = {
	{ "board", "board", "name", MACHINE, NULL },
	{ "serial number of the board", "board", "serial_hash", MACHINE, NULL },
	{ "firmware", "board", "firmware", MACHINE, NULL },
	{ "host", "host", "name", MACHINE, NULL },
	{ "processor", "host", "machine", MACHINE, NULL },
	{ "online CPUs", "host", "cpus_online", MACHINE, "cpus" },
	{ "sensors of the total", "total", "channels", MACHINE, NULL },
	{ "calibration", NULL, "calibration", MACHINE, NULL },
	{ "kernel", "host", "kernel", KERNEL, NULL },
	{ "governor", NULL, "governor", GOVERNOR, "governor" },
	{ "runner", NULL, "runner", WHAT_RAN, "runner" },
	{ "model", NULL, "model", WHAT_RAN, NULL },
	{ "requests", NULL, "drive", WHAT_RAN, NULL },
	{ "command", NULL, "command", WHAT_RAN, NULL },
	{ "threads", "options", "threads", WHAT_RAN, "threads" },
	{ "pin", "options", "pin", SETTINGS, "pin" },
	{ "version of edgeprof", NULL, "version", TOOL, NULL },
	{ "sampling interval", NULL, "interval_ns", INTERVAL, "interval" },
	{ "length of the baseline", NULL, "idle_ns", IDLE, "idle" },
};
#define FACT_COUNT (sizeof(facts) / sizeof(facts[0]))

struct differences {
	char text[300];
	bool families[FAMILIES];
};

static void add(struct differences *d, enum family family, const char *label)
{
	size_t used = strlen(d->text);

	(void)ep_str_format(d->text + used, sizeof(d->text) - used, "%s%s",
			    used ? ", " : "", label);
	d->families[family] = true;
}

/* NULL: unknown; free(). */
static char *fact_of(const struct ep_source *s, size_t fact)
{
	const json_t *o = facts[fact].object
				  ? json_object_get(s->run, facts[fact].object)
				  : s->run;
	const json_t *value = json_object_get(o, facts[fact].key);

	if (!value || json_is_null(value))
		return NULL;
	return json_dumps(value,
			  JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
}

static bool fact_differs(const struct ep_source *a, const struct ep_source *b,
			 size_t fact)
{
	char *mine = fact_of(a, fact), *other = fact_of(b, fact);
	bool differs = mine && other && strcmp(mine, other) != 0;

	free(mine);
	free(other);
	return differs;
}

/* A file of the same name with another content; other names stand in the
 * command. */
static bool model_differs(const struct ep_source *a, const struct ep_source *b,
			  size_t fact)
{
	const json_t *x = json_object_get(a->run, "model_files");
	const json_t *y = json_object_get(b->run, "model_files");

	(void)fact;
	for (size_t i = 0; i < json_array_size(x); i++)
		for (size_t k = 0; k < json_array_size(y); k++) {
			const json_t *one = json_array_get(x, i);
			const json_t *two = json_array_get(y, k);
			const json_t *hash = json_object_get(one, "sha256");
			const json_t *other = json_object_get(two, "sha256");

			if (json_equal(json_object_get(one, "path"),
				       json_object_get(two, "path")) &&
			    json_is_string(hash) && json_is_string(other) &&
			    !json_equal(hash, other))
				return true;
		}
	return false;
}

/* What was asked of a thing that edgeprof set; NULL: nothing was. */
static const json_t *setting_of(const struct ep_source *s, const char *what)
{
	const json_t *list = json_object_get(s->run, "environment");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *name =
			json_string_value(json_object_get(o, "what"));

		if (name && strcmp(name, what) == 0)
			return json_object_get(o, "asked");
	}
	return NULL;
}

/* Set in one and not, or otherwise, in the other: which; NULL: none. */
static const char *setting_differs(const struct ep_source *a,
				   const struct ep_source *b)
{
	const json_t *list = json_object_get(a->run, "environment");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *what =
			json_string_value(json_object_get(o, "what"));
		const json_t *other = what ? setting_of(b, what) : NULL;

		if (what &&
		    (!other || !json_equal(json_object_get(o, "asked"), other)))
			return what;
	}
	return NULL;
}

typedef bool differs_fn(const struct ep_source *a, const struct ep_source *b,
			size_t fact);

/* The first run of each group against all of the others: within a group they
 * are compared with those where they differ. */
static bool any_differ(const struct ep_compare_work *w, differs_fn *differ,
		       size_t fact)
{
	const struct ep_source *list = w->seen.list;

	for (size_t i = 0; i < w->seen.source_count; i++) {
		if (i > 0 && list[i].group == list[i - 1].group)
			continue;
		for (size_t k = 0; k < w->seen.source_count; k++)
			if (list[k].group != list[i].group &&
			    differ(&list[i], &list[k], fact))
				return true;
	}
	return false;
}

/* A study sets its factors by the command or by name. */
static bool is_under_test(const struct ep_compare_work *w, size_t fact)
{
	const char *by = w->o->by;

	if (!by)
		return false;
	/* Boards are compared: what makes them different ones is meant. */
	if (facts[fact].family == MACHINE &&
	    (strcmp(by, "host") == 0 || strcmp(by, "board_serial") == 0))
		return true;
	return strcmp(facts[fact].label, "command") == 0 ||
	       strcmp(facts[fact].label, "model") == 0 ||
	       strcmp(facts[fact].label, "requests") == 0 ||
	       (facts[fact].factor && strcmp(facts[fact].factor, by) == 0);
}

/* Those of a study are its factors, which are looked at by themselves. */
static void add_settings(const struct ep_compare_work *w, struct differences *d)
{
	const struct ep_source *list = w->seen.list;
	const char *what = NULL;

	for (size_t i = 0; !w->o->by && i < w->seen.source_count; i++)
		for (size_t k = 0; !what && k < w->seen.source_count; k++)
			if (list[k].group != list[i].group)
				what = setting_differs(&list[i], &list[k]);
	if (what)
		add(d, strstr(what, "governor") ? GOVERNOR : SETTINGS, what);
}

static void compare_facts(struct ep_compare_work *w)
{
	struct differences d = { .text = "" };
	size_t count = 0, allowed = w->o->by ? 0 : 1;

	for (size_t f = 0; f < FACT_COUNT; f++)
		if (!is_under_test(w, f) && any_differ(w, fact_differs, f))
			add(&d, facts[f].family, facts[f].label);
	add_settings(w, &d);
	for (size_t i = 0; i < FAMILIES; i++)
		count += d.families[i];
	if (count > allowed)
		ep_compare_say(&w->warnings,
			       "the groups differ in %s%s: what made a "
			       "difference is open",
			       d.text,
			       w->o->by ? ", not only in what is compared"
					: "");
	if (any_differ(w, model_differs, 0))
		ep_compare_say(&w->warnings,
			       "the groups differ in the content of a model "
			       "file of the same name (model_files in "
			       "report.json has its SHA-256)");
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
