/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/battery.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/uncertainty.h"

#define ENERGY_WH_MAX 1e6
#define EXAMPLES "give 18.84Wh, or 5000mAh@3.7V"

/* The number that text begins with, then one of the units.  The longest
 * suffix stands first. */
struct unit {
	const char *suffix;
	double factor;
};

static int take_unit(const char *text, const struct unit *units, size_t count,
		     double *ret)
{
	char number[40];

	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(text), end = strlen(units[i].suffix);
		double value;

		if (!ep_str_ends(text, units[i].suffix))
			continue;
		if (!ep_str_format(number, sizeof(number), "%.*s",
				   (int)(len - end), text) ||
		    ep_num_parse_f64(number, &value) < 0)
			return -EINVAL;
		*ret = value * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

/* Charge at a voltage: "18840mAh@3.7V". */
static int parse_charge(const char *text, const char *at, double *ret_wh)
{
	static const struct unit charges[] = { { "mAh", 1e-3 }, { "Ah", 1 } };
	static const struct unit volts[] = { { "mV", 1e-3 }, { "V", 1 } };
	char charge[40];
	double ah, v;

	if (!ep_str_format(charge, sizeof(charge), "%.*s", (int)(at - text),
			   text) ||
	    take_unit(charge, charges, 2, &ah) < 0 ||
	    take_unit(at + 1, volts, 2, &v) < 0 || ah <= 0 || v <= 0)
		return -EINVAL;
	*ret_wh = ah * v;
	return 0;
}

int ep_battery_parse(const char *text, double *ret_wh, struct ep_err *err)
{
	static const struct unit units[] = {
		{ "mWh", 1e-3 },
		{ "kWh", 1e3 },
		{ "Wh", 1 },
		{ "J", 1.0 / 3600 },
	};
	const char *at = strchr(text, '@');
	double wh, number;
	int r;

	if (ep_num_parse_f64(text, &number) == 0)
		return ep_err_set(err, -EINVAL, "%.40s of what? " EXAMPLES,
				  text);
	if (!at && ep_str_ends(text, "Ah"))
		return ep_err_set(err, -EINVAL,
				  "%.40s at which voltage? give %.40s@3.7V, or "
				  "the energy in Wh",
				  text, text);
	r = at ? parse_charge(text, at, &wh)
	       : take_unit(text, units, sizeof(units) / sizeof(units[0]), &wh);
	if (r < 0)
		return ep_err_set(err, r, "'%.60s' is no energy; " EXAMPLES,
				  text);
	if (!(wh > 0) || wh > ENERGY_WH_MAX)
		return ep_err_set(err, -ERANGE,
				  "%.40s: must be above 0Wh and at most "
				  "1000000Wh",
				  text);
	*ret_wh = wh;
	return 0;
}

double ep_battery_j(const struct ep_battery *b)
{
	return b->energy_wh * 3600 * b->usable * b->yield;
}

double ep_battery_u(const struct ep_battery *b)
{
	return ep_u_limit(b->tolerance);
}

double ep_battery_hours(double charge_j, const struct ep_duty *d)
{
	return charge_j / d->run_j * d->run_s / 3600;
}

int ep_battery_duty_hours(double charge_j, const struct ep_duty *d, double *ret)
{
	double busy_s = d->rate_per_h * d->run_s;
	double hour_j = d->rate_per_h * d->run_j + d->idle_w * (3600 - busy_s);

	if (!(busy_s <= 3600))
		return -ERANGE;
	*ret = charge_j / hour_j;
	return 0;
}

double ep_battery_words(double charge_j, double run_j, double token_count)
{
	return charge_j * EP_WORDS_PER_TOKEN * token_count / run_j;
}
