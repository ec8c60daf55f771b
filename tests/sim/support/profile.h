/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_PROFILE_H
#define EP_TESTS_SIM_SUPPORT_PROFILE_H

#include <stddef.h>

/*
 * Scripted power: what a simulated device "draws" at a time, and the exact
 * energy between two times.  t_s counts from the epoch of the simulator
 * (CLOCK_MONOTONIC of its start, or --epoch NS).
 *
 *   constant W
 *   square LOW_W HIGH_W PERIOD_S     LOW first, half a period each
 *   ramp FROM_W TO_W SECONDS         then TO for ever
 *   recorded FILE                    lines "t_s,w", linear between, constant
 *                                    before the first and after the last
 */
#define PROFILE_POINTS_MAX 4096

enum profile_kind {
	PROFILE_CONSTANT,
	PROFILE_SQUARE,
	PROFILE_RAMP,
	PROFILE_RECORDED
};

struct profile {
	enum profile_kind kind;
	double a, b, c;
	double *t_s, *w; /* recorded; owned */
	size_t count;
};

/* 0, or -1 with a line on stderr. */
int profile_parse(const char *text, struct profile *ret);
void profile_done(struct profile *p);
double profile_w(const struct profile *p, double t_s);
double profile_j(const struct profile *p, double from_s, double to_s);

#endif
