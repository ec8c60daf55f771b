/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/environment.h"

#include <string.h>

#include "base/str.h"

static const struct ep_event *find_restore(const struct ep_run *run,
					   const char *what)
{
	/* Where one thing was set twice, the last restore is the first's. */
	for (size_t i = run->event_count; i-- > 0;)
		if (strcmp(run->events[i].event, "restore") == 0 &&
		    strcmp(run->events[i].source, what) == 0)
			return &run->events[i];
	return NULL;
}

static void join(const struct ep_run *run, json_t *entry)
{
	static const char *const words[] = { "restored", "kept", "gone",
					     "unrestored" };
	const char *what = json_string_value(json_object_get(entry, "what"));
	const char *state = json_string_value(json_object_get(entry, "state"));
	const struct ep_event *e;
	const char *note = "", *back = "unknown";

	if (!what || !state || strcmp(state, "set") != 0)
		return;
	e = find_restore(run, what);
	for (size_t i = 0; e && i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]);

		if (!ep_str_starts(e->text, words[i]) ||
		    strncmp(e->text + len, ": ", 2) != 0)
			continue;
		back = words[i];
		note = e->text + len + 2;
	}
	(void)json_object_set_new(entry, "back", json_string(back));
	(void)json_object_set_new(entry, "back_note", json_string(note));
}

void ep_environment_join(struct ep_run *run)
{
	json_t *list = json_object_get(run->json, "environment");
	size_t i;
	json_t *entry;

	json_array_foreach(list, i, entry) if (json_is_object(entry))
		join(run, entry);
}
