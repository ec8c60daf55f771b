/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_CONTROL_H
#define EP_TESTS_UNIT_SUPPORT_CONTROL_H

#include "profiler/record/control.h"
#include "tests/unit/support_tmp.h"

#define CPU "sys/devices/system/cpu/"

/* A board of four CPUs and two policies, and what was planned for it last. */
struct control_fixture {
	struct ep_tmp tmp;
	struct ep_env env;
	struct ep_change_list list;
	struct ep_control_notes notes;
	struct ep_err err;
};

int control_setup(void **state);
int control_teardown(void **state);
int control_plan(struct control_fixture *f, const struct ep_control *control);
/* Change i is of a target that ends so, to this value. */
void control_expect(const struct control_fixture *f, size_t i,
		    const char *target_end, const char *asked);

#endif
