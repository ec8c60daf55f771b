/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PERF_PARTS_H
#define EP_DRIVERS_PERF_PARTS_H

#include "drivers/perf_names.h"

/* What the perf_*.c files share with each other; nobody else includes this. */

/* Adds one code; false past EP_PERF_CORES_MAX. */
bool ep_perf_code_add(struct ep_perf_event *event,
		      const struct ep_perf_code *code);
/* A config for every kind of core: its PMU's type, or RAW where one is all. */
void ep_perf_raw_everywhere(const struct ep_perf_pmus *pmus, uint64_t config,
			    struct ep_perf_event *ret);

/*
 * "pmu/terms/" without modifiers, split at the first slash.  -ENOENT when
 * there is no such PMU, -EINVAL with a sentence for a bad term.
 */
int ep_perf_pmu_event(const struct ep_perf_pmus *pmus, const char *pmu,
		      const char *terms, struct ep_perf_event *ret,
		      struct ep_err *err) EP_MUST_CHECK;
/* A name in events/ of the core PMUs; -ENOENT. */
int ep_perf_pmu_bare(const struct ep_perf_pmus *pmus, const char *name,
		     struct ep_perf_event *ret) EP_MUST_CHECK;

/* Takes away the numbers of Arm's common events that a PMU does not list in
 * events/: it opens them all the same, and what it does not implement reads 0. */
void ep_perf_pmu_prune(const struct ep_perf_pmus *pmus,
		       struct ep_perf_event *event);

/* libpfm4; -ENOENT when it does not know the name. */
int ep_perf_pfm_find(const struct ep_perf_pmus *pmus, const char *name,
		     struct ep_perf_event *ret) EP_MUST_CHECK;

/*
 * The architectural file: lines "0x11 cpu_cycles what it counts", '#' starts a
 * comment.  path NULL: searched where board files are.  -ENOENT when the file
 * or the name is absent, -EBADMSG for a broken line.
 */
int ep_perf_arch_find(const char *path, const char *name,
		      uint64_t *ret) EP_MUST_CHECK;
/* The PMUv3 number of a generic event, or -ENOENT. */
int ep_perf_arch_generic(uint32_t type, uint64_t config,
			 uint64_t *ret) EP_MUST_CHECK;

#endif
