/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * profile_energy PROFILE EPOCH_NS START_NS END_NS: the exact joules a simulated
 * device "drew" between two instants of CLOCK_MONOTONIC.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/support/profile.h"

static double seconds(const char *ns, long long epoch_ns)
{
	return (double)(strtoll(ns, NULL, 10) - epoch_ns) / 1e9;
}

int main(int argc, char **argv)
{
	struct profile p;
	long long epoch_ns;

	if (argc != 5 || profile_parse(argv[1], &p) < 0) {
		fputs("usage: profile_energy PROFILE EPOCH_NS START_NS END_NS\n",
		      stderr);
		return 2;
	}
	epoch_ns = strtoll(argv[2], NULL, 10);
	printf("%.9f\n", profile_j(&p, seconds(argv[3], epoch_ns),
				   seconds(argv[4], epoch_ns)));
	profile_done(&p);
	return 0;
}
