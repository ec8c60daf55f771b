/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "tests/unit/support_tmp.h"

struct rig {
	struct ep_tmp tmp;
	struct ep_env env;
	struct ep_board *board;
	struct ep_err err;
};

#define HEAD                                                                   \
	"name = \"t\"\ntitle = \"T\"\nsource = \"s\"\nstatus = \"untested\"\n" \
	"coverage = \"c\"\n" /* five lines */

static int setup(void **state)
{
	static struct rig rig;

	memset(&rig, 0, sizeof(rig));
	ep_tmp_make(&rig.tmp);
	ep_tmp_mkdir(&rig.tmp, "boards");
	ep_tmp_mkdir(&rig.tmp, "root");
	setenv("EDGEPROF_BOARDS", ep_tmp_path(&rig.tmp, "boards"), 1);
	setenv("XDG_CONFIG_HOME", ep_tmp_path(&rig.tmp, "config"), 1);
	*state = &rig;
	return ep_root_open(&rig.env.root, ep_tmp_path(&rig.tmp, "root"), NULL);
}

static int teardown(void **state)
{
	struct rig *rig = *state;

	ep_board_free(rig->board);
	ep_root_close(&rig->env.root);
	ep_tmp_remove(&rig->tmp);
	return 0;
}

static int load(struct rig *rig, const char *name)
{
	ep_board_free(rig->board);
	rig->board = NULL;
	memset(&rig->err, 0, sizeof(rig->err));
	return ep_board_load(name, &rig->board, &rig->err);
}

static int load_text(struct rig *rig, const char *text)
{
	char all[8192];

	snprintf(all, sizeof(all), HEAD "%s", text);
	ep_tmp_puts(&rig->tmp, "boards/t.board", all);
	return load(rig, "t");
}

static void all_of_a_file_is_there(void **state)
{
	struct rig *rig = *state;
	const struct ep_board_rail *rails;

	assert_int_equal(
		load_text(rig,
			  "estimate = yes\n"
			  "rail \"in\" { volts = \"h.a_v\" amps = \"h.a_a\"\n"
			  "role = total note = \"all of it\" }\n"
			  "sensor \"h\" { driver = hwmon chip = \"ina*\" }\n"
			  "sensor \"thermal\" { }\n"
			  "rail \"cpu\" { channel = \"h.cpu*\" role = part }\n"
			  "counters { events = \"cycles,instructions\" }\n"),
		0);
	assert_string_equal(rig->board->name, "t");
	assert_string_equal(rig->board->title, "T");
	assert_string_equal(rig->board->coverage, "c");
	assert_true(ep_str_ends(rig->board->path, "boards/t.board"));
	assert_true(rig->board->estimate);
	assert_int_equal(rig->board->sensor_count, 2);
	assert_string_equal(rig->board->sensors[0]->title, "h");
	assert_string_equal(ep_conf_get(rig->board->sensors[0], "chip"),
			    "ina*");
	assert_int_equal(rig->board->rail_count, 2);
	rails = rig->board->rails;
	assert_string_equal(rails[0].name, "in");
	assert_string_equal(rails[0].volts, "h.a_v");
	assert_string_equal(rails[0].amps, "h.a_a");
	assert_null(rails[0].channel);
	assert_string_equal(rails[0].note, "all of it");
	assert_int_equal(rails[0].role, EP_ROLE_TOTAL);
	assert_string_equal(rails[1].channel, "h.cpu*");
	assert_int_equal(rails[1].role, EP_ROLE_PART);
	assert_string_equal(rails[1].note, "");
	assert_string_equal(rig->board->events, "cycles,instructions");
}

/* three lines; what is missing is its gain */
#define CALIBRATION(gain)                                       \
	"calibration \"c\" { target = t source = s\n" gain "\n" \
	"caveat = c "

