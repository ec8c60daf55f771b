/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_ASSOCIATE_H
#define EP_PROFILER_ANALYZE_ASSOCIATE_H

#include "profiler/analyze/analysis.h"

#define EP_ASSOCIATE_WINDOWS_MIN 20

/* generation and associations of a->report, whose rows and channels are made.
 * -ENOMEM. */
int ep_generation_make(struct ep_analysis *a) EP_MUST_CHECK;
int ep_associations_make(struct ep_analysis *a) EP_MUST_CHECK;
void ep_associations_free(struct ep_associations *s);

/* Between updates of the slowest channel of a meter, seconds; 0 it has none. */
double ep_meter_update_s(const struct ep_meter *m);

#endif
