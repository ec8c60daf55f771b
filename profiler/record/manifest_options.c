/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest_options.h"

#include <sched.h>

#include "base/cpus.h"

static void add_text(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

/* "auto" and a busy machine's choice are told as what came of them. */
static void add_cpus(json_t *o, const char *key, const cpu_set_t *set)
{
	char text[256];

	if (ep_cpus_format(set, text, sizeof(text)))
		json_object_set_new(o, key, json_string(text));
}

void ep_manifest_add_options(const struct ep_session *s, json_t *o)
{
	const struct ep_record_options *p = s->options;
	json_t *options = json_object();
	cpu_set_t own;

	if (p->thread_count > 0)
		json_object_set_new(options, "threads",
				    json_integer(p->thread_count));
	add_text(options, "pin", p->place.pin);
	add_text(options, "sampler_cpu", p->place.sampler_cpu);
	if (p->place.pin)
		add_cpus(options, "program_cpus", &s->state->affinity);
	if (p->place.sampler_cpu &&
	    sched_getaffinity(0, sizeof(own), &own) == 0)
		add_cpus(options, "edgeprof_cpus", &own);
	add_text(options, "events", p->events);
	if (json_object_size(options) > 0)
		json_object_set_new(o, "options", options);
	else
		json_decref(options);
}
