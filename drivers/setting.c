/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

const struct ep_setting_ops *const ep_settings[] = {
	&ep_setting_file,
	&ep_setting_governor,
	&ep_setting_range,
	&ep_setting_nvpmodel,
	&ep_setting_jetson_clocks,
	&ep_setting_service,
	&ep_setting_swap,
	&ep_setting_ordered,
	&ep_setting_drop_caches,
	&ep_setting_i2c,
	NULL,
};

const struct ep_setting_ops *ep_setting_find(const char *name)
{
	for (size_t i = 0; ep_settings[i]; i++)
		if (strcmp(ep_settings[i]->name, name) == 0)
			return ep_settings[i];
	return NULL;
}

bool ep_setting_same(const struct ep_setting_ops *ops, const char *a,
		     const char *b)
{
	return ops->same ? ops->same(a, b) : strcmp(a, b) == 0;
}

bool ep_setting_took(const struct ep_setting_ops *ops, const char *asked,
		     const char *is)
{
	return ops->took ? ops->took(asked, is)
			 : ep_setting_same(ops, asked, is);
}

bool ep_setting_rounded(const char *asked, const char *is)
{
	int64_t a, b;

	if (strcmp(asked, is) == 0)
		return true;
	if (ep_num_parse_i64(asked, &a) < 0 || ep_num_parse_i64(is, &b) < 0)
		return false;
	if (a < 2 || b < 2)
		return a == b;
	return (a > b ? a - b : b - a) <= a / 4;
}
