/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_SLURM_NODES_H
#define EP_PROFILER_STUDY_SLURM_NODES_H

#include "profiler/study/executor.h"

/* Only for slurm*.c. */

/* The check of the executor: nodes whose features hold the board's name. */
int ep_slurm_check(struct ep_executor *x, bool thorough,
		   struct ep_err *err) EP_MUST_CHECK;
/* "--constraint=..." or "-C" among them? */
bool ep_slurm_names_constraint(char *const *words);

#endif
