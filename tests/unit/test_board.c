/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/board.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

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

static void every_board_of_ours_loads(void **state)
{
	struct rig *rig = *state;
	DIR *dir = opendir("boards");
	const struct dirent *d;
	char path[400], name[300];
	int count = 0;

	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		if (!ep_str_ends(d->d_name, ".board"))
			continue;
		snprintf(path, sizeof(path), "boards/%s", d->d_name);
		if (load(rig, path) != 0)
			fail_msg("%s", rig->err.text);
		snprintf(name, sizeof(name), "%.*s",
			 (int)(strlen(d->d_name) - strlen(".board")),
			 d->d_name);
		assert_string_equal(rig->board->name, name);
		assert_true(rig->board->sensor_count > 0);
		count++;
	}
	closedir(dir);
	assert_true(count >= 3);
}

static void what_ours_say(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(load(rig, "boards/demo.board"), 0);
	assert_true(rig->board->estimate);
	assert_non_null(strstr(rig->board->coverage, "estimated"));
	assert_non_null(strstr(rig->board->source, "illustrative"));
	assert_int_equal(rig->board->rails[0].role, EP_ROLE_TOTAL);
	assert_int_equal(load(rig, "boards/x86.board"), 0);
	assert_false(rig->board->estimate);
	assert_non_null(strstr(rig->board->events, "cycles"));
	assert_int_equal(load(rig, "boards/generic.board"), 0);
	assert_int_equal(rig->board->rail_count, 0);
	assert_false(ep_board_matches(rig->board, &rig->env));
}

static void names_are_looked_up_in_order(void **state)
{
	struct rig *rig = *state;
	char both[400];

	ep_tmp_puts(&rig->tmp, "config/edgeprof/boards/t.board",
		    HEAD "estimate = yes\n");
	assert_int_equal(load(rig, "t"), 0);
	assert_true(rig->board->estimate);
	ep_tmp_puts(&rig->tmp, "boards/t.board", HEAD);
	assert_int_equal(load(rig, "t"), 0);
	assert_false(rig->board->estimate);
	snprintf(both, sizeof(both), "%s:%s", ep_tmp_path(&rig->tmp, "none"),
		 ep_tmp_path(&rig->tmp, "config/edgeprof/boards"));
	setenv("EDGEPROF_BOARDS", both, 1);
	assert_int_equal(load(rig, "t"), 0);
	assert_true(rig->board->estimate);
}

static void unknown_names_suggest_the_nearest(void **state)
{
	static const char *const odd[] = { "..", ".hidden", "", "a b", "x\ny" };
	struct rig *rig = *state;

	ep_tmp_puts(&rig->tmp, "boards/t.board", HEAD);
	ep_tmp_puts(&rig->tmp, "boards/rpi5.board", HEAD);
	assert_int_equal(load(rig, "rpi4"), -ENOENT);
	assert_non_null(strstr(rig->err.text, "did you mean 'rpi5'?"));
	assert_int_equal(load(rig, "nonsense"), -ENOENT);
	assert_non_null(strstr(rig->err.text, "rpi5, t"));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		assert_int_equal(load(rig, odd[i]), -ENOENT);
}

static void boards_by_path(void **state)
{
	struct rig *rig = *state;

	ep_tmp_puts(&rig->tmp, "mine/t.board", HEAD);
	ep_tmp_puts(&rig->tmp, "mine/my board", HEAD);
	ep_tmp_puts(&rig->tmp, "mine/u.board", HEAD);
	assert_int_equal(load(rig, ep_tmp_path(&rig->tmp, "mine/t.board")), 0);
	assert_int_equal(load(rig, ep_tmp_path(&rig->tmp, "mine/my board")), 0);
	assert_string_equal(rig->board->name, "t");
	assert_int_equal(load(rig, ep_tmp_path(&rig->tmp, "mine/u.board")),
			 -EINVAL);
	assert_int_equal(load(rig, ep_tmp_path(&rig->tmp, "mine/v.board")),
			 -ENOENT);
	assert_non_null(strstr(rig->err.text, "mine/v.board"));
	assert_int_equal(load(rig, "missing.board"), -ENOENT);
	assert_true(load(rig, ep_tmp_path(&rig->tmp, "mine")) < 0);
	assert_non_null(strstr(rig->err.text, "mine"));
}

static void no_board_at_all(void **state)
{
	struct rig *rig = *state;

	assert_int_equal(load(rig, "none"), 0);
	assert_string_equal(rig->board->name, "none");
	assert_int_equal(rig->board->sensor_count, 0);
	assert_string_equal(rig->board->events, "");
	assert_string_equal(rig->board->coverage, "");
	assert_false(ep_board_matches(rig->board, &rig->env));
	ep_board_free(NULL);
}

static void put_tree(const struct rig *rig, const char *model)
{
	static const char compatible[] = "raspberrypi,5-model-b\0brcm,bcm2712";

	ep_tmp_write(&rig->tmp, "root/proc/device-tree/compatible", compatible,
		     sizeof(compatible));
	ep_tmp_write(&rig->tmp, "root/proc/device-tree/model", model,
		     strlen(model) + 1);
}

static bool matches(struct rig *rig, const char *text)
{
	if (load_text(rig, text) < 0)
		fail_msg("%s", rig->err.text);
	return ep_board_matches(rig->board, &rig->env);
}

