/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/place.h"

#include <errno.h>
#include <string.h>

#include "base/cpus.h"
#include "base/str.h"

/* A list within what this process was allowed when it started. */
static int parse_allowed(const char *option, const char *text,
			 const cpu_set_t *allowed, cpu_set_t *ret,
			 struct ep_err *err)
{
	char there[256] = "";
	cpu_set_t set, common;
	int r = ep_cpus_parse(text, &set);

	(void)ep_cpus_format(allowed, there, sizeof(there));
	if (r == -EINVAL)
		return ep_err_set(err, r,
				  "%s: '%.40s' is not a list of CPUs: write it "
				  "like 0-2 or 1,3",
				  option, text);
	if (r == 0) {
		CPU_AND(&common, &set, allowed);
		r = CPU_EQUAL(&common, &set) ? 0 : -ERANGE;
	}
	if (r < 0)
		return ep_err_set(err, r,
				  "%s: not every CPU of %.40s is there: "
				  "programs started here may use %s",
				  option, text, there);
	*ret = set;
	return 0;
}

/* The highest CPU that is allowed here and not the program's. */
static bool choose_free(const cpu_set_t *allowed, const cpu_set_t *program,
			cpu_set_t *ret)
{
	for (size_t cpu = CPU_SETSIZE; cpu-- > 0;)
		if (CPU_ISSET(cpu, allowed) && !CPU_ISSET(cpu, program)) {
			CPU_ZERO(ret);
			CPU_SET(cpu, ret);
			return true;
		}
	return false;
}

static int take_cpus(const cpu_set_t *own, struct ep_err *err)
{
	if (sched_setaffinity(0, sizeof(*own), own) == 0)
		return 0;
	return ep_err_set(err, -errno, "--sampler-cpu: %s", strerror(errno));
}

int ep_place_apply(const struct ep_place *place, struct ep_process_state *state,
		   char *ret_note, size_t size, struct ep_err *err)
{
	cpu_set_t program = state->affinity, own;
	bool automatic =
		place->sampler_cpu && strcmp(place->sampler_cpu, "auto") == 0;
	int r = 0;

	ret_note[0] = '\0';
	if (place->pin)
		r = parse_allowed("--pin", place->pin, &state->affinity,
				  &program, err);
	if (r == 0 && place->sampler_cpu && !automatic) {
		r = parse_allowed("--sampler-cpu", place->sampler_cpu,
				  &state->affinity, &own, err);
		if (r == 0)
			r = take_cpus(&own, err);
	}
	if (r == 0 && automatic) {
		if (choose_free(&state->affinity, &program, &own))
			r = take_cpus(&own, err);
		else
			(void)ep_str_copy(
				ret_note, size,
				place->pin
					? "--sampler-cpu auto: --pin leaves "
					  "no CPU free; edgeprof shares the "
					  "program's"
					: "--sampler-cpu auto: without --pin "
					  "the program may use every CPU; "
					  "edgeprof runs where the kernel "
					  "puts it");
	}
	if (r == 0)
		state->affinity = program;
	return r;
}
