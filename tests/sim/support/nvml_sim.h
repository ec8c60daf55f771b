/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_SIM_SUPPORT_NVML_SIM_H
#define EP_TESTS_SIM_SUPPORT_NVML_SIM_H

#include "tests/sim/support/profile.h"

#include <stdbool.h>

/*
 * GPUs of a library that stands for NVIDIA's.  The file named in
 * EP_SIM_NVML says how they behave, one word and its values a line:
 *
 *   gpus N                     how many (1)
 *   profile TEXT               what each draws, see profile.h (constant 100)
 *   profile1 TEXT              what GPU 1 draws
 *   epoch NS                   CLOCK_MONOTONIC at the profile's t = 0 (0)
 *   capability MAJOR MINOR     (9 0)
 *   energy_step S              the energy counter moves so often (0.1)
 *   energy_from MJ             and began here (1000000)
 *   energy_fixed               it never moves
 *   energy_reset AT            it begins at 0 again at AT
 *   instant_step S             so does the power of the moment (0.02)
 *   average_window S           (1)
 *   type NAME                  double uint ulong ullong llong int ushort
 *   unsupported WORD           energy instant average usage use clock temp
 *                              throttle uuid capability; several lines
 *   denied WORD                the same, no permission
 *   throttle BITS AT UNTIL     reasons from AT to UNTIL
 *   slow S                     each reading of energy takes so long
 *   zero AT UNTIL              powers read 0
 *   garbage AT UNTIL           powers and energy read all ones
 *   lost GPU AT UNTIL          it is off the bus from AT to UNTIL
 *   unload AT UNTIL            the driver is not there from AT to UNTIL; energy
 *                              begins at 0 again, GPUs have new handles
 *   fail_init STATUS           nvmlInit fails
 *
 * Times are seconds after the epoch.  EP_SIM_NVML_NOW_NS stands for the clock.
 */
enum sim_word {
	SIM_ENERGY,
	SIM_INSTANT,
	SIM_AVERAGE,
	SIM_USAGE,
	SIM_USE,
	SIM_CLOCK,
	SIM_TEMP,
	SIM_THROTTLE,
	SIM_UUID,
	SIM_CAPABILITY,
	SIM_WORD_COUNT
};

#define SIM_GPUS_MAX 20

struct sim_stretch {
	double at_s, until_s;
};

struct sim {
	long long epoch_ns;
	unsigned gpu_count;
	struct profile profiles[SIM_GPUS_MAX];
	int major, minor;
	double energy_step_s, instant_step_s, window_s, slow_s, reset_s;
	double energy_from_mj;
	bool energy_fixed;
	int type, fail_init;
	bool unsupported[SIM_WORD_COUNT], denied[SIM_WORD_COUNT];
	unsigned throttle_bits;
	struct sim_stretch throttle, zero, garbage, unload, lost[SIM_GPUS_MAX];
};

/* 0, or -1 with a line on stderr.  Without the variable: one GPU, 100 W. */
int sim_load(struct sim *sim);
void sim_done(struct sim *sim);

double sim_now_s(const struct sim *sim);
bool sim_within(struct sim_stretch stretch, double t_s);
/* As the device would tell them at t_s. */
double sim_energy_mj(const struct sim *sim, unsigned gpu, double t_s);
double sim_instant_mw(const struct sim *sim, unsigned gpu, double t_s);
double sim_average_mw(const struct sim *sim, unsigned gpu, double t_s);

#endif
