/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_PTY_METER_H
#define EP_TESTS_SIM_SUPPORT_PTY_METER_H

#include <stddef.h>
#include <stdint.h>

/*
 * A meter on a pseudo-terminal, for tests/sim/um_meter.c, tc66.c and dmm.c.  Options of all of them:
 *
 *   --profile TEXT  scripted power, see profile.h (default "constant 5")
 *   --volts V       of the supply (default 5.06)
 *   --epoch NS      of the profile; else CLOCK_MONOTONIC of the start
 *   --link PATH     a symbolic link to the terminal, made when it is ready
 *   --state FILE    lines "pty PATH" and "epoch NS", made when it is ready
 *   --delay MS      before each answer
 *   --jitter MS     up to so much more, at random
 *   --chunk BYTES   answers come in pieces of so many, 2 ms apart
 *   --model NAME    what it says it is
 *   --after FILE    the seconds of faults count from when it is there
 *   --fault KIND[:FROM[:TO]]   seconds since the first request (or frame); several
 *       silence half noise inside checksum model spike stuck hangup
 *       wrap reset (of the energy counter, at FROM)
 *
 * It ends with the process that started it.
 */
enum meter_fault {
	METER_SILENCE,
	METER_HALF,
	METER_NOISE,
	METER_INSIDE,
	METER_CHECKSUM,
	METER_MODEL,
	METER_SPIKE,
	METER_STUCK,
	METER_HANGUP,
	METER_WRAP,
	METER_RESET,
	METER_FAULT_COUNT
};

/* What the device shows: means over its last refresh. */
struct meter_reading {
	double volts, amps, watts;
	double energy_mwh; /* counted, less what was before */
	double celsius;
	const char *model; /* "" none was asked for */
	unsigned faults; /* bits 1 << enum meter_fault: those of the content */
};

struct meter_ops {
	const char *name;
	double refresh_s;
	/* The length of a request at bytes; 0: more needed, -1: none.  NULL: it
	 * sends by itself, once per refresh. */
	int (*request)(const uint8_t *bytes, size_t len);
	/* Writes a frame of at most 512 bytes; its length. */
	size_t (*answer)(const struct meter_reading *reading, uint8_t *frame);
};

int meter_main(const struct meter_ops *ops, int argc, char **argv);

#endif
