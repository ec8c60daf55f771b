/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_SENSORS_BOARD_PARTS_H
#define EP_SENSORS_BOARD_PARTS_H

#include "sensors/board.h"

/* Between board.c (one file), board_rails.c and board_sections.c (its parts),
 * board_find.c (which file) and board_match.c. */

#define EP_BOARD_SUFFIX ".board"

/* Reads and checks the file at path.  expected is the name it must give itself,
 * or NULL. */
int ep_board_load_file(const char *path, const char *expected,
		       struct ep_board **ret, struct ep_err *err) EP_MUST_CHECK;
bool ep_board_name_ok(const char *name);
/* The name a file must give itself, by its path: "" when it is not called
 * NAME.board and may have any; -EINVAL when no name can be like it. */
int ep_board_name_of(const char *path, char *ret, size_t size,
		     struct ep_err *err) EP_MUST_CHECK;
/* The value of a key, "" where there is none. */
const char *ep_board_text(const struct ep_conf *conf, const char *key);

extern const struct ep_param ep_board_top_params[];
extern const struct ep_param ep_board_match_params[];
extern const struct ep_param ep_board_rail_params[];
extern const struct ep_param ep_board_counter_params[];
extern const struct ep_param ep_board_calibration_params[];

/* Each takes one section into board; -EINVAL with file:line. */
int ep_board_take_sensor(struct ep_board *b, const struct ep_conf *section,
			 struct ep_err *err) EP_MUST_CHECK;
int ep_board_take_rail(struct ep_board *b, const struct ep_conf *conf,
		       struct ep_err *err) EP_MUST_CHECK;
int ep_board_check_match(const struct ep_conf *conf,
			 struct ep_err *err) EP_MUST_CHECK;
int ep_board_take_counters(struct ep_board *b, const struct ep_conf *conf,
			   struct ep_err *err) EP_MUST_CHECK;
int ep_board_take_calibration(struct ep_board *b, const struct ep_conf *conf,
			      struct ep_err *err) EP_MUST_CHECK;
/* The key "battery" of the top level. */
int ep_board_take_battery(struct ep_board *b, const struct ep_conf *conf,
			  struct ep_err *err) EP_MUST_CHECK;

#endif
