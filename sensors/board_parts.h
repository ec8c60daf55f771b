/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_BOARD_PARTS_H
#define EP_SENSORS_BOARD_PARTS_H

#include "sensors/board.h"

/* Between board.c (one file), board_find.c (which file) and board_match.c. */

#define EP_BOARD_SUFFIX ".board"

/* Reads and checks the file at path.  expected is the name it must give itself,
 * or NULL. */
int ep_board_load_file(const char *path, const char *expected,
		       struct ep_board **ret, struct ep_err *err) EP_MUST_CHECK;
bool ep_board_name_ok(const char *name);
/* "fallback" and "priority" of its file. */
bool ep_board_is_fallback(const struct ep_board *board);
int64_t ep_board_priority(const struct ep_board *board);

#endif