static const struct {
	const char *text; /* from line 6 on */
	int line;
	const char *says;
} mistakes[] = {
	{ "colour = red\n", 6, "colour" },
	{ "titel = x\n", 6, "'title'" },
	{ "title = again\n", 6, "title" },
	{ "priority = \"1,5\"\n", 6, "1,5" },
	{ "priority = 010\n", 6, "010" },
	{ "priority = nan\n", 6, "nan" },
	{ "fallback = maybe\n", 6, "yes or no" },
	{ "estimate = \"${HOME}\"\n", 6, "${" },
	{ "sensor \"e\" { driver = estimate\nidle_w = \"1,5\" }\n", 7, "1,5" },
	{ "sensor \"e\" { driver = estimate\nidle_w = 010 }\n", 7, "010" },
	{ "sensor \"e\" { driver = estimate\nidle_w = nan }\n", 7, "nan" },
	{ "sensor \"e\" { driver = estimate\nidle_w = \"-3\" }\n", 7,
	  "0 to 10000" },
	{ "sensor \"e\" { driver = estimate\nidle = 3 }\n", 7, "idle" },
	{ "sensor \"e\" { driver = estimate\nidle_w = 3\n"
	  "idle_w = 4 }\n",
	  8, "idle_w" },
	{ "sensor \"r\" {\ndriver = rapll }\n", 7, "'rapl'" },
	{ "\nsensor \"whatever\" { }\n", 7, "whatever" },
	{ "sensor \"r\" { driver = rapl }\nsensor \"r\" { driver = "
	  "hwmon }\n",
	  7, "r" },
	{ "sensor \"a/b\" { driver = rapl }\n", 6, "letters" },
	{ "sensor { driver = rapl }\n", 6, "" },
	{ "sensor \"p\" { driver = replay }\n", 6, "file" },
	{ "gadget \"x\" { }\n", 6, "gadget" },
	{ "match { }\n", 6, "every" },
	{ "match { compatible = \"\" }\n", 6, "empty" },
	{ "match { model = a\nmodell = b }\n", 7, "'model'" },
	{ "rail \"x\" { channel = \"rapl.p\"\nrole = total }\n", 6,
	  "no sensor 'rapl'" },
	{ "sensor \"rapl\" { }\nrail \"x\" { channel = "
	  "\"rapk.p\"\nrole = total }\n",
	  7, "'rapl'" },
	{ "sensor \"rapl\" { }\nrail \"x\" { channel = \"rapl\" role "
	  "= total }\n",
	  7, "SENSOR.CHANNEL" },
	{ "sensor \"rapl\" { }\nrail \"x\" { channel = "
	  "\"rapl.p\"\nrole = most }\n",
	  8, "total, part, aside or none" },
	{ "sensor \"rapl\" { }\nrail \"x\" { channel = \"rapl.p\" }\n", 7,
	  "role" },
	{ "sensor \"a\" { driver = hwmon }\nsensor \"b\" { driver = "
	  "hwmon }\nrail \"x\" {\nrole = total\nvolts = \"a.v\"\n"
	  "amps = \"b.a\" }\n",
	  11, "one sensor" },
	{ "sensor \"a\" { driver = hwmon }\nrail \"x\" {\nvolts = "
	  "\"a.v\"\nrole = total }\n",
	  8, "volts and amps" },
	{ "sensor \"a\" { driver = hwmon }\nrail \"x\" { role = total "
	  "}\n",
	  7, "volts and amps" },
	{ "sensor \"a\" { driver = hwmon }\nrail \"x\" { role = "
	  "total\nchannel = \"a.p\"\nvolts = \"a.v\" amps = \"a.a\" "
	  "}\n",
	  8, "not both" },
	{ "counters { event = cycles }\n", 6, "'events'" },
	{ "counters { }\n", 6, "events, pmus" },
	{ "counters { events = \"\" }\n", 6, "empty" },
	{ "counters { pmus = \"\" }\n", 6, "armv8_cortex_a76" },
	{ "counters { events = c\npmus = \"a, b\" }\n", 7, "spaces" },
	{ "counters { pmus = \"a,,b\" }\n", 6, "commas" },
	{ "counters { pmus = \"a,b,\" }\n", 6, "commas" },
	{ "counters { pmus = \"ab,a,b,a\" }\n", 6, "twice" },
	{ "battery = \"18.84\"\n", 6, "18.84Wh" },
	{ "battery = \"18,84Wh\"\n", 6, "18.84Wh" },
	{ "battery = \"18.84 Wh\"\n", 6, "18.84Wh" },
	{ "battery = \"5000mAh\"\n", 6, "18.84Wh" },
	{ "battery = Wh\n", 6, "18.84Wh" },
	{ "battery = nanWh\n", 6, "18.84Wh" },
	{ "battery = 0Wh\n", 6, "above 0Wh" },
	{ "battery = \"-1Wh\"\n", 6, "above 0Wh" },
	{ "battery = 1e9Wh\n", 6, "1000000Wh" },
	{ "sensor \"h\" { driver = hwmon }\nrail \"x\" { channel = "
	  "\"h.p\" role = none\nmin = \"4,75\" }\n",
	  8, "4,75" },
	{ "sensor \"h\" { driver = hwmon }\nrail \"x\" { channel = "
	  "\"h.p\" role = none\nmax = inf }\n",
	  8, "inf" },
	{ "sensor \"h\" { driver = hwmon }\nrail \"x\" { channel = "
	  "\"h.p\" role = none\nmin = 5\nmax = 5 }\n",
	  9, "above min" },
	{ CALIBRATION("gain = 0") "}\n", 7, "above 0" },
	{ CALIBRATION("gain = \"-1\"") "}\n", 7, "above 0" },
	{ CALIBRATION("gain = 1e9") "}\n", 7, "1000" },
	{ CALIBRATION("gain = x") "}\n", 7, "'x'" },
	{ CALIBRATION("gain = 1") "offset_w = 1e9 }\n", 8, "10000" },
	{ CALIBRATION("gain = 1") "factor = 2 }\n", 8, "factor" },
	{ CALIBRATION("gain = 1") "u_gain = 0.1 }\n", 8, "together" },
	{ CALIBRATION("gain = 1") "from_w = 3 to_w = 2 }\n", 8, "from_w" },
	{ CALIBRATION("") "}\n", 6, "gain is missing" },
	{ "calibration \"c\" { target = \"\" gain = 1\nsource = s "
	  "caveat = c }\n",
	  6, "empty" },
	{ "calibration \"c d\" { target = t gain = 1 source = s "
	  "caveat = c }\n",
	  6, "letters" },
	{ CALIBRATION("gain = 1") "}\n" CALIBRATION("gain = 1") "}\n", 9,
	  "calibration" },
	{ "calibration { gain = 1 }\n", 6, "title" },
	{ "counters { events = a }\ncounters { events = b }\n", 7, "counters" },
	{ "sensor \"x\" {\n", 6, "" },
	{ "priority = \"never ends\n", 6, "" },
};

