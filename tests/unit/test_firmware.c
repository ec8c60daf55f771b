/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"
#include "drivers/firmware.h"
#include "drivers/host.h"
#include "tests/unit/support_tmp.h"

#define DT "sys/firmware/devicetree/base/"
#define CHOSEN "proc/device-tree/chosen/bootloader/"

static void l4t(const char *text, const char *wanted)
{
	char got[40];

	ep_firmware_parse_l4t(text, got, sizeof(got));
	assert_string_equal(got, wanted);
}

static void releases_of_jetson_linux(void **state)
{
	(void)state;
	l4t("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic",
	    "36.4.3");
	l4t("# R32 (release), REVISION: 7.1, GCID: 29818004\nREVISION: 9\n",
	    "32.7.1");
	l4t("# R35 (release)\nREVISION: 4.1, GCID: 1", "");
	l4t("# Rx (release), REVISION: 4.1", "");
	l4t("R36 (release), REVISION: 4.3", "");
	l4t("", "");
	l4t("# R36 REVISION: 4.3", "36.4.3");
}

static void what_a_videocore_answers(void **state)
{
	char got[200];

	(void)state;
	ep_firmware_parse_videocore("2025/02/12 10:51:52 \n"
				    "Copyright (c) 2012 Broadcom\n"
				    "version f788aab6 (release) (embedded)\n",
				    got, sizeof(got));
	assert_string_equal(got, "2025/02/12 10:51:52 version f788aab6 "
				 "(release) (embedded)");
	ep_firmware_parse_videocore("", got, sizeof(got));
	assert_string_equal(got, "");
	ep_firmware_parse_videocore("a\033[1mb", got, sizeof(got));
	assert_string_equal(got, "a?[1mb");
}

/* A root of files, and what they tell. */
static void read_tree(const struct ep_tmp *tmp, struct ep_firmware *ret)
{
	struct ep_root root = { .fd = tmp->fd };

	ep_firmware_read(&root, ret);
}

static void a_raspberry_pi_tells_its_bootloader(void **state)
{
	static const uint8_t built[] = { 0x67, 0xac, 0x7d, 0x48 };
	struct ep_firmware f;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	ep_tmp_write(&tmp, CHOSEN "version", "0123abcd", 9);
	read_tree(&tmp, &f);
	assert_string_equal(f.bootloader, "0123abcd");
	ep_tmp_write(&tmp, CHOSEN "build-timestamp", built, sizeof(built));
	read_tree(&tmp, &f);
	assert_string_equal(f.bootloader, "2025-02-12T10:51:52Z 0123abcd");
	assert_string_equal(f.l4t, "");
	assert_string_equal(f.bios, "");
	/* Three bytes are no time. */
	ep_tmp_write(&tmp, CHOSEN "build-timestamp", built, 3);
	read_tree(&tmp, &f);
	assert_string_equal(f.bootloader, "0123abcd");
	ep_tmp_remove(&tmp);
}

static void a_pc_tells_its_bios(void **state)
{
	struct ep_firmware f;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	read_tree(&tmp, &f);
	assert_string_equal(f.bios, "");
	ep_tmp_puts(&tmp, "sys/class/dmi/id/bios_version", "1.21.0\n");
	read_tree(&tmp, &f);
	assert_string_equal(f.bios, "1.21.0");
	ep_tmp_puts(&tmp, "sys/class/dmi/id/bios_vendor", "Dell Inc.\n");
	ep_tmp_puts(&tmp, "sys/class/dmi/id/bios_date", "\n");
	read_tree(&tmp, &f);
	assert_string_equal(f.bios, "Dell Inc. 1.21.0");
	ep_tmp_puts(&tmp, "etc/nv_tegra_release",
		    "# R36 (release), REVISION: 4.3, GCID: 1\n");
	read_tree(&tmp, &f);
	assert_string_equal(f.l4t, "36.4.3");
	ep_tmp_remove(&tmp);
}

/* One value for each board, which hides its number. */
static void serial_numbers_become_short_hashes(void **state)
{
	char first[EP_HOST_SERIAL_HASH_BYTES], again[EP_HOST_SERIAL_HASH_BYTES];
	struct ep_root root;
	struct ep_tmp tmp;

	(void)state;
	ep_tmp_make(&tmp);
	root.fd = tmp.fd;
	assert_int_equal(ep_host_serial_hash(&root, first), -ENOENT);
	ep_tmp_write(&tmp, DT "serial-number", "10000000abcdef01", 17);
	assert_int_equal(ep_host_serial_hash(&root, first), 0);
	/* printf 'edgeprof board serial 10000000abcdef01' | sha256sum */
	assert_string_equal(first, "71e96e");
	assert_int_equal(ep_host_serial_hash(&root, again), 0);
	assert_string_equal(first, again);
	ep_tmp_write(&tmp, DT "serial-number", "10000000abcdef02", 17);
	assert_int_equal(ep_host_serial_hash(&root, again), 0);
	assert_string_not_equal(first, again);
	/* What makers write who have none. */
	ep_tmp_write(&tmp, DT "serial-number", "0", 2);
	assert_int_equal(ep_host_serial_hash(&root, again), -ENOENT);
	ep_tmp_remove(&tmp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(releases_of_jetson_linux),
		cmocka_unit_test(what_a_videocore_answers),
		cmocka_unit_test(a_raspberry_pi_tells_its_bootloader),
		cmocka_unit_test(a_pc_tells_its_bios),
		cmocka_unit_test(serial_numbers_become_short_hashes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
