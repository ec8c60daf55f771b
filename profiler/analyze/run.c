/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/analyze/run_json.h"

int ep_run_open_file(int dir_fd, const char *folder, const char *name)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	int sub_fd = -1, fd, code;
	struct stat st;

	if (folder) {
		sub_fd = openat(dir_fd, folder, flags | O_DIRECTORY);
		if (sub_fd < 0)
			return -errno;
		dir_fd = sub_fd;
	}
	fd = openat(dir_fd, name, flags);
	code = fd < 0 ? -errno : 0;
	if (sub_fd >= 0)
		(void)close(sub_fd);
	if (code < 0)
		return code;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return -EBADMSG;
	}
	return fd;
}

/* The whole file; a FIFO or a link in its place is refused, not followed. */
static int read_file(int dir_fd, const char *name, struct ep_buf *b)
{
	int fd = ep_run_open_file(dir_fd, NULL, name), code = 0;
	ssize_t got = 1;

	if (fd < 0)
		return fd;
	while (code == 0 && got > 0) {
		code = ep_buf_reserve(b, 64 * 1024);
		if (code == -EFBIG) {
			/* Only too large when there really is more. */
			char more;

			got = read(fd, &more, 1);
			code = got == 0 ? 0 : -EFBIG;
			break;
		}
		if (code < 0)
			break;
		got = read(fd, b->data + b->len, 64 * 1024);
		if (got < 0 && errno != EINTR)
			code = -errno;
		if (got > 0)
			b->len += (size_t)got;
		got = got < 0 && errno == EINTR ? 1 : got;
	}
	(void)close(fd);
	return code;
}

static int check_schema(const struct ep_rj *root)
{
	static const char prefix[] = "edgeprof.run/";
	char schema[64] = "";
	int code = ep_rj_text(root, "schema", schema, sizeof(schema));

	if (code == 0 && !ep_str_starts(schema, prefix))
		code = ep_err_set(root->err, -EBADMSG,
				  "run.json is not edgeprof's: its schema is "
				  "not %s1; name a folder that edgeprof run "
				  "wrote",
				  prefix);
	if (code == 0 && strcmp(schema + strlen(prefix), "1") != 0)
		code = ep_err_set(root->err, -EBADMSG,
				  "run.json has schema %s, this edgeprof reads "
				  "%s1; use the edgeprof that wrote it",
				  schema, prefix);
	return code;
}

static int parse_basics(const struct ep_rj *root, struct ep_run *run)
{
	const struct ep_rj_range interval = { 100 * EP_NS_PER_US,
					      60 * EP_NS_PER_S };
	const json_t *command;
	int code = ep_rj_array(root, "command", 1 << 20, &command);

	run->has_command = command && json_array_size(command) > 0;
	run->interval_ns = 10 * EP_NS_PER_MS;
	if (code == 0)
		code = ep_rj_i64(root, "interval_ns", interval,
				 &run->interval_ns);
	if (code == 0)
		code = ep_rj_bool(root, "jitter", &run->jitter);
	if (code == 0)
		code = ep_rj_bool(root, "system_wide", &run->system_wide);
	if (code == 0)
		code = ep_rj_text(root, "scheduler", run->scheduler,
				  sizeof(run->scheduler));
	return code;
}

static int parse_board(const struct ep_rj *root, struct ep_run *run)
{
	struct ep_rj board;
	int code = ep_rj_object(root, "board", &board);

	run->board_matched = true;
	if (code == 0)
		code = ep_rj_text(&board, "name", run->board,
				  sizeof(run->board));
	if (code == 0)
		code = ep_rj_text(&board, "detected", run->board_detected,
				  sizeof(run->board_detected));
	if (code == 0)
		code = ep_rj_text(&board, "coverage", run->coverage,
				  sizeof(run->coverage));
	if (code == 0)
		code = ep_rj_bool(&board, "matched", &run->board_matched);
	return code;
}

static int parse_total(const struct ep_rj *root, struct ep_run *run)
{
	struct ep_rj total;
	const json_t *array = NULL;
	int code = ep_rj_object(root, "total", &total);

	if (code == 0)
		code = ep_rj_text(&total, "reason", run->total_reason,
				  sizeof(run->total_reason));
	if (code == 0)
		code = ep_rj_text(&total, "source", run->total_source,
				  sizeof(run->total_source));
	if (code == 0)
		code = ep_rj_text(&total, "title", run->total_title,
				  sizeof(run->total_title));
	if (code == 0)
		code = ep_rj_text(root, "calibration", run->calibration,
				  sizeof(run->calibration));
	/* Says more than the board's when the total is not the board's. */
	if (code == 0)
		code = ep_rj_text(&total, "coverage", run->coverage,
				  sizeof(run->coverage));
	if (code == 0)
		code = ep_rj_array(&total, "channels", EP_RUN_TOTAL_MAX,
				   &array);
	for (size_t i = 0; code == 0 && array && i < json_array_size(array);
	     i++) {
		const json_t *v = json_array_get(array, i);
		char *name = run->total_channels[i];

		if (!json_is_string(v) || json_string_length(v) >= 128)
			return ep_rj_bad(&total, "channels",
					 "holds more than channel names");
		(void)ep_str_copy(name, 128, json_string_value(v));
		ep_str_printable(name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(run->total_channels[j], name) == 0)
				return ep_rj_bad(&total, "channels",
						 "adds one channel twice");
		run->total_count++;
	}
	return code;
}

