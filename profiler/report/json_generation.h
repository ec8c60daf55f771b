/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_JSON_GENERATION_H
#define EP_PROFILER_REPORT_JSON_GENERATION_H

#include "profiler/analyze/model.h"
#include "profiler/report/json_out.h"

/* "generation_profile" and "associations" of report.json. */
void ep_json_generation(struct ep_json_out *o, const struct ep_report *r);

#endif
