/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UM24C, UM25C, UM34C and TC66 as sensors; what a frame means is in
 * tests/golden/um_meter and tc66. */
#include "tests/unit/support_sensor.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_pty.h"

#define UM_BYTES 130

struct rig {
	struct ep_rig sensor;
	struct ep_pty pty;
};

static int setup(void **state)
{
	static struct rig r;

	ep_rig_make(&r.sensor);
	ep_pty_make(&r.pty);
	*state = &r;
	return 0;
}

static int teardown(void **state)
{
	struct rig *r = *state;

	ep_rig_end(&r->sensor);
	ep_pty_end(&r->pty);
	return 0;
}

static int open_as(struct rig *r, const struct ep_sensor_ops *ops,
		   const char *more)
{
	char text[200];

	snprintf(text, sizeof(text), "device=%s%s", r->pty.path, more);
	return ep_rig_open(&r->sensor, ops, text);
}

/* A UM24C (0x0963) or UM25C (0x09c9). */
static void make_um(uint8_t *f, unsigned id, unsigned volts, unsigned mwatts)
{
	memset(f, 0, UM_BYTES);
	f[0] = (uint8_t)(id >> 8);
	f[1] = (uint8_t)id;
	f[2] = (uint8_t)(volts >> 8);
	f[3] = (uint8_t)volts;
	f[4] = 1000 >> 8;
	f[5] = 1000 & 0xff;
	f[8] = (uint8_t)(mwatts >> 8);
	f[9] = (uint8_t)mwatts;
	f[11] = 30;
	f[23] = 2;
	f[31] = 5;
	f[128] = 0xff;
	f[129] = 0xf1;
}

static const struct ep_channel *channel(const struct rig *r, const char *name)
{
	int at = ep_rig_channel(&r->sensor, name);

	assert_true(at >= 0);
	return &r->sensor.channels[at];
}

static void assert_value(const struct rig *r, const char *name, int64_t value)
{
	const struct ep_sample *s = ep_rig_sample(&r->sensor, name);

	assert_non_null(s);
	assert_int_equal(s->flags & EP_SAMPLE_ERROR, 0);
	assert_int_equal(s->value, value);
}

static void um24c_channels_and_values(void **state)
{
	uint8_t f[UM_BYTES];
	const struct ep_pty_answer answers[] = { { f, UM_BYTES, false },
						 { f, UM_BYTES, false } };
	struct rig *r = *state;

	make_um(f, 0x0963, 506, 5060);
	ep_pty_serve(&r->pty, 1, answers, 2);
	assert_int_equal(open_as(r, &ep_sensor_um_meter, ",model=um24c"), 0);
	assert_int_equal(r->sensor.channel_count, 6);
	assert_int_equal(channel(r, "power")->role, EP_ROLE_TOTAL);
	assert_int_equal(channel(r, "power")->refresh_ns, 500 * EP_NS_PER_MS);
	/* 1 mA at 5.06 V. */
	assert_int_equal(channel(r, "power")->resolution, 5060);
	assert_int_equal(channel(r, "voltage")->resolution, 10000);
	assert_int_equal(channel(r, "energy")->flags, EP_CHANNEL_CHECK);
	assert_int_equal(channel(r, "energy")->shape, EP_COUNTER);
	assert_int_equal(channel(r, "energy")->resolution, 3600000);
	assert_int_equal(channel(r, "skipped")->quantity, EP_SIZE_BYTES);
	assert_true(ep_rig_noted(&r->sensor, "without a sign"));
	assert_false(ep_rig_noted(&r->sensor, "its own word"));
	assert_int_equal(r->sensor.ops->period_ns(r->sensor.sensor),
			 500 * EP_NS_PER_MS);
	assert_int_equal(ep_rig_poll(&r->sensor), 6);
	assert_value(r, "voltage", 5060000);
	assert_value(r, "current", 1000000);
	assert_value(r, "power", 5060000);
	assert_value(r, "temperature", 30000);
	assert_value(r, "energy", 7 * 3600000);
	assert_value(r, "skipped", 0);
	assert_null(ep_rig_sample(&r->sensor, "model"));
}

static void the_frames_model_wins_over_the_name(void **state)
{
	uint8_t f[UM_BYTES];
	const struct ep_pty_answer answers[] = { { f, UM_BYTES, false },
						 { f, UM_BYTES, false } };
	struct rig *r = *state;

	make_um(f, 0x09c9, 5060, 506);
	ep_pty_serve(&r->pty, 1, answers, 2);
	assert_int_equal(open_as(r, &ep_sensor_um_meter,
				 ",model=um34c,gain_percent=2.5"),
			 0);
	assert_true(
		ep_rig_noted(&r->sensor, "answers as a UM25C, not a UM34C"));
	assert_int_equal(channel(r, "voltage")->resolution, 1000);
	assert_int_equal(channel(r, "power")->resolution, 1000);
	assert_int_equal(channel(r, "power")->gain_ppm, 25000);
	assert_int_equal(ep_rig_poll(&r->sensor), 6);
	assert_value(r, "current", 100000);
}

