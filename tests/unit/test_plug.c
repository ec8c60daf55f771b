/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/plug_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

/* The replies themselves are in tests/golden/plug. */

static int parse(const char *body, size_t index, struct ep_plug_reading *ret)
{
	return ep_plug_parse(body, strlen(body), index, ret);
}

static void the_meter_asked_for_is_read(void **state)
{
	static const char gen1[] =
		"{\"meters\":[{\"power\":1,\"is_valid\":true,\"total\":1},"
		"{\"power\":2,\"is_valid\":true,\"total\":2}]}";
	static const char tasmota[] =
		"{\"StatusSNS\":{\"ENERGY\":{\"Total\":5.5,\"Power\":[3,4]}}}";
	static const char gen2[] = "{\"id\":4,\"apower\":5}";
	struct ep_plug_reading r;

	(void)state;
	assert_int_equal(parse(gen1, 1, &r), 0);
	assert_int_equal(r.kind, EP_PLUG_GEN1);
	assert_int_equal(r.meters, 2);
	assert_int_equal(r.fields[EP_PLUG_POWER].value, 2000000);
	assert_int_equal(r.fields[EP_PLUG_ENERGY].value, 120000000);
	assert_int_equal(parse(gen1, 2, &r), -ENOENT);
	assert_int_equal(parse(tasmota, 1, &r), 0);
	assert_int_equal(r.kind, EP_PLUG_TASMOTA);
	assert_int_equal(r.fields[EP_PLUG_POWER].value, 4000000);
	/* The sum of both sockets is not this one's. */
	assert_false(r.fields[EP_PLUG_ENERGY].present);
	assert_int_equal(parse(tasmota, 2, &r), -ENOENT);
	assert_int_equal(parse(gen2, 4, &r), 0);
	assert_true(r.fields[EP_PLUG_POWER].good);
	assert_int_equal(parse(gen2, 0, &r), 0);
	assert_false(r.fields[EP_PLUG_POWER].good);
}

static void a_last_digit_is_the_resolution(void **state)
{
	static const struct {
		const char *body;
		enum ep_plug_field field;
		int64_t step;
	} cases[] = {
		{ "{\"id\":0,\"apower\":8.9}", EP_PLUG_POWER, 100000 },
		{ "{\"id\":0,\"apower\": 8}", EP_PLUG_POWER, 1000000 },
		{ "{\"id\":0,\"apower\":8.123456789012}", EP_PLUG_POWER, 1 },
		{ "{\"id\":0,\"apower\":8,\"aenergy\":{\"total\":1.250}}",
		  EP_PLUG_ENERGY, 3600000 },
		{ "{\"meters\":[{\"power\":1.25,\"is_valid\":true,"
		  "\"total\":7}]}",
		  EP_PLUG_ENERGY, 60000000 },
		{ "{\"StatusSNS\":{\"ENERGY\":{\"Total\":[1.250,2.000],"
		  "\"Power\":[1,2]}}}",
		  EP_PLUG_ENERGY, INT64_C(3600000000) },
		{ "{\"id\":0,\"apower\":8,\"freq\":50.01}", EP_PLUG_FREQUENCY,
		  1 },
	};
	struct ep_plug_reading r;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].body, 0, &r), 0);
		assert_int_equal(r.fields[cases[i].field].step, cases[i].step);
	}
}

static void values_are_kept_to_the_last_digit(void **state)
{
	static const struct {
		const char *total;
		bool good;
		int64_t uj;
	} cases[] = {
		{ "0", true, 0 },
		{ "123456.789", true, INT64_C(444444440400000) },
		{ "1e9", true, INT64_C(3600000000000000000) },
		{ "1.0000001e9", false, 0 },
		{ "9223372036854775807", false, 0 },
		{ "-0.001", false, 0 },
		{ "true", false, 0 },
		{ "[1]", false, 0 },
		{ "{}", false, 0 },
	};
	struct ep_plug_reading r;
	char body[160];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		(void)ep_str_format(body, sizeof(body),
				    "{\"id\":0,\"apower\":1,\"aenergy\":{"
				    "\"total\":%s}}",
				    cases[i].total);
		assert_int_equal(parse(body, 0, &r), 0);
		assert_true(r.fields[EP_PLUG_ENERGY].present);
		assert_int_equal(r.fields[EP_PLUG_ENERGY].good, cases[i].good);
		assert_int_equal(r.fields[EP_PLUG_ENERGY].value, cases[i].uj);
	}
}

