/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_BATTERY_H
#define EP_PROFILER_ANALYZE_BATTERY_H

#include "base/err.h"

/* What a charge is good for.  Pure; formulas and examples in docs/metrics.md. */
struct ep_battery {
	char name[64];	  /* of batteries.conf; "" typed */
	char title[120];  /* "" typed */
	char source[300]; /* who says so; "" typed */
	double energy_wh; /* as printed on it */
	double usable;	  /* share of it until the device goes off; 1 */
	double yield;	  /* of the converter between it and the board; 1 */
	double tolerance; /* limit of the energy's relative error; 0 not told */
};

/* "18.84Wh", "18840mAh@3.7V"; also mWh, kWh, J, Ah.  A number alone is asked
 * for its unit.  -EINVAL, -ERANGE with a sentence. */
int ep_battery_parse(const char *text, double *ret_wh,
		     struct ep_err *err) EP_MUST_CHECK;

double ep_battery_j(const struct ep_battery *b); /* Wh * 3600 * shares */
double ep_battery_u(const struct ep_battery *b); /* relative, standard */

/* One inference, and how often it is asked for. */
struct ep_duty {
	double run_j, run_s;
	double idle_w;
	double rate_per_h;
};
/* One after the other, without a pause. */
double ep_battery_hours(double charge_j, const struct ep_duty *d);
/* At that rate, idle between.  -ERANGE: an hour is too short for it. */
int ep_battery_duty_hours(double charge_j, const struct ep_duty *d,
			  double *ret) EP_MUST_CHECK;
/* 0.75 words each token. */
double ep_battery_words(double charge_j, double run_j, double token_count);

#define EP_WORDS_PER_TOKEN 0.75
/* Four words a second, in tokens. */
#define EP_READING_TOKENS_PER_S (4 / EP_WORDS_PER_TOKEN)

#endif
