/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/study_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "profiler/analyze/run.h"
#include "profiler/analyze/run_json.h"
#include "profiler/analyze/series.h"

#define RUNS "runs/"

/* The folder of a run below the study's, whatever results.csv says. */
static int open_run(int dir_fd, const char *folder)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY;
	int runs_fd, fd;

	if (!ep_str_starts(folder, RUNS) ||
	    !ep_rj_plain_name(folder + strlen(RUNS)))
		return -EINVAL;
	runs_fd = openat(dir_fd, "runs", flags);
	if (runs_fd < 0)
		return -errno;
	fd = openat(runs_fd, folder + strlen(RUNS), flags);
	fd = fd < 0 ? -errno : fd;
	(void)close(runs_fd);
	return fd;
}

static json_t *read_facts(int run_fd)
{
	int fd = ep_run_open_file(run_fd, NULL, "run.json");
	struct stat st;
	json_t *run = NULL;

	if (fd >= 0 && fstat(fd, &st) == 0 &&
	    st.st_size <= EP_RUN_JSON_BYTES_MAX)
		run = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	if (fd >= 0)
		(void)close(fd);
	return run;
}

/* Index of the resident set; -1 there is none. */
static ptrdiff_t find_resident(const struct ep_series_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (ep_str_ends(set->series[i].name, ".rss") &&
		    set->series[i].quantity == EP_SIZE_BYTES)
			return (ptrdiff_t)i;
	return -1;
}

static int copy(const struct ep_series_set *set, size_t series,
		struct ep_memory_line *ret)
{
	const struct ep_decimate *g = &set->grid;
	size_t group = g->stretch_count / EP_STUDY_MEMORY_STRETCHES + 1;
	size_t count = (g->stretch_count + group - 1) / group;

	ret->values = calloc(2 * count + 1, sizeof(*ret->values));
	if (!ret->values)
		return -ENOMEM;
	ret->start_s = set->start_s;
	ret->step_s =
		set->interval_s * (double)(g->rows_per_stretch * group) / 2;
	ret->count = 2 * count;
	for (size_t i = 0; i < count; i++) {
		double low = (double)NAN, high = (double)NAN;

		for (size_t k = i * group;
		     k < (i + 1) * group && k < g->stretch_count; k++) {
			const struct ep_extrema *e =
				ep_decimate_at(g, k, series);

			low = fmin(low, fmin(e->first, e->second));
			high = fmax(high, fmax(e->first, e->second));
		}
		ret->values[2 * i] = low;
		ret->values[2 * i + 1] = high;
	}
	return 0;
}

/* -ENODATA: it has none; *budget is what may still be read. */
static int read_line(int dir_fd, const char *folder, int64_t *budget,
		     struct ep_memory_line *ret)
{
	struct ep_report report = { .run = NULL };
	struct ep_series_set set = { .count = 0 };
	int fd = open_run(dir_fd, folder), r = 0;
	ptrdiff_t series = -1;
	struct stat st;

	if (fd < 0)
		return -ENODATA;
	if (fstatat(fd, "trace.csv", &st, AT_SYMLINK_NOFOLLOW) < 0)
		r = -ENODATA;
	else if (st.st_size > *budget)
		r = -E2BIG;
	if (r == 0) {
		*budget -= st.st_size;
		report.run = read_facts(fd);
		r = report.run ? ep_series_read_rows(fd, &report, &set)
			       : -ENODATA;
	}
	if (r == 0)
		series = find_resident(&set);
	if (r == 0)
		r = series < 0 ? -ENODATA : copy(&set, (size_t)series, ret);
	if (r == 0)
		(void)ep_str_copy(ret->folder, sizeof(ret->folder), folder);
	json_decref(report.run);
	ep_series_done(&set);
	(void)close(fd);
	return r;
}

/* The first run of the configuration that has it. */
static int read_config(int dir_fd, const struct ep_summary *s, int64_t *budget,
		       struct ep_memory_line *ret)
{
	int r = -ENODATA;

	for (int64_t i = 0; r == -ENODATA && i < s->run_count; i++)
		if (s->runs[i].valid &&
		    s->runs[i].config == s->configs[ret->config].number)
			r = read_line(dir_fd, s->runs[i].folder, budget, ret);
	return r;
}

int ep_study_memory_read(int dir_fd, const struct ep_summary *s,
			 struct ep_study_memory *ret)
{
	struct ep_study_memory m = { .count = 0 };
	int64_t budget = EP_STUDY_MEMORY_BYTES_MAX;
	int r = 0;

	m.lines = calloc(EP_STUDY_MEMORY_LINES_MAX, sizeof(*m.lines));
	if (!m.lines)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && s->runs && i < s->config_count; i++) {
		struct ep_memory_line *line = &m.lines[m.count];

		if (m.count == EP_STUDY_MEMORY_LINES_MAX) {
			m.more_count = s->config_count - i;
			break;
		}
		line->config = i;
		r = read_config(dir_fd, s, &budget, line);
		m.count += r == 0;
		m.without_count += r == -ENODATA;
		m.more_count += r == -E2BIG;
		r = r == -ENODATA || r == -E2BIG ? 0 : r;
	}
	if (r < 0) {
		ep_study_memory_done(&m);
		return r;
	}
	*ret = m;
	return 0;
}

void ep_study_memory_done(struct ep_study_memory *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		free(m->lines[i].values);
	free(m->lines);
	*m = (struct ep_study_memory){ .count = 0 };
}