static void mistakes_name_file_and_line(void **state)
{
	struct rig *rig = *state;

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		char place[40];

		assert_true(load_text(rig, mistakes[i].text) < 0);
		assert_null(rig->board);
		snprintf(place, sizeof(place),
			 "boards/t.board:%d: ", mistakes[i].line);
		if (!strstr(rig->err.text, place) ||
		    !strstr(rig->err.text, mistakes[i].says))
			fail_msg("case %zu: wanted %s ... %s, got: %s", i,
				 place, mistakes[i].says, rig->err.text);
	}
}

static bool is(double value, double wanted)
{
	return fabs(value - wanted) < 1e-12;
}

static void limits_battery_and_calibrations(void **state)
{
	struct rig *rig = *state;
	const struct ep_board *b;

	assert_int_equal(
		load_text(rig,
			  "battery = \"18.84Wh\"\n"
			  "sensor \"h\" { driver = hwmon }\n"
			  "rail \"ext5v\" { channel = \"h.ext5v\" role = none\n"
			  "min = \"4.75\" max = \"5.25\" }\n"
			  "rail \"cold\" { channel = \"h.t\" role = none\n"
			  "min = \"-40\" }\n"
			  "counters { pmus = \"armv8_cortex_a76,cpu-x.1\" }\n"
			  "calibration \"wall-2023\" { target = \"the wall\"\n"
			  "gain = \"1.1451\" offset_w = \"0.5879\"\n"
			  "source = \"who\" caveat = \"one board\" }\n"
			  "calibration \"b\" { target = t gain = 2 source = s "
			  "caveat = c u_gain = \"0.01\" u_offset_w = \"0.05\" "
			  "covariance_w = \"-0.0004\" residual_w = 0 }\n"),
		0);
	b = rig->board;
	assert_true(is(b->battery_wh, 18.84));
	assert_true(is(b->rails[0].min, 4.75));
	assert_true(is(b->rails[0].max, 5.25));
	assert_true(is(b->rails[1].min, -40));
	assert_true(isnan(b->rails[1].max));
	assert_string_equal(b->pmus, "armv8_cortex_a76,cpu-x.1");
	assert_string_equal(b->events, "");
	assert_int_equal(b->calibration_count, 2);
	assert_string_equal(b->calibrations[0].name, "wall-2023");
	assert_string_equal(b->calibrations[0].target, "the wall");
	assert_string_equal(b->calibrations[0].source, "who");
	assert_string_equal(b->calibrations[0].caveat, "one board");
	assert_true(is(b->calibrations[0].gain, 1.1451));
	assert_true(is(b->calibrations[0].offset_w, 0.5879));
	assert_true(isnan(b->calibrations[0].u_gain));
	assert_true(isnan(b->calibrations[0].to_w));
	assert_true(is(b->calibrations[1].offset_w, 0));
	assert_true(is(b->calibrations[1].u_offset_w, 0.05));
	assert_true(is(b->calibrations[1].covariance_w, -0.0004));
	assert_int_equal(load_text(rig, ""), 0);
	assert_true(isnan(rig->board->battery_wh));
	assert_int_equal(rig->board->calibration_count, 0);
	assert_string_equal(rig->board->pmus, "");
}