static void sections_match_when_all_their_keys_do(void **state)
{
	struct rig *rig = *state;

	put_tree(rig, "Raspberry Pi 5 Model B Rev 1.0");
	ep_tmp_mkdir(&rig->tmp, "root/sys/class/powercap/intel-rapl:0");
	ep_tmp_puts(&rig->tmp, "root/proc/sys/kernel/arch", "aarch64\n");
	assert_false(matches(rig, ""));
	assert_true(matches(rig, "match { compatible = \"brcm,bcm2712\" }"));
	assert_true(matches(
		rig, "match { compatible = \"raspberrypi,5-model-b\" }"));
	assert_false(matches(rig, "match { compatible = \"brcm\" }"));
	assert_true(matches(rig, "match { model = \"Raspberry Pi 5*\" }"));
	assert_false(matches(rig, "match { model = \"Raspberry Pi 4*\" }"));
	assert_true(matches(rig, "match { machine = aarch64 }"));
	assert_true(matches(
		rig, "match { path = \"/sys/class/powercap/intel-rapl:0\" }"));
	assert_false(matches(rig, "match { path = \"/sys/class/nothing\" }"));
	assert_false(matches(rig, "match { machine = aarch64 "
				  "model = \"Raspberry Pi 4*\" }"));
	assert_true(matches(rig, "match { machine = riscv64 }\n"
				 "match { model = \"*Model B*\" }"));
	assert_false(matches(rig, "fallback = yes\n"
				  "match { machine = aarch64 }"));
}

static void an_empty_root_matches_nothing(void **state)
{
	struct rig *rig = *state;
	struct utsname u;

	assert_int_equal(uname(&u), 0);
	assert_false(matches(rig, "match { machine = aarch64 }\n"
				  "match { machine = x86_64 }\n"
				  "match { model = \"*\" }\n"
				  "match { compatible = \"x\" }\n"));
	ep_root_close(&rig->env.root);
	assert_int_equal(ep_root_open(&rig->env.root, NULL, NULL), 0);
	assert_int_equal(matches(rig, "match { machine = x86_64 }"),
			 strcmp(u.machine, "x86_64") == 0);
}

static const char *detected(struct rig *rig)
{
	static char name[EP_BOARD_NAME_BYTES];

	assert_int_equal(
		ep_board_detect(&rig->env, name, sizeof(name), &rig->err), 0);
	return name;
}

static void put_board(const struct rig *rig, const char *name, const char *more)
{
	char path[100], text[600];

	snprintf(path, sizeof(path), "boards/%s.board", name);
	snprintf(text, sizeof(text),
		 "name = %s\ntitle = t\nsource = s\nstatus = x\n"
		 "coverage = c\n%s",
		 name, more);
	ep_tmp_puts(&rig->tmp, path, text);
}

static void the_board_of_highest_priority_is_taken(void **state)
{
	struct rig *rig = *state;

	assert_string_equal(detected(rig), "generic");
	put_board(rig, "zz-rest", "fallback = yes\npriority = 1\n");
	assert_string_equal(detected(rig), "zz-rest");
	put_tree(rig, "Raspberry Pi 5 Model B Rev 1.0");
	put_board(rig, "aa", "match { model = \"Rasp*\" }\n");
	put_board(rig, "mm",
		  "priority = 5\nmatch { compatible = \"brcm,bcm2712\" }\n");
	put_board(rig, "xx", "priority = 4\nmatch { model = \"Rasp*\" }\n");
	assert_string_equal(detected(rig), "mm");
	/* a broken file is not there */
	put_board(rig, "mm", "priority = 010\nmatch { model = \"*\" }\n");
	assert_string_equal(detected(rig), "xx");
}

static int collect(void *ctx, const char *name)
{
	char *text = ctx;
	size_t len = strlen(text);

	snprintf(text + len, 200 - len, "%s ", name);
	return strcmp(name, "stop") == 0 ? 7 : 0;
}

static void names_are_listed_once_and_sorted(void **state)
{
	struct rig *rig = *state;
	char text[200] = "";

	put_board(rig, "bb", "");
	put_board(rig, "aa", "");
	ep_tmp_puts(&rig->tmp, "boards/notes.txt", "x");
	ep_tmp_puts(&rig->tmp, "boards/.board", "x");
	ep_tmp_puts(&rig->tmp, "boards/o dd.board", "x");
	ep_tmp_puts(&rig->tmp, "config/edgeprof/boards/aa.board", HEAD);
	ep_tmp_puts(&rig->tmp, "config/edgeprof/boards/cc.board", HEAD);
	assert_int_equal(ep_board_list(collect, text), 0);
	assert_true(ep_str_starts(text, "aa bb cc "));
	put_board(rig, "stop", "");
	text[0] = '\0';
	assert_int_equal(ep_board_list(collect, text), 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		T(every_board_of_ours_loads),
		T(what_ours_say),
		T(names_are_looked_up_in_order),
		T(unknown_names_suggest_the_nearest),
		T(boards_by_path),
		T(no_board_at_all),
		T(sections_match_when_all_their_keys_do),
		T(an_empty_root_matches_nothing),
		T(the_board_of_highest_priority_is_taken),
		T(names_are_listed_once_and_sorted),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
