/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/runs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/str.h"
#include "profiler/analyze/analyze.h"
#include "profiler/report/render.h"

#define RUNS_MAX 100000

void ep_export_label(struct ep_export_run *run, const char *name,
		     const char *value)
{
	struct ep_export_label *l = &run->labels[run->label_count];

	if (!value || !value[0] || run->label_count == EP_EXPORT_LABELS_MAX)
		return;
	for (size_t i = 0; i < run->label_count; i++)
		if (strcmp(run->labels[i].name, name) == 0)
			return;
	(void)ep_str_copy(l->name, sizeof(l->name), name);
	(void)ep_str_copy(l->value, sizeof(l->value), value);
	ep_str_printable(l->name);
	ep_str_printable(l->value);
	run->label_count++;
}

bool ep_export_is_told(const char *event)
{
	static const char *const told[] = {
		"start", "idle",   "gate",    "exit",	 "end",
		"step",	 "cpu",	   "sensor",  "setting", "restore",
		"ready", "ingest", "warning", "error",
	};

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		if (strcmp(told[i], event) == 0)
			return true;
	return false;
}

/* The folder's own name, however it was typed; or, without telling that, a name
 * that no other run has. */
static void name_run(struct ep_export_run *run, const char *number)
{
	const struct ep_export *x = run->x;
	char *path = realpath(x->dir, NULL), hash[EP_HASH_BYTES];
	const char *slash = path ? strrchr(path, '/') : NULL;
	const char *own = slash && slash[1] ? slash + 1 : x->dir;
	const json_t *json = run->recorded.json;
	const json_t *labels = json_object_get(json, "labels");
	const char *id = json_string_value(json_object_get(labels, "study.id"));
	char text[200];

	(void)ep_str_format(
		text, sizeof(text), "%s %lld",
		number && id
			? id
			: json_string_value(json_object_get(json, "boot_id")),
		number && id ? 0LL
			     : (long long)json_integer_value(json_object_get(
				       json, "started_mono_ns")));
	ep_hash_bytes(text, strlen(text), hash);
	if (x->anonymous)
		(void)ep_str_format(run->name, sizeof(run->name), "run-%.12s",
				    hash);
	else
		(void)ep_str_format(run->name, sizeof(run->name), "%.250s",
				    own);
	if (number)
		(void)ep_str_format(run->name + strlen(run->name),
				    sizeof(run->name) - strlen(run->name),
				    "/%s", number);
	ep_str_printable(run->name);
	free(path);
}

static void add_labels(struct ep_export_run *run)
{
	const json_t *json = run->recorded.json;
	const json_t *labels = json_object_get(json, "labels");
	const char *name;
	const json_t *value;

	ep_export_label(run, "run", run->name);
	ep_export_label(run, "board", run->recorded.board);
	if (!run->x->anonymous)
		ep_export_label(
			run, "host",
			json_string_value(json_object_get(
				json_object_get(json, "host"), "name")));
	ep_export_label(run, "governor",
			json_string_value(json_object_get(json, "governor")));
	ep_export_label(run, "study",
			json_string_value(json_object_get(labels, "study.id")));
	json_object_foreach((json_t *)(uintptr_t)labels, name, value)
	{
		if (!ep_str_starts(name, "study."))
			ep_export_label(run, name, json_string_value(value));
	}
}

/* trace.csv where it is up to date, else a file of its own that goes away by
 * itself: nothing in the folder is changed. */
static int open_trace(int dir_fd, int *ret, struct ep_err *err)
{
	FILE *f;

	*ret = -1;
	if (ep_report_trace_is_current(dir_fd)) {
		*ret = ep_run_open_file(dir_fd, NULL, "trace.csv");
		if (*ret >= 0)
			return 1;
	}
	f = tmpfile();
	if (f) {
		*ret = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
		(void)fclose(f);
	}
	if (*ret < 0)
		return ep_err_set(err, -errno, "no temporary file: %s",
				  strerror(errno));
	return 0;
}

static int analyze(struct ep_export_run *run, int dir_fd, struct ep_err *err)
{
	int r = open_trace(dir_fd, &run->trace_fd, err), made;

	if (r < 0)
		return r;
	made = r == 1 ? -1 : run->trace_fd;
	r = ep_analyze_run(dir_fd, made, &run->report, err);
	if (r == 0 && lseek(run->trace_fd, 0, SEEK_SET) < 0)
		r = ep_err_set(err, -errno, "trace.csv: %s", strerror(errno));
	return r;
}

static void end_run(struct ep_export_run *run)
{
	ep_report_free(run->report);
	ep_run_done(&run->recorded);
	ep_wall_done(&run->wall);
	if (run->trace_fd >= 0)
		(void)close(run->trace_fd);
}

static void tell(const struct ep_export_run *run)
{
	const struct ep_validity *v = &run->report->validity;

	if (!v->valid)
		ep_export_say(run->x, "%s: this run is not valid: %s",
			      run->name,
			      v->reason_count > 0 ? v->reasons[0] : "");
	if (run->wall.count > 0 && run->wall.set_by_ns != 0)
		ep_export_say(
			run->x,
			"%s: the wall clock was set by %.3f s during the "
			"run; times are by the clock as it was afterwards",
			run->name, (double)run->wall.set_by_ns / 1e9);
}

