/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/finish.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "profiler/analyze/analyze.h"
#include "profiler/report/render.h"

#define TRACE "trace.csv"

static int not_written(struct ep_err *err, int code)
{
	const char *why = code == -EROFS || code == -EACCES || code == -EPERM
				  ? "the folder is read-only"
				  : "the folder cannot be written";

	return ep_err_set(err, code,
			  "%s (%s): trace.csv, phases.csv, tokens.csv, "
			  "requests.csv and report.json were left as they are",
			  why, strerror(-code));
}

/* Failures that lie in what was recorded, not in what is written. */
static bool is_bad_run(int code)
{
	return code == -ENOENT || code == -EBADMSG || code == -ENODATA;
}

/*
 * Analyzes and makes trace.csv on the way.  When writing fails the run is
 * analyzed again without it.  *ret_code is why trace.csv could not be made, or
 * 0.
 */
static int analyze_with_trace(int dir_fd, struct ep_report **ret, int *ret_code,
			      struct ep_err *err)
{
	struct ep_file_draft draft;
	int r, code = ep_file_draft_begin(&draft, dir_fd, TRACE);

	if (code == 0) {
		ep_report_own(dir_fd, draft.fd);
		code = ep_analyze_run(dir_fd, draft.fd, ret, err);
		if (code == 0) {
			*ret_code = ep_file_draft_commit(&draft);
			return 0;
		}
		ep_file_draft_abandon(&draft);
		if (is_bad_run(code))
			return code;
	}
	r = ep_analyze_run(dir_fd, -1, ret, err);
	if (r == 0)
		*ret_code = code;
	return r;
}

int ep_finish_folder(int dir_fd, bool *ret_written, struct ep_report **ret,
		     struct ep_err *err)
{
	struct ep_err local = { 0 }, *e = err ? err : &local;
	bool current = ep_report_trace_is_current(dir_fd);
	struct ep_report *report = NULL;
	int r, code = 0;

	e->text[0] = '\0';
	if (current)
		r = ep_analyze_run(dir_fd, -1, &report, e);
	else
		r = analyze_with_trace(dir_fd, &report, &code, e);
	if (r < 0)
		return r;
	e->text[0] = '\0';
	if (code == 0)
		code = ep_report_write_files(dir_fd, report, e);
	if (code == 0 && !current)
		ep_report_trace_done(dir_fd);
	if (code < 0)
		(void)not_written(e, code);
	*ret_written = code == 0;
	*ret = report;
	return 0;
}
