/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profiler/record/journal.h"
#include "tests/unit/support_settings.h"

#define GOVERNOR "sys/devices/system/cpu/cpufreq/policy0/scaling_governor"
#define MAX_FREQ "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"
#define PWM "sys/class/hwmon/hwmon2/pwm1"

static struct ep_tmp tmp;
static struct ep_env env;
static struct ep_journal journal;
static struct ep_change_list list;
static char *before;
static struct ep_undo_result result;

/* What was told, one line each. */
static char told[8192];

static void tell(void *ctx, const struct ep_change *c, const char *text)
{
	size_t len = strlen(told);

	(void)ctx;
	snprintf(told + len, sizeof(told) - len, "%s|%s\n",
		 ep_change_state_name(c->state), text);
}

static const struct ep_change_sink sink = { tell, NULL };

static int set_up(void **state)
{
	(void)state;
	told[0] = '\0';
	memset(&list, 0, sizeof(list));
	support_board_make(&tmp, &support_boards[0]);
	env = support_board_env(&tmp);
	before = support_board_state(&tmp);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(ep_journal_own(&journal, "test", NULL), 0);
	assert_int_equal(ep_journal_begin(&journal, NULL), 0);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	free(before);
	ep_change_list_done(&list);
	ep_journal_close(&journal);
	ep_root_close(&env.root);
	ep_tmp_remove(&tmp);
	return 0;
}

static void assert_value(const char *path, const char *value)
{
	char now[512];

	support_board_get(&tmp, path, now, sizeof(now));
	assert_string_equal(now, value);
}

static void assert_back(void)
{
	char *now = support_board_state(&tmp);

	assert_string_equal(now, before);
	free(now);
}

static void assert_told(const char *line)
{
	if (!strstr(told, line))
		print_message("\"%s\" is not in:\n%s", line, told);
	assert_non_null(strstr(told, line));
}

static void ask(const char *kind, const char *path, const char *value)
{
	char target[256];
	struct ep_change_ask a = { kind, target, value, path + 4 };

	snprintf(target, sizeof(target), "/%s", path);
	assert_int_equal(ep_change_add(&list, &a, NULL), 0);
}

static int apply(struct ep_err *err)
{
	return ep_change_apply(&list, &env, &journal, &sink, err);
}

static int undo(void)
{
	return ep_change_undo(&journal, &env, &sink, &result);
}

static void settings_are_made_and_put_back(void **state)
{
	(void)state;
	support_board_list(&support_boards[0], &list);
	assert_int_equal(apply(NULL), 0);
	assert_value(GOVERNOR, "powersave");
	assert_value(MAX_FREQ, "2000000");
	assert_value(PWM, "255");
	assert_told("set|governor set to powersave (was ondemand)\n");
	assert_told("set|clock set to 2000000 2000000 (was 1500000 2400000)\n");
	assert_string_equal(list.items[0].was, "ondemand");
	assert_string_equal(list.items[0].is, "powersave");
	told[0] = '\0';
	assert_int_equal(undo(), 0);
	assert_back();
	assert_int_equal(result.restored_count, 4);
	assert_told("restored|governor is back to ondemand\n");
	assert_null(strstr(told, "up_threshold"));
	/* Once is enough. */
	assert_int_equal(undo(), 0);
	assert_int_equal(result.restored_count, 0);
}

static void what_is_so_already_is_not_written(void **state)
{
	(void)state;
	ask("governor", GOVERNOR, "ondemand");
	/* Root may write all the same; others would be refused. */
	chmod(ep_tmp_path(&tmp, GOVERNOR), 0444);
	assert_int_equal(apply(NULL), 0);
	assert_int_equal(list.items[0].state, EP_CHANGE_ALREADY);
	assert_told("already|");
	told[0] = '\0';
	assert_int_equal(undo(), 0);
	assert_string_equal(told, "");
}

