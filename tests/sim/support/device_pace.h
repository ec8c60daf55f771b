/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_DEVICE_PACE_H
#define EP_TESTS_SIM_SUPPORT_DEVICE_PACE_H

#include <sched.h>

/* A device keeps its pace on a busy machine; a simulator of one that mostly
 * sleeps does so where that is allowed.  Its children do not inherit it. */
static inline void sim_keep_pace(void)
{
	const struct sched_param first = { .sched_priority = 1 };

	(void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

#endif
