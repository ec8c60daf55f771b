/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board.h"

#include <errno.h>
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
		T(what_every_file_must_say),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
