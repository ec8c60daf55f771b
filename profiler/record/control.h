/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_RECORD_CONTROL_H
#define EP_PROFILER_RECORD_CONTROL_H

#include "base/env.h"
#include "base/err.h"
#include "profiler/record/change.h"

#include <stdbool.h>

#define EP_CONTROL_DEVFREQS_MAX 8

/*
 * How the board was asked to be, as options of run; NULL and false: as it is.
 * A POLICY list is "VALUE" for every CPU policy, "policy0=VALUE,policy4=VALUE"
 * for some, or both: "VALUE,policy4=VALUE".  Strings are borrowed.
 */
struct ep_control {
	const char *governor; /* POLICY list of names */
	const char *freq;     /* POLICY list of clocks such as 1.5GHz: fixed */
	const char *freq_min, *freq_max;
	const char *boost; /* POLICY list of "on" and "off" */
	const char
		*preference; /* POLICY list of energy_performance_preference */
	const char *cpus;    /* CPUs to leave on: "0-3" */
	const char *power_mode; /* nvpmodel's, by name or number */
	const char *fan;	/* "full", "auto", "60%" */
	const char *devfreqs[EP_CONTROL_DEVFREQS_MAX]; /* "gpu=performance" */
	size_t devfreq_count;
	/* To stop: "cron,apt-daily.timer"; "noisy" stands for a known list. */
	const char *services;
	bool jetson_clocks;
	bool drop_caches;
	bool clear_swap;
	bool fast_ina; /* INA3221 chips convert as fast as they can */
	bool best_effort;
};

/* Sentences for the user; what best effort left out, and what may surprise. */
struct ep_control_notes {
	char text[16][280];
	size_t count;
};

/* Was anything asked for? */
bool ep_control_is_empty(const struct ep_control *control);

/*
 * What has to be changed for it, in the order of DESIGN: power mode,
 * jetson_clocks, CPUs, boost, governor, clocks, preference, devfreq, fan,
 * INA3221, services, swap, caches.  Names are checked against what the board offers:
 * the error lists that, with the nearest.  With best_effort what cannot be
 * had is noted instead.  Reads only.
 */
int ep_control_plan(const struct ep_control *control, const struct ep_env *env,
		    struct ep_change_list *ret, struct ep_control_notes *notes,
		    struct ep_err *err) EP_MUST_CHECK;

#endif
