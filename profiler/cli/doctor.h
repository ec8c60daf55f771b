/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_CLI_DOCTOR_H
#define EP_PROFILER_CLI_DOCTOR_H

#include "base/env.h"
#include "base/err.h"
#include "profiler/record/slot.h"
#include "sensors/board.h"

#include <stdbool.h>

/* Between doctor.c and the files of its checks. */

enum ep_finding {
	EP_FINDING_OK,
	EP_FINDING_NOTE,    /* could be better, or good to know */
	EP_FINDING_MISSING, /* some figures are not measured */
	EP_FINDING_NEEDED,  /* the board's total is not, or not whole */
	EP_FINDING_COUNT
};

struct ep_doctor {
	struct ep_env env;
	struct ep_board *board;
	char detected[EP_BOARD_NAME_BYTES];
	bool asked; /* --board */
	struct ep_slot_list slots;
	struct ep_total total;
	size_t counts[EP_FINDING_COUNT];
};

/* One line: what was found about topic. */
void ep_doctor_say(struct ep_doctor *d, enum ep_finding finding,
		   const char *topic, const char *format, ...) EP_PRINTF(4, 5);
/* Below it: what that costs, what else to know, a command that puts it right,
 * and what may follow on that.  Commands are not broken into lines. */
void ep_doctor_cost(const char *format, ...) EP_PRINTF(1, 2);
void ep_doctor_note(const char *format, ...) EP_PRINTF(1, 2);
void ep_doctor_fix(const char *format, ...) EP_PRINTF(1, 2);
void ep_doctor_step(const char *format, ...) EP_PRINTF(1, 2);
/* Is it a sensor of one of the board's total rails? */
bool ep_doctor_in_total(const struct ep_doctor *d, const struct ep_slot *slot);

/* The checks, in lines each; none where there is nothing to check. */
void ep_doctor_board(struct ep_doctor *d); /* doctor_board.c */
void ep_doctor_sensors(struct ep_doctor *d);
void ep_doctor_total(struct ep_doctor *d);
void ep_doctor_values(struct ep_doctor *d); /* doctor_values.c */
void ep_doctor_user(struct ep_doctor *d);   /* doctor_rights.c */
void ep_doctor_counters(struct ep_doctor *d);
void ep_doctor_pmus(struct ep_doctor *d);
void ep_doctor_probes(struct ep_doctor *d);
void ep_doctor_realtime(struct ep_doctor *d);
void ep_doctor_nodes(struct ep_doctor *d); /* doctor_nodes.c */
void ep_doctor_serial(struct ep_doctor *d);
void ep_doctor_testers(struct ep_doctor *d);   /* doctor_testers.c */
void ep_doctor_bluetooth(struct ep_doctor *d); /* doctor_bluetooth.c */
void ep_doctor_graphics(struct ep_doctor *d);  /* doctor_system.c */
void ep_doctor_build(struct ep_doctor *d);
void ep_doctor_fix_nvml(void); /* lines below another */
void ep_doctor_governor(struct ep_doctor *d);
void ep_doctor_clock(struct ep_doctor *d);
void ep_doctor_steal(struct ep_doctor *d);
void ep_doctor_swap(struct ep_doctor *d);
void ep_doctor_disk(struct ep_doctor *d);
void ep_doctor_journal(struct ep_doctor *d);

/* --pmic, an exit status. */
int ep_doctor_pmic(const struct ep_env *env, int64_t whole_ns);

#endif
