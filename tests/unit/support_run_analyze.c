/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "profiler/analyze/analyze.h"

struct ep_report *support_run_analyze(const struct support_run *run)
{
	struct support_folder folder;
	struct ep_report *report = NULL;
	struct ep_err err = { 0 };

	support_run_make(run, &folder);
	if (ep_analyze_run(folder.fd, -1, &report, &err) < 0)
		fail_msg("%s", err.text);
	support_run_remove(&folder);
	return report;
}

char *support_run_trace(const struct support_folder *folder,
			struct ep_report **ret_report)
{
	FILE *out = tmpfile();
	struct ep_report *report = NULL;
	struct ep_err err = { 0 };
	size_t size;
	char *text;

	assert_non_null(out);
	if (ep_analyze_run(folder->fd, fileno(out), &report, &err) < 0)
		fail_msg("%s", err.text);
	size = (size_t)lseek(fileno(out), 0, SEEK_END);
	text = malloc(size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fileno(out), text, size, 0), size);
	text[size] = '\0';
	(void)fclose(out);
	if (ret_report)
		*ret_report = report;
	else
		ep_report_free(report);
	return text;
}

static const struct ep_row *find_row(const struct ep_row *rows, size_t count,
				     const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].phase.name, name) == 0)
			return &rows[i];
	fail_msg("no row '%s'", name);
	return NULL;
}

const struct ep_row *support_phase(const struct ep_report *report,
				   const char *name)
{
	return find_row(report->phases, report->phase_count, name);
}

const struct ep_row *support_total(const struct ep_report *report,
				   const char *name)
{
	return find_row(report->totals, report->total_count, name);
}

const struct ep_metric *support_metric(const struct ep_row *row,
				       const char *name)
{
	const struct ep_metric *m = ep_row_metric(row, name);

	if (!m)
		fail_msg("no metric '%s' in '%s'", name, row->phase.name);
	return m;
}

void support_near(double a, double b, double tolerance)
{
	if (!(fabs(a - b) <= tolerance))
		fail_msg("%.12g is not within %.3g of %.12g", a, tolerance, b);
}

bool support_warned(const struct ep_report *report, const char *code)
{
	for (size_t i = 0; i < report->warning_count; i++)
		if (strcmp(report->warnings[i].code, code) == 0)
			return true;
	return false;
}
