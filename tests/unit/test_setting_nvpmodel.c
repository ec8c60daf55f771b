/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting_nvpmodel.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/setting.h"
#include "tests/unit/support_programs.h"

#define CONF                                                                  \
	"< PARAM TYPE=FILE NAME=CPU_ONLINE >\n"                               \
	"CORE_0 /sys/devices/system/cpu/cpu0/online\n"                        \
	"CORE_1 /sys/devices/system/cpu/cpu1/online\n"                        \
	"< PARAM TYPE=CLOCK NAME=CPU_A57 >\n"                                 \
	"MAX_FREQ /sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq\n" \
	"< POWER_MODEL ID=0 NAME=MAXN >\n"                                    \
	"CPU_ONLINE CORE_0 1\n"                                               \
	"CPU_ONLINE CORE_1 1\n"                                               \
	"CPU_A57 MAX_FREQ 1479000\n"                                          \
	"< POWER_MODEL ID=1 NAME=5W >\n"                                      \
	"CPU_ONLINE CORE_0 1\n"                                               \
	"CPU_ONLINE CORE_1 1\n"                                               \
	"CPU_A57 MAX_FREQ 918000\n"                                           \
	"< POWER_MODEL ID=2 NAME=3W >\n"                                      \
	"CPU_ONLINE CORE_1 0\n"                                               \
	"< PM_CONFIG DEFAULT=0 >\n"

static const struct ep_setting_ops *const ops = &ep_setting_nvpmodel;

static int setup(void **state)
{
	struct programs *p;
	int r = programs_setup(state);

	p = *state;
	if (r < 0)
		return r;
	programs_install(p, "nvpmodel", "usr/sbin/nvpmodel");
	ep_tmp_puts(&p->tmp, "etc/nvpmodel.conf", CONF);
	ep_tmp_puts(&p->tmp, "var/lib/nvpmodel/status",
		    "pmode:0000 fmode:quiet\n");
	ep_tmp_puts(&p->tmp, "sys/devices/system/cpu/cpu0/online", "1\n");
	ep_tmp_puts(&p->tmp, "sys/devices/system/cpu/cpu1/online", "1\n");
	ep_tmp_puts(&p->tmp,
		    "sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq",
		    "1479000\n");
	return 0;
}

static void modes_are_found_among_other_lines(void **state)
{
	static const char text[] =
		"NVPM VERB: Config file: /etc/nvpmodel.conf\n"
		"NVPM VERB: PM_CONFIG: DEFAULT=25W(1)\n"
		"NVPM VERB: POWER_MODEL: ID=0 NAME=15W\n"
		"NVPM VERB: CPU_ONLINE CORE_0 1\n"
		"POWER_MODEL: ID=12 NAME=MAXN_SUPER\r\n"
		"NVPM VERB: POWER_MODEL: ID=x NAME=BAD\n"
		"NVPM VERB: POWER_MODEL: ID=3\n"
		"NAME=NEXT_LINE\n"
		"NVPM VERB: POWER_MODEL: NAME=NO_NUMBER\n"
		"NVPM VERB: POWER_MODEL: ID=4 NAME=";
	struct ep_power_mode modes[4];

	(void)state;
	assert_int_equal(ep_power_modes_parse(text, modes, 4), 2);
	assert_int_equal(modes[0].id, 0);
	assert_string_equal(modes[0].name, "15W");
	assert_int_equal(modes[1].id, 12);
	assert_string_equal(modes[1].name, "MAXN_SUPER");
	assert_int_equal(ep_power_modes_parse(text, modes, 1), 1);
	assert_int_equal(ep_power_modes_parse("", modes, 4), 0);
}

