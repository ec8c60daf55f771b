/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_FNIRSI_METER_H
#define EP_TESTS_SIM_SUPPORT_FNIRSI_METER_H

#include <stdint.h>

#include "tests/sim/support/profile.h"

/* One of FNIRSI's meters behind a pseudo-terminal, for tests/sim/fnirsi.c. */

enum fnirsi_fault {
	FNIRSI_SILENCE,
	FNIRSI_CHECKSUM,
	FNIRSI_NOISE,
	FNIRSI_SPIKE,
	FNIRSI_OTHER,
	FNIRSI_HANGUP,
	FNIRSI_FAULT_COUNT
};

struct fnirsi_model {
	const char *name;
	uint16_t vendor, product;
	unsigned char third; /* of the commands that start it */
};

struct fnirsi_meter {
	const struct fnirsi_model *model;
	struct profile profile;
	double volts, rate; /* samples a second */
	int interpolate, freezes;
	struct {
		int set;
		double from_s, to_s;
	} faults[FNIRSI_FAULT_COUNT];
	const char *node;  /* the link to the terminal */
	const char *after; /* faults are timed from when this file is there */
	long long epoch_ns;
	long long first_ns;	     /* 0 of the faults' times; 0 unknown */
	long long start_ns, told_ns; /* last started; last told anything */
	unsigned long long sent, noise;
	int started, going; /* commands seen in order; it sends */
	int master, slave;  /* -1: unplugged */
};

long long fnirsi_now_ns(void);
/* Both 0, or -1 for what is not known. */
int fnirsi_set_model(struct fnirsi_meter *m, const char *name);
int fnirsi_add_fault(struct fnirsi_meter *m, const char *text);
/* Everything that is due; -1 with errno when there is no terminal. */
int fnirsi_step(struct fnirsi_meter *m);

#endif
