/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Places on I2C buses and the setting "i2c"; what a bus answers is tried by
 * tests/cli/test_ina.sh. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "base/i2c.h"
#include "drivers/setting.h"

static void a_place_is_bus_and_address(void **state)
{
	static const char *const wrong[] = {
		"",
		"i2c-1",
		"i2c-:0x40",
		"i2c-1:40",
		"i2c-1:0x",
		"i2c-1:0x07",
		"i2c-1:0x78",
		"i2c-01:0x40",
		"i2c-1:0x40 ",
		"i2c--1:0x40",
		"1:0x40",
		"i2c-10000:0x40",
		"i2c-1:-0x40",
		"/dev/i2c-1:0x40",
		"i2c-1:0x140",
	};
	struct ep_i2c_place place = { 0, 0 };

	(void)state;
	assert_int_equal(ep_i2c_parse("i2c-1:0x40", &place), 0);
	assert_int_equal(place.bus, 1);
	assert_int_equal(place.address, 0x40);
	assert_int_equal(ep_i2c_parse("i2c-14:0x4f", &place), 0);
	assert_int_equal(place.bus, 14);
	assert_int_equal(place.address, 0x4f);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ep_i2c_parse(wrong[i], &place) != -EINVAL)
			fail_msg("'%s' is taken", wrong[i]);
	assert_int_equal(place.bus, 14);
}

static void wrong_targets_and_values_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"board",
		"board i2c-1:0x40",
		"i2c-1:0x40 0x00",
		"elsewhere i2c-1:0x40 0x00",
		"machine i2c-1 0x00",
		"machine i2c-1:0x40 0x100",
		"machine i2c-1:0x40 x",
		"machine i2c-1:0x40 0x00 0x01 0x02 0x03 0x04",
	};
	const struct ep_setting_ops *ops = ep_setting_find("i2c");
	struct ep_env env = { .root = { -1 } };
	struct ep_err err = { 0 };
	char text[64];

	(void)state;
	assert_ptr_equal(ops, &ep_setting_i2c);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (ops->read(&env, wrong[i], text, sizeof(text), &err) !=
			    -EINVAL ||
		    ops->write(&env, wrong[i], "0x0000", &err) != -EINVAL)
			fail_msg("'%s' is taken", wrong[i]);
	assert_int_equal(ops->write(&env, "machine i2c-9999:0x40 0x00",
				    "0x0000 0x0001", &err),
			 -EINVAL);
	assert_int_equal(
		ops->write(&env, "machine i2c-9999:0x40 0x00", "0x10000", &err),
		-EINVAL);
}

/* The adapter was unplugged: its chips may still be powered, and set. */
static void a_bus_that_is_gone(void **state)
{
	struct ep_env env = { .root = { -1 } };
	struct ep_err err = { 0 };
	char text[64] = "kept";

	(void)state;
	assert_int_equal(ep_setting_i2c.read(&env, "machine i2c-9999:0x40 0x00",
					     text, sizeof(text), &err),
			 -ENODEV);
	assert_string_equal(text, "kept");
	assert_non_null(strstr(err.text, "/dev/i2c-9999"));
	assert_non_null(strstr(err.text, "edgeprof restore"));
	memset(&err, 0, sizeof(err));
	assert_int_equal(ep_setting_i2c.write(&env,
					      "machine i2c-9999:0x40 0x00",
					      "0x4127", &err),
			 -ENODEV);
	assert_non_null(strstr(err.text, "edgeprof restore"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_place_is_bus_and_address),
		cmocka_unit_test(wrong_targets_and_values_are_refused),
		cmocka_unit_test(a_bus_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
