/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board_parts.h"

#include <string.h>

#include "base/str.h"
#include "drivers/machine.h"

static bool key_holds(const struct ep_conf_key *key, const struct ep_env *env)
{
	const struct ep_root *root = &env->root;
	char text[256];

	if (strcmp(key->key, "compatible") == 0)
		return ep_machine_compatible(root, key->value);
	if (strcmp(key->key, "path") == 0)
		return ep_root_exists(root, key->value) == 0;
	if (strcmp(key->key, "machine") == 0) {
		ep_machine_arch(root, text, sizeof(text));
		return strcmp(text, key->value) == 0;
	}
	ep_machine_model(root, text, sizeof(text));
	return text[0] && ep_str_glob(key->value, text);
}

bool ep_board_match_by(const struct ep_board *board, const struct ep_env *env,
		       const struct ep_conf **ret_match)
{
	if (!board->conf || ep_board_is_fallback(board))
		return false;
	for (size_t i = 0; i < board->conf->section_count; i++) {
		const struct ep_conf *section = board->conf->sections[i];
		size_t held = 0;

		if (strcmp(section->kind, "match") != 0)
			continue;
		while (held < section->key_count &&
		       key_holds(&section->keys[held], env))
			held++;
		if (held == section->key_count) {
			*ret_match = section;
			return true;
		}
	}
	return false;
}

bool ep_board_matches(const struct ep_board *board, const struct ep_env *env)
{
	const struct ep_conf *match;

	return ep_board_match_by(board, env, &match);
}

bool ep_board_suits(const struct ep_board *board, const char *detected,
		    const struct ep_env *env)
{
	return strcmp(board->name, "none") == 0 ||
	       strcmp(board->name, detected) == 0 || board->estimate ||
	       ep_board_matches(board, env);
}

struct detection {
	const struct ep_env *env;
	char name[EP_BOARD_NAME_BYTES];
	int64_t priority;
	char fallback[EP_BOARD_NAME_BYTES];
	int64_t fallback_priority;
};

static int look_at(void *ctx, const char *name)
{
	struct detection *d = ctx;
	struct ep_board *b = NULL;
	int64_t priority;

	if (ep_board_load(name, &b, NULL) < 0)
		return 0;
	priority = ep_board_priority(b);
	if (ep_board_is_fallback(b)) {
		if (!d->fallback[0] || priority > d->fallback_priority) {
			(void)ep_str_copy(d->fallback, sizeof(d->fallback),
					  name);
			d->fallback_priority = priority;
		}
	} else if (ep_board_matches(b, d->env) &&
		   (!d->name[0] || priority > d->priority)) {
		(void)ep_str_copy(d->name, sizeof(d->name), name);
		d->priority = priority;
	}
	ep_board_free(b);
	return 0;
}

int ep_board_detect(const struct ep_env *env, char *ret_name, size_t size,
		    struct ep_err *err)
{
	struct detection d = { .env = env };
	int r = ep_board_list(look_at, &d);

	if (r < 0)
		return ep_err_set(err, r,
				  "the board files cannot be listed: "
				  "%s",
				  strerror(-r));
	(void)ep_str_copy(ret_name, size,
			  d.name[0]	  ? d.name
			  : d.fallback[0] ? d.fallback
					  : "generic");
	return 0;
}
