/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What TI's monitors on an I2C bus say of their channels. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "profiler/analyze/model.h"
#include "sensors/ina_parts.h"
#include "tests/unit/support_run.h"

/* An opened chip, converting as settings say. */
static struct ep_sensor *chip(enum ep_inabus_kind kind, const char *model,
			      uint16_t first, uint16_t second)
{
	struct ep_sensor *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->chip = &ep_inabus_chips[kind];
	s->settings[0] = first;
	s->settings[1] = second;
	s->keys.model = model;
	s->keys.shunt_offset_uv = s->keys.bus_offset_mv = -1;
	for (size_t i = 0; i < EP_INA_RAILS_MAX; i++)
		s->keys.shunts_ohm[i] = kind == EP_INA219 ? 0.1 : 0.01;
	s->keys.rails[0] = s->keys.totals[0] = true;
	return s;
}

static const struct ep_channel *channel(const struct ep_sensor *s,
					const char *name)
{
	size_t i = 0;

	while (i < s->channel_count && strcmp(s->channels[i].name, name) != 0)
		i++;
	if (i == s->channel_count)
		fail_msg("no channel %s", name);
	return &s->channels[i];
}

static void fewer_bits_are_larger_steps(void **state)
{
	/* By codes of bus and shunt. */
	static const struct {
		uint16_t config;
		int64_t uv, ua;
	} rows[] = {
		{ 0x399f, 4000, 100 },	/* 12 bits */
		{ 0x3917, 8000, 200 },	/* 11 */
		{ 0x388f, 16000, 400 }, /* 10 */
		{ 0x3807, 32000, 800 }, /* 9 */
		{ 0x3ccf, 4000, 100 },	/* two conversions of 12 */
		{ 0x3827, 32000, 800 }, /* bit 2 of a code counts nothing */
		{ 0x381f, 32000, 100 }, { 0x3987, 4000, 800 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_sensor *s = chip(EP_INA219, "", rows[i].config, 0);

		ep_inabus_make_channels(s);
		assert_int_equal(channel(s, "voltage")->resolution, rows[i].uv);
		assert_int_equal(channel(s, "current")->resolution, rows[i].ua);
		free(s);
	}
}

static double w5_uj(double t)
{
	return 1e9 + 5e6 * t;
}

static bool out_for_12_s(double t)
{
	return t > 2 && t < 14;
}

static void energy_goes_on_while_the_bus_is_out(void **state)
{
	struct ep_sensor *s = chip(EP_INA228, "", 0x1000, 0xbb69);
	struct support_channel channels[] = { { { .name = "" }, w5_uj } };
	const struct support_sensor sensor = { .id = "ina228",
					       .channels = channels,
					       .channel_count = 1,
					       .skip_line = out_for_12_s };
	const struct support_run run = { .run_s = 16,
					 .tail_s = 0.5,
					 .sensors = &sensor,
					 .sensor_count = 1,
					 .total = "ina228.energy" };
	const struct ep_metric *m;
	struct ep_report *r;

	(void)state;
	s->step_ua = ep_inabus_step_ua(0, 0x1000, 0.01);
	ep_inabus_make_channels(s);
	channels[0].ch = *channel(s, "energy");
	free(s);
	r = support_run_analyze(&run);
	m = support_metric(support_total(r, "run"), "energy_j");
	support_near(m->value, 80, 0.01);
	assert_int_equal(m->status, EP_STATUS_OK);
	assert_int_equal(r->health[0].gap_count, 1);
	ep_report_free(r);
}

static void offsets_are_the_data_sheets(void **state)
{
	static const struct {
		enum ep_inabus_kind kind;
		const char *model;
		uint16_t first, second;
		int64_t uv, ua;
	} rows[] = {
		{ EP_INA219, "", 0x399f, 0, 0, 2000 },
		{ EP_INA219, "", 0x319f, 0, 0, 1500 },
		{ EP_INA219, "", 0x299f, 0, 0, 1250 },
		{ EP_INA219, "", 0x219f, 0, 0, 1000 },
		{ EP_INA226, "", 0x4127, 0, 7500, 1000 },
		{ EP_INA226, "ina230", 0x4127, 0, 30000, 5000 },
		{ EP_INA238, "", 0xfb68, 0, 5000, 500 },
		{ EP_INA260, "", 0x6127, 0, 0, 5000 },
		{ EP_INA228, "", 0x1000, 0xfb68, 0, 100 },
		{ EP_INA3221_RAW, "", 0x7127, 0, 16000, 8000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_sensor *s = chip(rows[i].kind, rows[i].model,
					   rows[i].first, rows[i].second);
		bool three = rows[i].kind == EP_INA3221_RAW;

		s->keys.gain_ppm = 10000;
		if (rows[i].kind == EP_INA228 || rows[i].kind == EP_INA260)
			s->keys.bus_offset_mv = 0;
		assert_int_equal(ep_inabus_find_offsets(s, NULL), 0);
		ep_inabus_make_channels(s);
		assert_int_equal(
			channel(s, three ? "ch1_volts" : "voltage")->offset,
			rows[i].uv);
		assert_int_equal(
			channel(s, three ? "ch1_amps" : "current")->offset,
			rows[i].ua);
		free(s);
	}
}

/* Without a gain nothing of their own error is told. */
static void no_gain_no_offset(void **state)
{
	struct ep_sensor *s = chip(EP_INA226, "", 0x4127, 0);

	(void)state;
	assert_int_equal(ep_inabus_find_offsets(s, NULL), 0);
	ep_inabus_make_channels(s);
	assert_int_equal(channel(s, "voltage")->offset, 0);
	assert_int_equal(channel(s, "current")->offset, 0);
	free(s);
}

static void a_gain_alone_is_no_accuracy(void **state)
{
	/* 2: is known, 1: but for the bus, 0: nor that of the shunt. */
	static const struct {
		enum ep_inabus_kind kind;
		const char *model;
		uint16_t second;
		int known;
	} rows[] = {
		{ EP_INA219, "", 0, 2 },       { EP_INA226, "", 0, 2 },
		{ EP_INA226, "ina230", 0, 2 }, { EP_INA226, "ina231", 0, 1 },
		{ EP_INA228, "", 0xfb68, 1 },  { EP_INA228, "", 0xb0c0, 0 },
		{ EP_INA238, "", 0, 2 },       { EP_INA238, "ina237", 0, 1 },
		{ EP_INA3221_RAW, "", 0, 2 },  { EP_INA260, "", 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ep_sensor *s = chip(rows[i].kind, rows[i].model, 0x399f,
					   rows[i].second);
		struct ep_err err = { 0 };

		s->keys.gain_ppm = 10000;
		assert_int_equal(ep_inabus_find_offsets(s, &err),
				 rows[i].known == 2 ? 0 : -EINVAL);
		if (rows[i].known < 2)
			assert_non_null(strstr(
				err.text, rows[i].known ? "bus_offset_mv="
							: "shunt_offset_uv="));
		s->keys.shunt_offset_uv = 2.5;
		s->keys.bus_offset_mv = 4;
		assert_int_equal(ep_inabus_find_offsets(s, &err), 0);
		assert_true(s->keys.shunt_offset_uv > 2.4 &&
			    s->keys.shunt_offset_uv < 2.6);
		assert_true(s->keys.bus_offset_mv > 3.9);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fewer_bits_are_larger_steps),
		cmocka_unit_test(energy_goes_on_while_the_bus_is_out),
		cmocka_unit_test(offsets_are_the_data_sheets),
		cmocka_unit_test(no_gain_no_offset),
		cmocka_unit_test(a_gain_alone_is_no_accuracy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