/* From a run whose events are read to the end of it. */
static int visit(struct ep_export_run *run, int dir_fd,
		 const struct ep_export_visitor *v, struct ep_err *err)
{
	int r = ep_wall_read(&run->recorded, &run->wall);

	if (r < 0)
		return ep_err_set(err, r, "out of memory");
	if (v->needs_clock && run->wall.count == 0)
		return ep_err_set(err, -ENODATA,
				  "this run knows no wall clock: no clock "
				  "event in events.csv and no started_real_ns "
				  "in run.json, so its points cannot be placed "
				  "in time; --to perfetto needs none");
	r = analyze(run, dir_fd, err);
	if (r == 0) {
		tell(run);
		r = v->each(v->ctx, run, err);
	}
	return r;
}

static int export_one(const struct ep_export *x,
		      const struct ep_export_visitor *v, struct ep_err *err)
{
	struct ep_export_run *run = calloc(1, sizeof(*run));
	int r;

	if (!run)
		return ep_err_set(err, -ENOMEM, "out of memory");
	*run = (struct ep_export_run){ .x = x, .index = 1, .trace_fd = -1 };
	r = ep_run_load(x->dir_fd, &run->recorded, err);
	if (r == 0) {
		name_run(run, NULL);
		add_labels(run);
		r = visit(run, x->dir_fd, v, err);
	}
	if (r < 0)
		(void)ep_err_prefix(err, "%s", x->dir);
	end_run(run);
	free(run);
	return r;
}

/* The study on its way. */
struct study {
	const struct ep_export *x;
	const struct ep_export_visitor *v;
	struct ep_export_results *results;
	size_t done, left_out;
	char why[200]; /* of the last that was left out */
};

static int export_run(struct study *s, int runs_fd, const char *number,
		      struct ep_err *err)
{
	struct ep_export_run *run = calloc(1, sizeof(*run));
	const char *why = NULL;
	struct ep_err own = { 0 };
	int dir_fd =
		openat(runs_fd, number, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (!run) {
		if (dir_fd >= 0)
			(void)close(dir_fd);
		return ep_err_set(err, -ENOMEM, "out of memory");
	}
	*run = (struct ep_export_run){ .x = s->x,
				       .index = s->done + 1,
				       .trace_fd = -1 };
	r = dir_fd < 0 ? -errno : ep_run_load(dir_fd, &run->recorded, &own);
	if (r < 0 && r != -ENOMEM) {
		why = own.text[0] ? own.text : strerror(-r);
		r = 0;
	} else if (r == 0) {
		name_run(run, number);
		add_labels(run);
		why = ep_export_results_judge(s->results, run);
		r = why ? 0 : visit(run, dir_fd, s->v, err);
		if (r < 0)
			(void)ep_err_prefix(err, "%s/runs/%s", s->x->dir,
					    number);
	}
	s->done += r == 0 && !why;
	s->left_out += why != NULL;
	if (why)
		(void)ep_str_format(s->why, sizeof(s->why), "%s: %s", number,
				    why);
	if (dir_fd >= 0)
		(void)close(dir_fd);
	end_run(run);
	free(run);
	return r;
}

static int is_number(const struct dirent *e)
{
	return e->d_name[0] != '\0' &&
	       strspn(e->d_name, "0123456789") == strlen(e->d_name);
}

static int export_runs(struct study *s, int runs_fd, struct ep_err *err)
{
	struct dirent **names = NULL;
	int count = scandirat(runs_fd, ".", &names, is_number, versionsort);
	int r = 0;

	if (count < 0)
		return ep_err_set(err, -errno, "%s/runs: %s", s->x->dir,
				  strerror(errno));
	if (count > RUNS_MAX)
		r = ep_err_set(err, -E2BIG, "%s/runs: more than %d runs",
			       s->x->dir, RUNS_MAX);
	for (int i = 0; i < count; i++) {
		if (r == 0)
			r = export_run(s, runs_fd, names[i]->d_name, err);
		free(names[i]);
	}
	free(names);
	return r;
}

static int export_study(const struct ep_export *x,
			const struct ep_export_visitor *v, struct ep_err *err)
{
	struct study s = { .x = x, .v = v };
	int r = ep_export_results_read(x, &s.results, err), runs_fd;

	if (r < 0)
		return r;
	runs_fd = openat(x->dir_fd, "runs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (runs_fd < 0)
		r = ep_err_set(err, -errno, "%s/runs: %s", x->dir,
			       strerror(errno));
	if (r == 0)
		r = export_runs(&s, runs_fd, err);
	if (runs_fd >= 0)
		(void)close(runs_fd);
	ep_export_results_free(s.results);
	if (r < 0)
		return r;
	if (s.left_out > 0)
		ep_export_say(x,
			      "%s: %zu runs; %zu left out, the last of them %s",
			      x->dir, s.done, s.left_out, s.why);
	if (s.done == 0 && r == 0)
		return ep_err_set(err, -ENODATA,
				  "%s: no run of this study counts", x->dir);
	return r;
}

int ep_export_runs(const struct ep_export *x, const struct ep_export_visitor *v,
		   struct ep_err *err)
{
	return x->study ? export_study(x, v, err) : export_one(x, v, err);
}
