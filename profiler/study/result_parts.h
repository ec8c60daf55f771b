/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_STUDY_RESULT_PARTS_H
#define EP_PROFILER_STUDY_RESULT_PARTS_H

#include "profiler/study/result.h"

/* Only for result*.c. */

/* What a report says of phases, of the run and of requests, each metric with
 * its value.  -ENOMEM, -EFBIG, -EBADMSG a name too long. */
int ep_result_add_figures(struct ep_result *r,
			  const json_t *report) EP_MUST_CHECK;

#endif
