/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FNIRSI's meters: commands, pace and truth of their samples; finding them.
 * What a report means is in tests/golden/fnirsi. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "drivers/hidraw.h"
#include "sensors/fnirsi_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

#define MS EP_NS_PER_MS
#define REPORT_NS (40 * MS)

static void commands_end_in_their_sums(void **state)
{
	uint8_t report[EP_FNIRSI_BYTES];

	(void)state;
	ep_fnirsi_command(EP_FNIRSI_HELLO, report);
	assert_int_equal(report[0], 0xaa);
	assert_int_equal(report[1], 0x81);
	assert_int_equal(report[63], 0x8e);
	ep_fnirsi_command(EP_FNIRSI_START, report);
	assert_int_equal(report[63], 0x96);
	ep_fnirsi_command(EP_FNIRSI_GO_ON, report);
	assert_int_equal(report[1], 0x83);
	assert_int_equal(report[62], 0);
	assert_int_equal(report[63], 0x9e);
}

/* Delay of the i-th arrival, up to 4 ms, as a bus and a scheduler make it. */
static int64_t delay_ns(int i)
{
	return (int64_t)((unsigned)i * 2654435761u % 4000u) * 1000;
}

static void any_pace_is_measured(void **state)
{
	static const int64_t periods_ns[] = { 40 * MS, 37 * MS, 43500000,
					      20 * MS, 100 * MS };

	(void)state;
	for (size_t k = 0; k < sizeof(periods_ns) / sizeof(*periods_ns); k++) {
		struct ep_fnirsi_pace p;
		int64_t sent_ns = EP_NS_PER_S;

		ep_fnirsi_pace_init(&p, REPORT_NS);
		for (int i = 0; i < 500; i++) {
			int64_t off_ns;

			sent_ns += periods_ns[k];
			if (ep_fnirsi_pace_take(&p, 1, sent_ns + delay_ns(i)))
				fail_msg("a gap at %d of %zu", i, k);
			off_ns = p.last_ns - sent_ns;
			if (i > 50 && (off_ns < -MS || off_ns > 4 * MS))
				fail_msg("%d of %zu is off by %lld", i, k,
					 (long long)off_ns);
		}
		assert_in_range(p.period_ns, periods_ns[k] - 20000,
				periods_ns[k] + 20000);
	}
}

static void what_waited_keeps_its_time(void **state)
{
	struct ep_fnirsi_pace p;
	int64_t at_ns = EP_NS_PER_S;

	(void)state;
	ep_fnirsi_pace_init(&p, REPORT_NS);
	for (int i = 0; i < 100; i++, at_ns += REPORT_NS)
		assert_false(ep_fnirsi_pace_take(&p, 1, at_ns));
	/* Nobody read for 200 ms and a bit: five at once. */
	at_ns += 4 * REPORT_NS;
	assert_false(ep_fnirsi_pace_take(&p, 5, at_ns + 15 * MS));
	assert_in_range(p.last_ns, at_ns - MS, at_ns + MS);
	assert_in_range(p.period_ns, REPORT_NS - 1000, REPORT_NS + 1000);
}

/* A line that stood still gives what it kept in pieces. */
static void what_comes_in_pieces_tells_no_pace(void **state)
{
	struct ep_fnirsi_pace p;
	int64_t at_ns = EP_NS_PER_S;

	(void)state;
	ep_fnirsi_pace_init(&p, REPORT_NS);
	assert_false(ep_fnirsi_pace_take(&p, 1, at_ns));
	assert_false(ep_fnirsi_pace_take(&p, 6, at_ns + 2 * MS));
	for (int i = 0; i < 30; i++) {
		at_ns += REPORT_NS;
		assert_false(ep_fnirsi_pace_take(&p, 1, at_ns));
		assert_in_range(p.period_ns, REPORT_NS - 3 * MS,
				REPORT_NS + 3 * MS);
	}
	at_ns += 25 * REPORT_NS;
	assert_true(ep_fnirsi_pace_take(&p, 1, at_ns));
	assert_false(ep_fnirsi_pace_take(&p, 24, at_ns + 2 * MS));
	for (int i = 0; i < 60; i++) {
		at_ns += REPORT_NS;
		assert_false(ep_fnirsi_pace_take(&p, 1, at_ns));
		assert_in_range(p.period_ns, REPORT_NS - 3 * MS,
				REPORT_NS + 3 * MS);
	}
	assert_in_range(p.last_ns, at_ns - MS, at_ns + MS);
}

static void what_was_lost_is_a_gap(void **state)
{
	struct ep_fnirsi_pace p;
	int64_t at_ns = EP_NS_PER_S;
	int gaps = 0;

	(void)state;
	ep_fnirsi_pace_init(&p, REPORT_NS);
	for (int i = 0; i < 100; i++, at_ns += REPORT_NS)
		assert_false(ep_fnirsi_pace_take(&p, 1, at_ns));
	at_ns += 2 * REPORT_NS;
	assert_true(ep_fnirsi_pace_take(&p, 1, at_ns));
	assert_int_equal(p.last_ns, at_ns);
	/* A single one shows by all later ones being late. */
	at_ns += REPORT_NS;
	for (int i = 0; i < 20; i++)
		gaps += ep_fnirsi_pace_take(&p, 1, at_ns += REPORT_NS);
	assert_int_equal(gaps, 1);
	assert_in_range(p.last_ns, at_ns - MS, at_ns + MS);
}

