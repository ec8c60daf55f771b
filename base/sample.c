/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/sample.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *unit;
	const char *si_unit;
	int si_scale;
} quantities[EP_QUANTITY_COUNT] = {
	[EP_POWER_UW] = { "uw", "w", 6 },
	[EP_ENERGY_UJ] = { "uj", "j", 6 },
	[EP_VOLTAGE_UV] = { "uv", "v", 6 },
	[EP_CURRENT_UA] = { "ua", "a", 6 },
	[EP_TEMP_MC] = { "mc", "c", 3 },
	[EP_FREQ_HZ] = { "hz", "hz", 0 },
	[EP_TIME_NS] = { "ns", "s", 9 },
	[EP_SIZE_BYTES] = { "bytes", "bytes", 0 },
	[EP_RATIO_PPM] = { "ppm", "ratio", 6 },
	[EP_CHARGE_UC] = { "uc", "coulombs", 6 },
	[EP_COUNT] = { "count", "count", 0 },
};

const char *ep_role_name(enum ep_role role)
{
	static const char *const names[] = {
		[EP_ROLE_NONE] = "none",
		[EP_ROLE_TOTAL] = "total",
		[EP_ROLE_PART] = "part",
		[EP_ROLE_ASIDE] = "aside",
	};

	return (unsigned)role <= EP_ROLE_ASIDE ? names[role] : "";
}

const char *ep_quantity_unit(enum ep_quantity q)
{
	return (unsigned)q < EP_QUANTITY_COUNT ? quantities[q].unit : "";
}

const char *ep_quantity_si_unit(enum ep_quantity q)
{
	return (unsigned)q < EP_QUANTITY_COUNT ? quantities[q].si_unit : "";
}

int ep_quantity_si_scale(enum ep_quantity q)
{
	return (unsigned)q < EP_QUANTITY_COUNT ? quantities[q].si_scale : 0;
}

int ep_quantity_of_column(const char *column, enum ep_quantity *ret)
{
	const char *unit = strrchr(column, '_');

	if (!unit || unit == column)
		return -EINVAL;
	for (int q = 0; q < EP_QUANTITY_COUNT; q++) {
		if (strcmp(unit + 1, quantities[q].unit) == 0) {
			*ret = (enum ep_quantity)q;
			return 0;
		}
	}
	return -EINVAL;
}