static int parse_observers(const struct ep_rj *root, struct ep_run *run)
{
	const json_t *array;
	int code = ep_rj_array(root, "observers", 8, &array);

	for (size_t i = 0; code == 0 && array && i < json_array_size(array);
	     i++) {
		struct ep_run_observer *o = &run->observers[i];
		char status[32] = "ok";
		struct ep_rj e;

		code = ep_rj_element(root, array, "observers", i, &e);
		if (code == 0)
			code = ep_rj_text(&e, "name", o->name, sizeof(o->name));
		if (code == 0)
			code = ep_rj_text(&e, "status", status, sizeof(status));
		if (code == 0)
			code = ep_rj_text(&e, "reason", o->reason,
					  sizeof(o->reason));
		o->failed = strcmp(status, "failed") == 0;
		run->observer_count++;
	}
	return code;
}

int ep_run_parse_json(const char *text, size_t len, struct ep_run *run,
		      struct ep_err *err)
{
	struct ep_rj root = { .err = err };
	json_error_t bad;
	int code;

	run->json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &bad);
	if (!run->json)
		return ep_err_set(err, -EBADMSG,
				  "run.json:%d: not JSON: %s; the run was cut "
				  "before it began, or the file is damaged",
				  bad.line, bad.text);
	root.object = run->json;
	if (!json_is_object(run->json))
		return ep_rj_bad(&root, "the whole", "is not an object");
	code = check_schema(&root);
	if (code == 0)
		code = parse_basics(&root, run);
	if (code == 0)
		code = parse_board(&root, run);
	if (code == 0)
		code = parse_total(&root, run);
	if (code == 0)
		code = parse_observers(&root, run);
	return code == 0 ? ep_run_parse_sensors(&root, run) : code;
}

static int load_json(int dir_fd, struct ep_run *run, struct ep_err *err)
{
	struct ep_buf b;
	int code;

	ep_buf_init(&b, EP_RUN_JSON_BYTES_MAX);
	code = read_file(dir_fd, "run.json", &b);
	if (code == -ENOENT)
		code = ep_err_set(err, code,
				  "there is no run.json; name a folder that "
				  "edgeprof run wrote");
	else if (code == -EFBIG)
		code = ep_err_set(err, -EBADMSG,
				  "run.json is larger than 16 MiB; it was not "
				  "written by edgeprof");
	else if (code == -ELOOP || code == -EBADMSG)
		code = ep_err_set(err, -EBADMSG,
				  "run.json is not a regular file");
	else if (code < 0)
		code = ep_err_set(err, code, "cannot read run.json: %s",
				  strerror(-code));
	else if (b.len == 0)
		code = ep_err_set(err, -EBADMSG,
				  "run.json is empty; the run was cut before "
				  "it began");
	else
		code = ep_run_parse_json(b.data, b.len, run, err);
	ep_buf_done(&b);
	return code;
}

int ep_run_load(int dir_fd, struct ep_run *run, struct ep_err *err)
{
	struct ep_buf b;
	int code;

	memset(run, 0, sizeof(*run));
	ep_buf_init(&b, EP_RUN_EVENTS_BYTES_MAX);
	code = load_json(dir_fd, run, err);
	if (code == 0) {
		code = read_file(dir_fd, "events.csv", &b);
		if (code == -ENOENT)
			code = ep_err_set(err, -ENODATA,
					  "there is no events.csv; nothing was "
					  "recorded");
		else if (code == -ELOOP || code == -EBADMSG)
			code = ep_err_set(err, -EBADMSG,
					  "events.csv is not a regular file");
		else if (code < 0)
			code = ep_err_set(err, code == -EFBIG ? code : -EBADMSG,
					  "cannot read events.csv: %s",
					  strerror(-code));
	}
	if (code == 0)
		code = ep_run_parse_events(&b, run, err);
	else
		ep_buf_done(&b);
	if (code < 0)
		ep_run_done(run);
	return code;
}

void ep_run_done(struct ep_run *run)
{
	if (!run)
		return;
	json_decref(run->json);
	for (size_t i = 0; i < run->sensor_count; i++)
		free(run->sensors[i].channels);
	free(run->sensors);
	free(run->events);
	ep_buf_done(&run->text);
	memset(run, 0, sizeof(*run));
}

bool ep_run_find_channel(const struct ep_run *run, const char *name,
			 size_t *ret_sensor, size_t *ret_channel)
{
	for (size_t s = 0; s < run->sensor_count; s++) {
		const struct ep_run_sensor *sensor = &run->sensors[s];
		size_t len = strlen(sensor->id);

		if (strncmp(name, sensor->id, len) != 0 || name[len] != '.')
			continue;
		for (size_t c = 0; c < sensor->channel_count; c++) {
			if (strcmp(name + len + 1, sensor->channels[c].name) ==
			    0) {
				*ret_sensor = s;
				*ret_channel = c;
				return true;
			}
		}
	}
	return false;
}