static void what_someone_else_set_meanwhile_stays(void **state)
{
	(void)state;
	support_board_list(&support_boards[0], &list);
	assert_int_equal(apply(NULL), 0);
	ep_tmp_puts(&tmp, PWM, "128\n");
	assert_int_equal(undo(), 0);
	assert_value(PWM, "128");
	assert_value(GOVERNOR, "ondemand");
	assert_int_equal(result.kept_count, 1);
	assert_int_equal(result.restored_count, 3);
	assert_told("kept|fan was set to 128 by someone else and stays so: "
		    "edgeprof had made it 255, before that it was 75\n");
}

static void someone_else_may_have_put_it_back(void **state)
{
	(void)state;
	ask("file", PWM, "255");
	assert_int_equal(apply(NULL), 0);
	ep_tmp_puts(&tmp, PWM, "75\n");
	assert_int_equal(undo(), 0);
	assert_int_equal(result.restored_count, 1);
	assert_back();
}

static void what_has_gone_is_said_and_the_rest_comes_back(void **state)
{
	(void)state;
	support_board_list(&support_boards[0], &list);
	assert_int_equal(apply(NULL), 0);
	assert_int_equal(unlinkat(tmp.fd, GOVERNOR, 0), 0);
	assert_int_equal(undo(), 0);
	assert_int_equal(result.gone_count, 1);
	assert_value(PWM, "75");
	assert_value(MAX_FREQ, "2400000");
	assert_told("gone|governor does not exist any more");
}

static void a_setting_that_does_not_exist_undoes_those_before(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	ask("file", PWM, "255");
	ask("file", "sys/nowhere", "1");
	assert_int_equal(apply(&err), -ENOENT);
	assert_non_null(strstr(err.text, "/sys/nowhere does not exist"));
	assert_back();
	assert_told("restored|class/hwmon/hwmon2/pwm1 is back to 75");
}

static void best_effort_goes_on(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	list.best_effort = true;
	ask("file", "sys/nowhere", "1");
	ask("file", PWM, "255");
	assert_int_equal(apply(&err), 0);
	assert_value(PWM, "255");
	assert_int_equal(list.items[0].state, EP_CHANGE_FAILED);
	assert_non_null(strstr(list.items[0].note, "does not exist"));
	assert_told("failed|cannot set nowhere to 1: /sys/nowhere");
	assert_int_equal(undo(), 0);
	assert_back();
}

/* min above max: the kernel would say EINVAL. */
static void a_crossed_range_is_refused(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	ask("range",
	    "sys/devices/system/cpu/cpufreq/policy0 scaling_min_freq "
	    "scaling_max_freq",
	    "2000000 1600000");
	assert_int_equal(apply(&err), -EINVAL);
	assert_non_null(strstr(err.text, "above the upper end"));
	assert_back();
}

/* After a restart nothing of it is set any more: it is not touched. */
static void after_a_restart_nothing_is_put_back(void **state)
{
	struct ep_err err = { 0 };
	char *changed, *now;

	(void)state;
	support_board_list(&support_boards[0], &list);
	assert_int_equal(apply(NULL), 0);
	changed = support_board_state(&tmp);
	ep_tmp_puts(&tmp, "proc/sys/kernel/random/boot_id", "second-boot\n");
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(
		ep_change_recover(&journal, &env, &sink, &result, &err), 0);
	assert_int_equal(result.dropped_count, 4);
	assert_int_equal(result.restored_count, 0);
	assert_told("dropped|governor was reset when the board was restarted");
	now = support_board_state(&tmp);
	assert_string_equal(now, changed);
	free(now);
	free(changed);
	/* And forgotten. */
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	assert_int_equal(journal.fd, -1);
}

