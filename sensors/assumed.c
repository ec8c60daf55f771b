/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/assumed.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"

#define PPM_OF_PERCENT 1e4
/* USB allows 4.75 to 5.25 V of 5 V, and other supplies promise no better. */
#define PERCENT 5
#define VOLTS_MIN 0.1
#define VOLTS_MAX 1000
#define MILLIONTHS 1e6

static int get_percent(const struct ep_conf *conf, const char *key, double *ret,
		       struct ep_err *err)
{
	int r = ep_conf_get_f64(conf, key, *ret, ret, err);

	if (r == 0 && !(*ret >= 0 && *ret <= 100))
		return ep_conf_err(conf, key, err, "must be 0 to 100");
	return r;
}

static bool is_given(const struct ep_conf *conf, const char *key)
{
	const char *text = ep_conf_get(conf, key);

	return text && *text;
}

int ep_assumed_get(const struct ep_conf *conf, struct ep_assumed *ret,
		   struct ep_err *err)
{
	bool assumed = is_given(conf, "assume_v");
	double volts = 0, gain = 0, percent = PERCENT;
	int r = 0;

	memset(ret, 0, sizeof(*ret));
	if (assumed)
		r = ep_conf_get_f64(conf, "assume_v", 0, &volts, err);
	if (r == 0 && assumed && !(volts >= VOLTS_MIN && volts <= VOLTS_MAX))
		return ep_conf_err(conf, "assume_v", err,
				   "must be 0.1 to 1000 volts");
	if (r == 0 && is_given(conf, "assume_percent"))
		r = get_percent(conf, "assume_percent", &percent, err);
	if (r == 0 && is_given(conf, "gain_percent"))
		r = get_percent(conf, "gain_percent", &gain, err);
	if (r < 0)
		return r;
	ret->volts_uv = llround(volts * MILLIONTHS);
	ret->percent = assumed ? percent : 0;
	ret->is_gain_known = is_given(conf, "gain_percent");
	ret->gain_ppm = llround((gain + ret->percent) * PPM_OF_PERCENT);
	return 0;
}

int64_t ep_assumed_uw(const struct ep_assumed *a, int64_t current_ua)
{
	return llround((double)current_ua * ((double)a->volts_uv / MILLIONTHS));
}

void ep_assumed_channel(const struct ep_assumed *a,
			const struct ep_channel *current,
			struct ep_channel *ret)
{
	*ret = *current;
	(void)ep_str_copy(ret->name, sizeof(ret->name), "power");
	ret->quantity = EP_POWER_UW;
	ret->role = EP_ROLE_TOTAL;
	ret->gain_ppm = a->gain_ppm;
	ret->offset = ep_assumed_uw(a, current->offset);
	ret->resolution = ep_assumed_uw(a, current->resolution);
	if (ret->resolution == 0)
		ret->resolution = 1;
}

void ep_assumed_note(const struct ep_assumed *a, struct ep_sensor_notes *notes)
{
	if (a->volts_uv > 0)
		ep_sensor_note(
			notes,
			"power is current times %.6g V, which is assumed "
			"and not measured; %.3g %% of it is in the ±",
			(double)a->volts_uv / MILLIONTHS, a->percent);
	if (!a->is_gain_known)
		ep_sensor_note(notes, "how accurate the instrument is is not "
				      "known and not in the ±; gain_percent= "
				      "puts it there");
}
