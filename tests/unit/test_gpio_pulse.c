/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pulse meters at a chip that is not there; one of the kernel's is in
 * tests/rig. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_gpiod.h"
#include "tests/unit/support_sensor.h"

#define NODE FAKE_GPIO_NODE
#define J_PER_PULSE 3600 /* of 1000 a kilowatt-hour */

#define OPTIONS "line=" NODE ":s0,pulses_per_kwh=1000"

static int setup(void **state)
{
	fake_gpio_reset();
	return ep_rig_setup(state);
}

static int teardown(void **state)
{
	int r = ep_rig_teardown(state);

	/* Whatever was opened was closed. */
	assert_int_equal(fake_gpio.opened_count, fake_gpio.closed_count);
	return r;
}

static int open_with(struct ep_rig *rig, const char *options)
{
	ep_rig_time_ns = EP_NS_PER_S;
	rig->env.now_ns = ep_rig_now_ns;
	return ep_rig_open(rig, &ep_sensor_gpio_pulse, options);
}

/* A contact to ground that closes for 40 ms. */
static void pulse(int64_t t_ns)
{
	fake_gpio_edge(t_ns, false);
	fake_gpio_edge(t_ns + 40 * EP_NS_PER_MS, true);
}

static int poll_at(struct ep_rig *rig, int64_t t_ns)
{
	ep_rig_time_ns = t_ns;
	return ep_rig_poll_at(rig, t_ns);
}

static void assert_row(struct ep_rig *rig, const char *channel, int64_t t_ns,
		       int64_t value)
{
	const struct ep_sample *s = ep_rig_sample(rig, channel);

	assert_non_null(s);
	assert_int_equal(s->t_ns, t_ns);
	assert_int_equal(s->value, value);
	assert_int_equal(s->span_ns, 0);
	assert_int_equal(s->flags, 0);
}

static void a_pulse_is_so_many_joules_at_its_stamp(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	assert_int_equal(rig->channel_count, 4);
	assert_string_equal(rig->channels[0].name, "energy");
	assert_int_equal(rig->channels[0].shape, EP_COUNTER);
	assert_int_equal(rig->channels[0].role, EP_ROLE_TOTAL);
	assert_int_equal(rig->channels[0].resolution,
			 J_PER_PULSE * INT64_C(1000000));
	assert_int_equal(rig->channels[0].gain_ppm, 0);
	assert_true(ep_rig_noted(rig, "a pulse is 3600 J"));
	assert_true(ep_rig_noted(rig, "line 3 (s0) of gpiochip901, \"bank\""));
	assert_int_equal(fake_gpio.bias, 1);
	assert_int_equal(poll_at(rig, 2 * EP_NS_PER_S), 0);
	pulse(2500000123);
	assert_int_equal(poll_at(rig, 3 * EP_NS_PER_S), 4);
	assert_row(rig, "energy", 2500000123, INT64_C(3600000000));
	assert_row(rig, "pulses", 2500000123, 1);
	for (int64_t i = 0; i < 5; i++)
		pulse(3 * EP_NS_PER_S + i * 100 * EP_NS_PER_MS);
	assert_int_equal(poll_at(rig, 4 * EP_NS_PER_S), 20);
	assert_row(rig, "energy", 3400000000, INT64_C(6) * 3600000000);
	assert_row(rig, "bounces", 3400000000, 0);
	assert_row(rig, "breaks", 3400000000, 0);
}

static void the_constant_of_the_meter_is_what_counts(void **state)
{
	struct ep_rig *rig = *state;
	static const struct {
		const char *options;
		int64_t first_uj, seventh_uj;
	} meters[] = {
		{ "line=" NODE ":3,pulses_per_kwh=2000", 1800000000,
		  INT64_C(12600000000) },
		{ "line=" NODE ":3,pulses_per_kwh=10000,gain_percent=1",
		  360000000, INT64_C(2520000000) },
		/* No whole number of microjoules: it does not add up. */
		{ "line=" NODE ":3,pulses_per_kwh=3300000", 1090909, 7636364 },
		{ "line=" NODE ":3,pulses_per_kwh=0.5", INT64_C(7200000000000),
		  INT64_C(50400000000000) },
	};

	for (size_t m = 0; m < sizeof(meters) / sizeof(meters[0]); m++) {
		assert_int_equal(open_with(rig, meters[m].options), 0);
		pulse(1100 * EP_NS_PER_MS);
		poll_at(rig, 1200 * EP_NS_PER_MS);
		assert_int_equal(ep_rig_sample(rig, "energy")->value,
				 meters[m].first_uj);
		for (int64_t i = 2; i <= 7; i++)
			pulse((1000 + 100 * i) * EP_NS_PER_MS);
		poll_at(rig, 2 * EP_NS_PER_S);
		assert_int_equal(ep_rig_sample(rig, "energy")->value,
				 meters[m].seventh_uj);
	}
	open_with(rig, meters[1].options);
	assert_int_equal(rig->channels[0].gain_ppm, 10000);
}

