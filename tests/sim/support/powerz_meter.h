/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_POWERZ_METER_H
#define EP_TESTS_SIM_SUPPORT_POWERZ_METER_H

#include <stdint.h>

#include "tests/sim/support/profile.h"

/* A KM003C, what it is asked and answers, for tests/sim/powerz.c. */
#define POWERZ_ANSWER_BYTES 52
#define POWERZ_ANSWERS_MAX 4

enum powerz_fault {
	POWERZ_SILENCE,
	POWERZ_SHORT,
	POWERZ_GARBAGE,
	POWERZ_LATE,
	POWERZ_STALL,
	POWERZ_GONE,
	POWERZ_FAULT_COUNT
};

struct powerz_meter {
	struct profile profile;
	double volts;
	int reversed, unnumbered, second, busy;
	const char *driver, *epoch_file, *count_file;
	struct {
		double from_s, to_s;
	} faults[POWERZ_FAULT_COUNT];
	long long epoch_ns, first_ns; /* when it was first asked; 0 */
	unsigned long questions, transfers;
	uint8_t answers[POWERZ_ANSWERS_MAX][POWERZ_ANSWER_BYTES];
	long long due_ns[POWERZ_ANSWERS_MAX]; /* 0: none there */
};

long long powerz_now_ns(void);
/* The index of the command, 0 when an option is wrong. */
int powerz_parse(struct powerz_meter *m, int argc, char **argv);
int powerz_has(const struct powerz_meter *m, enum powerz_fault fault);
/* -1: no POWER-Z knows this question. */
int powerz_ask(struct powerz_meter *m, const uint8_t *bytes, int len);
/* The answer that is due first; -1: none yet. */
int powerz_next(const struct powerz_meter *m);

#endif
