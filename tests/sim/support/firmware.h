/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_FIRMWARE_H
#define EP_TESTS_SIM_SUPPORT_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/sim/support/profile.h"

/*
 * What the firmware of a Raspberry Pi 5 answers to text commands while its
 * rails draw scripted power, worked out from the time alone.
 */
#define FIRMWARE_TEXT_BYTES 4096
#define FIRMWARE_FAULTS_MAX 16

/* KIND from FROM_S on for FOR_S seconds after the epoch. */
struct firmware_fault {
	enum firmware_fault_kind {
		FAULT_GARBAGE,	 /* bytes of no sense */
		FAULT_TRUNCATED, /* the text ends in the middle */
		FAULT_NAN,	 /* currents are "nan" */
		FAULT_MISSING,	 /* the core's lines are not there */
		FAULT_SPIKE,	 /* the core draws 1000 A */
		FAULT_STUCK,	 /* values of the fault's begin */
		FAULT_ERROR,	 /* error=... */
		FAULT_EMPTY,	 /* "" */
		FAULT_EIO,	 /* the call fails */
		FAULT_SLOW,	 /* the call takes 300 ms */
		FAULT_VANISH,	 /* the node is gone */
		FAULT_THROTTLED, /* under-voltage, throttled */
		FAULT_KINDS
	} kind;
	double from_s, for_s;
};

struct firmware {
	struct profile profile;
	bool exact;	/* values are not rounded to the converter's */
	bool pi4;	/* has no pmic_read_adc */
	bool no_single; /* reads all channels or none */
	bool unpadded;
	double refresh_s; /* values change at most so often; 0: at once */
	double full_s, single_s; /* what a call takes */
	struct firmware_fault faults[FIRMWARE_FAULTS_MAX];
	size_t fault_count;
};

/* "KIND:FROM_S:FOR_S"; 0, or -1 with a line on stderr. */
int firmware_add_fault(struct firmware *f, const char *text);
bool firmware_has(const struct firmware *f, enum firmware_fault_kind kind,
		  double t_s);
/* Seconds the firmware works on the command. */
double firmware_cost_s(const struct firmware *f, const char *command,
		       double t_s);
/* The reply to a command that came at t_s. */
void firmware_answer(const struct firmware *f, const char *command, double t_s,
		     char ret[FIRMWARE_TEXT_BYTES]);

#endif
