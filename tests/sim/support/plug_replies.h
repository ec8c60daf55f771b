/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_PLUG_REPLIES_H
#define EP_TESTS_SIM_SUPPORT_PLUG_REPLIES_H

#include "tests/sim/support/http_login.h"
#include "tests/sim/support/http_peer.h"
#include "tests/sim/support/profile.h"

#define FAULTS_MAX 8
#define HUGE_BYTES (256 * 1024)

enum kind { GEN1, GEN2, PM1, EM1, TASMOTA, KIND_COUNT };
struct fault {
	char name[24];
	unsigned long from, to;
};

/* A plug: what it measures, tells and gets wrong. */
struct plug_sim {
	enum kind kind;
	struct profile profile;
	int64_t epoch_ns, refresh_ns;
	double step_j, base_j;
	unsigned channels;
	struct http_login login; /* password NULL: none is asked for */
	unsigned long readings;
	struct fault faults[FAULTS_MAX];
	size_t fault_count;
	char body[HUGE_BYTES + 4096];
};

/* Is this reading to go wrong in that way? */
bool plug_faulty(const struct plug_sim *p, const char *name);
/* printf to the end of body. */
void plug_print(struct plug_sim *p, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The reading of a meter (gen2), or of all. */
void plug_fill(struct plug_sim *p, unsigned id);

#endif
