/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Home Assistant's keys and names; its states are in
 * tests/golden/homeassistant, the rest in tests/cli/test_homeassistant.sh. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sensors/homeassistant_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

#define URL "url=http://192.0.2.5:8123/sensor.plug_power"

static void names_of_entities(void **state)
{
	char name[200];

	(void)state;
	assert_true(ep_home_is_entity("sensor.plug_power"));
	assert_true(ep_home_is_entity("sensor.3"));
	assert_false(ep_home_is_entity("sensor"));
	assert_false(ep_home_is_entity("sensor."));
	assert_false(ep_home_is_entity(".plug"));
	assert_false(ep_home_is_entity("sensor.plug.power"));
	assert_false(ep_home_is_entity("Sensor.plug"));
	assert_false(ep_home_is_entity("sensor.plug?x=1"));
	assert_false(ep_home_is_entity("sensor.../config"));
	memset(name, 'a', sizeof(name));
	name[6] = '.';
	name[EP_HOME_ENTITY_BYTES - 1] = '\0';
	assert_true(ep_home_is_entity(name));
	name[EP_HOME_ENTITY_BYTES - 1] = 'a';
	name[EP_HOME_ENTITY_BYTES] = '\0';
	assert_false(ep_home_is_entity(name));
}

static void the_later_stamp_counts(void **state)
{
	static const char both[] =
		"{\"entity_id\":\"sensor.a\",\"state\":\"1\",\"attributes\":{},"
		"\"last_reported\":\"B\",\"last_updated\":\"A\"}";
	struct ep_home_reading r;

	(void)state;
	assert_int_equal(ep_home_parse(both, strlen(both), &r), 0);
	assert_string_equal(r.stamp, "B");
	assert_string_equal(r.entity, "sensor.a");
	assert_int_equal(r.field, EP_HOME_FIELD_COUNT);
	assert_false(r.good);
	assert_int_equal(ep_home_parse(both, 40, &r), -ENODATA);
	assert_int_equal(ep_home_parse("[]", 2, &r), -EBADMSG);
	assert_string_equal(r.stamp, "B");
}

static void keys_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"url=http://192.0.2.5:8123,token_file=x",
		"url=http://192.0.2.5:8123/,token_file=x",
		"url=sensor.plug_power,token_file=x",
		"url=ftp://192.0.2.5/sensor.plug_power,token_file=x",
		"url=http://me:secret@192.0.2.5/sensor.plug_power,token_file=x",
		"url=http://192.0.2.5/api/sensor.plug_power,token_file=x",
		URL ",token_file=x,period=1ms",
		URL ",token_file=x,timeout=5s",
		URL ",token_file=x,stale=2h",
		URL ",token_file=x,gain_percent=101",
		URL ",token_file=",
	};
	struct ep_rig *rig = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int r = ep_rig_open(rig, &ep_sensor_homeassistant, wrong[i]);

		if (r != -EINVAL && r != -ERANGE)
			fail_msg("%s: %d", wrong[i], r);
		assert_null(strstr(rig->err.text, "secret"));
	}
	assert_int_equal(ep_rig_open(rig, &ep_sensor_homeassistant, URL),
			 -EINVAL);
	assert_non_null(strstr(rig->err.text, "token_file"));
	/* Below the root of the board there is no such file. */
	assert_int_equal(ep_rig_open(rig, &ep_sensor_homeassistant,
				     URL ",token_file=/none"),
			 -ENXIO);
	assert_non_null(strstr(rig->err.text, "/none: cannot be read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_entities),
		cmocka_unit_test(the_later_stamp_counts),
		cmocka_unit_test_setup_teardown(keys_that_cannot_be_are_refused,
						ep_rig_setup, ep_rig_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
