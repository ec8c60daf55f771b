/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/cli/check.h"

/* What a figure in watts or joules is of. */
static const struct {
	const char *label, *object, *key;
} facts[] = {
	{ "board", "board", "name" },
	{ "serial number of the board", "board", "serial_hash" },
	{ "sensors of the total", "total", "channels" },
};
#define FACT_COUNT (sizeof(facts) / sizeof(facts[0]))

static const json_t *fact_of(const struct ep_source *s, size_t fact)
{
	const json_t *value = json_object_get(
		json_object_get(s->run, facts[fact].object), facts[fact].key);

	return value && !json_is_null(value) ? value : NULL;
}

static const char *text_of(const json_t *value, char *ret, size_t size)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);

	(void)ep_str_format(ret, size, "%.60s", text ? text : "?");
	free(text);
	return ret;
}

static const struct ep_source *first_of(const struct ep_check_work *w,
					const struct ep_check_member *m)
{
	for (size_t i = 0; i < w->seen.source_count; i++)
		if (w->seen.list[i].group == m->id)
			return &w->seen.list[i];
	return NULL;
}

/* The first difference between what one run says and all runs of m. */
static void compare(struct ep_check_work *w, const struct ep_source *one,
		    const struct ep_check_member *m, bool within, size_t fact)
{
	char a[100], b[100], text[400];

	for (size_t i = 0; i < w->seen.source_count; i++) {
		const struct ep_source *other = &w->seen.list[i];
		const json_t *x = fact_of(one, fact);
		const json_t *y = fact_of(other, fact);

		if (other->group != m->id || !x || !y || json_equal(x, y))
			continue;
		(void)ep_str_format(
			text, sizeof(text),
			within ? "%.120s: not the same %s in all runs, %s and "
				 "%s: their mean is of neither"
			       : "%.120s: not the same %s as the baseline's, "
				 "%s there and %s here: limits and changes "
				 "mean different things",
			m->name, facts[fact].label, text_of(x, a, sizeof(a)),
			text_of(y, b, sizeof(b)));
		ep_check_warn(w, text);
		return;
	}
}

void ep_check_boards(struct ep_check_work *w, const struct ep_check_member *m,
		     const struct ep_check_member *base)
{
	const struct ep_source *own = first_of(w, m);
	const struct ep_source *other = base ? first_of(w, base) : NULL;

	for (size_t f = 0; f < FACT_COUNT; f++) {
		if (own && !base)
			compare(w, own, m, true, f);
		if (other)
			compare(w, other, m, false, f);
	}
}

void ep_check_warn(struct ep_check_work *w, const char *text)
{
	for (size_t i = 0; i < w->warnings.count; i++)
		if (strcmp(w->warnings.texts[i], text) == 0)
			return;
	ep_compare_say(&w->warnings, "%s", text);
}
