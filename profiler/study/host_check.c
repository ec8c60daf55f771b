/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/study/host_check.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/study/command.h"
#include "profiler/study/courier.h"

#define FREE_BYTES_MIN (64.0 * 1024 * 1024)

bool ep_host_check_is_kind(const char *board)
{
	return board[0] && strcmp(board, "demo") != 0 &&
	       strcmp(board, "none") != 0 && !strchr(board, '/') &&
	       !ep_str_ends(board, ".board");
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static void add(struct ep_host_found *f, const char *before, const char *text,
		const char *after)
{
	size_t used = strlen(f->text);

	(void)ep_str_format(f->text + used, sizeof(f->text) - used,
			    "%s%s%.240s%s", used ? ", " : "", before, text,
			    after);
}

static void refuse(struct ep_host_found *f, const char *text)
{
	if (f->usable) {
		f->text[0] = '\0';
		add(f, "left out: ", text, "");
	}
	f->usable = false;
}

/* "edgeprof 0.1.0", or what a shell says of a program that is not there. */
static void take_version(const struct ep_host_wanted *w, const char *line,
			 struct ep_host_found *f)
{
	static const char name[] = "edgeprof ";
	char text[400];

	if (!ep_str_starts(line, name)) {
		(void)ep_str_format(text, sizeof(text),
				    "no edgeprof there (%.200s): install it, "
				    "or say where it is",
				    line);
		refuse(f, text);
		return;
	}
	(void)ep_str_copy(f->version, sizeof(f->version), line + strlen(name));
	if (!w->version || strcmp(f->version, w->version) == 0)
		return;
	(void)ep_str_format(text, sizeof(text),
			    "it has edgeprof %.60s, this is %.60s: install the "
			    "same, or give --mixed-versions",
			    f->version, w->version);
	refuse(f, text);
}

static void judge_board(const struct ep_host_wanted *w, const json_t *o,
			struct ep_host_found *f)
{
	char text[300];

	(void)ep_str_copy(f->board, sizeof(f->board), text_of(o, "board"));
	(void)ep_str_copy(f->serial, sizeof(f->serial), text_of(o, "serial"));
	add(f, "board ", f->board, "");
	if (f->serial[0])
		add(f, "serial ", f->serial, "");
	if (!ep_host_check_is_kind(w->board) ||
	    strcmp(f->board, w->board) == 0 ||
	    json_is_true(json_object_get(o, "suits")))
		return;
	(void)ep_str_format(text, sizeof(text),
			    "it is a %.60s, the study is for %.60s", f->board,
			    w->board);
	refuse(f, text);
}

static void judge_sensors(const json_t *o, struct ep_host_found *f)
{
	const json_t *failed = json_object_get(o, "failed");
	const char *total = text_of(o, "total");
	char text[300];

	(void)ep_str_format(
		text, sizeof(text), "%lld",
		(long long)json_integer_value(json_object_get(o, "sensors")));
	add(f, text, " sensors", "");
	for (size_t i = 0; i < json_array_size(failed); i++) {
		const char *one = json_string_value(json_array_get(failed, i));

		add(f, "not ", one ? one : "?", "");
	}
	if (total[0])
		add(f, "total ", total, "");
	else
		add(f, "no total: ", text_of(o, "total_reason"), "");
}

static void take_facts(const struct ep_host_wanted *w, const json_t *o,
		       struct ep_host_found *f)
{
	double free_bytes = json_number_value(json_object_get(o, "free_bytes"));
	const char *setup = text_of(o, "setup");
	const char *problem = text_of(o, "problem");
	char text[80];

	judge_board(w, o, f);
	judge_sensors(o, f);
	(void)ep_str_format(text, sizeof(text), "%.1f GB free",
			    free_bytes / 1e9);
	add(f, text, "", "");
	add(f, setup[0] ? "not set up: " : "set up", setup, "");
	if (free_bytes < FREE_BYTES_MIN)
		refuse(f, "less than 64 MiB free for run folders");
	if (problem[0])
		refuse(f, problem);
}

static void take_line(const struct ep_host_wanted *w, const char *line,
		      struct ep_host_found *f, bool *told)
{
	const char *text;
	json_t *o;

	if (!ep_courier_line(line, w->nonce, &text))
		return;
	if (ep_str_starts(text, "version ")) {
		take_version(w, text + strlen("version "), f);
	} else if (ep_str_starts(text, "host ")) {
		o = json_loads(text + strlen("host "), 0, NULL);
		if (json_is_object(o)) {
			*told = true;
			if (f->usable)
				take_facts(w, o, f);
		}
		json_decref(o);
	}
}

/* The last line that says something, for a person. */
static void keep_noise(const char *line, char *ret, size_t size)
{
	if (line[strspn(line, " \t\r")] != '\0')
		(void)ep_str_copy(ret, size, line);
}

void ep_host_check_read(const struct ep_host_wanted *wanted, const char *output,
			int status, struct ep_host_found *ret)
{
	struct ep_host_found f = { .usable = true };
	char noise[200] = "", text[300];
	bool told = false;

	while (*output) {
		char line[EP_COURIER_LINE_BYTES];
		size_t len = strcspn(output, "\n");

		(void)ep_str_format(line, sizeof(line), "%.*s", (int)len,
				    output);
		(void)ep_str_chomp(line);
		keep_noise(line, noise, sizeof(noise));
		take_line(wanted, line, &f, &told);
		output += len + (output[len] == '\n');
	}
	if (!told && f.usable) {
		(void)ep_str_format(text, sizeof(text), "%s (status %d)%s%s",
				    status == 255 ? "it cannot be reached"
						  : "it did not answer",
				    status, noise[0] ? ": " : "", noise);
		refuse(&f, text);
	}
	if (f.usable) {
		char all[sizeof(f.text)];

		(void)ep_str_copy(all, sizeof(all), f.text);
		f.text[0] = '\0';
		add(&f, "edgeprof ", f.version[0] ? f.version : "?", "");
		add(&f, all, "", "");
	}
	ep_str_printable(f.text);
	*ret = f;
}

int ep_host_check_command(const char *edgeprof, const char *nonce,
			  const char *extra, char *ret, size_t size)
{
	char program[1024], inner[4096];
	int r = ep_command_quote(edgeprof, program, sizeof(program));

	if (r < 0)
		return r;
	if (!ep_str_format(inner, sizeof(inner),
			   "echo; echo \"EDGEPROF-%s version $(%s --version "
			   "2>&1 | head -n 1)\"; exec %s sweep --host-check %s"
			   "%s",
			   nonce, program, program, nonce, extra))
		return -E2BIG;
	if (!ep_str_copy(ret, size, "exec sh -c "))
		return -E2BIG;
	return ep_command_quote(inner, ret + strlen(ret), size - strlen(ret));
}
