/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A power mode outlives a restart of the board; clocks do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "profiler/record/journal.h"
#include "tests/unit/support_settings.h"

#define GOVERNOR "/sys/devices/system/cpu/cpufreq/policy0/scaling_governor"

static struct ep_tmp tmp;
static struct ep_env env;
static struct ep_journal journal;
static struct ep_undo_result result;

static void put_nvpmodel(void)
{
	char script[1024];

	/* The text of JetPack's nvpmodel; 15W is the mode it came with. */
	snprintf(script, sizeof(script),
		 "#!/bin/sh\n"
		 "at=%s/mode\n"
		 "case $1 in\n"
		 "-q) case $(cat $at) in 0) n=15W ;; *) n=7W ;; esac\n"
		 "    printf 'NV Power Mode: %%s\\n%%s\\n' $n $(cat $at) ;;\n"
		 "-m) echo $2 >$at ;;\n"
		 "*) echo POWER_MODEL: ID=0 NAME=15W\n"
		 "   echo POWER_MODEL: ID=1 NAME=7W ;;\n"
		 "esac\n",
		 tmp.path);
	ep_tmp_puts(&tmp, "usr/sbin/nvpmodel", script);
	assert_int_equal(chmod(ep_tmp_path(&tmp, "usr/sbin/nvpmodel"), 0755),
			 0);
	ep_tmp_puts(&tmp, "mode", "0\n");
}

static int set_up(void **state)
{
	(void)state;
	support_board_make(&tmp, &support_boards[1]);
	put_nvpmodel();
	env = support_board_env(&tmp);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(ep_journal_own(&journal, "test", NULL), 0);
	assert_int_equal(ep_journal_begin(&journal, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ep_journal_close(&journal);
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
	return 0;
}

static void change_mode_and_governor(void)
{
	const struct ep_change_ask asks[] = {
		{ "nvpmodel", "", "1 7W", "power mode" },
		{ "governor", GOVERNOR, "performance", "governor" },
	};
	struct ep_change_list list = { .count = 0 };

	for (size_t i = 0; i < 2; i++)
		assert_int_equal(ep_change_add(&list, &asks[i], NULL), 0);
	assert_int_equal(ep_change_apply(&list, &env, &journal, NULL, NULL), 0);
	ep_change_list_done(&list);
}

static void assert_is(const char *path, const char *value)
{
	char now[64];

	support_board_get(&tmp, path, now, sizeof(now));
	assert_string_equal(now, value);
}

static void recover(void)
{
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(ep_change_recover(&journal, &env, NULL, &result, NULL),
			 0);
	assert_int_equal(journal.fd, -1);
}

static void restart_board(void)
{
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "next\n");
	ep_tmp_puts(&tmp, &GOVERNOR[1], "conservative\n");
}

static void a_power_mode_is_put_back_after_a_restart(void **state)
{
	(void)state;
	change_mode_and_governor();
	assert_is("mode", "1");
	restart_board();
	recover();
	assert_is("mode", "0");
	/* What the restart made of it is not ours to judge. */
	assert_is(&GOVERNOR[1], "conservative");
	assert_int_equal(result.restored_count, 1);
	assert_int_equal(result.dropped_count, 1);
}

static void a_power_mode_that_someone_else_chose_stays(void **state)
{
	(void)state;
	change_mode_and_governor();
	restart_board();
	ep_tmp_puts(&tmp, "mode", "7\n");
	recover();
	assert_is("mode", "7");
	assert_int_equal(result.kept_count, 1);
}

static void without_a_restart_both_come_back(void **state)
{
	(void)state;
	change_mode_and_governor();
	recover();
	assert_is("mode", "0");
	assert_is(&GOVERNOR[1], "schedutil");
	assert_int_equal(result.restored_count, 2);
}

int main(void)
{
#define REBOOT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		REBOOT_TEST(a_power_mode_is_put_back_after_a_restart),
		REBOOT_TEST(a_power_mode_that_someone_else_chose_stays),
		REBOOT_TEST(without_a_restart_both_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
