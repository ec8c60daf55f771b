/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_MANIFEST_OPTIONS_H
#define EP_PROFILER_RECORD_MANIFEST_OPTIONS_H

#include "profiler/record/session.h"

#include <jansson.h>

/*
 * Adds "options" to run.json's object: what was asked about threads and CPUs,
 * and what came of it: threads, pin, sampler_cpu, program_cpus, edgeprof_cpus,
 * events.  Only what was asked is there; without any, no "options".
 */
void ep_manifest_add_options(const struct ep_session *s, json_t *o);
/* Adds "cpufreq": governor and limits of every policy as they are during the
 * run; nothing where the board has none. */
void ep_manifest_add_cpufreq(const struct ep_session *s, json_t *o);
/* Adds "labels": what --label said, by name; without any, nothing. */
void ep_manifest_add_labels(const struct ep_record_options *p, json_t *o);

#endif
