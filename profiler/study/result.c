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
#include "profiler/study/result_parts.h"

#define JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)
#define LOST_NAME "lost.json"

/* What another version wrote may mean something else by the same keys. */
static int check_schema(const json_t *o, const char *name, const char *schema,
			struct ep_err *err)
{
	const char *text = json_string_value(json_object_get(o, "schema"));
	char clean[64];

	if (!schema || !text || strcmp(text, schema) == 0)
		return 0;
	(void)ep_str_copy(clean, sizeof(clean), text);
	ep_str_printable(clean);
	return ep_err_set(err, -EBADMSG,
			  "%s has schema %s, this edgeprof reads %s; use the "
			  "edgeprof that wrote it",
			  name, clean, schema);
}

/* schema may be NULL. */
static int read_json(int dir_fd, const char *name, const char *schema,
		     json_t **ret, struct ep_err *err)
{
	json_error_t at;
	struct ep_buf b;
	int r;

	ep_buf_init(&b, JSON_BYTES_MAX);
	r = ep_file_read(dir_fd, name, &b);
	if (r == 0)
		*ret = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, &at);
	if (r == -ENOENT && schema)
		ep_err_set(err, r, "there is no %s; %s", name,
			   strcmp(name, "run.json") == 0
				   ? "name a folder that edgeprof run or sweep "
				     "wrote, or those in it"
				   : "edgeprof report makes it");
	else if (r < 0)
		ep_err_set(err, r, "%s: %s", name, strerror(-r));
	else if (!json_is_object(*ret))
		r = ep_err_set(err, -EBADMSG, "%s is damaged: %s", name,
			       *ret ? "no object" : at.text);
	else
		r = check_schema(*ret, name, schema, err);
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
	/* Older folders hold the number itself. */
	copy_text(board,
		  json_object_get(board, "serial_hash") ? "serial_hash"
							: "serial",
		  r->board_serial, sizeof(r->board_serial));
	copy_text(run, "version", r->version, sizeof(r->version));
	r->started_real_ns =
		json_integer_value(json_object_get(run, "started_real_ns"));
	read_labels(run, r);
}

static double number(const json_t *o)
{
	return json_is_number(o) ? json_number_value(o) : (double)NAN;
}

/* A number, or the text that was typed. */
static double number_or_text(const json_t *o)
{
	double value = (double)NAN;

	if (json_is_string(o) &&
	    ep_num_parse_f64(json_string_value(o), &value) < 0)
		return (double)NAN;
	return json_is_string(o) ? value : number(o);
}

/* Temperature as the APIs mean it; what each request was asked with counts for
 * more than what was typed for those that do not say. */
static bool is_greedy(const json_t *report)
{
	const json_t *drive =
		json_object_get(json_object_get(report, "run"), "drive");
	const json_t *requests = json_object_get(report, "requests");
	double typed = number_or_text(json_object_get(drive, "temperature"));

	for (size_t i = 0; i < json_array_size(requests); i++) {
		const json_t *asked =
			json_object_get(json_array_get(requests, i), "asked");
		double said = number(json_object_get(asked, "temperature"));

		if (isnan(said) ? !(typed <= 0) : said > 0)
			return false;
	}
	return drive && json_array_size(requests) > 0;
}

static void read_tokens(const json_t *phases, struct ep_result *r)
{
	for (size_t i = 0; i < json_array_size(phases); i++) {
		const json_t *phase = json_array_get(phases, i);
		const char *name =
			json_string_value(json_object_get(phase, "phase"));
		const json_t *tokens = json_object_get(phase, "tokens");
		int64_t n = json_integer_value(tokens);

		if (!name || strcmp(name, "generation") != 0 ||
		    !json_is_integer(tokens))
			continue;
		if (r->token_min_count < 0 || n < r->token_min_count)
			r->token_min_count = n;
		if (n > r->token_max_count)
			r->token_max_count = n;
	}
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
	int code = ep_result_add_figures(r, report);

	r->run = json_incref(json_object_get(report, "run"));
	r->warnings = json_incref(json_object_get(report, "warnings"));
	r->recording = json_incref(json_object_get(report, "recording"));
	r->health = json_incref(json_object_get(report, "health"));
	r->conditions = json_incref(json_object_get(report, "conditions"));
	r->stopped_by = (int)json_integer_value(
		json_object_get(r->conditions, "stopped_by"));
	r->greedy = is_greedy(report);
	read_tokens(json_object_get(report, "phases"), r);
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

int ep_result_put_lost(int dir_fd, const struct ep_lost *lost)
{
	json_t *o = json_pack("{s:O,s:b,s:s}", "labels", lost->labels, "failed",
			      lost->failed, "reason", lost->reason);
	char *text = o ? json_dumps(o, JSON_INDENT(1)) : NULL;
	struct ep_buf b;
	int r = text ? 0 : -ENOMEM;

	ep_buf_init(&b, (size_t)64 * 1024);
	if (r == 0)
		r = ep_buf_addf(&b, "%s\n", text);
	if (r == 0)
		r = ep_file_put(dir_fd, LOST_NAME, &b, 0644, true);
	ep_buf_done(&b);
	free(text);
	json_decref(o);
	return r;
}

/* -ENOENT it is no lost run. */
static int read_lost(int dir_fd, struct ep_result *r)
{
	struct ep_err err = { 0 };
	json_t *lost = NULL;
	int code = read_json(dir_fd, LOST_NAME, NULL, &lost, &err);

	if (code < 0)
		return code;
	read_labels(lost, r);
	copy_text(lost, "reason", r->lost, sizeof(r->lost));
	if (r->lost[0] == '\0')
		(void)ep_str_copy(r->lost, sizeof(r->lost), "not known");
	r->failed = json_is_true(json_object_get(lost, "failed"));
	json_decref(lost);
	return 0;
}

static int read_whole(int dir_fd, struct ep_result *r, struct ep_err *err)
{
	json_t *run = NULL, *report = NULL;
	int code = read_json(dir_fd, "run.json", "edgeprof.run/1", &run, err);

	if (code == 0)
		code = read_json(dir_fd, "report.json", "edgeprof.report/1",
				 &report, err);
	if (code == 0) {
		read_run(run, r);
		code = read_report(report, r);
		if (code == 0)
			code = read_output(dir_fd, r);
		if (code < 0)
			ep_err_set(err, code, "its report cannot be used: %s",
				   strerror(-code));
	}
	json_decref(run);
	json_decref(report);
	return code;
}

int ep_result_read(int dir_fd, struct ep_result *ret, struct ep_err *err)
{
	struct ep_result r = { .exit_status = -1,
			       .duration_s = (double)NAN,
			       .token_min_count = -1,
			       .token_max_count = -1 };
	/* It was written by who gave the run up, whatever else is there. */
	int code = read_lost(dir_fd, &r);

	if (code == -ENOENT)
		code = read_whole(dir_fd, &r, err);
	else if (code < 0)
		ep_err_set(err, code, LOST_NAME " cannot be read: %s",
			   strerror(-code));
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