static void a_contact_to_plus_has_rising_edges(void **state)
{
	struct ep_rig *rig = *state;

	fake_gpio.level = 0;
	assert_int_equal(open_with(rig, OPTIONS
				   ",edge=rising,bias=pull-down,debounce=0s"),
			 0);
	assert_int_equal(fake_gpio.bias, 0);
	fake_gpio_edge(1100 * EP_NS_PER_MS, true);
	assert_int_equal(poll_at(rig, 1100 * EP_NS_PER_MS), 4);
	fake_gpio_edge(1101 * EP_NS_PER_MS, false);
	assert_int_equal(poll_at(rig, 1200 * EP_NS_PER_MS), 0);
}

static void bounces_are_shown(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	fake_gpio_edge(1100 * EP_NS_PER_MS, false);
	fake_gpio_edge(1101 * EP_NS_PER_MS, true);
	pulse(1102 * EP_NS_PER_MS);
	poll_at(rig, 2 * EP_NS_PER_S);
	assert_row(rig, "pulses", 1100 * EP_NS_PER_MS, 1);
	assert_row(rig, "bounces", 1100 * EP_NS_PER_MS, 2);
}

/* An unplugged chip: no value, no step of energy over the gap. */
static void a_chip_that_goes_is_found_again(void **state)
{
	struct ep_rig *rig = *state;
	int64_t last_uj;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	for (int64_t i = 0; i < 3; i++)
		pulse((1100 + 100 * i) * EP_NS_PER_MS);
	poll_at(rig, 2 * EP_NS_PER_S);
	last_uj = ep_rig_sample(rig, "energy")->value;
	fake_gpio_unplug();
	assert_int_equal(poll_at(rig, 3 * EP_NS_PER_S), -ENODEV);
	assert_int_equal(ep_sensor_gpio_pulse.fd(rig->sensor), -1);
	assert_int_equal(poll_at(rig, 4 * EP_NS_PER_S), -ENODEV);
	fake_gpio.gone = false;
	assert_int_equal(poll_at(rig, 5 * EP_NS_PER_S), 0);
	pulse(5500 * EP_NS_PER_MS);
	assert_int_equal(poll_at(rig, 6 * EP_NS_PER_S), 4);
	/* Analysis takes a count that steps back for a gap. */
	assert_row(rig, "energy", 5500 * EP_NS_PER_MS,
		   last_uj - J_PER_PULSE * INT64_C(1000000));
	assert_row(rig, "pulses", 5500 * EP_NS_PER_MS, 4);
	assert_row(rig, "breaks", 5500 * EP_NS_PER_MS, 1);
	pulse(6500 * EP_NS_PER_MS);
	poll_at(rig, 7 * EP_NS_PER_S);
	assert_row(rig, "energy", 6500 * EP_NS_PER_MS, last_uj);
}

/* Each pulse after a break is a gap, also where no two came between breaks. */
static void every_break_is_a_gap(void **state)
{
	struct ep_rig *rig = *state;
	int64_t before_uj = INT64_MAX, now_uj;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	for (int64_t s = 100; s <= 2000; s += 300) {
		fake_gpio.gone = false;
		assert_int_equal(poll_at(rig, (s - 50) * EP_NS_PER_S),
				 s == 100 ? 0 : -ENODEV);
		assert_int_equal(poll_at(rig, (s - 49) * EP_NS_PER_S), 0);
		pulse(s * EP_NS_PER_S);
		assert_int_equal(poll_at(rig, (s + 1) * EP_NS_PER_S), 4);
		now_uj = ep_rig_sample(rig, "energy")->value;
		assert_true(now_uj < before_uj);
		before_uj = now_uj;
		fake_gpio_unplug();
	}
}

static void lost_edges_break_the_count(void **state)
{
	struct ep_rig *rig = *state;
	int breaks;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	pulse(1050 * EP_NS_PER_MS);
	pulse(1150 * EP_NS_PER_MS);
	poll_at(rig, 1300 * EP_NS_PER_MS);
	assert_row(rig, "energy", 1150 * EP_NS_PER_MS, INT64_C(7200000000));
#if EP_GPIOD == 2
	fake_gpio.seqno += 4;
#else
	/* As many as the kernel keeps: there may have been more. */
	for (int64_t i = 0; i < 8; i++)
		pulse((1400 + 100 * i) * EP_NS_PER_MS);
	poll_at(rig, 2500 * EP_NS_PER_MS);
	assert_row(rig, "energy", 2100 * EP_NS_PER_MS, INT64_C(36000000000));
	assert_row(rig, "breaks", 2100 * EP_NS_PER_MS, 0);
#endif
	breaks = (int)ep_rig_sample(rig, "breaks")->value;
	pulse(3 * EP_NS_PER_S);
	poll_at(rig, 4 * EP_NS_PER_S);
	assert_int_equal(ep_rig_sample(rig, "breaks")->value, breaks + 1);
	assert_true(ep_rig_sample(rig, "energy")->value <=
		    INT64_C(32400000000));
}

