/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"
#include "profiler/analyze/run.h"
#include "profiler/analyze/summary.h"

#define STUDY_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define REPORT_BYTES_MAX ((size_t)256 * 1024 * 1024)
/* Reports that are read for what their totals cover. */
#define LOOKS_MAX 100

int ep_summary_find(const struct ep_summary *s, const char *metric)
{
	for (size_t i = 0; i < s->metric_count; i++) {
		size_t len = strlen(s->metrics[i].scope);

		if (strncmp(metric, s->metrics[i].scope, len) == 0 &&
		    metric[len] == '.' &&
		    strcmp(metric + len + 1, s->metrics[i].name) == 0)
			return (int)i;
	}
	return -1;
}

void ep_summary_done(struct ep_summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->config_count; i++) {
		free(s->configs[i].cells);
		for (size_t k = 0; k < s->factor_count; k++)
			free(s->configs[i].levels[k]);
	}
	free(s->configs);
	free(s->rejected);
	*s = (struct ep_summary){ 0 };
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* NULL when the file is not there or no JSON. */
static json_t *load_json(int dir_fd, const char *name, size_t bytes_max)
{
	struct ep_buf b;
	json_t *o = NULL;

	ep_buf_init(&b, bytes_max);
	if (ep_file_read(dir_fd, name, &b) >= 0 && b.data)
		o = json_loadb(b.data, b.len, 0, NULL);
	ep_buf_done(&b);
	return o;
}

static void take_title(int dir_fd, struct ep_summary *s)
{
	json_t *o = load_json(dir_fd, "study.json", STUDY_BYTES_MAX);

	(void)ep_str_copy(s->title, sizeof(s->title),
			  text_of(json_object_get(o, "study"), "title"));
	json_decref(o);
}

static void take_total(const json_t *report, struct ep_summary *s)
{
	const json_t *total = json_object_get(report, "total");
	const char *name = text_of(total, "name");
	const char *coverage = text_of(total, "coverage");

	s->estimated |= json_is_true(json_object_get(total, "estimated"));
	if (s->look_count++ == 0) {
		(void)ep_str_copy(s->total_name, sizeof(s->total_name), name);
		(void)ep_str_copy(s->coverage, sizeof(s->coverage), coverage);
	} else if (strncmp(name, s->total_name, sizeof(s->total_name) - 1) !=
			   0 ||
		   strncmp(coverage, s->coverage, sizeof(s->coverage) - 1) !=
			   0) {
		s->totals_differ = true;
	}
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

	for (int i = 0; i < count; i++) {
		int fd = i % step != 0 ? -1
				       : openat(runs_fd, names[i]->d_name,
						O_RDONLY | O_DIRECTORY |
							O_NOFOLLOW | O_CLOEXEC);
		json_t *report =
			fd < 0 ? NULL
			       : load_json(fd, "report.json", REPORT_BYTES_MAX);

		if (report)
			take_total(report, s);
		json_decref(report);
		if (fd >= 0)
			(void)close(fd);
		free(names[i]);
	}
	free(names);
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
	take_title(dir_fd, &s);
	take_totals(dir_fd, &s);
	*ret = s;
	return 0;
}
