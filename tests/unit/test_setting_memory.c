/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/setting_memory.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "drivers/setting.h"
#include "tests/unit/support_programs.h"

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define ZRAM "/dev/zram0                              partition\t2097148\t\t"
#define FILE_40 "/swap\\040file                           file\t\t1048572\t\t"

static const struct ep_setting_ops *const swap = &ep_setting_swap;

static int setup(void **state)
{
	struct programs *p;

	if (programs_setup(state) < 0)
		return -1;
	p = *state;
	programs_install(p, "swapoff", "usr/sbin/swapoff");
	programs_install(p, "swapoff", "usr/sbin/swapon");
	ep_tmp_puts(&p->tmp, "proc/swaps",
		    HEAD ZRAM "2048\t\t100\n" FILE_40 "1024\t\t-2\n");
	ep_tmp_puts(&p->tmp, "proc/meminfo",
		    "MemTotal:        8245508 kB\nMemFree:  1024 kB\n"
		    "MemAvailable:       4096 kB\nSwapTotal: 3145720 kB\n");
	ep_tmp_mkdir(&p->tmp, "run");
	return 0;
}

static const char *read_swap(struct programs *p, const char *device)
{
	static char text[64];

	assert_true(swap->read(&p->env, device, text, sizeof(text), &p->err) >
		    0);
	return text;
}

static int remember(void *ctx, const char *device)
{
	char *names = ctx;

	strncat(names, device, 60);
	strncat(names, ";", 2);
	return 0;
}

static void devices_and_their_priorities(void **state)
{
	struct programs *p = *state;
	char names[128] = "";

	assert_int_equal(ep_setting_swaps(&p->env, remember, names), 0);
	assert_string_equal(names, "/dev/zram0;/swap file;");
	assert_string_equal(read_swap(p, "/dev/zram0"), "on 100");
	assert_string_equal(read_swap(p, "/swap file"), "on -2");
	assert_string_equal(read_swap(p, "/dev/zram"), "off");
}

static void clearing_is_off_and_on_again(void **state)
{
	struct programs *p = *state;
	int64_t used_bytes, free_bytes;

	assert_int_equal(
		ep_setting_swap_room(&p->env, &used_bytes, &free_bytes), 0);
	assert_int_equal(used_bytes, 3072 * 1024);
	assert_int_equal(free_bytes, 4096 * 1024);
	assert_int_equal(swap->write(&p->env, "/dev/zram0", "clear", &p->err),
			 0);
	assert_string_equal(read_swap(p, "/dev/zram0"), "on 100");
	assert_true(ep_setting_took(swap, "clear", "on 100"));
	assert_false(ep_setting_took(swap, "clear", "off"));
	assert_int_equal(
		ep_setting_swap_room(&p->env, &used_bytes, &free_bytes), 0);
	assert_int_equal(used_bytes, 1024 * 1024);
	/* One that is off has nothing to clear. */
	assert_int_equal(swap->write(&p->env, "/dev/sda9", "clear", &p->err),
			 0);
}

static void priorities_of_the_kernels_own_choice_are_all_one(void **state)
{
	(void)state;
	assert_true(ep_setting_same(swap, "on -2", "on -3"));
	assert_false(ep_setting_same(swap, "on -2", "on 2"));
	assert_false(ep_setting_same(swap, "on -2", "off"));
}

static void off_and_on_with_its_priority(void **state)
{
	struct programs *p = *state;

	assert_int_equal(swap->write(&p->env, "/dev/zram0", "off", &p->err), 0);
	assert_string_equal(read_swap(p, "/dev/zram0"), "off");
	assert_int_equal(swap->write(&p->env, "/dev/zram0", "on 100", &p->err),
			 0);
	assert_string_equal(read_swap(p, "/dev/zram0"), "on 100");
	assert_int_equal(swap->write(&p->env, "/dev/zram0", "half", &p->err),
			 -EINVAL);
}

