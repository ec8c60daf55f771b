/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parser and the choice of a schedule; polls are in test_rpi5_poll.c. */
#include "sensors/rpi5_pmic_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sensors/table.h"
#include "tests/unit/support_firmware.h"

#define MS EP_NS_PER_MS
#define US EP_NS_PER_US
#define FIFTH 200000 /* ppm */

static void a_whole_reply_is_2_28_watts(void **state)
{
	struct ep_pmic_reply r;
	double watts = 0;

	(void)state;
	assert_int_equal(ep_pmic_parse(fake_firmware_full,
				       sizeof(fake_firmware_full), &r),
			 EP_PMIC_WIRES);
	assert_int_equal(r.error_count, 0);
	for (size_t i = 0; i < EP_PMIC_RAILS; i++)
		watts += (double)r.values[EP_PMIC_AMPS(i)] *
			 (double)r.values[EP_PMIC_VOLTS(i)] * 1e-12;
	/* Sums of values rounded to a micro-unit. */
	assert_true(watts > 2.28220 && watts < 2.28222);
	assert_int_equal(r.values[EP_PMIC_EXT5V], 5085300);
	assert_int_equal(r.values[EP_PMIC_BATT], 0);
}

static void names_and_channels_belong_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < EP_PMIC_WIRES; i++) {
		const struct ep_channel *c = &ep_pmic_wires[i];
		size_t len = strlen(ep_pmic_wire_names[i]) - 2;
		bool amps = ep_pmic_wire_names[i][len + 1] == 'A';

		assert_int_equal(
			strncasecmp(c->name, ep_pmic_wire_names[i], len), 0);
		assert_string_equal(c->name + len, amps ? "_amps" : "_volts");
		assert_int_equal(c->quantity,
				 amps ? EP_CURRENT_UA : EP_VOLTAGE_UV);
		assert_true(c->resolution > 0);
	}
	for (size_t i = 0; i < EP_PMIC_RAILS; i++) {
		size_t len = strlen(ep_pmic_rail_names[i]);

		assert_int_equal(strncmp(ep_pmic_rail_names[i],
					 ep_pmic_wires[EP_PMIC_AMPS(i)].name,
					 len),
				 0);
		assert_int_equal(strncmp(ep_pmic_rail_names[i],
					 ep_pmic_wires[EP_PMIC_VOLTS(i)].name,
					 len),
				 0);
	}
	assert_string_equal(ep_pmic_rail_names[EP_PMIC_VDD_CORE], "vdd_core");
	assert_string_equal(ep_pmic_rail_names[EP_PMIC_DDR_VDDQ], "ddr_vddq");
	assert_string_equal(ep_pmic_rail_names[EP_PMIC_DDR_VDD2], "ddr_vdd2");
}

static void text_after_a_nul_is_not_read(void **state)
{
	static const char text[] = "EXT5V_V volt(24)=5.1V\0"
				   "BATT_V volt(25)=3.0V";
	struct ep_pmic_reply r;

	(void)state;
	assert_int_equal(ep_pmic_parse(text, sizeof(text), &r), 1);
	assert_int_equal(r.states[EP_PMIC_BATT], EP_PMIC_ABSENT);
	assert_int_equal(ep_pmic_parse(text, 0, &r), 0);
	/* Bytes beyond len are not looked at. */
	assert_int_equal(ep_pmic_parse(text, 20, &r), 1);
	assert_int_equal(r.states[EP_PMIC_EXT5V], EP_PMIC_ERROR);
}

static void the_end_of_the_range_is_known(void **state)
{
	size_t wl_sw = EP_PMIC_VOLTS(0);

	(void)state;
	assert_true(ep_pmic_is_saturated(wl_sw, 3799996));
	assert_false(ep_pmic_is_saturated(wl_sw, 3799068));
	assert_false(ep_pmic_is_saturated(EP_PMIC_BATT, 0));
}

static struct ep_pmic_costs costs(int64_t full_ns, int64_t single_ns)
{
	struct ep_pmic_costs c = { full_ns, single_ns };

	return c;
}

static void fast_calls_keep_to_the_grid(void **state)
{
	struct ep_pmic_plan p =
		ep_pmic_choose(costs(1 * MS, 100 * US), FIFTH, 10 * MS);

	(void)state;
	assert_int_equal(p.mode, EP_PMIC_FULL);
	assert_int_equal(p.period_ns, 10 * MS);
	assert_int_equal(p.others_ns, 10 * MS);
}

