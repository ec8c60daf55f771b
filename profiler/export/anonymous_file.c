/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "profiler/export/anonymous.h"
#include "profiler/export/folder.h"
#include "profiler/study/plan.h"
#include "profiler/study/result.h"

#define TEXT_BYTES_MAX ((size_t)1 << 30)
#define BLOCK_BYTES 65536

static int create(const struct ep_anonymous_job *job, const char *path)
{
	int fd = openat(job->to_fd, path,
			O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			0600);

	return fd < 0 ? -errno : fd;
}

static int put_file(const struct ep_anonymous_job *job, const char *path,
		    const struct ep_buf *b)
{
	int fd = create(job, path), r;

	if (fd < 0)
		return fd;
	r = ep_file_write_all(fd, b->data ? b->data : "", b->len);
	if (close(fd) < 0 && r == 0)
		r = -errno;
	return r;
}

static int put_json(const struct ep_anonymous_job *job, const char *path,
		    json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(1));
	struct ep_buf b;
	int r = text ? 0 : -ENOMEM;

	ep_buf_init(&b, TEXT_BYTES_MAX);
	if (r == 0)
		r = ep_buf_adds(&b, text);
	if (r == 0)
		r = put_file(job, path, &b);
	ep_buf_done(&b);
	free(text);
	return r;
}

/* The hash of a configuration is that of its command line, which has changed;
 * the label has to say what the study now says. */
static int set_config(const struct ep_anonymous_job *job, json_t *run,
		      struct ep_err *err)
{
	json_t *labels = json_object_get(run, "labels");
	const char *number =
		json_string_value(json_object_get(labels, EP_LABEL_NUMBER));
	char hash[EP_STUDY_HASH_BYTES];
	struct ep_study study;
	uint64_t config;
	int r;

	if (!job->study_is || !number)
		return 0;
	if (ep_num_parse_u64(number, &config) < 0 || config == 0)
		return ep_err_set(err, -EBADMSG,
				  "label " EP_LABEL_NUMBER " is no number");
	r = ep_study_from_json(json_object_get(job->study_is, "study"), &study,
			       err);
	if (r < 0)
		return r;
	r = ep_plan_config_hash(&study, config - 1, hash);
	if (r == 0 &&
	    json_object_set_new(labels, EP_LABEL_CONFIG, json_string(hash)) < 0)
		r = -ENOMEM;
	ep_study_done(&study);
	return r < 0 ? ep_err_set(err, r, "%s", strerror(-r)) : 0;
}

static int copy_json(const struct ep_anonymous_job *job, const char *path,
		     bool run, struct ep_err *err)
{
	const struct ep_kept_table *table = run ? &ep_kept_run : &ep_kept_lost;
	json_t *was = NULL, *is = NULL;
	int r = ep_folder_json(job->from_fd, path, &was, err);

	if (r == 0)
		r = ep_anonymous_json(table, job->scrub, was, &is, err);
	if (r == 0)
		r = set_config(job, is, err);
	if (r == 0) {
		r = put_json(job, path, is);
		if (r < 0)
			(void)ep_err_set(err, r, "%s", strerror(-r));
	}
	json_decref(was);
	json_decref(is);
	return r;
}

static int copy_numbers(const struct ep_anonymous_job *job, const char *path,
			struct ep_err *err)
{
	int from = ep_sums_open(job->from_fd, path);
	int to = from < 0 ? from : create(job, path), r = to < 0 ? to : 0;
	bool in_head = true;
	char block[BLOCK_BYTES];
	ssize_t got = 1;

	while (r == 0 && got > 0) {
		got = read(from, block, sizeof(block));
		if (got < 0 && errno == EINTR) {
			got = 1;
			continue;
		}
		r = got < 0 ? -errno
			    : ep_anonymous_check_numbers(block, (size_t)got,
							 &in_head);
		if (r == 0)
			r = ep_file_write_all(to, block, (size_t)got);
	}
	if (from >= 0)
		(void)close(from);
	if (to >= 0 && close(to) < 0 && r == 0)
		r = -errno;
	if (r == -EBADMSG)
		return ep_err_set(err, r,
				  "it holds more than numbers; a damaged "
				  "recording cannot be made anonymous");
	return r < 0 ? ep_err_set(err, r, "%s", strerror(-r)) : 0;
}

static int copy_text(const struct ep_anonymous_job *job, const char *path,
		     const char *name, struct ep_err *err)
{
	struct ep_anonymous_levels levels = {
		json_object_get(json_object_get(job->study_was, "study"),
				"factors"),
		json_object_get(json_object_get(job->study_is, "study"),
				"factors"),
	};
	struct ep_buf was, is;
	int r;

	ep_buf_init(&was, TEXT_BYTES_MAX);
	ep_buf_init(&is, TEXT_BYTES_MAX);
	err->text[0] = '\0';
	r = ep_folder_read(job->from_fd, path, &was);
	if (r == 0 && strcmp(name, "events.csv") == 0)
		r = ep_anonymous_events(job->scrub, &was, &is, err);
	else if (r == 0 && strcmp(name, "results.csv") == 0)
		r = ep_anonymous_results(job->scrub, &levels, &was, &is, err);
	else if (r == 0)
		r = ep_anonymous_log(job->scrub, &was, &is);
	if (r == 0)
		r = put_file(job, path, &is);
	ep_buf_done(&was);
	ep_buf_done(&is);
	if (r < 0 && !err->text[0])
		(void)ep_err_set(err, r, "%s", strerror(-r));
	return r;
}

int ep_anonymous_file(const struct ep_anonymous_job *job, const char *path,
		      struct ep_err *err)
{
	const char *name = strrchr(path, '/');
	int r;

	name = name ? name + 1 : path;
	if (strcmp(path, "study.json") == 0) {
		r = put_json(job, path, job->study_is);
		if (r < 0)
			(void)ep_err_set(err, r, "%s", strerror(-r));
	} else if (strcmp(name, "run.json") == 0) {
		r = copy_json(job, path, true, err);
	} else if (strcmp(name, "lost.json") == 0) {
		r = copy_json(job, path, false, err);
	} else if (strcmp(name, "events.csv") == 0 ||
		   strcmp(name, "results.csv") == 0 ||
		   ep_str_ends(name, ".log")) {
		r = copy_text(job, path, name, err);
	} else {
		r = copy_numbers(job, path, err);
	}
	if (r < 0)
		(void)ep_err_prefix(err, "%s", path);
	return r;
}