static void text_that_is_no_reply_is_refused(void **state)
{
	struct ep_plug_reading r;
	char *deep = malloc(EP_HTTP_BODY_BYTES_MAX + 1);

	(void)state;
	assert_non_null(deep);
	assert_int_equal(ep_plug_parse("", 0, 0, &r), -EBADMSG);
	assert_int_equal(parse("{", 0, &r), -ENODATA);
	assert_int_equal(parse("{\"id\":0,\"apower\":", 0, &r), -ENODATA);
	assert_int_equal(parse("[1]", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"apower\":1}x", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"apower\":1e999}", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"apower\":NaN}", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"StatusSNS\":[]}", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"meters\":{}}", 0, &r), -EBADMSG);
	assert_int_equal(parse("{\"meters\":[]}", 0, &r), -ENOENT);
	assert_int_equal(parse("{\"meters\":[7]}", 0, &r), -ENOENT);
	assert_int_equal(ep_plug_parse("{\"apower\":1}\0", 13, 0, &r),
			 -EBADMSG);
	memset(deep, '[', EP_HTTP_BODY_BYTES_MAX + 1);
	assert_int_equal(ep_plug_parse(deep, EP_HTTP_BODY_BYTES_MAX, 0, &r),
			 -EBADMSG);
	assert_int_equal(ep_plug_parse(deep, EP_HTTP_BODY_BYTES_MAX + 1, 0, &r),
			 -EBADMSG);
	free(deep);
}

static void shellys_say_who_they_are(void **state)
{
	static const struct {
		const char *body;
		int code;
		enum ep_plug_kind kind;
		bool locked;
	} cases[] = {
		{ "{\"type\":\"SHPLG-S\",\"mac\":\"AA\",\"auth\":true}", 0,
		  EP_PLUG_GEN1, true },
		{ "{\"type\":\"SHPLG-S\",\"mac\":\"AA\"}", 0, EP_PLUG_GEN1,
		  false },
		{ "{\"id\":\"x\",\"gen\":2,\"auth_en\":true}", 0, EP_PLUG_GEN2,
		  true },
		{ "{\"id\":\"x\",\"gen\":4,\"auth_en\":false}", 0, EP_PLUG_GEN2,
		  false },
		{ "{\"gen\":\"2\"}", -EBADMSG, EP_PLUG_GEN2, false },
		{ "{\"type\":\"printer\"}", -EBADMSG, EP_PLUG_GEN1, false },
		{ "<html>", -EBADMSG, EP_PLUG_GEN1, false },
		{ "", -EBADMSG, EP_PLUG_GEN1, false },
	};
	struct ep_plug_identity id;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(ep_plug_identify(cases[i].body,
						  strlen(cases[i].body), &id),
				 cases[i].code);
		if (cases[i].code)
			continue;
		assert_int_equal(id.kind, cases[i].kind);
		assert_int_equal(id.locked, cases[i].locked);
	}
}

static void keys_are_checked_and_no_secret_is_repeated(void **state)
{
	static const struct {
		const char *options;
		const char *text; /* NULL: they are fine */
	} cases[] = {
		{ "url=http://192.0.2.7", NULL },
		{ "url=http://192.0.2.7/,kind=tasmota,period=5s,channel=15",
		  NULL },
		{ "url=http://a:hunter2@192.0.2.7", "password-file" },
		{ "url=192.0.2.7", "http://" },
		{ "url=http://x,kind=fritz", "auto, shelly or tasmota" },
		{ "url=http://x,channel=16", "0 to 15" },
		{ "url=http://x,channel=-1", "0 to 15" },
		{ "url=http://x,refresh=10ms", "20ms to 60s" },
		{ "url=http://x,period=2m", "20ms to 60s" },
		{ "url=http://x,timeout=5s", "20ms to 4s" },
		{ "url=http://x,gain_percent=-1", "0 to 100" },
		{ "url=http://x,gain_percent=1%", "gain_percent" },
		{ "url=http://x,user=admin", "password-file" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_conf *conf = NULL;
		struct ep_err err = { 0 };
		int r;

		assert_int_equal(ep_conf_from_options("--sensor",
						      cases[i].options, &conf,
						      &err),
				 0);
		r = ep_sensor_plug.check(conf, &err);
		assert_int_equal(r < 0, cases[i].text != NULL);
		if (r < 0 && !strstr(err.text, cases[i].text))
			fail_msg("%s: %s", cases[i].options, err.text);
		assert_null(strstr(err.text, "hunter2"));
		ep_conf_free(conf);
	}
}

static void nobody_there_is_a_sentence(void **state)
{
	struct ep_rig rig;

	(void)state;
	ep_rig_make(&rig);
	assert_int_equal(
		ep_rig_open(&rig, &ep_sensor_plug, "url=http://127.0.0.1:1"),
		-ECONNREFUSED);
	assert_string_equal(rig.err.text,
			    "the plug at http://127.0.0.1:1: no connection: "
			    "Connection refused");
	ep_rig_end(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_meter_asked_for_is_read),
		cmocka_unit_test(a_last_digit_is_the_resolution),
		cmocka_unit_test(values_are_kept_to_the_last_digit),
		cmocka_unit_test(text_that_is_no_reply_is_refused),
		cmocka_unit_test(shellys_say_who_they_are),
		cmocka_unit_test(keys_are_checked_and_no_secret_is_repeated),
		cmocka_unit_test(nobody_there_is_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
