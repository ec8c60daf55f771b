/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest_options.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpus.h"
#include "base/str.h"
#include "drivers/cpufreq.h"

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

static void add_rules(json_t *o, const struct ep_record_options *p)
{
	json_t *rules = json_array();

	for (size_t i = 0; i < p->phase_rule_count; i++)
		json_array_append_new(rules, json_string(p->phase_rules[i]));
	if (p->phase_rule_count > 0)
		json_object_set_new(o, "phase_rules", rules);
	else
		json_decref(rules);
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
	if (p->full_rate)
		json_object_set_new(options, "full_rate", json_true());
	add_rules(options, p);
	if (json_object_size(options) > 0)
		json_object_set_new(o, "options", options);
	else
		json_decref(options);
}

void ep_manifest_add_cpufreq(const struct ep_session *s, json_t *o)
{
	struct ep_cpufreq_policy *policies =
		calloc(EP_CPUFREQ_POLICIES_MAX, sizeof(*policies));
	int count = policies ? ep_cpufreq_policies(&s->env.root, policies,
						   EP_CPUFREQ_POLICIES_MAX)
			     : 0;
	json_t *list = json_array();

	for (int i = 0; i < count; i++) {
		const struct ep_cpufreq_policy *p = &policies[i];

		json_array_append_new(
			list,
			json_pack("{s:i,s:s,s:s,s:I,s:I}", "policy", p->number,
				  "governor", p->governor, "driver", p->driver,
				  "min_hz", (json_int_t)p->min_hz, "max_hz",
				  (json_int_t)p->max_hz));
	}
	free(policies);
	if (json_array_size(list) > 0)
		json_object_set_new(o, "cpufreq", list);
	else
		json_decref(list);
}

void ep_manifest_add_labels(const struct ep_record_options *p, json_t *o)
{
	json_t *labels = json_object();

	for (size_t i = 0; i < p->label_count; i++) {
		size_t len = strcspn(p->labels[i], "=");
		char name[80];

		(void)ep_str_format(name, sizeof(name), "%.*s", (int)len,
				    p->labels[i]);
		json_object_set_new(labels, name,
				    json_string(p->labels[i] + len + 1));
	}
	if (p->label_count > 0)
		json_object_set_new(o, "labels", labels);
	else
		json_decref(labels);
}
