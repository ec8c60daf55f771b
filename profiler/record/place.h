/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_PLACE_H
#define EP_PROFILER_RECORD_PLACE_H

#include "base/err.h"
#include "base/spawn.h"

/* Where the program and where edgeprof itself run; NULL: as the kernel likes. */
struct ep_place {
	const char *pin;	 /* a list of CPUs for the program */
	const char *sampler_cpu; /* one CPU for edgeprof, or "auto" */
};

/*
 * Gives the program (through the state it gets back) and this process their
 * CPUs.  "auto" is the highest CPU that the program may not use; without --pin,
 * or when it may use all, there is none and note says so (else ""), as a
 * sentence of at most size - 1 bytes.  -EINVAL, -ERANGE with the CPUs there are.
 * Call before any thread is made.
 */
int ep_place_apply(const struct ep_place *place, struct ep_process_state *state,
		   char *ret_note, size_t size,
		   struct ep_err *err) EP_MUST_CHECK;

#endif
