/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_ATTACHED_H
#define EP_PROFILER_RECORD_ATTACHED_H

#include "profiler/record/session.h"

#include <jansson.h>

/* --attach and --client: what is measured runs already. */

/* Whom; before there is a folder.  -errno with what to do. */
int ep_session_find_attached(struct ep_session *s,
			     struct ep_err *err) EP_MUST_CHECK;
/* Makes it env's target; its number, or 0 when it cannot be measured, which is
 * told. */
pid_t ep_session_measure_attached(struct ep_session *s);
/* Counters of the command beside it, in a slot of their own. */
int ep_session_count_client(struct ep_session *s,
			    struct ep_err *err) EP_MUST_CHECK;
void ep_manifest_add_attached(const struct ep_session *s, json_t *o);

#endif
