/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_SETTINGS_H
#define EP_TESTS_UNIT_SUPPORT_SETTINGS_H

#include "base/env.h"
#include "profiler/record/change.h"
#include "tests/unit/support_tmp.h"

/* Boards as trees of settings, with a list of changes for each. */
struct support_board {
	const char *name;
	const char *const *files;	  /* path, value, ..., NULL */
	const struct ep_change_ask *asks; /* kind NULL at the end */
	bool tunables_per_policy;
};
#define SUPPORT_BOARDS 4
extern const struct support_board support_boards[SUPPORT_BOARDS];

void support_board_make(struct ep_tmp *tmp, const struct support_board *board);
struct ep_env support_board_env(const struct ep_tmp *tmp);
void support_board_list(const struct support_board *board,
			struct ep_change_list *ret);
/* Every setting of the tree as text, "path=value" lines; the caller frees. */
char *support_board_state(const struct ep_tmp *tmp);
/* Reads a file of the tree, chomped; "" when there is none. */
void support_board_get(const struct ep_tmp *tmp, const char *path, char *ret,
		       size_t size);

/*
 * What the kernel does when settings were written: folders of tunables come
 * (with defaults) and go with their governor, the governor "performance" forces
 * the energy preference, clocks are rounded to 100 MHz.
 */
struct support_kernel {
	const struct ep_tmp *tmp;
	const struct support_board *board;
	char governors[16][32]; /* of policy 0, 1...; as last seen */
};
void support_kernel_init(struct support_kernel *k, const struct ep_tmp *tmp,
			 const struct support_board *board);
void support_kernel_react(struct support_kernel *k);

#endif
