/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/result.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/str.h"

#define JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define FIGURES_MAX 4096

static int read_json(int dir_fd, const char *name, json_t **ret,
		     struct ep_err *err)
{
	json_error_t at;
	struct ep_buf b;
	int r;

	ep_buf_init(&b, JSON_BYTES_MAX);
	r = ep_file_read(dir_fd, name, &b);
	if (r == 0)
		*ret = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &at);
	if (r < 0)
		ep_err_set(err, r, "%s: %s", name, strerror(-r));
	else if (!json_is_object(*ret))
		r = ep_err_set(err, -EBADMSG, "%s is damaged: %s", name,
			       *ret ? "no object" : at.text);
	if (r < 0 && *ret) {
		json_decref(*ret);
		*ret = NULL;
	}
	ep_buf_done(&b);
	return r;
}

static void copy_text(const json_t *o, const char *key, char *ret, size_t size)
{
	const char *text = json_string_value(json_object_get(o, key));

	(void)ep_str_copy(ret, size, text ? text : "");
}

static int64_t label_number(const json_t *labels, const char *key)
{
	const char *text = json_string_value(json_object_get(labels, key));
	int64_t n = 0;

	return text && ep_num_parse_i64(text, &n) == 0 && n >= 0 ? n : 0;
}

/* "3", or "w1" for a warm-up. */
static void read_repetition(const json_t *labels, struct ep_next *ret)
{
	const char *text =
		json_string_value(json_object_get(labels, EP_LABEL_RUN));
	int64_t n = 0;

	ret->warmup = text && text[0] == 'w';
	if (text && ep_num_parse_i64(text + ret->warmup, &n) == 0 && n > 0)
		ret->repetition = n;
}

static void read_labels(const json_t *run, struct ep_result *r)
{
	const json_t *labels = json_object_get(run, "labels");

	copy_text(labels, EP_LABEL_STUDY, r->study_id, sizeof(r->study_id));
	copy_text(labels, EP_LABEL_CONFIG, r->config_hash,
		  sizeof(r->config_hash));
	/* Counted from 1 where people see it; 0 finds none. */
	r->config = (uint64_t)label_number(labels, EP_LABEL_NUMBER) - 1;
	r->order = label_number(labels, EP_LABEL_ORDER);
	r->item.config = r->config;
	r->item.attempt = label_number(labels, EP_LABEL_ATTEMPT);
	read_repetition(labels, &r->item);
}

static void read_run(const json_t *run, struct ep_result *r)
{
	const json_t *board = json_object_get(run, "board");

	copy_text(json_object_get(run, "host"), "name", r->host,
		  sizeof(r->host));
	copy_text(board, "name", r->board, sizeof(r->board));
	copy_text(board, "serial", r->board_serial, sizeof(r->board_serial));
	copy_text(run, "version", r->version, sizeof(r->version));
	r->started_real_ns =
		json_integer_value(json_object_get(run, "started_real_ns"));
	read_labels(run, r);
}

static double number(const json_t *o)
{
	return json_is_number(o) ? json_number_value(o) : (double)NAN;
}