static void gather(void *ctx, const char *text)
{
	char *all = ctx;
	size_t len = strlen(all);

	snprintf(all + len, 4000 - len, "%s\n", text);
}

static int check_text(struct rig *rig, const char *text, char all[4000])
{
	all[0] = '\0';
	memset(&rig->err, 0, sizeof(rig->err));
	ep_tmp_puts(&rig->tmp, "boards/t.board", text);
	return ep_board_check(ep_tmp_path(&rig->tmp, "boards/t.board"), gather,
			      all, &rig->err);
}

static void a_check_finds_all_mistakes(void **state)
{
	static const char *const wanted[] = {
		"t.board: coverage is missing",
		"t.board:1: name: ",
		"t.board:3: source: must not be empty",
		"t.board:5: priority: ",
		"t.board:6: battery: ",
		"t.board:7: driver: ",
		"t.board:8: idle_w: ",
		"t.board:10: channel: this file has no sensor 'y'",
		"t.board:11: role: ",
	};
	struct rig *rig = *state;
	char all[4000];

	assert_int_equal(
		check_text(rig,
			   "name = u\ntitle = T\nsource = \"\"\nstatus = "
			   "untested\npriority = 010\nbattery = 3\n"
			   "sensor \"x\" { driver = nothing_like_it }\n"
			   "sensor \"e\" { driver = estimate idle_w = x }\n"
			   "rail \"ok\" { channel = \"x.a\" role = total }\n"
			   "rail \"a\" { channel = \"y.b\" role = total }\n"
			   "rail \"b\" { channel = \"x.b\" role = most }\n",
			   all),
		9);
	for (size_t i = 0; i < 9; i++)
		if (!strstr(all, wanted[i]))
			fail_msg("no \"%s\" in:\n%s", wanted[i], all);
	assert_int_equal(check_text(rig, HEAD, all), 0);
	assert_string_equal(all, "");
	/* the syntax ends the reading */
	assert_int_equal(check_text(rig, HEAD "battery = 3\nx {\n", all), 1);
	assert_non_null(strstr(all, "t.board:7: "));
	assert_int_equal(ep_board_check(ep_tmp_path(&rig->tmp, "none.board"),
					gather, all, &rig->err),
			 -ENOENT);
	assert_non_null(strstr(rig->err.text, "none.board"));
	assert_int_equal(
		ep_board_check("/nowhere/o dd.board", gather, all, &rig->err),
		1);
	assert_non_null(strstr(all, "name the file with letters"));
}

static void what_every_file_must_say(void **state)
{
	static const char *const keys[] = { "name", "title", "source", "status",
					    "coverage" };
	struct rig *rig = *state;

	for (size_t i = 0; i < 5; i++) {
		char text[512] = "";

		for (size_t k = 0; k < 5; k++) {
			size_t len = strlen(text);

			if (k != i)
				snprintf(text + len, sizeof(text) - len,
					 "%s = t\n", keys[k]);
		}
		ep_tmp_puts(&rig->tmp, "boards/t.board", text);
		assert_int_equal(load(rig, "t"), -EINVAL);
		assert_non_null(strstr(rig->err.text, "boards/t.board"));
		assert_non_null(strstr(rig->err.text, keys[i]));
	}
	ep_tmp_puts(&rig->tmp, "boards/other.board", HEAD);
	assert_int_equal(load(rig, "other"), -EINVAL);
	assert_non_null(strstr(rig->err.text, "other.board:1: name"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(all_of_a_file_is_there),
		T(mistakes_name_file_and_line),
		T(limits_battery_and_calibrations),
		T(a_check_finds_all_mistakes),
		T(what_every_file_must_say),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