static void full_sweeps_spend_the_budget(void **state)
{
	struct ep_pmic_plan p =
		ep_pmic_choose(costs(5 * MS, 1 * MS), FIFTH, 10 * MS);

	(void)state;
	assert_int_equal(p.mode, EP_PMIC_FULL);
	assert_int_equal(p.period_ns, 25 * MS);
	p = ep_pmic_choose(costs(5 * MS, 1 * MS), 1000000, 1 * MS);
	assert_int_equal(p.period_ns, 5 * MS);
	p = ep_pmic_choose(costs(5 * MS, 1 * MS), 1000, 1 * MS);
	assert_int_equal(p.period_ns, 5000 * MS);
}

static void cheap_single_calls_make_it_mixed(void **state)
{
	struct ep_pmic_plan p =
		ep_pmic_choose(costs(15 * MS, 500 * US), FIFTH, 10 * MS);

	(void)state;
	assert_int_equal(p.mode, EP_PMIC_MIXED);
	assert_int_equal(p.period_ns, 20 * MS);
	assert_int_equal(p.others_ns, 200 * MS);
}

/* Faster for the core by a third, but slower for all together. */
static void a_little_faster_is_not_enough(void **state)
{
	struct ep_pmic_plan p =
		ep_pmic_choose(costs(15 * MS, 1200 * US), FIFTH, 10 * MS);

	(void)state;
	assert_int_equal(p.mode, EP_PMIC_FULL);
}

static void no_single_calls_no_mixture(void **state)
{
	struct ep_pmic_plan p =
		ep_pmic_choose(costs(100 * MS, 0), FIFTH, 10 * MS);

	(void)state;
	assert_int_equal(p.mode, EP_PMIC_FULL);
	assert_int_equal(p.period_ns, 500 * MS);
}

static void periods_do_not_overflow(void **state)
{
	struct ep_pmic_plan p = ep_pmic_choose(
		costs(3600 * EP_NS_PER_S, 3600 * EP_NS_PER_S), 1000, 10 * MS);

	(void)state;
	assert_int_equal(p.period_ns, 3600 * EP_NS_PER_S * 1000);
}

/* Whatever the costs: no call more often than the budget allows. */
static void the_budget_is_never_exceeded(void **state)
{
	(void)state;
	for (int64_t full = 50 * US; full < 200 * MS; full += full / 3) {
		for (int64_t one = 20 * US; one <= full; one += one / 2) {
			struct ep_pmic_plan p =
				ep_pmic_choose(costs(full, one), FIFTH, MS);
			int64_t cost = p.mode == EP_PMIC_FULL
					       ? full
					       : one * EP_PMIC_ROUND_CALLS;

			assert_true(cost * 5 <= p.period_ns);
			assert_true(p.period_ns >= MS);
			assert_true(p.others_ns >= p.period_ns);
		}
	}
}

static void ten_rounds_read_every_channel(void **state)
{
	unsigned counts[EP_PMIC_WIRES] = { 0 };
	uint8_t wires[EP_PMIC_ROUND_CALLS];

	(void)state;
	for (size_t turn = 0; turn < EP_PMIC_TURNS; turn++) {
		ep_pmic_round(turn, wires);
		for (size_t i = 0; i < EP_PMIC_ROUND_CALLS; i++)
			counts[wires[i]]++;
		/* A voltage and its current follow each other. */
		for (size_t i = 0; i < 6; i += 2)
			assert_int_equal(wires[i],
					 wires[i + 1] + EP_PMIC_RAILS);
	}
	for (size_t i = 0; i < EP_PMIC_WIRES; i++) {
		size_t rail = i % EP_PMIC_RAILS;
		bool core =
			i < 2 * EP_PMIC_RAILS &&
			(rail == EP_PMIC_VDD_CORE || rail == EP_PMIC_DDR_VDD2 ||
			 rail == EP_PMIC_DDR_VDDQ);

		assert_int_equal(counts[i], core ? EP_PMIC_TURNS : 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_reply_is_2_28_watts),
		cmocka_unit_test(names_and_channels_belong_together),
		cmocka_unit_test(text_after_a_nul_is_not_read),
		cmocka_unit_test(the_end_of_the_range_is_known),
		cmocka_unit_test(fast_calls_keep_to_the_grid),
		cmocka_unit_test(full_sweeps_spend_the_budget),
		cmocka_unit_test(cheap_single_calls_make_it_mixed),
		cmocka_unit_test(a_little_faster_is_not_enough),
		cmocka_unit_test(no_single_calls_no_mixture),
		cmocka_unit_test(periods_do_not_overflow),
		cmocka_unit_test(the_budget_is_never_exceeded),
		cmocka_unit_test(ten_rounds_read_every_channel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
