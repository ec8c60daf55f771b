/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every file of boards/ against every tree of tests/fixtures/: a tree is the
 * board whose name its own begins with. */
#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/board.h"
#include "tests/unit/support_tmp.h"

#define NAMES_MAX 64
#define NAME_BYTES 64

struct names {
	char names[NAMES_MAX][NAME_BYTES];
	size_t count;
};

/* Names in a folder that end in suffix, without it. */
static void list_names(const char *folder, const char *suffix,
		       struct names *ret)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;

	ret->count = 0;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name) - strlen(suffix);

		if (!ep_str_ends(entry->d_name, suffix))
			continue;
		assert_true(ret->count < NAMES_MAX && len < NAME_BYTES);
		memcpy(ret->names[ret->count], entry->d_name, len);
		ret->names[ret->count++][len] = '\0';
	}
	closedir(dir);
	assert_true(ret->count > 0);
}

static struct ep_board *load(const char *name)
{
	struct ep_board *board = NULL;
	struct ep_err err = { 0 };

	if (ep_board_load(name, &board, &err) < 0)
		fail_msg("%s", err.text);
	return board;
}

/* The longest board name a tree's name begins with: "x86-nvidia" is not "x86"
 */
static const char *board_of(const struct names *boards, const char *tree)
{
	const char *best = NULL;

	for (size_t i = 0; i < boards->count; i++)
		if (ep_str_starts(tree, boards->names[i]) &&
		    (!best || strlen(boards->names[i]) > strlen(best)))
			best = boards->names[i];
	return best;
}

/* make_tree lies beside this program. */
static void expand(const char *tree, const char *dir)
{
	char self[PATH_MAX] = "", tool[PATH_MAX + 32], file[160];
	int status;
	pid_t pid;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(tool, sizeof(tool), "%s/../sim/make_tree", dirname(self));
	snprintf(file, sizeof(file), "tests/fixtures/%s.tree", tree);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(tool, tool, file, dir, (char *)NULL);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (status != 0)
		fail_msg("%s %s: status %d", tool, file, status);
}

static void every_board_loads(void **state)
{
	struct names boards;

	(void)state;
	list_names("boards", ".board", &boards);
	for (size_t i = 0; i < boards.count; i++) {
		struct ep_board *b = load(boards.names[i]);

		assert_string_equal(b->name, boards.names[i]);
		assert_true(strlen(b->title) > 0 && strlen(b->source) > 0);
		assert_true(strlen(b->status) > 0 && strlen(b->coverage) > 0);
		assert_true(b->sensor_count > 0);
		ep_board_free(b);
	}
}

static void each_tree_is_its_board_and_no_other(void **state)
{
	struct names boards, trees;

	(void)state;
	list_names("boards", ".board", &boards);
	list_names("tests/fixtures", ".tree", &trees);
	for (size_t i = 0; i < trees.count; i++) {
		const char *wanted = board_of(&boards, trees.names[i]);
		char found[EP_BOARD_NAME_BYTES];
		struct ep_env env = { .now_ns = ep_clock_monotonic_ns };
		struct ep_tmp tmp;

		if (!wanted)
			fail_msg("%s.tree has no board's name", trees.names[i]);
		ep_tmp_make(&tmp);
		expand(trees.names[i], tmp.path);
		assert_int_equal(ep_root_open(&env.root, tmp.path, NULL), 0);
		assert_int_equal(
			ep_board_detect(&env, found, sizeof(found), NULL), 0);
		ep_root_close(&env.root);
		ep_tmp_remove(&tmp);
		if (strcmp(found, wanted) != 0)
			fail_msg("%s.tree is taken for %s", trees.names[i],
				 found);
	}
}

static bool has_match(const struct ep_board *b)
{
	for (size_t i = 0; i < b->conf->section_count; i++)
		if (strcmp(b->conf->sections[i]->kind, "match") == 0)
			return true;
	return false;
}

static void every_board_that_can_match_has_a_tree(void **state)
{
	struct names boards, trees;

	(void)state;
	list_names("boards", ".board", &boards);
	list_names("tests/fixtures", ".tree", &trees);
	for (size_t i = 0; i < boards.count; i++) {
		struct ep_board *b = load(boards.names[i]);
		bool found = !has_match(b);

		for (size_t j = 0; j < trees.count && !found; j++)
			found = board_of(&boards, trees.names[j]) ==
				boards.names[i];
		ep_board_free(b);
		if (!found)
			fail_msg("tests/fixtures has no tree of %s",
				 boards.names[i]);
	}
}

/* Identities of one board each, beside those of the trees; compatible strings
 * are separated by spaces. */