/* The guardian found it and could tell nobody. */
static void what_the_guardian_left_is_told_by_the_next(void **state)
{
	struct ep_err err = { 0 };

	(void)state;
	ask("file", PWM, "255");
	assert_int_equal(apply(NULL), 0);
	ep_tmp_puts(&tmp, PWM, "128\n");
	assert_int_equal(ep_change_undo(&journal, &env, NULL, &result), 0);
	ep_journal_close(&journal);
	assert_int_equal(ep_journal_open(&journal, &env, true, 0, NULL), 0);
	told[0] = '\0';
	assert_int_equal(
		ep_change_recover(&journal, &env, &sink, &result, &err), 0);
	assert_int_equal(result.kept_count, 1);
	assert_told("kept|class/hwmon/hwmon2/pwm1 was set to 128");
	assert_int_equal(journal.fd, -1);
}

/* As an ordinary user, for whom one file of the list after the other cannot be
 * written. */
static int refuse_one(size_t index)
{
	const char *const files[] = { GOVERNOR, MAX_FREQ,
				      "sys/class/hwmon/hwmon2/pwm1_enable",
				      PWM };
	struct ep_err err = { 0 };
	char *now;
	int r;

	if (getuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
		return 1;
	if (ep_journal_open(&journal, &env, true, 0, &err) < 0 ||
	    ep_journal_own(&journal, "user", NULL) < 0 ||
	    (journal.fd < 0 && ep_journal_begin(&journal, NULL) < 0))
		return 2;
	if (chmod(ep_tmp_path(&tmp, files[index]), 0444) < 0)
		return 3;
	support_board_list(&support_boards[0], &list);
	r = apply(&err);
	if (r != -EACCES || !strstr(err.text, files[index]) ||
	    !strstr(err.text, list.items[index].what) ||
	    !strstr(err.text, "sudo"))
		return 4;
	now = support_board_state(&tmp);
	r = strcmp(now, before) == 0 ? 0 : 5;
	free(now);
	return r;
}

static void give_away(const char *path)
{
	char command[512];
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(command, sizeof(command),
			 "rm -rf var/lib/edgeprof; chmod 0755 .; "
			 "chown -R 65534:65534 .");
		if (chdir(path) < 0)
			_exit(1);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void each_refused_write_undoes_those_before(void **state)
{
	for (size_t i = 0; i < 4; i++) {
		int status;
		pid_t pid;

		if (geteuid() == 0)
			give_away(tmp.path);
		ep_journal_close(&journal);
		fflush(NULL);
		pid = fork();
		if (pid == 0)
			_exit(refuse_one(i));
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
		tear_down(state);
		set_up(state);
	}
}

static void wrong_asks_are_refused(void **state)
{
	struct ep_change_ask a = { "magic", "/x", "1", "x" };
	char far[EP_SETTING_TARGET_BYTES + 8];
	struct ep_err err = { 0 };

	(void)state;
	assert_int_equal(ep_change_add(&list, &a, &err), -EINVAL);
	assert_non_null(strstr(err.text, "magic"));
	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	a.kind = "file";
	a.target = far;
	assert_int_equal(ep_change_add(&list, &a, &err), -ENAMETOOLONG);
	assert_int_equal(list.count, 0);
}

int main(void)
{
#define CHANGE_TEST(name) \
	cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CHANGE_TEST(settings_are_made_and_put_back),
		CHANGE_TEST(what_is_so_already_is_not_written),
		CHANGE_TEST(what_someone_else_set_meanwhile_stays),
		CHANGE_TEST(someone_else_may_have_put_it_back),
		CHANGE_TEST(what_has_gone_is_said_and_the_rest_comes_back),
		CHANGE_TEST(a_setting_that_does_not_exist_undoes_those_before),
		CHANGE_TEST(best_effort_goes_on),
		CHANGE_TEST(a_crossed_range_is_refused),
		CHANGE_TEST(after_a_restart_nothing_is_put_back),
		CHANGE_TEST(what_the_guardian_left_is_told_by_the_next),
		CHANGE_TEST(each_refused_write_undoes_those_before),
		CHANGE_TEST(wrong_asks_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
