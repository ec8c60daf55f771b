/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/boards.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "drivers/machine.h"
#include "profiler/cli/cli.h"
#include "profiler/cli/lines.h"

#define COLUMN 14

void ep_boards_match_text(const struct ep_conf *match, char *ret, size_t size)
{
	(void)ep_str_copy(ret, size, "");
	for (size_t i = 0; i < match->key_count; i++) {
		size_t len = strlen(ret);

		(void)ep_str_format(ret + len, size - len, "%s%s = %s",
				    i ? " and " : "", match->keys[i].key,
				    match->keys[i].value);
	}
}

/* Boards that match too, or cannot be read. */
struct others {
	const struct ep_env *env;
	const char *taken;
	char also[600];
	char broken[600];
};

static void add_name(char *list, size_t size, const char *name)
{
	size_t len = strlen(list);

	(void)ep_str_format(list + len, size - len, "%s%s", len ? ", " : "",
			    name);
}

static int look_at(void *ctx, const char *name)
{
	struct others *o = ctx;
	struct ep_board *b = NULL;
	int r = ep_board_load(name, &b, NULL);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		add_name(o->broken, sizeof(o->broken), name);
	else if (strcmp(name, o->taken) != 0 && ep_board_matches(b, o->env))
		add_name(o->also, sizeof(o->also), name);
	ep_board_free(b);
	return 0;
}

static void say(const char *label, const char *text)
{
	ep_lines_fact(COLUMN, label, text[0] ? text : "not told");
}

static void say_machine(const struct ep_env *env)
{
	char text[1024];

	(void)printf("this machine says:\n");
	ep_machine_model(&env->root, text, sizeof(text));
	say("model", text);
	ep_machine_compatibles(&env->root, text, sizeof(text));
	say("compatible", text);
	ep_machine_arch(&env->root, text, sizeof(text));
	say("machine", text);
	ep_machine_product(&env->root, text, sizeof(text));
	say("product", text);
}

/* true: a file knows this machine. */
static bool say_how(const struct ep_env *env, const char *name)
{
	const struct ep_conf *match = NULL;
	struct ep_board *b = NULL;
	char text[600];
	bool known = ep_board_load(name, &b, NULL) == 0 &&
		     ep_board_match_by(b, env, &match);

	if (known) {
		ep_boards_match_text(match, text, sizeof(text));
		ep_lines_wrapf(0, 2, "recognised by %s", text);
		ep_lines_wrapf(0, 2, "file %s", b->path);
	} else {
		ep_lines_wrapf(0, 2,
			       "no board file knows this machine; a run takes "
			       "board %s",
			       name);
	}
	ep_board_free(b);
	return known;
}

int ep_boards_detect(const struct ep_env *env)
{
	char name[EP_BOARD_NAME_BYTES];
	struct others o = { .env = env, .taken = name };
	struct ep_err err = { 0 };
	int r = ep_board_detect(env, name, sizeof(name), &err);
	bool known;

	if (r == 0)
		r = ep_board_list(look_at, &o);
	if (r < 0) {
		ep_boards_complain(err.text[0] ? err.text : strerror(-r));
		return EP_EXIT_INTERNAL;
	}
	(void)printf("%s\n", name);
	known = say_how(env, name);
	say_machine(env);
	if (o.also[0])
		ep_lines_wrapf(0, 2,
			       "matching too, with a lower priority or a later "
			       "name: %s",
			       o.also);
	if (o.broken[0])
		ep_lines_wrapf(0, 2,
			       "left out, since their files have mistakes "
			       "(edgeprof boards list tells where): %s",
			       o.broken);
	if (!known)
		ep_lines_wrap(0, 2,
			      "If it is one of the boards of edgeprof boards "
			      "list, name it with --board; else write a file "
			      "for it: docs/adding-a-board.md.");
	return known ? EP_EXIT_OK : EP_EXIT_NO;
}
