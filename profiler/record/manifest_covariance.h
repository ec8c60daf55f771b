/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_MANIFEST_COVARIANCE_H
#define EP_PROFILER_RECORD_MANIFEST_COVARIANCE_H

#include "sensors/board.h"

#include <jansson.h>

/* How well a calibration is known, and where, into its entry in run.json;
 * what the board file does not say is left out. */
void ep_manifest_covariance(json_t *o, const struct ep_board_calibration *c);

#endif
