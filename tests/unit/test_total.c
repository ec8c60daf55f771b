/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "profiler/record/slot.h"

struct ep_sensor {
	int unused;
};
static struct ep_sensor there;

static const struct ep_sensor_ops rapl = { .name = "rapl" };
static const struct ep_sensor_ops meter = { .name = "meter" };
static const struct ep_sensor_ops card = { .name = "card" };
static const struct ep_sensor_ops model = { .name = "estimate",
					    .flags = EP_SENSOR_MODEL };

static struct ep_channel package[] = {
	{ .name = "package_0",
	  .quantity = EP_ENERGY_UJ,
	  .role = EP_ROLE_TOTAL },
	{ .name = "core", .quantity = EP_ENERGY_UJ, .role = EP_ROLE_PART },
	{ .name = "package_1",
	  .quantity = EP_ENERGY_UJ,
	  .role = EP_ROLE_TOTAL },
};
static struct ep_channel plug[] = {
	{ .name = "temp", .quantity = EP_TEMP_MC },
	{ .name = "power", .quantity = EP_POWER_UW },
};
static struct ep_channel guess[] = {
	{ .name = "total", .quantity = EP_ENERGY_UJ, .role = EP_ROLE_TOTAL },
};

static struct ep_channel rails[] = {
	{ .name = "ch1_volts", .quantity = EP_VOLTAGE_UV },
	{ .name = "ch1", .quantity = EP_POWER_UW },
	{ .name = "ch2", .quantity = EP_POWER_UW },
};

static struct ep_slot slots[3];
static struct ep_slot_list list;
static struct ep_board board;

static void add(const struct ep_sensor_ops *ops, struct ep_channel *channels,
		size_t count, bool from_option)
{
	struct ep_slot *slot = &slots[list.count];

	memset(slot, 0, sizeof(*slot));
	strncpy(slot->id, ops->name, sizeof(slot->id) - 1);
	slot->ops = ops;
	slot->sensor = &there;
	slot->channels = channels;
	slot->channel_count = count;
	slot->from_option = from_option;
	list.slots[list.count++] = slot;
}

static int setup(void **state)
{
	(void)state;
	list.count = 0;
	memset(&board, 0, sizeof(board));
	strcpy(board.name, "x86");
	board.coverage = "packages";
	board.total = "";
	return 0;
}

static void the_boards_totals_are_added_and_its_parts_are_not(void **state)
{
	struct ep_total t;

	(void)state;
	add(&rapl, package, 3, false);
	add(&meter, plug, 2, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.channels[0], "rapl.package_0");
	assert_string_equal(t.channels[1], "rapl.package_1");
	assert_string_equal(t.source, "board");
	assert_string_equal(t.coverage, "packages");
}

static void a_meter_stands_in_when_the_board_does_not_deliver(void **state)
{
	struct ep_total t;

	(void)state;
	add(&rapl, package, 3, false);
	slots[0].sensor = NULL;
	add(&meter, plug, 2, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.channels[0], "meter.power");
	assert_string_equal(t.source, "sensor");
	assert_non_null(strstr(t.coverage, "What meter.power is wired to"));
}

/* The board's text speaks of packages and cards: here are cards alone. */
static void what_a_total_lacks_is_said(void **state)
{
	struct ep_total t;

	(void)state;
	board.rails[0] = (struct ep_board_rail){ .name = "packages",
						 .channel = "rapl.package_*",
						 .role = EP_ROLE_TOTAL };
	board.rails[1] = (struct ep_board_rail){ .name = "memory",
						 .channel = "rapl.dram_*",
						 .role = EP_ROLE_ASIDE };
	board.rails[2] = (struct ep_board_rail){ .name = "cards",
						 .channel = "card.total",
						 .role = EP_ROLE_TOTAL };
	board.rail_count = 3;
	add(&rapl, package, 3, false);
	add(&card, guess, 1, false);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_string_equal(t.coverage, "packages");
	slots[0].sensor = NULL;
	strcpy(slots[0].reason, "root only");
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.coverage, "packages NOT IN IT HERE: packages "
					"(rapl: root only).");
}