static int add_figure(struct ep_result *r, const char *phase, const char *name,
		      const json_t *figure)
{
	struct ep_figure *f, *bigger;

	if (r->figure_count == FIGURES_MAX)
		return -EFBIG;
	if (r->figure_count % 64 == 0) {
		bigger = realloc(r->figures,
				 (r->figure_count + 64) * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		r->figures = bigger;
	}
	f = &r->figures[r->figure_count];
	if (!ep_str_copy(f->phase, sizeof(f->phase), phase) ||
	    !ep_str_copy(f->name, sizeof(f->name), name))
		return -EBADMSG;
	f->u95 = (double)NAN;
	if (json_is_object(figure)) {
		f->value = number(json_object_get(figure, "value"));
		f->u95 = number(json_object_get(figure, "u95"));
		copy_text(figure, "status", f->status, sizeof(f->status));
	} else {
		f->value = number(figure);
		(void)ep_str_copy(f->status, sizeof(f->status),
				  isnan(f->value) ? "not_measured" : "ok");
	}
	r->figure_count++;
	return 0;
}

static int read_scope(const char *phase, const json_t *scope,
		      struct ep_result *r)
{
	const char *name;
	json_t *figure;
	int code = 0;

	json_object_foreach((json_t *)(uintptr_t)scope, name, figure)
	{
		code = add_figure(r, phase, name, figure);
		if (code < 0)
			return code;
	}
	return code;
}

/* Of several requests: the mean of each metric, of those that have it. */
static int read_requests(const json_t *requests, struct ep_result *r)
{
	const json_t *first =
		json_object_get(json_array_get(requests, 0), "metrics");
	const char *name;
	json_t *unused;

	json_object_foreach((json_t *)(uintptr_t)first, name, unused)
	{
		struct ep_figure *f;
		double sum = 0;
		int count = 0, code;
		(void)unused;

		for (size_t i = 0; i < json_array_size(requests); i++) {
			double value = number(json_object_get(
				json_object_get(
					json_object_get(
						json_array_get(requests, i),
						"metrics"),
					name),
				"value"));

			if (isnan(value))
				continue;
			sum += value;
			count++;
		}
		code = add_figure(r, "request", name, unused);
		if (code < 0)
			return code;
		if (json_array_size(requests) == 1)
			continue;
		f = &r->figures[r->figure_count - 1];
		f->value = count > 0 ? sum / count : (double)NAN;
		f->u95 = (double)NAN;
	}
	return 0;
}

static void read_ended(const json_t *run, struct ep_result *r)
{
	int64_t status = -1;

	copy_text(run, "ended", r->ended, sizeof(r->ended));
	if (!ep_str_starts(r->ended, "exit ") ||
	    ep_num_parse_i64(r->ended + strlen("exit "), &status) < 0)
		status = -1;
	r->exit_status = (int)status;
	r->duration_s = number(json_object_get(run, "duration_s"));
}

static void read_validity(const json_t *validity, struct ep_result *r)
{
	const json_t *reasons = json_object_get(validity, "reasons");

	r->complete = json_is_true(json_object_get(validity, "complete"));
	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const char *text =
			json_string_value(json_array_get(reasons, i));
		size_t used = strlen(r->invalid);

		(void)ep_str_format(r->invalid + used,
				    sizeof(r->invalid) - used, "%s%s",
				    used ? "; " : "", text ? text : "?");
	}
	if (!json_is_true(json_object_get(validity, "valid")) &&
	    r->invalid[0] == '\0')
		(void)ep_str_copy(r->invalid, sizeof(r->invalid),
				  "the report calls it invalid");
}

static int read_report(const json_t *report, struct ep_result *r)
{
	const json_t *totals = json_object_get(report, "totals");
	const char *phase;
	json_t *scope;
	int code = 0;

	json_object_foreach((json_t *)(uintptr_t)totals, phase, scope)
	{
		code = read_scope(phase, scope, r);
		if (code < 0)
			return code;
	}
	code = read_requests(json_object_get(report, "requests"), r);
	r->run = json_incref(json_object_get(report, "run"));
	r->warnings = json_incref(json_object_get(report, "warnings"));
	r->recording = json_incref(json_object_get(report, "recording"));
	r->health = json_incref(json_object_get(report, "health"));
	r->conditions = json_incref(json_object_get(report, "conditions"));
	read_ended(r->run, r);
	read_validity(json_object_get(report, "validity"), r);
	return code;
}

static int read_output(int dir_fd, struct ep_result *r)
{
	int fd = openat(dir_fd, "stdout.log",
			O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int code;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	code = ep_hash_file(fd, r->output_hash);
	close(fd);
	return code;
}

int ep_result_read(int dir_fd, struct ep_result *ret, struct ep_err *err)
{
	struct ep_result r = { .exit_status = -1, .duration_s = (double)NAN };
	json_t *run = NULL, *report = NULL;
	int code = read_json(dir_fd, "run.json", &run, err);

	if (code == 0)
		code = read_json(dir_fd, "report.json", &report, err);
	if (code == 0) {
		read_run(run, &r);
		code = read_report(report, &r);
		if (code == 0)
			code = read_output(dir_fd, &r);
		if (code < 0)
			ep_err_set(err, code, "its report cannot be used: %s",
				   strerror(-code));
	}
	json_decref(run);
	json_decref(report);
	if (code < 0) {
		ep_result_done(&r);
		return code;
	}
	*ret = r;
	return 0;
}

void ep_result_done(struct ep_result *r)
{
	if (!r)
		return;
	free(r->figures);
	json_decref(r->run);
	json_decref(r->warnings);
	json_decref(r->recording);
	json_decref(r->health);
	json_decref(r->conditions);
	memset(r, 0, sizeof(*r));
}

const struct ep_figure *ep_result_figure(const struct ep_result *r,
					 const char *metric)
{
	const char *dot = strchr(metric, '.');
	size_t len = dot ? (size_t)(dot - metric) : 0;

	for (size_t i = 0; dot && i < r->figure_count; i++)
		if (strlen(r->figures[i].phase) == len &&
		    strncmp(r->figures[i].phase, metric, len) == 0 &&
		    strcmp(r->figures[i].name, dot + 1) == 0)
			return &r->figures[i];
	return NULL;
}
