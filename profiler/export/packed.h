/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_EXPORT_PACKED_H
#define EP_PROFILER_EXPORT_PACKED_H

#include "base/err.h"
#include "base/tree.h"

#include <stdbool.h>

/* Which files of a folder are in its archive. */
#define EP_PACKED_ABOUT "archive.json"

enum ep_packed_kind {
	EP_PACKED_NOT,	    /* not ours, or a database, a lock, a draft */
	EP_PACKED_RAW,	    /* as it was recorded, or the study's plan */
	EP_PACKED_OUTPUT,   /* what the program printed */
	EP_PACKED_REPORT,   /* the figures that are checked */
	EP_PACKED_DERIVED,  /* made again from the raw files */
	EP_PACKED_ABOUT_IT, /* MANIFEST and archive.json */
};

/* path: relative to the folder; "runs/0001/events.csv" in one of a study. */
enum ep_packed_kind ep_packed_kind(const char *path, bool study);

#endif
