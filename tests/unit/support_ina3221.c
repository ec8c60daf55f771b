/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/unit/support_ina3221.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/table.h"

void ep_ina_put(const struct ep_rig *rig, const char *dir, const char *name,
		const char *text)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	ep_tmp_puts(&rig->tmp, path, text);
}

/* The number at the begin of text. */
static void put_number(const struct ep_rig *rig, const char *dir,
		       const char *name, const char *text)
{
	char line[32];

	snprintf(line, sizeof(line), "%.*s\n", (int)strcspn(text, " "), text);
	ep_ina_put(rig, dir, name, line);
}

void ep_ina_put_rail(const struct ep_rig *rig, const char *dir, int number,
		     const char *label, const char *mv_ma)
{
	char name[40];

	snprintf(name, sizeof(name), "in%d_label", number);
	ep_ina_put(rig, dir, name, label);
	snprintf(name, sizeof(name), "in%d_input", number);
	put_number(rig, dir, name, mv_ma);
	snprintf(name, sizeof(name), "curr%d_input", number);
	put_number(rig, dir, name, strchr(mv_ma, ' ') + 1);
	snprintf(name, sizeof(name), "shunt%d_resistor", number);
	ep_ina_put(rig, dir, name, "5000\n");
}

void ep_ina_make_orin(const struct ep_rig *rig)
{
	ep_ina_put(rig, ORIN_DIR, "name", "ina3221\n");
	ep_ina_put_rail(rig, ORIN_DIR, 1, "VDD_IN\n", "5064 1200");
	ep_ina_put_rail(rig, ORIN_DIR, 2, "VDD_CPU_GPU_CV\n", "5056 400");
	ep_ina_put_rail(rig, ORIN_DIR, 3, "VDD_SOC\n", "5056 -8");
	ep_ina_put(rig, ORIN_DIR, "in4_input", "6\n");
	ep_ina_put(rig, ORIN_DIR, "in7_label", "sum of shunt voltages\n");
	ep_ina_put(rig, ORIN_DIR, "in7_input", "8\n");
	ep_ina_put(rig, ORIN_DIR, "curr4_input", "1600\n");
	ep_ina_put(rig, ORIN_DIR, "samples", "1\n");
	ep_ina_put(rig, ORIN_DIR, "update_interval", "7\n");
	ep_ina_put(rig, HWMON "1-0040", "name", "ina3221\n");
	ep_ina_put(rig, "sys/bus/i2c/drivers/ina3221", "bind", "");
}

void ep_ina_put_iio(const struct ep_rig *rig, const char *dir, int number,
		    const char *label, const char *mv_ma)
{
	char name[40];

	snprintf(name, sizeof(name), "rail_name_%d", number);
	ep_ina_put(rig, dir, name, label);
	snprintf(name, sizeof(name), "in_voltage%d_input", number);
	put_number(rig, dir, name, mv_ma);
	snprintf(name, sizeof(name), "in_current%d_input", number);
	put_number(rig, dir, name, strchr(mv_ma, ' ') + 1);
}

int ep_ina_open_all(struct ep_rig *rig)
{
	return ep_rig_open(rig, &ep_sensor_ina3221, "");
}

void ep_ina_assert_value(const struct ep_rig *rig, const char *name,
			 int64_t value)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	assert_int_equal(s->value, value);
	assert_int_equal(s->flags, EP_SAMPLE_UNPROVEN);
}

void ep_ina_assert_flags(const struct ep_rig *rig, const char *name, int flags)
{
	const struct ep_sample *s = ep_rig_sample(rig, name);

	assert_non_null(s);
	assert_int_equal(s->flags, flags);
}

const struct ep_channel *ep_ina_channel(const struct ep_rig *rig,
					const char *name)
{
	int i = ep_rig_channel(rig, name);

	assert_true(i >= 0);
	return &rig->channels[i];
}
