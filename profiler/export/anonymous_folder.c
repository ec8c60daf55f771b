/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "profiler/export/anonymous.h"
#include "profiler/export/differ.h"
#include "profiler/export/folder.h"
#include "profiler/export/packed.h"

#define REPORT_BYTES_MAX ((size_t)1 << 30)
#define RESULTS_BYTES_MAX ((size_t)1 << 30)

static bool is_wanted(const struct ep_anonymous_job *job, const char *path)
{
	enum ep_packed_kind kind = ep_packed_kind(path, job->study);

	/* study.json says the same, without what somebody wrote beside it. */
	if (strcmp(path, "study.conf") == 0)
		return false;
	return kind == EP_PACKED_RAW ||
	       (kind == EP_PACKED_OUTPUT && job->with_output);
}

static int learn_run(struct ep_anonymous_job *job, const char *path,
		     struct ep_err *err)
{
	json_t *run = NULL;
	int r = ep_folder_json(job->from_fd, path, &run, err);

	if (r < 0) {
		(void)ep_err_prefix(err, "%s", path);
		return r;
	}
	r = ep_anonymous_learn(job->scrub, run);
	json_decref(run);
	return r < 0 ? ep_err_set(err, r, "%s: %s", path, strerror(-r)) : 0;
}

static int learn_study(struct ep_anonymous_job *job, struct ep_err *err)
{
	const char *folder;
	struct ep_buf b;
	int r = ep_folder_json(job->from_fd, "study.json", &job->study_was,
			       err);

	if (r < 0) {
		(void)ep_err_prefix(err, "study.json");
		return r;
	}
	folder = json_string_value(json_object_get(job->study_was, "folder"));
	if (folder)
		r = ep_scrub_add(job->scrub, folder, "FOLDER");
	ep_buf_init(&b, RESULTS_BYTES_MAX);
	if (r == 0) {
		r = ep_folder_read(job->from_fd, "results.csv", &b);
		r = r == -ENOENT ? 0 : r;
	}
	if (r == 0)
		r = ep_anonymous_learn_results(job->scrub, &b);
	ep_buf_done(&b);
	return r < 0 ? ep_err_set(err, r, "results.csv: %s", strerror(-r)) : 0;
}

/* Every name before the first file: a run's may stand in another's texts. */
static int learn(struct ep_anonymous_job *job, const struct ep_tree *tree,
		 struct ep_err *err)
{
	int r = ep_anonymous_learn_people(job->scrub, job->dir, job->from_fd);

	if (r < 0)
		return ep_err_set(err, r, "%s", strerror(-r));
	if (job->study)
		r = learn_study(job, err);
	for (size_t i = 0; r == 0 && i < tree->count; i++) {
		const char *path = tree->entries[i].path;

		if (is_wanted(job, path) && ep_str_ends(path, "run.json"))
			r = learn_run(job, path, err);
	}
	if (r == 0 && job->study)
		r = ep_anonymous_json(&ep_kept_study, job->scrub,
				      job->study_was, &job->study_is, err);
	if (r == 0 && job->study)
		r = ep_anonymous_tell_apart(json_object_get(
			json_object_get(job->study_is, "study"), "factors"));
	return r;
}

