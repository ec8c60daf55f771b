/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_TESTS_UNIT_SUPPORT_INA3221_H
#define EP_TESTS_UNIT_SUPPORT_INA3221_H

#include "tests/unit/support_sensor.h"

/* Folders of the two kernel drivers, and of a board with each. */
#define HWMON "sys/bus/i2c/drivers/ina3221/"
#define IIO "sys/bus/i2c/drivers/ina3221x/"
#define ORIN_DIR HWMON "1-0040/hwmon/hwmon3"
#define NANO_DIR IIO "6-0040/iio:device0"

/* One file in dir. */
void ep_ina_put(const struct ep_rig *rig, const char *dir, const char *name,
		const char *text);
/* in1_label, in1_input ...; a shunt of 5 milliohm */
void ep_ina_put_rail(const struct ep_rig *rig, const char *dir, int number,
		     const char *label, const char *mv_ma);
/* rail_name_0, in_voltage0_input ... */
void ep_ina_put_iio(const struct ep_rig *rig, const char *dir, int number,
		    const char *label, const char *mv_ma);
/* Three rails in ORIN_DIR: 5.064 V with 1.2 A, 5.056 V with 0.4 and -0.008 A. */
void ep_ina_make_orin(const struct ep_rig *rig);
int ep_ina_open_all(struct ep_rig *rig);

/* The last sample of a channel, unproven and whole. */
void ep_ina_assert_value(const struct ep_rig *rig, const char *name,
			 int64_t value);
void ep_ina_assert_flags(const struct ep_rig *rig, const char *name, int flags);
/* There is such a channel. */
const struct ep_channel *ep_ina_channel(const struct ep_rig *rig,
					const char *name);

#endif
