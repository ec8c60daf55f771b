/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/analyze/run.h"
#include "profiler/analyze/summary_parts.h"

#define STUDY_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define REPORT_BYTES_MAX ((size_t)256 * 1024 * 1024)
/* After so much no more of them are read. */
#define LOOK_BYTES_MAX ((size_t)16 * 1024 * 1024)
/* Reports that are read for what their totals cover. */
#define LOOKS_MAX 100

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* NULL when the file is not there or no JSON. */
static json_t *load_json(int dir_fd, const char *name, size_t bytes_max,
			 size_t *ret_bytes)
{
	struct ep_buf b;
	json_t *o = NULL;

	ep_buf_init(&b, bytes_max);
	if (ep_file_read(dir_fd, name, &b) >= 0 && b.data)
		o = json_loadb(b.data, b.len, 0, NULL);
	*ret_bytes += b.len;
	ep_buf_done(&b);
	return o;
}

/* Configurations, and runs of each, that it was to have; 0 not known, as in a
 * search, where they differ. */
static void read_plan(const json_t *study, int64_t *configs, int64_t *runs)
{
	const json_t *factors = json_object_get(study, "factors");

	*runs = json_integer_value(json_object_get(study, "runs"));
	*configs = 1;
	for (size_t i = 0; i < json_array_size(factors); i++) {
		size_t n = json_array_size(
			json_object_get(json_array_get(factors, i), "levels"));

		/* More than anybody runs. */
		if (n == 0 || n > 1000000 || *configs > 1000000)
			*runs = 0;
		else
			*configs *= (int64_t)n;
	}
	if (json_integer_value(json_object_get(study, "search")) != 0)
		*runs = 0;
}

static void say_unfinished(const json_t *study, struct ep_summary *s)
{
	int64_t configs, runs, done = 0;

	read_plan(study, &configs, &runs);
	for (size_t i = 0; i < s->config_count; i++)
		done += s->configs[i].valid_count >= runs;
	if (runs > 0 && done < configs)
		ep_summary_note(s,
				"not finished: %" PRId64 " of %" PRId64
				" configurations have their %" PRId64
				" valid run%s (edgeprof sweep DIR --resume "
				"goes on)",
				done, configs, runs, runs == 1 ? "" : "s");
}

static void take_study(int dir_fd, struct ep_summary *s)
{
	size_t bytes = 0;
	json_t *o = load_json(dir_fd, "study.json", STUDY_BYTES_MAX, &bytes);
	const json_t *study = json_object_get(o, "study");

	(void)ep_str_copy(s->title, sizeof(s->title), text_of(study, "title"));
	if (study)
		say_unfinished(study, s);
	json_decref(o);
}

/* Totals and versions of several kinds. */
struct look {
	bool versions_differ;
	size_t bytes;
};

static void keep_same(char *text, size_t size, const char *other)
{
	if (strncmp(text, other, size - 1) != 0)
		text[0] = '\0';
}

static void take_total(const json_t *report, struct ep_summary *s,
		       struct look *look)
{
	const json_t *total = json_object_get(report, "total");
	const json_t *run = json_object_get(report, "run");
	const char *name = text_of(total, "name");
	const char *coverage = text_of(total, "coverage");
	const char *host = text_of(json_object_get(run, "host"), "name");
	const char *board = text_of(json_object_get(run, "board"), "name");
	const char *version = text_of(run, "version");

	s->estimated |= json_is_true(json_object_get(total, "estimated"));
	if (s->look_count++ == 0) {
		(void)ep_str_copy(s->total_name, sizeof(s->total_name), name);
		(void)ep_str_copy(s->coverage, sizeof(s->coverage), coverage);
		(void)ep_str_copy(s->host, sizeof(s->host), host);
		(void)ep_str_copy(s->board, sizeof(s->board), board);
		(void)ep_str_copy(s->version, sizeof(s->version), version);
		s->resident =
			json_integer_value(json_object_get(
				json_object_get(run, "attach"), "pid")) > 0;
		return;
	}
	if (strncmp(name, s->total_name, sizeof(s->total_name) - 1) != 0 ||
	    strncmp(coverage, s->coverage, sizeof(s->coverage) - 1) != 0)
		s->totals_differ = true;
	keep_same(s->host, sizeof(s->host), host);
	keep_same(s->board, sizeof(s->board), board);
	if (strncmp(version, s->version, sizeof(s->version) - 1) != 0)
		look->versions_differ = true;
}

static void look_at(int runs_fd, const char *name, struct ep_summary *s,
		    struct look *look)
{
	int fd = openat(runs_fd, name,
			O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	json_t *report = fd < 0 ? NULL
				: load_json(fd, "report.json", REPORT_BYTES_MAX,
					    &look->bytes);

	if (report)
		take_total(report, s, look);
	json_decref(report);
	if (fd >= 0)
		(void)close(fd);
}

static int is_number(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[0] != '\0' && name[strspn(name, "0123456789")] == '\0';
}

/* What the totals of its runs cover, by some of them, evenly chosen. */
static void take_totals(int dir_fd, struct ep_summary *s)
{
	int runs_fd = openat(dir_fd, "runs",
			     O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct dirent **names = NULL;
	int count = runs_fd < 0 ? 0
				: scandirat(runs_fd, ".", &names, is_number,
					    alphasort);
	int step = count / LOOKS_MAX + 1;
	struct look look = { false, 0 };

	for (int i = 0; i < count; i++) {
		if (i % step == 0 && look.bytes < LOOK_BYTES_MAX)
			look_at(runs_fd, names[i]->d_name, s, &look);
		free(names[i]);
	}
	free(names);
	if (look.versions_differ)
		ep_summary_note(s, "its reports are of several versions of "
				   "edgeprof: edgeprof report on each of its "
				   "runs, then edgeprof sweep DIR --rebuild, "
				   "makes them of one");
	if (s->totals_differ)
		ep_summary_note(s, "the totals of its runs are of several "
				   "kinds: energies are not of the same thing");
	if (runs_fd >= 0)
		(void)close(runs_fd);
}

int ep_summary_read(int dir_fd, const char *const *metrics,
		    struct ep_summary *ret, struct ep_err *err)
{
	struct ep_summary s = { 0 };
	struct ep_buf b;
	int r;

	ep_buf_init(&b, EP_SUMMARY_BYTES_MAX);
	r = ep_file_read(dir_fd, "results.csv", &b);
	if (r < 0)
		r = ep_err_set(err, r,
			       "results.csv: %s; edgeprof sweep makes it when "
			       "the study has runs",
			       strerror(-r));
	else if (!b.data || memchr(b.data, '\0', b.len))
		r = ep_err_set(err, -EBADMSG, "results.csv is damaged");
	else
		r = ep_summary_parse(b.data, metrics, &s, err);
	ep_buf_done(&b);
	if (r < 0)
		return r;
	take_study(dir_fd, &s);
	take_totals(dir_fd, &s);
	*ret = s;
	return 0;
}
