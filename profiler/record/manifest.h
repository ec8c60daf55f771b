/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_MANIFEST_H
#define EP_PROFILER_RECORD_MANIFEST_H

#include "profiler/record/session.h"

/* Writes run.json: all that is known before the gate. */
int ep_manifest_write(struct ep_session *s, struct ep_err *err) EP_MUST_CHECK;

/*
 * The command with secrets replaced by "***": values of options and variables
 * whose name says key, token, password or secret, and Bearer headers.
 * The caller owns the array (json_decref).
 */
json_t *ep_manifest_command(char *const *argv);

#endif