static const struct {
	const char *model, *compatible, *board;
} identities[] = {
	{ "NVIDIA Jetson AGX Orin Developer Kit",
	  "nvidia,p3737-0000+p3701-0005 nvidia,p3701-0005 nvidia,tegra234",
	  "jetson-agx-orin" },
	{ "NVIDIA Jetson AGX Orin", "nvidia,p3701-0008 nvidia,tegra234",
	  "jetson-agx-orin" },
	{ "NVIDIA Orin Nano Developer Kit",
	  "nvidia,p3768-0000+p3767-0005 nvidia,p3767-0005 nvidia,tegra234",
	  "jetson-orin-nano" },
	{ "A carrier board of somebody else",
	  "somebody,board nvidia,p3767-0004 nvidia,tegra234",
	  "jetson-orin-nano" },
	{ "A carrier board of somebody else",
	  "somebody,board nvidia,p3767-0001 nvidia,tegra234",
	  "jetson-orin-nx" },
	{ "NVIDIA Jetson Orin Nano Engineering Reference Developer Kit",
	  "nvidia,p3768-0000+p3767-0001 nvidia,p3767-0001 nvidia,tegra234",
	  "jetson-orin-nx" },
	{ "NVIDIA Orin NX Developer Kit", "nvidia,tegra234", "jetson-orin-nx" },
	{ "Another board", "nvidia,tegra234", "generic" },
	{ "NVIDIA Jetson Xavier NX Developer Kit",
	  "nvidia,p3449-0000+p3668-0001 nvidia,tegra194", "jetson-xavier-nx" },
	{ "NVIDIA Jetson AGX Xavier Developer Kit",
	  "nvidia,p2972-0000 nvidia,tegra194", "jetson-agx-xavier" },
	{ "NVIDIA Jetson TX2 Developer Kit",
	  "nvidia,p2771-0000 nvidia,tegra186", "jetson-tx2" },
	{ "NVIDIA Jetson Nano Developer Kit",
	  "nvidia,p3450-0000 nvidia,tegra210", "jetson-nano" },
	{ "NVIDIA Jetson TX1 Developer Kit",
	  "nvidia,p2371-2180 nvidia,tegra210", "generic" },
	{ "Xunlong Orange Pi 5 Plus", "xunlong,orangepi-5-plus rockchip,rk3588",
	  "orange-pi-5" },
	{ "Orange Pi 5 Plus", "rockchip,rk3588-orangepi-5-plus rockchip,rk3588",
	  "orange-pi-5" },
	{ "Orange Pi 3B", "rockchip,rk3566", "generic" },
	{ "Radxa ROCK 5B+", "radxa,rock-5b-plus rockchip,rk3588", "rock-5b" },
	{ "ROCK 5B", "rockchip,rk3588", "rock-5b" },
	{ "Radxa ROCK 5A", "radxa,rock-5a rockchip,rk3588s", "generic" },
};

static void identities_that_were_seen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(identities) / sizeof(identities[0]);
	     i++) {
		struct ep_env env = { .now_ns = ep_clock_monotonic_ns };
		char found[EP_BOARD_NAME_BYTES], text[256];
		struct ep_tmp tmp;

		ep_tmp_make(&tmp);
		snprintf(text, sizeof(text), "%s", identities[i].model);
		ep_tmp_write(&tmp, "proc/device-tree/model", text,
			     strlen(text) + 1);
		snprintf(text, sizeof(text), "%s", identities[i].compatible);
		for (size_t n = strlen(text); n > 0; n--)
			if (text[n - 1] == ' ')
				text[n - 1] = '\0';
		ep_tmp_write(&tmp, "proc/device-tree/compatible", text,
			     strlen(identities[i].compatible) + 1);
		assert_int_equal(ep_root_open(&env.root, tmp.path, NULL), 0);
		assert_int_equal(
			ep_board_detect(&env, found, sizeof(found), NULL), 0);
		ep_root_close(&env.root);
		ep_tmp_remove(&tmp);
		if (strcmp(found, identities[i].board) != 0)
			fail_msg("'%s' %s is taken for %s", identities[i].model,
				 identities[i].compatible, found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_board_loads),
		cmocka_unit_test(each_tree_is_its_board_and_no_other),
		cmocka_unit_test(every_board_that_can_match_has_a_tree),
		cmocka_unit_test(identities_that_were_seen),
	};
	char top[PATH_MAX], boards[PATH_MAX + 8];

	/* The boards of this tree, not the user's. */
	if (!getcwd(top, sizeof(top)))
		return 1;
	snprintf(boards, sizeof(boards), "%s/boards", top);
	setenv("EDGEPROF_BOARDS", boards, 1);
	setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
