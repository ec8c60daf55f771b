/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_SCPI_PEER_H
#define EP_TESTS_SIM_SUPPORT_SCPI_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/sim/support/profile.h"

/*
 * An instrument that speaks SCPI, for tests/sim/scpi.c (TCP, pty) and
 * usbtmc.c.  Options of both:
 *
 *   --kind dmm|psu|smu   a multimeter, which comes up measuring volts; a
 *                        power supply; a Keithley 2400 (default dmm)
 *   --profile TEXT  scripted power, see profile.h (default "constant 5")
 *   --volts V       of the supply (default 5.1)
 *   --programmed V  smu: what it was set to, which it tells for the volts
 *                   until it is told to measure them (default 5.1)
 *   --state FILE    lines "port N" or "pty PATH", and "epoch NS"
 *   --log FILE      every command that it was sent
 *   --delay MS, --jitter MS   before each answer
 *   --chunk BYTES   answers come in pieces of so many, 2 ms apart
 *   --digits N      behind the point, in place of exponents
 *   --errors N      in its queue when it is switched on
 *   --output off    of a supply, when it is switched on
 *   --fault KIND[:FROM[:TO]]   seconds since the second reading: the first one
 *                   is made before the run
 *       silence half late (3 s) text (an error in place of a number) overload
 *       turned (at its front: to volts, smu: to current alone) off (its
 *       output, at its front)
 *       queue (an error for each reading, which is right) hangup (power cut)
 *       identity (another instrument) twice (each answer)
 */
enum scpi_kind { SCPI_DMM, SCPI_PSU, SCPI_SMU, SCPI_KIND_COUNT };
enum scpi_fault {
	SCPI_SILENCE,
	SCPI_HALF,
	SCPI_LATE,
	SCPI_TEXT,
	SCPI_OVERLOAD,
	SCPI_TURNED,
	SCPI_OFF,
	SCPI_QUEUE,
	SCPI_HANGUP,
	SCPI_IDENTITY,
	SCPI_TWICE,
	SCPI_FAULT_COUNT
};

struct scpi_peer {
	enum scpi_kind kind;
	struct profile profile;
	double volts, programmed, nplc;
	const char *state;
	FILE *log;
	int64_t epoch_ns, first_ns;
	int64_t delay_ns, jitter_ns;
	size_t chunk;
	struct {
		double from_s, to_s;
		bool set;
	} faults[SCPI_FAULT_COUNT];
	char function[8]; /* VOLT, CURR */
	bool output, elements, both;
	int digits; /* -1: exponents */
	unsigned reading_count, error_count;
	uint64_t random_state;
};

void scpi_peer_init(struct scpi_peer *p);
/* -1: no such option. */
int scpi_peer_option(struct scpi_peer *p, const char *name, char *value);
bool scpi_peer_has(const struct scpi_peer *p, enum scpi_fault fault);
/* As it comes up when it is switched on. */
void scpi_peer_power_up(struct scpi_peer *p);
/* Takes a line; the length of the answer in ret (0 none), due at *ret_due_ns. */
size_t scpi_peer_line(struct scpi_peer *p, const char *line, char *ret,
		      size_t size, int64_t *ret_due_ns);
int scpi_peer_write_state(const struct scpi_peer *p, const char *place);

#endif
