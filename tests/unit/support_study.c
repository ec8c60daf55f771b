/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_study.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/study/result.h"

#define CSV_BYTES_MAX ((size_t)1024 * 1024)

void support_study_make(struct ep_study *s, int level_count)
{
	struct ep_err err = { 0 };
	char *levels[32] = { NULL };

	ep_study_init(s);
	for (int i = 0; i < level_count; i++)
		assert_true(asprintf(&levels[i], "%d", i + 1) > 0);
	if (ep_study_add_factor(s, "n", NULL, levels, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < level_count; i++)
		free(levels[i]);
	assert_int_equal(ep_words_split("./infer -n {n}", &s->command, &err),
			 0);
}

static json_t *metric(double value)
{
	return json_pack("{s:f,s:f,s:s,s:n}", "value", value, "u95",
			 value / 100, "status", "ok", "reason");
}

json_t *support_made_report(const struct support_made *made)
{
	json_t *stop = made->stopped_by > 0 ? json_integer(made->stopped_by)
					    : json_null();

	return json_pack(
		"{s:{s:f,s:s}, s:[{s:s,s:I}], s:{s:{s:o,s:I},s:{s:o}}, s:[],"
		" s:{s:n,s:o}, s:{s:b,s:b,s:[]}, s:[], s:[], s:{}}",
		"run", "duration_s", 1.5, "ended", made->ended, "phases",
		"phase", "generation", "tokens", (json_int_t)made->tokens,
		"totals", "generation", "energy_j", metric(made->energy_j / 2),
		"tokens", (json_int_t)made->tokens, "run", "energy_j",
		metric(made->energy_j), "requests", "conditions",
		"swap_in_count", "stopped_by", stop, "validity", "valid", 1,
		"complete", 1, "reasons", "warnings", "health", "recording");
}

static int put_json(int dir_fd, const char *name, json_t *o)
{
	char *text = o ? json_dumps(o, 0) : NULL;
	int r = text ? ep_file_replace(dir_fd, name, text, strlen(text))
		     : -ENOMEM;

	free(text);
	json_decref(o);
	return r;
}

int support_made_write(int dir_fd, const struct support_made *made)
{
	int r = put_json(dir_fd, "run.json",
			 json_pack("{s:s,s:I,s:{s:s},s:{s:s,s:s},s:O}",
				   "version", "0.1.0", "started_real_ns",
				   (json_int_t)made->started_real_ns, "host",
				   "name", "desk", "board", "name", "demo",
				   "serial", "S1", "labels", made->labels));

	if (r == 0)
		r = ep_file_replace(dir_fd, "stdout.log", made->output,
				    strlen(made->output));
	return r < 0 ? r
		     : put_json(dir_fd, "report.json",
				support_made_report(made));
}

static int64_t label(const json_t *labels, const char *name)
{
	const char *text = json_string_value(json_object_get(labels, name));
	int64_t n = -1;

	return text && ep_num_parse_i64(text + (text[0] == 'w'), &n) == 0 ? n
									  : -1;
}

static int make_run(const char *folder, const struct support_made *made)
{
	int fd, r;

	if (mkdir(folder, 0755) < 0)
		return 125;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? -errno : support_made_write(fd, made);
	close(fd);
	return r < 0 ? 125 : 0;
}

int support_stand_in(int argc, char **argv)
{
	struct support_made made = { .labels = json_object(),
				     .ended = "exit 0",
				     .output = "an answer\n",
				     .tokens = 20 };
	const char *folder = NULL;
	int64_t config, attempt;
	int status;

	for (int i = 2; i + 1 < argc && strcmp(argv[i], "--") != 0; i++) {
		size_t len = strcspn(argv[i + 1], "=");
		char name[80];

		if (strcmp(argv[i], "-o") == 0)
			folder = argv[i + 1];
		if (strcmp(argv[i], "--label") != 0)
			continue;
		(void)ep_str_format(name, sizeof(name), "%.*s", (int)len,
				    argv[i + 1]);
		json_object_set_new(made.labels, name,
				    json_string(argv[i + 1] + len + 1));
	}
	config = label(made.labels, EP_LABEL_NUMBER);
	attempt = label(made.labels, EP_LABEL_ATTEMPT);
	made.energy_j =
		(double)config * 10 + (double)label(made.labels, EP_LABEL_RUN);
	made.started_real_ns = label(made.labels, EP_LABEL_ORDER);
	if (config == 2 && attempt == 1)
		made.ended = "exit 3";
	if (config == 4 || (config == 3 && attempt == 1)) {
		fprintf(stderr, "edgeprof: no such thing\n");
		json_decref(made.labels);
		return config == 4 ? 127 : 125;
	}
	status = folder ? make_run(folder, &made) : 125;
	json_decref(made.labels);
	return status ? status : made.ended[5] - '0';
}

char *support_results(int dir_fd)
{
	struct ep_buf b;
	char *text, *to;
	int r;

	ep_buf_init(&b, CSV_BYTES_MAX);
	r = ep_file_read(dir_fd, "results.csv", &b);
	if (r < 0)
		fail_msg("results.csv: %s", strerror(-r));
	text = to = calloc(b.len + 1, 1);
	assert_non_null(text);
	for (const char *line = b.data; *line;) {
		size_t skip = strcspn(line, ",");
		size_t len = strcspn(line, "\n") + 1;

		memcpy(to, line + skip, len - skip);
		to += len - skip;
		line += len;
	}
	ep_buf_done(&b);
	return text;
}
