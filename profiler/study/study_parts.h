/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_STUDY_PARTS_H
#define EP_PROFILER_STUDY_STUDY_PARTS_H

#include "profiler/study/study.h"

/* Only for study*.c and the options of `edgeprof sweep`. */

/* An option of `edgeprof run` that may have several values in a study. */
struct ep_factor_option {
	const char *name;   /* "gpu-layers" */
	const char *option; /* "--gpu-layers" */
	bool whole;	    /* takes whole numbers: 1-4 is a range */
	bool flag;	    /* takes no value: levels are yes and no */
};
extern const struct ep_factor_option ep_factor_options[]; /* name NULL ends */
const struct ep_factor_option *ep_factor_option_find(const char *name);

/* "a,b", "1-4", "1..4:2" to levels; words freed by ep_words_free. */
int ep_factor_levels(const char *name, const char *text, bool whole,
		     char ***ret, struct ep_err *err) EP_MUST_CHECK;

/* One setting of a study by the name it has in a study file ("runs"): the same
 * parser for files and options.  -ENOENT no such name. */
int ep_study_set(struct ep_study *s, const char *name, const char *value,
		 struct ep_err *err) EP_MUST_CHECK;
/* Names of all of them; NULL-terminated. */
extern const char *const ep_study_settings[];

#endif
