/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_PLACE_H
#define EP_RUNNERS_DEMO_PLACE_H

#include "runners/demo/error.h"

#include <stdbool.h>

#define INFER_PATH_BYTES 4096

/* Where the model lies when none is named. */
struct infer_place {
	char path[INFER_PATH_BYTES];
	char folder[INFER_PATH_BYTES];
	bool passing; /* in a private folder that infer_place_done() removes */
};

/*
 * $XDG_CACHE_HOME/edgeprof/demo-model.bin, else below ~/.cache; where neither
 * can be written, a new folder below $TMPDIR or /tmp.  Makes the folder.
 */
int infer_place_find(struct infer_place *ret, struct infer_err *err);
void infer_place_done(struct infer_place *p);

#endif
