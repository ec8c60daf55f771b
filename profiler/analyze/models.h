/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_MODELS_H
#define EP_PROFILER_ANALYZE_MODELS_H

#include "profiler/analyze/run.h"

/* What became known of the files in model_files after the run: sha256, or
 * reason. */
void ep_models_join(struct ep_run *run);

#endif