static void the_mode_is_found_after_warnings(void **state)
{
	static const struct {
		const char *text;
		int id; /* -1: not a mode */
		const char *name;
	} cases[] = {
		{ "NV Power Mode: MAXN\n0\n", 0, "MAXN" },
		{ "NV Fan Mode:quiet\nNV Power Mode: MODE_15W_6CORE\n2\n", 2,
		  "MODE_15W_6CORE" },
		{ "NVPM WARN: fan mode is not set!\nNV Power Mode: 15W\n0", 0,
		  "15W" },
		{ "NV Power Mode: 5W\n1\nNVPM ERROR: Error opening x: 13\n", 1,
		  "5W" },
		{ "NV Power Mode: MAXN\n", -1, NULL },
		{ "NV Power Mode: \n0\n", -1, NULL },
		{ "NV Power Mode: MAXN\n-1\n", -1, NULL },
		{ "NVPM ERROR: failed\n", -1, NULL },
		{ "", -1, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ep_power_mode mode = { .id = 77 };

		if (cases[i].id < 0) {
			assert_int_equal(
				ep_power_mode_parse(cases[i].text, &mode),
				-EBADMSG);
			assert_int_equal(mode.id, 77);
			continue;
		}
		assert_int_equal(ep_power_mode_parse(cases[i].text, &mode), 0);
		assert_int_equal(mode.id, cases[i].id);
		assert_string_equal(mode.name, cases[i].name);
	}
}

static void a_mode_is_set_and_set_back(void **state)
{
	struct programs *p = *state;
	char was[64], is[64];

	assert_int_equal(ops->read(&p->env, "", was, sizeof(was), &p->err), 6);
	assert_string_equal(was, "0 MAXN");
	assert_int_equal(ops->write(&p->env, "", "1 5W", &p->err), 0);
	assert_int_equal(ops->read(&p->env, "", is, sizeof(is), &p->err), 4);
	assert_string_equal(is, "1 5W");
	assert_string_equal(
		programs_get(p, "sys/devices/system/cpu/cpufreq/policy0/"
				"scaling_max_freq"),
		"918000");
	assert_int_equal(ops->write(&p->env, "", was, &p->err), 0);
	assert_string_equal(programs_get(p, "var/lib/nvpmodel/status"),
			    "pmode:0000 fmode:quiet");
	assert_true(ops->outlives_reboot);
	assert_true(ep_setting_same(ops, "2 MAXN_SUPER", "2 MAXN SUPER"));
	assert_false(ep_setting_same(ops, "2 MAXN", "22 MAXN"));
}

static void a_mode_that_needs_a_reboot_is_refused(void **state)
{
	struct programs *p = *state;

	ep_tmp_puts(&p->tmp, "etc/nvpmodel.fake", "warn\n");
	assert_int_equal(ops->write(&p->env, "", "2 3W", &p->err), -EOPNOTSUPP);
	programs_says(p, "power mode 3W needs a reboot");
	programs_says(p, "sudo nvpmodel -m 2, let the board restart");
	programs_says(p, "nothing was changed");
	assert_string_equal(programs_get(p, "var/lib/nvpmodel/status"),
			    "pmode:0000 fmode:quiet");
	assert_string_equal(
		programs_get(p, "sys/devices/system/cpu/cpu1/online"), "1");
}

static void nothing_stays_pending_for_the_next_start(void **state)
{
	struct programs *p = *state;

	ep_tmp_puts(&p->tmp, "etc/nvpmodel.fake", "note\n");
	assert_int_equal(ops->write(&p->env, "", "2 3W", &p->err), -EOPNOTSUPP);
	programs_says(p, "nothing was changed");
	assert_string_equal(programs_get(p, "var/lib/nvpmodel/status"),
			    "pmode:0000 fmode:quiet");
}

static void failures_come_with_what_it_said(void **state)
{
	struct programs *p = *state;
	char text[64];

	ep_tmp_puts(&p->tmp, "etc/nvpmodel.fake", "warn fail\n");
	assert_int_equal(ops->write(&p->env, "", "1 5W", &p->err), -EIO);
	programs_says(p, "nvpmodel -m failed with status 255: Error writing 1");
	assert_int_equal(ops->write(&p->env, "", "7 WHAT", &p->err), -EIO);
	programs_says(p, "invalid power mode id: 7");
	assert_int_equal(ops->write(&p->env, "", "many", &p->err), -EINVAL);
	ep_tmp_puts(&p->tmp, "etc/nvpmodel.fake", "mute\n");
	assert_int_equal(ops->read(&p->env, "", text, sizeof(text), &p->err),
			 -EIO);
	programs_says(p, "failed to open");
	ep_tmp_puts(&p->tmp, "usr/sbin/nvpmodel", "#!/bin/sh\necho what\n");
	assert_int_equal(ops->read(&p->env, "", text, sizeof(text), &p->err),
			 -EBADMSG);
	programs_says(p, "does not tell the power mode: what");
}

static void the_modes_there_are_can_be_listed(void **state)
{
	struct programs *p = *state;
	struct ep_power_mode modes[EP_POWER_MODES_MAX];
	char names[64];

	ep_tmp_puts(&p->tmp, "etc/nvpmodel.fake", "warn late\n");
	assert_int_equal(
		ep_power_modes(&p->env, modes, EP_POWER_MODES_MAX, &p->err), 3);
	assert_string_equal(modes[2].name, "3W");
	assert_int_equal(ops->choices(&p->env, "", names, sizeof(names)), 10);
	assert_string_equal(names, "MAXN 5W 3W");
}

static void a_board_without_it_says_so(void **state)
{
	struct programs *p = *state;
	struct ep_power_mode modes[4];

	assert_int_equal(remove(ep_tmp_path(&p->tmp, "usr/sbin/nvpmodel")), 0);
	assert_int_equal(ep_power_modes(&p->env, modes, 4, &p->err), -ENOENT);
	programs_says(p, "no nvpmodel");
}

static int count_one(void *ctx, const char *file)
{
	size_t *count = ctx;

	++*count;
	return strstr(file, "/cpufreq/") ? -ENOSPC : 0;
}

static void clocks_and_cpus_go_into_the_journal_with_it(void **state)
{
	struct programs *p = *state;
	size_t count = 0;

	assert_int_equal(ops->companions(&p->env, "", count_one, &count),
			 -ENOSPC);
	/* Both CPUs before the first clock, which ended it. */
	assert_int_equal(count, 3);
	assert_true(ops->touches(
		"",
		"/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"));
	assert_true(ops->touches("", "/sys/devices/system/cpu/cpu3/online"));
	assert_false(ops->touches("", "/sys/class/hwmon/hwmon0/pwm1"));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, programs_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(modes_are_found_among_other_lines),
		cmocka_unit_test(the_mode_is_found_after_warnings),
		TEST(a_mode_is_set_and_set_back),
		TEST(a_mode_that_needs_a_reboot_is_refused),
		TEST(nothing_stays_pending_for_the_next_start),
		TEST(failures_come_with_what_it_said),
		TEST(the_modes_there_are_can_be_listed),
		TEST(a_board_without_it_says_so),
		TEST(clocks_and_cpus_go_into_the_journal_with_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