static void add(struct ep_fnirsi_bends *b, int64_t a, int64_t c, int64_t d,
		int64_t e)
{
	const struct ep_fnirsi_sample s[EP_FNIRSI_SAMPLES] = {
		{ .ua = a }, { .ua = c }, { .ua = d }, { .ua = e }
	};

	ep_fnirsi_bends_add(b, s);
}

static void straight_lines_are_told_from_samples(void **state)
{
	struct ep_fnirsi_bends b = { .count = 0 };

	(void)state;
	assert_int_equal(ep_fnirsi_bends_tell(&b), EP_FNIRSI_STEADY);
	add(&b, 1000, 1010, 1000, 1010);
	add(&b, 1000, 1000, 1010, 1000);
	assert_int_equal(ep_fnirsi_bends_tell(&b), EP_FNIRSI_STEADY);
	add(&b, 1250, 1500, 1750, 2000);
	add(&b, 1750, 1500, 1250, 1000);
	add(&b, 4000, 7000, 10000, 13000);
	assert_int_equal(ep_fnirsi_bends_tell(&b), EP_FNIRSI_INTERPOLATED);
	add(&b, 13000, 20000, 20000, 20000);
	assert_int_equal(ep_fnirsi_bends_tell(&b), EP_FNIRSI_MEASURED);
}

static void put_hid(const struct ep_rig *rig, int number, const char *text)
{
	char path[80];

	snprintf(path, sizeof(path), "sys/class/hidraw/hidraw%d/device/uevent",
		 number);
	ep_tmp_puts(&rig->tmp, path, text);
}

static void meters_are_found_by_their_ids(void **state)
{
	struct ep_rig *rig = *state;
	struct ep_hidraw_node nodes[8];

	assert_int_equal(ep_hidraw_list(&rig->env.root, nodes, 8), 0);
	put_hid(rig, 10,
		"DRIVER=hid-generic\nHID_ID=0003:00002E3C:00005558\n"
		"HID_NAME=FNIRSI\nHID_UNIQ=0001A\n");
	put_hid(rig, 2, "HID_ID=0003:0000046D:0000C31C\nHID_UNIQ=\n");
	put_hid(rig, 3, "HID_ID=0005:00002E3C:00005558\n");
	put_hid(rig, 4, "HID_ID=0003:ZZ002E3C:00005558\n");
	put_hid(rig, 5, "XHID_ID=0003:00002E3C:00005558\n");
	put_hid(rig, 6, "HID_ID=0003:00012E3C:00005558\n");
	assert_int_equal(ep_hidraw_list(&rig->env.root, nodes, 8), 2);
	assert_string_equal(nodes[0].path, "/dev/hidraw2");
	assert_string_equal(nodes[0].serial, "");
	assert_string_equal(nodes[1].path, "/dev/hidraw10");
	assert_string_equal(nodes[1].serial, "0001A");
	assert_int_equal(nodes[1].vendor, 0x2e3c);
	assert_int_equal(nodes[1].product, 0x5558);
	assert_int_equal(ep_hidraw_list(&rig->env.root, nodes, 1), 1);
	assert_int_equal(ep_sensor_fnirsi.probe(&rig->env, NULL), 1);
	put_hid(rig, 11, "HID_ID=0003:00002E3C:00000049\n");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_fnirsi, ""), -ENOTUNIQ);
	assert_non_null(strstr(rig->err.text, "/dev/hidraw11"));
	assert_int_equal(ep_rig_open(rig, &ep_sensor_fnirsi, "model=c1"),
			 -ENODEV);
	/* The ids tell of it, the node is not there. */
	assert_int_equal(ep_rig_open(rig, &ep_sensor_fnirsi, "model=fnb58"),
			 -ENOENT);
	assert_non_null(strstr(rig->err.text, "/dev/hidraw10"));
}

static void other_files_are_no_meters(void **state)
{
	struct ep_rig *rig = *state;
	char text[200];

	ep_tmp_puts(&rig->tmp, "file", "");
	snprintf(text, sizeof(text), "device=%s",
		 ep_tmp_path(&rig->tmp, "file"));
	assert_int_equal(ep_rig_open(rig, &ep_sensor_fnirsi, text), -ENOTTY);
	assert_non_null(strstr(rig->err.text, "no hidraw device"));
	assert_int_equal(
		ep_rig_open(rig, &ep_sensor_fnirsi, "device=/dev/null"),
		-ENOTTY);
}

static void keys_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"model=um25c",	 "keepalive=0s",    "keepalive=20s",
		"connect=100ms", "gain_percent=-1", "gain_percent=x",
	};
	struct ep_rig *rig = *state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		int r = ep_rig_open(rig, &ep_sensor_fnirsi, wrong[i]);

		if (r != -EINVAL && r != -ERANGE)
			fail_msg("%s: %d", wrong[i], r);
		assert_true(ep_sensor_fnirsi.check(rig->conf, NULL) < 0);
	}
}

#define WITH_RIG(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_end_in_their_sums),
		cmocka_unit_test(any_pace_is_measured),
		cmocka_unit_test(what_waited_keeps_its_time),
		cmocka_unit_test(what_comes_in_pieces_tells_no_pace),
		cmocka_unit_test(what_was_lost_is_a_gap),
		cmocka_unit_test(straight_lines_are_told_from_samples),
		WITH_RIG(meters_are_found_by_their_ids),
		WITH_RIG(other_files_are_no_meters),
		WITH_RIG(keys_that_cannot_be_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
