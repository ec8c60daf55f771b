/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/boards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"
#include "profiler/report/width.h"

#define NAME_COLUMNS_MAX 24
#define TITLE_COLUMNS 37

static const char help[] =
	"usage: edgeprof boards list\n"
	"       edgeprof boards show [NAME|PATH]\n"
	"       edgeprof boards detect\n"
	"       edgeprof boards check FILE...\n"
	"\n"
	"Board files say which sensors a machine has, which of them is its "
	"total, and\n"
	"what that total includes.\n"
	"\n"
	"  list        every board known here; * is the one a run would take\n"
	"  show        all that a board file says (default: the one detected)\n"
	"  detect      the name of this machine's board, and what it was\n"
	"              recognised by\n"
	"  check       every mistake in board files, with file and line\n"
	"  -h, --help  this text\n"
	"\n"
	"Files are found in $EDGEPROF_BOARDS, ~/.config/edgeprof/boards,\n"
	"/etc/edgeprof/boards and the folder edgeprof came with; "
	"edgeprof-board(5) tells\n"
	"how they are written.\n"
	"\n"
	"Exit status: 0 done; 1 detect: this machine is unknown; check: there "
	"are\n"
	"mistakes; 2 wrong usage, or a file cannot be read; 125 edgeprof "
	"failed.\n"
	"\n"
	"Example: edgeprof boards show rpi5\n";

void ep_boards_complain(const char *text)
{
	char clean[600];

	ep_width_clean(clean, sizeof(clean), text);
	(void)fprintf(stderr, "edgeprof boards: %s\n", clean);
}

static int usage(const char *text, const char *what)
{
	char line[300];

	(void)ep_str_format(line, sizeof(line),
			    "%s%.80s%s; see edgeprof boards --help", text, what,
			    what[0] ? "'" : "");
	ep_boards_complain(line);
	return EP_EXIT_USAGE;
}

struct listing {
	char detected[EP_BOARD_NAME_BYTES];
	int name_columns;
	bool marked, fallback;
	size_t broken_count;
};

static int measure_name(void *ctx, const char *name)
{
	struct listing *l = ctx;
	int columns = ep_width(name);

	if (columns > l->name_columns && columns <= NAME_COLUMNS_MAX)
		l->name_columns = columns;
	return 0;
}

static int list_one(void *ctx, const char *name)
{
	struct listing *l = ctx;
	bool here = strcmp(name, l->detected) == 0;
	struct ep_board *b = NULL;
	struct ep_err err = { 0 };
	int at = l->name_columns + 4;
	int r = ep_board_load(name, &b, &err);

	if (r == -ENOMEM)
		return r;
	(void)printf("%s ", here ? "*" : " ");
	ep_lines_cell(l->name_columns, name);
	ep_lines_spaces(2);
	if (r < 0) {
		l->broken_count++;
		ep_lines_wrapf(at, at, "left out: %s", err.text);
		return 0;
	}
	l->marked |= here;
	l->fallback |= here && ep_board_is_fallback(b);
	ep_lines_cell(TITLE_COLUMNS, b->title);
	ep_lines_spaces(2);
	at += TITLE_COLUMNS + 2;
	ep_lines_wrap(at, at, b->status);
	ep_board_free(b);
	return 0;
}

static int list_boards(const struct ep_env *env)
{
	struct listing l = { .name_columns = 4 };
	struct ep_err err = { 0 };
	int r = ep_board_detect(env, l.detected, sizeof(l.detected), &err);

	if (r == 0)
		r = ep_board_list(measure_name, &l);
	if (r == 0)
		r = ep_board_list(list_one, &l);
	if (r < 0) {
		ep_boards_complain(err.text[0] ? err.text : strerror(-r));
		return EP_EXIT_INTERNAL;
	}
	if (l.marked)
		(void)printf("\n* %s\n",
			     l.fallback ? "what a run takes here: no file "
					  "knows this machine"
					: "the board of this machine");
	if (l.broken_count > 0)
		(void)printf("\n%zu with mistakes: see edgeprof boards check "
			     "FILE\n",
			     l.broken_count);
	return EP_EXIT_OK;
}

static int too_many(int argc, char **argv, int most)
{
	return argc > most ? usage("too many arguments: '", argv[most])
			   : EP_EXIT_OK;
}

/* words[0] is the word after "boards". */
static int act(const struct ep_env *env, int count, char **words)
{
	static const char *const known[] = { "list", "show", "detect",
					     "check" };
	const char *nearest;
	int r;

	if (strcmp(words[0], "list") == 0) {
		r = too_many(count, words, 1);
		return r ? r : list_boards(env);
	}
	if (strcmp(words[0], "show") == 0) {
		r = too_many(count, words, 2);
		return r ? r : ep_boards_show(env, words[1]);
	}
	if (strcmp(words[0], "detect") == 0) {
		r = too_many(count, words, 1);
		return r ? r : ep_boards_detect(env);
	}
	if (strcmp(words[0], "check") == 0) {
		if (count < 2)
			return usage("which file? boards check FILE...", "");
		return ep_boards_check(words + 1, count - 1);
	}
	nearest = ep_str_nearest(words[0], known, 4);
	if (nearest)
		(void)fprintf(stderr,
			      "edgeprof boards: did you mean 'edgeprof boards "
			      "%s'?\n",
			      nearest);
	return usage("there is no '", words[0]);
}

int ep_cmd_boards(int argc, char **argv)
{
	struct ep_err err = { 0 };
	struct ep_env env;
	int r;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0) {
			(void)fputs(help, stdout);
			return ep_lines_end("boards", EP_EXIT_OK);
		}
		if (argv[i][0] == '-')
			return usage("unknown option '", argv[i]);
	}
	if (argc > 2 && strcmp(argv[2], "--") == 0) {
		argv[2] = argv[1];
		argv++;
		argc--;
	}
	if (argc < 2)
		return usage("say what: list, show, detect or check", "");
	r = ep_env_init(&env, &err);
	if (r < 0) {
		ep_boards_complain(err.text);
		return EP_EXIT_INTERNAL;
	}
	r = act(&env, argc - 1, argv + 1);
	ep_env_done(&env);
	return ep_lines_end("boards", r);
}
