/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_DEMO_CHECK_H
#define EP_RUNNERS_DEMO_CHECK_H

#include "runners/demo/error.h"
#include "runners/demo/weights.h"

#include <stdio.h>

/*
 * Checks the arithmetic against plain formulas and the model against itself;
 * one line "ok NAME" or "not ok NAME: why" each.  Returns how many failed, or
 * a negative errno when it could not run.
 */
int infer_check_run(const struct infer_weights *w, FILE *out,
		    struct infer_err *err);

#endif