static void without_room_it_says_what_swapoff_said(void **state)
{
	struct programs *p = *state;

	ep_tmp_puts(&p->tmp, "run/swap-full", "");
	assert_int_equal(swap->write(&p->env, "/dev/zram0", "clear", &p->err),
			 -EIO);
	programs_says(p, "swapoff failed: Cannot allocate memory");
	assert_string_equal(read_swap(p, "/dev/zram0"), "on 100");
}

static void kernels_without_swap(void **state)
{
	struct programs *p = *state;
	int64_t used_bytes = 7, free_bytes = 7;
	char names[8] = "";

	assert_int_equal(remove(ep_tmp_path(&p->tmp, "proc/swaps")), 0);
	assert_int_equal(ep_setting_swaps(&p->env, remember, names), -ENOENT);
	assert_int_equal(
		ep_setting_swap_room(&p->env, &used_bytes, &free_bytes),
		-ENOENT);
	assert_int_equal(used_bytes, 7);
	ep_tmp_puts(&p->tmp, "proc/swaps", HEAD);
	assert_int_equal(ep_setting_swaps(&p->env, remember, names), 0);
	assert_string_equal(names, "");
}

static void caches_are_dropped_by_one_number(void **state)
{
	struct programs *p = *state;
	const struct ep_setting_ops *caches = &ep_setting_drop_caches;

	assert_null(caches->read);
	assert_int_equal(caches->write(&p->env, "", "dropped", &p->err),
			 -ENOENT);
	programs_says(p, "cannot open /proc/sys/vm/drop_caches");
	ep_tmp_puts(&p->tmp, "proc/sys/vm/drop_caches", "0\n");
	assert_int_equal(caches->write(&p->env, "", "dropped", &p->err), 0);
	assert_string_equal(programs_get(p, "proc/sys/vm/drop_caches"), "3");
}

static void dependent_files_are_set_in_order(void **state)
{
	const struct ep_setting_ops *ordered = &ep_setting_ordered;
	static const char target[] = "/sys/class/hwmon/hwmon3 samples "
				     "update_interval";
	struct programs *p = *state;
	char text[64];

	ep_tmp_puts(&p->tmp, "sys/class/hwmon/hwmon3/samples", "4\n");
	assert_int_equal(ordered->write(&p->env, target, "1 0", &p->err),
			 -ENOENT);
	assert_string_equal(programs_get(p, "sys/class/hwmon/hwmon3/samples"),
			    "1");
	ep_tmp_puts(&p->tmp, "sys/class/hwmon/hwmon3/update_interval", "28\n");
	assert_int_equal(ordered->write(&p->env, target, "4 7", &p->err), 0);
	assert_int_equal(
		ordered->read(&p->env, target, text, sizeof(text), &p->err), 3);
	assert_string_equal(text, "4 7");
	assert_int_equal(ordered->write(&p->env, target, "4", &p->err),
			 -EINVAL);
	assert_int_equal(
		ordered->read(&p->env, "/sys", text, sizeof(text), &p->err),
		-EINVAL);
	/* The chip's shortest time is told as 1 ms. */
	assert_true(ep_setting_took(ordered, "1 0", "1 1"));
	assert_false(ep_setting_took(ordered, "1 0", "1 2"));
	assert_false(ep_setting_took(ordered, "1 0", "0 0"));
	assert_false(ep_setting_took(ordered, "1 0", "1"));
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, setup, programs_teardown)
	const struct CMUnitTest tests[] = {
		TEST(devices_and_their_priorities),
		TEST(clearing_is_off_and_on_again),
		cmocka_unit_test(
			priorities_of_the_kernels_own_choice_are_all_one),
		TEST(off_and_on_with_its_priority),
		TEST(without_room_it_says_what_swapoff_said),
		TEST(kernels_without_swap),
		TEST(caches_are_dropped_by_one_number),
		TEST(dependent_files_are_set_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