static void another_meter_in_its_place_is_refused(void **state)
{
	uint8_t f[UM_BYTES], other[UM_BYTES];
	const struct ep_pty_answer answers[] = { { f, UM_BYTES, false },
						 { other, UM_BYTES, false },
						 { f, UM_BYTES, false } };
	struct rig *r = *state;

	make_um(f, 0x0963, 506, 5060);
	make_um(other, 0x09c9, 5060, 506);
	ep_pty_serve(&r->pty, 1, answers, 3);
	assert_int_equal(open_as(r, &ep_sensor_um_meter, ""), 0);
	assert_true(ep_rig_noted(&r->sensor, "is a UM24C"));
	assert_int_equal(ep_rig_poll(&r->sensor), -EBADMSG);
	assert_int_equal(r->sensor.sample_count, 0);
	assert_int_equal(ep_rig_poll(&r->sensor), 6);
	assert_int_equal(ep_rig_sample(&r->sensor, "power")->flags,
			 EP_SAMPLE_UNPROVEN | EP_SAMPLE_GAP);
}

static void a_spike_is_an_error_and_the_rest_goes_on(void **state)
{
	uint8_t f[UM_BYTES], spike[UM_BYTES];
	const struct ep_pty_answer answers[] = { { f, UM_BYTES, false },
						 { spike, UM_BYTES, false } };
	struct rig *r = *state;
	static const char *const refused[] = { "voltage", "current", "power" };

	make_um(f, 0x0963, 506, 5060);
	make_um(spike, 0x0963, 60000, 5060);
	ep_pty_serve(&r->pty, 1, answers, 2);
	assert_int_equal(open_as(r, &ep_sensor_um_meter, ""), 0);
	assert_int_equal(ep_rig_poll(&r->sensor), 6);
	for (size_t i = 0; i < 3; i++) {
		const struct ep_sample *s =
			ep_rig_sample(&r->sensor, refused[i]);

		assert_true(s->flags & EP_SAMPLE_ERROR);
		assert_int_equal(s->value, 0);
	}
	assert_value(r, "temperature", 30000);
	assert_value(r, "energy", 7 * 3600000);
}

static void bad_keys_are_named(void **state)
{
	struct rig *r = *state;

	assert_int_equal(open_as(r, &ep_sensor_um_meter, ",model=um35c"),
			 -EINVAL);
	assert_non_null(strstr(r->sensor.err.text, "um24c, um25c or um34c"));
	assert_int_equal(open_as(r, &ep_sensor_um_meter, ",gain_percent=-1"),
			 -EINVAL);
	assert_non_null(strstr(r->sensor.err.text, "gain_percent"));
	assert_int_equal(open_as(r, &ep_sensor_tc66, ",gain_percent=101"),
			 -EINVAL);
	assert_int_equal(open_as(r, &ep_sensor_tc66, ",period=1ns"), -EINVAL);
	assert_int_equal(ep_sensor_tc66.check(r->sensor.conf, NULL), -EINVAL);
	assert_int_equal(ep_rig_open(&r->sensor, &ep_sensor_tc66, ""), -EINVAL);
	assert_non_null(strstr(r->sensor.err.text, "device"));
}

static void read_tc66(const char *name, uint8_t *ret)
{
	char path[64], line[128];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "tests/golden/tc66/%s.hex", name);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		unsigned byte;
		int used;

		if (line[0] == '#')
			continue;
		for (const char *p = line;
		     n < 192 && sscanf(p, " %2x%n", &byte, &used) == 1;
		     p += used)
			ret[n++] = (uint8_t)byte;
	}
	fclose(f);
	assert_int_equal(n, 192);
}

static void tc66_power_is_a_product(void **state)
{
	uint8_t f[192];
	const struct ep_pty_answer answers[] = { { f, 192, false },
						 { f, 192, false } };
	struct rig *r = *state;
	const struct ep_channel *power;

	read_tc66("computed", f);
	ep_pty_serve(&r->pty, 5, answers, 2);
	assert_int_equal(open_as(r, &ep_sensor_tc66, ""), 0);
	assert_int_equal(r->sensor.channel_count, 5);
	power = channel(r, "power");
	assert_int_equal(power->flags, EP_CHANNEL_PRODUCT);
	assert_int_equal(power->role, EP_ROLE_TOTAL);
	assert_string_equal(r->sensor.channels[power->volts_index].name,
			    "voltage");
	assert_string_equal(r->sensor.channels[power->amps_index].name,
			    "current");
	/* Products come last. */
	assert_ptr_equal(power, &r->sensor.channels[4]);
	assert_true(ep_rig_noted(&r->sensor, "serial number 12345678"));
	assert_int_equal(ep_rig_poll(&r->sensor), 4);
	assert_value(r, "voltage", 5062100);
	assert_value(r, "current", 1234560);
	assert_value(r, "skipped", 0);
	assert_int_equal(r->sensor.ops->period_ns(r->sensor.sensor),
			 100 * EP_NS_PER_MS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(um24c_channels_and_values),
		TEST(the_frames_model_wins_over_the_name),
		TEST(another_meter_in_its_place_is_refused),
		TEST(a_spike_is_an_error_and_the_rest_goes_on),
		TEST(bad_keys_are_named),
		TEST(tc66_power_is_a_product),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