/* Stamps of another clock would put pulses anywhere. */
static void a_stamp_that_cannot_be_is_refused(void **state)
{
	struct ep_rig *rig = *state;

	assert_int_equal(open_with(rig, OPTIONS), 0);
	pulse(INT64_C(1790000000) * EP_NS_PER_S);
	assert_int_equal(poll_at(rig, 2 * EP_NS_PER_S), -EPROTO);
	assert_int_equal(rig->sample_count, 0);
	assert_int_equal(poll_at(rig, 3 * EP_NS_PER_S), 0);
	pulse(EP_NS_PER_S / 2);
	assert_int_equal(poll_at(rig, 4 * EP_NS_PER_S), -EPROTO);
}

static void assert_refused(struct ep_rig *rig, const char *options, int code,
			   const char *text)
{
	assert_int_equal(open_with(rig, options), code);
	if (!strstr(rig->err.text, text))
		fail_msg("'%s' does not say '%s'", rig->err.text, text);
}

static void what_cannot_be_had_is_said(void **state)
{
	struct ep_rig *rig = *state;

	assert_refused(rig, "line=nowhere:3,pulses_per_kwh=1000", -ENODEV,
		       "\"nowhere\"");
	assert_refused(rig, "line=" NODE ":9,pulses_per_kwh=1000", -ENXIO,
		       "lines 0 to 7");
	assert_refused(rig, "line=" NODE ":s1,pulses_per_kwh=1000", -ENXIO,
		       "no line named \"s1\"");
	fake_gpio.owned = true;
	assert_refused(rig, OPTIONS, -EBUSY, "in use by \"other\"");
	fake_gpio.owned = false;
	fake_gpio.request_error = EBUSY;
	assert_refused(rig, OPTIONS, -EBUSY, "another program");
	fake_gpio.request_error = ENXIO;
	assert_refused(rig, OPTIONS, -EOPNOTSUPP, "cannot tell of edges");
	fake_gpio.request_error = 0;
	fake_gpio.open_error = EACCES;
	assert_refused(rig, OPTIONS, -EACCES, "sudo edgeprof setup");
	fake_gpio.open_error = ENOTTY;
	assert_refused(rig, OPTIONS, -ENODEV, "no GPIO chip");
}

static void wrong_keys_are_named(void **state)
{
	static const char *const wrong[][2] = {
		{ "line=" NODE ",pulses_per_kwh=1000", "line" },
		{ "line=:3,pulses_per_kwh=1000", "line" },
		{ "line=a:,pulses_per_kwh=1000", "line" },
		{ "line=a:3,pulses_per_kwh=0", "pulses_per_kwh" },
		{ "line=a:3,pulses_per_kwh=-5", "pulses_per_kwh" },
		{ "line=a:3,pulses_per_kwh=1e10", "pulses_per_kwh" },
		{ "line=a:3,pulses_per_kwh=nan", "pulses_per_kwh" },
		{ OPTIONS ",edge=both", "edge" },
		{ OPTIONS ",bias=up", "bias" },
		{ OPTIONS ",debounce=2s", "debounce" },
		{ OPTIONS ",gain_percent=101", "gain_percent" },
	};
	struct ep_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ep_conf *conf = NULL;

		memset(&err, 0, sizeof(err));
		assert_int_equal(ep_conf_from_options("--sensor", wrong[i][0],
						      &conf, &err),
				 0);
		assert_true(ep_sensor_gpio_pulse.check(conf, &err) < 0);
		if (!strstr(err.text, wrong[i][1]))
			fail_msg("'%s' does not name %s", err.text,
				 wrong[i][1]);
		ep_conf_free(conf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_pulse_is_so_many_joules_at_its_stamp, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			the_constant_of_the_meter_is_what_counts, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_contact_to_plus_has_rising_edges, setup, teardown),
		cmocka_unit_test_setup_teardown(bounces_are_shown, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_chip_that_goes_is_found_again,
						setup, teardown),
		cmocka_unit_test_setup_teardown(every_break_is_a_gap, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lost_edges_break_the_count,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_stamp_that_cannot_be_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_had_is_said,
						setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_keys_are_named, setup,
						teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
