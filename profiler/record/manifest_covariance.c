/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/manifest_covariance.h"

#include <math.h>

void ep_manifest_covariance(json_t *o, const struct ep_board_calibration *c)
{
	const struct {
		const char *key;
		double value;
	} keys[] = {
		{ "u_gain", c->u_gain },
		{ "u_offset_w", c->u_offset_w },
		{ "covariance_w", c->covariance_w },
		{ "residual_w", c->residual_w },
		{ "from_w", c->from_w },
		{ "to_w", c->to_w },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (isfinite(keys[i].value))
			json_object_set_new(o, keys[i].key,
					    json_real(keys[i].value));
}
