/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_PROGRAMS_H
#define EP_TESTS_UNIT_SUPPORT_PROGRAMS_H

#include "base/env.h"
#include "base/err.h"
#include "tests/unit/support_tmp.h"

/* A board with the vendor's programs of tests/sim/board in their places. */
struct programs {
	struct ep_tmp tmp;
	struct ep_env env;
	struct ep_err err;
};
int programs_setup(void **state);
int programs_teardown(void **state);
/* One of tests/sim/board as that file of the board. */
void programs_install(const struct programs *p, const char *name,
		      const char *place);
/* A whole small file, without white space at its end; "" when it is not there.
 */
const char *programs_get(const struct programs *p, const char *name);
/* The error's sentence holds text. */
void programs_says(const struct programs *p, const char *text);

#endif
