/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_RUNNERS_WORKFLOW_RUN_H
#define EP_RUNNERS_WORKFLOW_RUN_H

#include "runners/client.h"
#include "runners/workflow.h"

/* Are all models there?  Before the gate. */
int ep_workflow_ready(struct ep_client *c, struct ep_err *err) EP_MUST_CHECK;
/*
 * All rounds of c->drive->steps.  A step that fails ends its round, and what
 * of it was not run is told; c->failed_count counts.  0, -EINTR when stopped,
 * or why nothing more can be asked.
 */
int ep_workflow_drive(struct ep_client *c) EP_MUST_CHECK;

/*
 * A file, command or pause.  Its text into ret, which has its maximum.
 * -EINTR when stop_fd is readable; else -errno with a sentence: -EFBIG,
 * -EILSEQ no UTF-8, -ETIMEDOUT, -ECHILD a status that is not 0 ...
 */
int ep_workflow_ingest(const struct ep_step *s, const char *input, int stop_fd,
		       struct ep_buf *ret, struct ep_err *err) EP_MUST_CHECK;

#endif
