/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/observe.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/study/observe_parts.h"
#include "profiler/study/result.h"

#define REPORT_BYTES_MAX ((size_t)64 * 1024 * 1024)

void ep_observations_done(struct ep_observations *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->source_count; i++) {
		json_decref(o->list[i].run);
		json_decref(o->list[i].totals);
	}
	free(o->list);
	free(o->groups);
	free(o->sources);
	ep_table_done(&o->table);
	memset(o, 0, sizeof(*o));
}

void ep_observe_note(struct ep_observations *o, const char *format, ...)
{
	va_list args;

	if (o->note_count == EP_OBSERVE_NOTES_MAX) {
		o->note_more++;
		return;
	}
	va_start(args, format);
	(void)vsnprintf(o->notes[o->note_count], sizeof(o->notes[0]), format,
			args);
	va_end(args);
	ep_str_printable(o->notes[o->note_count++]);
}

int ep_observe_row(struct ep_observations *o, size_t group, size_t source)
{
	size_t n = o->table.row_count;
	int r;

	if (n == o->rows_size) {
		size_t size = n ? 2 * n : 64;
		size_t *groups = realloc(o->groups, size * sizeof(*groups));
		size_t *sources;

		if (!groups)
			return -ENOMEM;
		o->groups = groups;
		sources = realloc(o->sources, size * sizeof(*sources));
		if (!sources)
			return -ENOMEM;
		o->sources = sources;
		o->rows_size = size;
	}
	r = ep_table_add_row(&o->table);
	if (r < 0)
		return r;
	o->groups[n] = group;
	o->sources[n] = source;
	return 0;
}

int ep_observe_source(struct ep_observations *o, int dir_fd, const char *name,
		      size_t group)
{
	struct ep_source *bigger, *s;
	struct ep_buf b;
	json_t *report = NULL;
	int r;

	if (o->source_count % 64 == 0) {
		bigger = realloc(o->list,
				 (o->source_count + 64) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		o->list = bigger;
	}
	ep_buf_init(&b, REPORT_BYTES_MAX);
	r = ep_file_read(dir_fd, "report.json", &b);
	if (r == 0)
		report =
			json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	ep_buf_done(&b);
	if (!report)
		return r < 0 ? r : -EBADMSG;
	s = &o->list[o->source_count++];
	(void)ep_str_copy(s->name, sizeof(s->name), name);
	ep_str_printable(s->name);
	s->group = group;
	s->run = json_incref(json_object_get(report, "run"));
	s->totals = json_incref(json_object_get(report, "totals"));
	json_decref(report);
	return 0;
}

/* label.KEY of `edgeprof run --label KEY=VALUE`, and what the figures are. */
static int put_run(struct ep_observations *o, const struct ep_result *r,
		   int dir_fd)
{
	const json_t *labels;
	struct ep_buf b;
	json_t *run = NULL, *value;
	const char *key;
	char name[128], text[32];
	int code = 0;

	for (size_t i = 0; code == 0 && i < r->figure_count; i++) {
		const struct ep_figure *f = &r->figures[i];

		(void)ep_str_format(name, sizeof(name), "%s.%s", f->phase,
				    f->name);
		ep_num_put_f64(text, f->value);
		code = ep_table_set(&o->table, name, text);
	}
	ep_buf_init(&b, REPORT_BYTES_MAX);
	if (code == 0 && ep_file_read(dir_fd, "run.json", &b) == 0)
		run = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	ep_buf_done(&b);
	labels = json_object_get(run, "labels");
	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		if (code == 0 && json_is_string(value) &&
		    !ep_str_starts(key, "study."))
			code = ep_table_set(&o->table, key,
					    json_string_value(value));
	}
	json_decref(run);
	return code;
}

/* Rows of requests.csv, in columns of their own names. */
static int put_requests(struct ep_observations *o, int dir_fd, size_t group,
			size_t source, struct ep_err *err)
{
	struct ep_table t = { 0 };
	int r = ep_table_read(&t, dir_fd, "requests.csv", err);

	for (size_t i = 0; r == 0 && i < t.row_count; i++) {
		r = ep_observe_row(o, group, source);
		for (size_t c = 0; r == 0 && c < t.column_count; c++)
			r = ep_table_set(&o->table, t.columns[c].name,
					 ep_table_get(&t, i, c));
		if (r < 0)
			ep_err_set(err, r, "%s", strerror(-r));
	}
	ep_table_done(&t);
	return r;
}

static int take_run(struct ep_observations *o, int dir_fd,
		    const struct ep_result *result, const char *dir,
		    struct ep_err *err)
{
	size_t group = o->list[o->source_count - 1].group;
	int r;

	if (o->wants_requests)
		return put_requests(o, dir_fd, group, o->source_count - 1, err);
	r = ep_observe_row(o, group, o->source_count - 1);
	if (r == 0)
		r = put_run(o, result, dir_fd);
	return r < 0 ? ep_err_set(err, r, "%s: %s", dir, strerror(-r)) : 0;
}

int ep_observe_run(struct ep_observations *o, const char *dir, size_t group,
		   struct ep_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct ep_result result;
	int r;

	if (fd < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	r = ep_result_read(fd, &result, err);
	if (r < 0) {
		close(fd);
		ep_err_prefix(err, "%s", dir);
		return r;
	}
	if (result.invalid[0] || !result.complete || result.lost[0]) {
		ep_observe_note(o, "%s is left out: %s", dir,
				result.invalid[0] ? result.invalid
				: result.lost[0]  ? result.lost
						  : "its recording is cut");
	} else {
		r = ep_observe_source(o, fd, dir, group);
		if (r == 0)
			r = take_run(o, fd, &result, dir, err);
		else
			ep_err_set(err, r, "%s/report.json: %s", dir,
				   strerror(-r));
	}
	ep_result_done(&result);
	close(fd);
	return r;
}

int ep_observe_folder(struct ep_observations *o, const char *dir, size_t group,
		      struct ep_err *err)
{
	char path[4200];
	struct stat st;

	if (stat(dir, &st) < 0)
		return ep_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return ep_err_set(err, -ENOTDIR,
				  "%s is no folder of a run or a study; a CSV "
				  "file is compared with --csv",
				  dir);
	(void)ep_str_format(path, sizeof(path), "%s/results.csv", dir);
	if (stat(path, &st) == 0)
		return ep_observe_study(o, dir, group, err);
	(void)ep_str_format(path, sizeof(path), "%s/study.json", dir);
	if (stat(path, &st) == 0)
		return ep_err_set(err, -ENODATA,
				  "%s is a study without results.csv; "
				  "edgeprof sweep %s --rebuild makes it",
				  dir, dir);
	return ep_observe_run(o, dir, group, err);
}

int ep_observe_csv(struct ep_observations *o, const char *path,
		   struct ep_err *err)
{
	struct ep_table t = { 0 };
	int r = ep_table_read(&t, AT_FDCWD, path, err);

	if (r < 0) {
		ep_table_done(&t);
		return r;
	}
	ep_table_done(&o->table);
	o->table = t;
	o->groups = calloc(t.row_count + 1, sizeof(*o->groups));
	o->sources = calloc(t.row_count + 1, sizeof(*o->sources));
	if (!o->groups || !o->sources)
		return ep_err_set(err, -ENOMEM, "out of memory");
	o->rows_size = t.row_count;
	for (size_t i = 0; i < t.row_count; i++)
		o->sources[i] = EP_TABLE_NONE;
	return 0;
}
