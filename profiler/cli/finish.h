/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_FINISH_H
#define EP_PROFILER_CLI_FINISH_H

#include "base/err.h"
#include "profiler/analyze/model.h"

#include <stdbool.h>

/*
 * Computes a run folder's report from its raw part and brings the derived
 * files (trace.csv, phases.csv, tokens.csv, requests.csv, report.json) up to
 * date, each replaced atomically.  Used by run and report alike.
 *
 * *ret_written is false when the derived files are not on disk (read-only
 * folder, no room): the report is whole nevertheless, 0 is returned and err
 * says why nothing was written (err->text is "" when all went well).
 * Failure: what ep_analyze_run() returns, with its sentence.
 * The caller owns *ret and ends it with ep_report_free().
 */
int ep_finish_folder(int dir_fd, bool *ret_written, struct ep_report **ret,
		     struct ep_err *err) EP_MUST_CHECK;

#endif
