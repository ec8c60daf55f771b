/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POWER-Z meters on USB that no driver of the kernel has taken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "sensors/powerz_parts.h"
#include "sensors/table.h"
#include "tests/unit/support_sensor.h"

static void plug_in(const struct ep_rig *rig, const char *port, int number,
		    const char *product)
{
	const char *const files[][2] = {
		{ "idVendor", "5fc9" },
		{ "idProduct", product },
		{ "busnum", "1" },
		{ "bConfigurationValue", "1" },
	};
	char path[160], text[16];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "sys/bus/usb/devices/%s/%s", port,
			 files[i][0]);
		snprintf(text, sizeof(text), "%s\n", files[i][1]);
		ep_tmp_puts(&rig->tmp, path, text);
	}
	snprintf(path, sizeof(path), "sys/bus/usb/devices/%s/devnum", port);
	snprintf(text, sizeof(text), "%d\n", number);
	ep_tmp_puts(&rig->tmp, path, text);
	snprintf(path, sizeof(path), "sys/bus/usb/devices/%s:1.0/authorized",
		 port);
	ep_tmp_puts(&rig->tmp, path, "1\n");
}

static void on_usb_it_is_found_by_its_ids(void **state)
{
	struct ep_usb_interface found[EP_POWERZ_METERS_MAX];
	struct ep_rig *rig = *state;
	const struct ep_root *root = &rig->env.root;

	plug_in(rig, "1-1.2", 4, "0063");
	plug_in(rig, "1-1.10", 5, "0061");
	plug_in(rig, "1-3", 6, "0064");
	plug_in(rig, "2-1", 7, "0063");
	ep_tmp_puts(&rig->tmp, "sys/bus/usb/devices/2-1/idVendor", "1d6b\n");
	plug_in(rig, "2-2", 0, "0063");
	ep_tmp_puts(&rig->tmp, "dev/bus/usb/001/005", "");
	assert_int_equal(ep_powerz_usb_list(root, "*", 0, found), 2);
	assert_string_equal(found[0].name, "1-1.2:1.0");
	assert_string_equal(found[0].node, "/dev/bus/usb/001/004");
	assert_string_equal(found[0].driver, "");
	assert_int_equal(found[0].product, 0x63);
	assert_false(found[0].usable);
	assert_string_equal(found[1].name, "1-1.10:1.0");
	assert_true(found[1].usable);
	assert_int_equal(ep_powerz_usb_list(root, "*", 0x61, found), 1);
	assert_int_equal(ep_powerz_usb_list(root, "1-3:*", 0, found), 0);
	assert_int_equal(ep_sensor_powerz.probe(&rig->env, NULL), 2);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_powerz, ""), -ENOTUNIQ);
	assert_non_null(strstr(rig->err.text, "1-1.2:1.0, 1-1.10:1.0"));
	/* With the driver's files it is the driver that is asked. */
	ep_tmp_puts(&rig->tmp, "sys/class/hwmon/hwmon3/name", "powerz\n");
	ep_tmp_puts(&rig->tmp, "sys/class/hwmon/hwmon3/in0_input", "5062\n");
	ep_tmp_puts(&rig->tmp, "sys/class/hwmon/hwmon3/curr1_input", "9\n");
	assert_int_equal(ep_sensor_powerz.probe(&rig->env, NULL), 1);
	assert_int_equal(ep_rig_open(rig, &ep_sensor_powerz, ""), 0);
	assert_int_equal(rig->channel_count, 3);
}

#if EP_WITH_LIBUSB
static int open_as_nobody(struct ep_rig *rig)
{
	return ep_rig_open(rig, &ep_sensor_powerz, "") == -EACCES &&
			       strstr(rig->err.text, "edgeprof setup") &&
			       strstr(rig->err.text, "/dev/bus/usb/001/004")
		       ? 0
		       : 1;
}

static void on_usb_it_says_what_is_in_the_way(void **state)
{
	struct ep_rig *rig = *state;

	plug_in(rig, "1-1", 4, "0063");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_powerz, ""), -ENODEV);
	assert_non_null(strstr(rig->err.text, "is gone; plug it in again"));
	ep_tmp_puts(&rig->tmp, "dev/bus/usb/001/004", "no descriptors");
	assert_true(ep_rig_open(rig, &ep_sensor_powerz, "") < 0);
	assert_non_null(strstr(rig->err.text, "001/004"));
	assert_non_null(strstr(rig->err.text, "5fc9:0063"));
	assert_int_equal(
		chmod(ep_tmp_path(&rig->tmp, "dev/bus/usb/001/004"), 0600), 0);
	if (geteuid() == 0)
		assert_int_equal(ep_rig_as_nobody(open_as_nobody, rig), 0);
	ep_tmp_symlink(&rig->tmp, "../../../../bus/usb/drivers/usbhid",
		       "sys/bus/usb/devices/1-1:1.0/driver");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_powerz, ""), -EBUSY);
	assert_non_null(strstr(rig->err.text, "driver usbhid holds 1-1:1.0"));
}
#else
static void on_usb_it_says_what_is_in_the_way(void **state)
{
	struct ep_rig *rig = *state;

	plug_in(rig, "1-1", 4, "0063");
	assert_int_equal(ep_rig_open(rig, &ep_sensor_powerz, ""), -ENOSYS);
	assert_non_null(strstr(rig->err.text, "WITH_LIBUSB=1"));
}
#endif

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, ep_rig_setup, ep_rig_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(on_usb_it_is_found_by_its_ids),
		TEST(on_usb_it_says_what_is_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