/* The sensor is there, one of its rails is not. */
static void a_rail_that_a_sensor_lacks_is_said(void **state)
{
	struct ep_total t;

	(void)state;
	board.rails[0] = (struct ep_board_rail){ .name = "packages",
						 .channel = "rapl.package_*",
						 .role = EP_ROLE_TOTAL };
	board.rails[1] = (struct ep_board_rail){ .name = "dram",
						 .channel = "rapl.dram_0",
						 .role = EP_ROLE_TOTAL };
	board.rails[2] = (struct ep_board_rail){ .name = "5 V in",
						 .volts = "rapl.volts",
						 .amps = "rapl.amps",
						 .role = EP_ROLE_TOTAL };
	board.rail_count = 3;
	add(&rapl, package, 3, false);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 2);
	assert_string_equal(t.coverage,
			    "packages NOT IN IT HERE: dram (rapl: no such "
			    "channel). NOT IN IT HERE: 5 V in (rapl: no such "
			    "channel).");
}

static void a_total_is_never_cut_short(void **state)
{
	static struct ep_channel many[EP_TOTAL_CHANNELS_MAX + 1];
	struct ep_err err = { 0 };
	struct ep_total t;

	(void)state;
	for (size_t i = 0; i < EP_TOTAL_CHANNELS_MAX + 1; i++) {
		many[i].quantity = EP_POWER_UW;
		many[i].role = EP_ROLE_TOTAL;
		many[i].name[0] = (char)('A' + i);
	}
	add(&meter, many, EP_TOTAL_CHANNELS_MAX, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, &err), 0);
	assert_int_equal(t.count, EP_TOTAL_CHANNELS_MAX);
	slots[0].channel_count++;
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, &err),
			 -E2BIG);
	assert_non_null(strstr(err.text, "33 channels, from meter.A on"));
	assert_int_equal(ep_total_choose(&list, &board, "meter", &t, &err),
			 -E2BIG);
	assert_int_equal(ep_total_choose(&list, &board, "meter.B", &t, &err),
			 0);
}

/* A meter's own count, and what a charger was promised. */
static struct ep_channel doubtful[] = {
	{ .name = "agreed",
	  .quantity = EP_POWER_UW,
	  .role = EP_ROLE_TOTAL,
	  .flags = EP_CHANNEL_NEGOTIATED },
	{ .name = "energy",
	  .quantity = EP_ENERGY_UJ,
	  .flags = EP_CHANNEL_CHECK },
};

static void what_is_not_measured_may_be_no_total(void **state)
{
	struct ep_err err = { 0 };
	struct ep_total t;

	(void)state;
	add(&meter, doubtful, 2, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 0);
	assert_string_equal(t.source, "none");
	assert_int_equal(
		ep_total_choose(&list, &board, "meter.energy", &t, &err),
		-EINVAL);
	assert_non_null(strstr(err.text, "own count"));
}

static void a_model_never_stands_in_for_a_measurement(void **state)
{
	struct ep_total t;

	(void)state;
	add(&model, guess, 1, false);
	add(&rapl, package, 3, false);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_string_equal(t.channels[0], "rapl.package_0");
	slots[1].sensor = NULL;
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_string_equal(t.channels[0], "estimate.total");
	assert_non_null(strstr(t.coverage, "Nothing is measured"));
	assert_string_equal(t.source, "option");
}

static void without_any_power_the_reason_is_the_sensors_own(void **state)
{
	struct ep_total t;

	(void)state;
	board.rails[0] = (struct ep_board_rail){ .name = "packages",
						 .channel = "rapl.package_*",
						 .role = EP_ROLE_TOTAL };
	board.rail_count = 1;
	add(&card, plug, 1, false);
	slots[0].sensor = NULL;
	strcpy(slots[0].reason, "there is no card");
	add(&rapl, package, 3, false);
	slots[1].sensor = NULL;
	strcpy(slots[1].reason, "energy_uj cannot be read: run with sudo");
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 0);
	assert_string_equal(t.source, "none");
	assert_string_equal(t.reason,
			    "rapl: energy_uj cannot be read: run with sudo");
}