static int make_folders(int to_fd, const char *path)
{
	char part[EP_SUMS_PATH_BYTES_MAX];

	for (const char *slash = strchr(path, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		if (!ep_str_format(part, sizeof(part), "%.*s",
				   (int)(slash - path), path))
			return -ENAMETOOLONG;
		if (mkdirat(to_fd, part, 0700) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

struct first {
	char path[200];
};

static void note_first(void *ctx, const char *path, const json_t *was,
		       const json_t *is)
{
	struct first *first = ctx;

	(void)was;
	(void)is;
	if (!first->path[0])
		(void)ep_str_copy(first->path, sizeof(first->path), path);
}

/* The shipped figures and those of the anonymous files. */
static int check_same(json_t *was, const struct ep_buf *now, struct ep_err *err)
{
	struct first first = { .path = "" };
	struct ep_differ d = {
		.tell = note_first,
		.ctx = &first,
		.facts_left = true,
	};
	json_t *is = json_loadb(now->data, now->len, 0, NULL);

	if (!is)
		return ep_err_set(err, -ENOMEM, "out of memory");
	ep_differ(&d, was, is);
	json_decref(is);
	if (d.differ_count == 0)
		return 0;
	return ep_err_set(err, -EPERM,
			  "%zu figures are not the same without the names, "
			  "%s first; does report.json belong to these files? "
			  "'edgeprof report' computes it again",
			  d.differ_count, first.path);
}

/* report.json of the anonymous run at "runs/0001" or "". */
static int compute(const struct ep_anonymous_job *job, const char *run,
		   const char *path, struct ep_err *err)
{
	json_t *was = NULL;
	struct ep_buf b;
	int fd, r = ep_folder_json(job->from_fd, path, &was, err);

	if (r < 0)
		return r;
	ep_buf_init(&b, REPORT_BYTES_MAX);
	fd = ep_folder_open(job->to_fd, run);
	r = fd < 0 ? ep_err_set(err, fd, "%s", strerror(-fd)) : 0;
	if (r == 0)
		r = ep_folder_compute(fd,
				      json_integer_value(json_object_get(
					      json_object_get(was, "derived"),
					      "trace_csv_bytes")),
				      &b, err);
	if (r == 0)
		r = check_same(was, &b, err);
	if (r == 0) {
		r = ep_file_replace(fd, "report.json", b.data, b.len);
		if (r < 0)
			(void)ep_err_set(err, r, "%s", strerror(-r));
	}
	if (fd >= 0)
		(void)close(fd);
	ep_buf_done(&b);
	json_decref(was);
	return r;
}

static int copy_all(const struct ep_anonymous_job *job,
		    const struct ep_tree *tree, struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->count; i++) {
		const char *path = tree->entries[i].path;

		if (ep_hold_waiting())
			return ep_err_set(err, -EINTR, "interrupted");
		if (tree->entries[i].folder || !is_wanted(job, path))
			continue;
		r = make_folders(job->to_fd, path);
		if (r < 0)
			return ep_err_set(err, r, "%s: %s", path, strerror(-r));
		r = ep_anonymous_file(job, path, err);
	}
	return r;
}

static int compute_all(const struct ep_anonymous_job *job,
		       const struct ep_tree *tree, struct ep_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < tree->count; i++) {
		const char *path = tree->entries[i].path;
		const char *name = strrchr(path, '/');
		char run[64];

		if (ep_packed_kind(path, job->study) != EP_PACKED_REPORT)
			continue;
		if (ep_hold_waiting())
			return ep_err_set(err, -EINTR, "interrupted");
		if (!ep_str_format(run, sizeof(run), "%.*s",
				   name ? (int)(name - path) : 0, path))
			return ep_err_set(err, -ENAMETOOLONG, "%s", path);
		r = compute(job, run, path, err);
		if (r < 0)
			(void)ep_err_prefix(err, "%s", path);
	}
	return r;
}

int ep_anonymous_folder(struct ep_anonymous_job *job, struct ep_err *err)
{
	struct ep_tree tree = { 0 };
	int r = ep_tree_list(job->from_fd, &tree);

	if (r < 0)
		return ep_err_set(err, r, "cannot list the folder: %s",
				  strerror(-r));
	job->scrub = NULL;
	job->study_was = job->study_is = NULL;
	r = ep_scrub_new(&job->scrub);
	if (r < 0)
		(void)ep_err_set(err, r, "%s", strerror(-r));
	else
		r = learn(job, &tree, err);
	if (r == 0)
		r = copy_all(job, &tree, err);
	if (r == 0)
		r = compute_all(job, &tree, err);
	ep_scrub_free(job->scrub);
	json_decref(job->study_was);
	json_decref(job->study_is);
	job->scrub = NULL;
	job->study_was = job->study_is = NULL;
	ep_tree_done(&tree);
	return r;
}
