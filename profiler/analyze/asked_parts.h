/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ASKED_PARTS_H
#define EP_PROFILER_ANALYZE_ASKED_PARTS_H

#include "profiler/analyze/asked.h"
#include "profiler/analyze/section.h"

/* The parts of asked*.c; nobody else includes this. */

int ep_asked_battery(struct ep_report *r, const struct ep_asked *q,
		     struct ep_err *err) EP_MUST_CHECK;
/* An hour must have room for what is asked: of several requests each is an
 * inference, else the run is.  -ERANGE with a sentence. */
int ep_asked_check_duty(const struct ep_report *r, const struct ep_asked *q,
			struct ep_err *err) EP_MUST_CHECK;
/* -ENOMEM. */
int ep_asked_reading(struct ep_report *r) EP_MUST_CHECK;
int ep_asked_cost(struct ep_report *r, const struct ep_asked *q) EP_MUST_CHECK;
int ep_asked_against(struct ep_report *r,
		     const struct ep_asked *q) EP_MUST_CHECK;
int ep_asked_break_even(struct ep_report *r,
			const struct ep_asked *q) EP_MUST_CHECK;

/* Output tokens of the run; -1 unknown. */
int64_t ep_report_output_tokens(const struct ep_report *r);

#endif
