/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_MANIFEST_MACHINE_H
#define EP_PROFILER_RECORD_MANIFEST_MACHINE_H

#include "base/root.h"

#include <jansson.h>

/* serial_hash and firmware into run.json's board; null, and why, where the
 * machine does not tell. */
void ep_manifest_add_machine(const struct ep_root *root, json_t *board);

#endif
