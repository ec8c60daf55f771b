/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A run folder: run.json, events.csv, sensors/s.csv, ticks.csv, sensors/t.csv,
 * one after the other, parted by lines "%%". */
#include "base/file.h"
#include "profiler/analyze/analyze.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const names[] = { "run.json", "events.csv", "sensors/s.csv",
				     "ticks.csv", "sensors/t.csv" };
#define NAME_COUNT (sizeof(names) / sizeof(names[0]))

static char path[] = "/tmp/ep-fuzz-XXXXXX";
static int dir_fd = -1;

static void clean_up(void)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		(void)unlinkat(dir_fd, names[i], 0);
	(void)unlinkat(dir_fd, "sensors", AT_REMOVEDIR);
	(void)rmdir(path);
}

static void make_folder(void)
{
	if (!mkdtemp(path))
		abort();
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0 || mkdirat(dir_fd, "sensors", 0700) < 0 ||
	    atexit(clean_up) != 0)
		abort();
}

static void write_part(size_t i, const uint8_t *data, size_t size)
{
	int fd = openat(dir_fd, names[i],
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ep_file_write_all(fd, data, size) < 0)
		abort();
	(void)close(fd);
}

static void write_parts(const uint8_t *data, size_t size)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		const uint8_t *end =
			size ? memmem(data, size, "\n%%\n", 4) : NULL;
		size_t len = end ? (size_t)(end - data) + 1 : size;

		write_part(i, data, len);
		data += end ? len + 3 : len;
		size -= end ? len + 3 : len;
	}
}

static double duration_of(const struct ep_row *row)
{
	const struct ep_metric *m = ep_row_metric(row, "duration_s");

	if (!m || !(m->value > 0))
		abort();
	return m->value;
}

/* Phases, gaps and tail are the run, to the nanosecond. */
static void check(const struct ep_report *r)
{
	double sum = 0;

	if (r->total_count == 0 || r->phase_count == 0)
		abort();
	for (size_t i = 0; i + 1 < r->total_count; i++)
		sum += duration_of(&r->totals[i]);
	if (fabs(sum - r->duration_s) > 1e-9 * (1 + r->duration_s))
		abort();
	for (size_t i = 0; i < r->phase_count; i++)
		for (size_t m = 0; m < r->phases[i].metric_count; m++) {
			const struct ep_metric *one = &r->phases[i].metrics[m];

			if ((one->status == EP_STATUS_NOT_MEASURED) !=
			    (isnan(one->value) != 0))
				abort();
		}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ep_report *r = NULL;
	struct ep_err err = { 0 };
	int trace_fd = -1, code;

	if (dir_fd < 0)
		make_folder();
	write_parts(data, size);
	if (size % 4 == 0)
		trace_fd = memfd_create("trace", MFD_CLOEXEC);
	code = ep_analyze_run(dir_fd, trace_fd, &r, &err);
	if (code < 0 && (r || err.text[0] == '\0'))
		abort();
	if (code == 0)
		check(r);
	ep_report_free(r);
	if (trace_fd >= 0)
		(void)close(trace_fd);
	return 0;
}
