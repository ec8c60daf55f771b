/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/boards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/report/width.h"

/* Shorter than "Jo, 2026-01" is no answer. */
#define SOURCE_BYTES_MIN 11

/* What is no mistake, but worth a second look. */
struct hints {
	const struct ep_board *board;
	size_t count;
};

/* One line each, however long: editors jump to file:line. */
static void on_mistake(void *ctx, const char *text)
{
	char clean[900];

	(void)ctx;
	ep_width_clean(clean, sizeof(clean), text);
	(void)printf("%s\n", clean);
}

/* line 0: of the file as a whole */
static void hint(struct hints *h, int line, const char *text)
{
	char whole[900];

	if (line > 0)
		(void)ep_str_format(whole, sizeof(whole), "%s:%d: hint: %s",
				    h->board->path, line, text);
	else
		(void)ep_str_format(whole, sizeof(whole), "%s: hint: %s",
				    h->board->path, text);
	on_mistake(NULL, whole);
	h->count++;
}

static int line_of(const struct ep_conf *conf, const char *key)
{
	for (size_t i = 0; i < conf->key_count; i++)
		if (strcmp(conf->keys[i].key, key) == 0)
			return conf->keys[i].line;
	return conf->line;
}

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcasestr(text, *words))
			return true;
	return false;
}

static size_t count_sections(const struct ep_conf *conf, const char *kind)
{
	size_t count = 0;

	for (size_t i = 0; i < conf->section_count; i++)
		count += strcmp(conf->sections[i]->kind, kind) == 0;
	return count;
}

static void look_at_status(struct hints *h)
{
	const struct ep_board *b = h->board;
	const char *comma = strchr(b->status, ',');
	bool tested = ep_str_starts(b->status, "tested:");

	if (!tested && strcmp(b->status, "untested") != 0)
		hint(h, line_of(b->conf, "status"),
		     "status is \"untested\" or \"tested: BOARD, KERNEL, "
		     "DATE\"; reports print it");
	if (tested && !(comma && strchr(comma + 1, ',')))
		hint(h, line_of(b->conf, "status"),
		     "say what it was tested on: \"tested: BOARD, KERNEL, "
		     "DATE\"");
	if (strlen(b->source) < SOURCE_BYTES_MIN)
		hint(h, line_of(b->conf, "source"),
		     tested ? "the source does not say who measured or read "
			      "what, when"
			    : "nobody has tested this board, and the source "
			      "does not say where its facts come from");
}

static void look_at_matches(struct hints *h)
{
	const struct ep_board *b = h->board;
	size_t count = count_sections(b->conf, "match");

	if (ep_board_is_fallback(b) && count > 0)
		hint(h, line_of(b->conf, "fallback"),
		     "the match sections of a fallback are not looked at");
	/* A model runs anywhere, when it is asked for. */
	if (!ep_board_is_fallback(b) && count == 0 && !b->estimate)
		hint(h, 0,
		     "it has no match section, so it is never detected: only "
		     "--board names it");
}

static void look_at_total(struct hints *h)
{
	static const char *const left_out[] = { "left out", "leaves out",
						"without",  "not includ",
						"excluded", "nothing is",
						NULL };
	static const char *const none[] = { "no total", NULL };
	const struct ep_board *b = h->board;
	bool total = false;

	for (size_t i = 0; i < b->rail_count; i++)
		total |= b->rails[i].role == EP_ROLE_TOTAL;
	if (!total && !has_word(b->coverage, none))
		hint(h, line_of(b->conf, "coverage"),
		     "no rail has the role total: unless a sensor brings one, "
		     "runs have no energy without --sensor; let the coverage "
		     "begin with \"No total\" then");
	if (total && !has_word(b->coverage, left_out))
		hint(h, line_of(b->conf, "coverage"),
		     "the coverage does not tell what is left out (\"Left "
		     "out: ...\"); readers will take the total for "
		     "everything");
}

static void look_at_counters(struct hints *h)
{
	const struct ep_board *b = h->board;
	const char *driver;

	if (count_sections(b->conf, "counters") == 0)
		return;
	for (size_t i = 0; i < b->sensor_count; i++) {
		driver = ep_conf_get(b->sensors[i], "driver");
		driver = driver ? driver : b->sensors[i]->title;
		if (strcmp(driver, "counters") == 0)
			return;
	}
	hint(h, 0,
	     "it has a counters section but no sensor counters, so nothing is "
	     "counted");
}

static int look_at(const char *path)
{
	struct hints h = { NULL, 0 };
	struct ep_board *b = NULL;
	struct ep_err err = { 0 };
	char line[640];
	int r = ep_board_load(path, &b, &err);

	if (r < 0) {
		ep_boards_complain(err.text);
		return EP_EXIT_USAGE;
	}
	h.board = b;
	look_at_status(&h);
	look_at_matches(&h);
	look_at_total(&h);
	look_at_counters(&h);
	(void)ep_str_format(line, sizeof(line),
			    "%s: ok (sensors: %zu, rails: %zu, hints: %zu)",
			    b->path, b->sensor_count, b->rail_count, h.count);
	on_mistake(NULL, line);
	ep_board_free(b);
	return EP_EXIT_OK;
}

/* A file as typed, else a board by its name. */
static int find_file(const char *word, char *ret, size_t size,
		     struct ep_err *err)
{
	bool bare = !strchr(word, '/');
	struct stat st;

	if (bare && !ep_str_ends(word, ".board") &&
	    (stat(word, &st) < 0 || S_ISDIR(st.st_mode)))
		return ep_board_path(word, ret, size, err);
	return ep_str_format(ret, size, "%s%s", bare ? "./" : "", word)
		       ? 0
		       : ep_err_set(err, -ENAMETOOLONG,
				    "%.80s...: path too "
				    "long",
				    word);
}

static int check_file(const char *word)
{
	char path[512], line[560];
	struct ep_err err = { 0 };
	int n = find_file(word, path, sizeof(path), &err);

	if (n == 0)
		n = ep_board_check(path, on_mistake, NULL, &err);
	if (n < 0) {
		ep_boards_complain(err.text[0] ? err.text : strerror(-n));
		return n == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
	}
	if (n == 0)
		return look_at(path);
	(void)ep_str_format(line, sizeof(line), "%s: %d mistake%s", path, n,
			    n == 1 ? "" : "s");
	on_mistake(NULL, line);
	return EP_EXIT_NO;
}

/* All of them, whatever is wrong with one; the worst counts. */
int ep_boards_check(char **files, int count)
{
	int worst = EP_EXIT_OK;

	for (int i = 0; i < count; i++) {
		int status = check_file(files[i]);

		if (status > worst)
			worst = status;
	}
	return worst;
}