/* Watts of one rail are not the board's. */
static void one_rail_of_several_is_no_total(void **state)
{
	struct ep_err err = { 0 };
	struct ep_total t;

	(void)state;
	add(&meter, rails, 3, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 0);
	assert_string_equal(t.source, "none");
	assert_string_equal(t.reason,
			    "meter has 2 power channels and none of them is "
			    "its total: name one with --total "
			    "meter.CHANNEL");
	assert_int_equal(ep_total_choose(&list, &board, "meter", &t, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "2 power channels"));
	assert_int_equal(ep_total_choose(&list, &board, "meter.ch2", &t, &err),
			 0);
	assert_string_equal(t.channels[0], "meter.ch2");
	/* With one rail there is no question. */
	slots[0].channel_count = 2;
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_string_equal(t.channels[0], "meter.ch1");
}

static void a_part_stands_in_only_where_it_is_named(void **state)
{
	struct ep_total t;

	(void)state;
	add(&rapl, package + 1, 1, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 0);
	assert_non_null(strstr(t.reason, "--total rapl.core"));
	assert_int_equal(ep_total_choose(&list, &board, "rapl", &t, NULL), 0);
	assert_string_equal(t.channels[0], "rapl.core");
}

/* A battery's power is in the sum of them all. */
static void the_whole_is_the_total_of_its_parts(void **state)
{
	struct ep_total t;

	(void)state;
	rails[1].role = EP_ROLE_ASIDE;
	rails[2].role = EP_ROLE_PART;
	add(&meter, rails, 3, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.channels[0], "meter.ch1");
	rails[1].role = rails[2].role = EP_ROLE_NONE;
}

/* Another sensor that has one is asked first. */
static void a_sensor_with_a_total_goes_before_rails(void **state)
{
	struct ep_total t;

	(void)state;
	add(&meter, rails, 3, true);
	add(&card, plug, 2, true);
	assert_int_equal(ep_total_choose(&list, &board, NULL, &t, NULL), 0);
	assert_int_equal(t.count, 1);
	assert_string_equal(t.channels[0], "card.power");
}

static void the_option_overrides_and_must_exist(void **state)
{
	struct ep_total t;
	struct ep_err err = { 0 };

	(void)state;
	add(&rapl, package, 3, false);
	assert_int_equal(ep_total_choose(&list, &board, "rapl.core", &t, &err),
			 0);
	assert_string_equal(t.channels[0], "rapl.core");
	assert_string_equal(t.source, "option");
	assert_int_equal(ep_total_choose(&list, &board, "rapl", &t, &err), 0);
	assert_int_equal(t.count, 2);
	assert_int_equal(ep_total_choose(&list, &board, "rapl.x", &t, &err),
			 -EINVAL);
	assert_int_equal(ep_total_choose(&list, &board, "plug", &t, &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "--total plug"));
	slots[0].sensor = NULL;
	assert_int_equal(ep_total_choose(&list, &board, "rapl", &t, &err),
			 -ENODEV);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			the_boards_totals_are_added_and_its_parts_are_not,
			setup),
		cmocka_unit_test_setup(
			a_meter_stands_in_when_the_board_does_not_deliver,
			setup),
		cmocka_unit_test_setup(what_a_total_lacks_is_said, setup),
		cmocka_unit_test_setup(a_rail_that_a_sensor_lacks_is_said,
				       setup),
		cmocka_unit_test_setup(a_total_is_never_cut_short, setup),
		cmocka_unit_test_setup(what_is_not_measured_may_be_no_total,
				       setup),
		cmocka_unit_test_setup(
			a_model_never_stands_in_for_a_measurement, setup),
		cmocka_unit_test_setup(
			without_any_power_the_reason_is_the_sensors_own, setup),
		cmocka_unit_test_setup(one_rail_of_several_is_no_total, setup),
		cmocka_unit_test_setup(a_part_stands_in_only_where_it_is_named,
				       setup),
		cmocka_unit_test_setup(the_whole_is_the_total_of_its_parts,
				       setup),
		cmocka_unit_test_setup(a_sensor_with_a_total_goes_before_rails,
				       setup),
		cmocka_unit_test_setup(the_option_overrides_and_must_exist,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
