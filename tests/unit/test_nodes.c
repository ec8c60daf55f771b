/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Device nodes and Bluetooth devices, as edgeprof doctor looks at them. */
#include "drivers/bluetooth.h"
#include "drivers/nodes.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/support_tmp.h"

#define PAIRED "var/lib/bluetooth/00:11:22:33:44:55/"

struct fixture {
	struct ep_tmp tmp;
	struct ep_root root;
};

static int setup(void **state)
{
	static struct fixture f;

	ep_tmp_make(&f.tmp);
	assert_int_equal(ep_root_open(&f.root, f.tmp.path, NULL), 0);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	ep_root_close(&f->root);
	ep_tmp_remove(&f->tmp);
	return 0;
}

static void nodes_of_a_kind_in_their_order(void **state)
{
	struct fixture *f = *state;
	struct ep_node nodes[4];

	ep_tmp_puts(&f->tmp, "dev/ttyACM10", "");
	ep_tmp_puts(&f->tmp, "dev/ttyACM2", "");
	ep_tmp_puts(&f->tmp, "dev/ttyACM", "");
	ep_tmp_puts(&f->tmp, "dev/ttyACM2x", "");
	ep_tmp_puts(&f->tmp, "dev/dri/renderD128", "");
	ep_tmp_puts(&f->tmp, "dev/dri/card0", "");
	assert_int_equal(ep_nodes_list(&f->root, "ttyACM", true, nodes, 4), 2);
	assert_string_equal(nodes[0].path, "/dev/ttyACM2");
	assert_string_equal(nodes[1].name, "ttyACM10");
	assert_true(nodes[0].usable);
	assert_int_equal(nodes[0].gid, getegid());
	assert_int_equal(ep_nodes_list(&f->root, "ttyACM", false, nodes, 4), 1);
	assert_string_equal(nodes[0].name, "ttyACM");
	assert_int_equal(ep_nodes_list(&f->root, "dri/renderD", true, nodes, 4),
			 1);
	assert_string_equal(nodes[0].path, "/dev/dri/renderD128");
	assert_int_equal(ep_nodes_list(&f->root, "ttyACM", true, nodes, 1), 1);
	assert_int_equal(ep_nodes_list(&f->root, "i2c-", true, nodes, 4), 0);
	assert_int_equal(ep_nodes_list(&f->root, "no/thing", true, nodes, 4),
			 0);
}

static void rights_of_the_group_are_told(void **state)
{
	struct fixture *f = *state;
	struct ep_node node;

	ep_tmp_puts(&f->tmp, "dev/vcio", "");
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "dev/vcio"), 0660), 0);
	assert_int_equal(ep_nodes_list(&f->root, "vcio", false, &node, 1), 1);
	assert_true(node.group_may);
	assert_int_equal(chmod(ep_tmp_path(&f->tmp, "dev/vcio"), 0640), 0);
	assert_int_equal(ep_nodes_list(&f->root, "vcio", false, &node, 1), 1);
	assert_false(node.group_may);
}

static void usb_ids_by_interface_and_port(void **state)
{
	struct fixture *f = *state;
	struct ep_node node;
	char ids[16];

	ep_tmp_puts(&f->tmp, "sys/devices/1-1/idVendor", "0483\n");
	ep_tmp_puts(&f->tmp, "sys/devices/1-1/idProduct", "5740\n");
	ep_tmp_puts(&f->tmp, "sys/devices/1-1/1-1:1.0/x", "");
	ep_tmp_puts(&f->tmp, "sys/devices/1-1/1-1:1.1/ttyUSB0/x", "");
	ep_tmp_symlink(&f->tmp, "/sys/devices/1-1/1-1:1.0",
		       "sys/class/tty/ttyACM0/device");
	ep_tmp_symlink(&f->tmp, "/sys/devices/1-1/1-1:1.1/ttyUSB0",
		       "sys/class/tty/ttyUSB0/device");
	ep_tmp_puts(&f->tmp, "dev/ttyACM0", "");
	ep_tmp_puts(&f->tmp, "dev/ttyUSB0", "");
	ep_tmp_puts(&f->tmp, "dev/ttyUSB1", "");
	assert_int_equal(ep_nodes_list(&f->root, "ttyACM", true, &node, 1), 1);
	ep_node_usb_ids(&f->root, &node, ids, sizeof(ids));
	assert_string_equal(ids, "0483:5740");
	assert_int_equal(ep_nodes_list(&f->root, "ttyUSB", true, &node, 1), 1);
	ep_node_usb_ids(&f->root, &node, ids, sizeof(ids));
	assert_string_equal(ids, "0483:5740");
	memcpy(node.name, "ttyUSB1", sizeof("ttyUSB1"));
	ep_node_usb_ids(&f->root, &node, ids, sizeof(ids));
	assert_string_equal(ids, "");
	/* Not what an id looks like. */
	ep_tmp_puts(&f->tmp, "sys/devices/1-1/idVendor", "04831\n");
	memcpy(node.name, "ttyUSB0", sizeof("ttyUSB0"));
	ep_node_usb_ids(&f->root, &node, ids, sizeof(ids));
	assert_string_equal(ids, "");
}

static void controllers_are_not_connections(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ep_bluetooth_controllers(&f->root), 0);
	ep_tmp_mkdir(&f->tmp, "sys/class/bluetooth/hci0");
	ep_tmp_mkdir(&f->tmp, "sys/class/bluetooth/hci1");
	ep_tmp_mkdir(&f->tmp, "sys/class/bluetooth/hci0:11");
	assert_int_equal(ep_bluetooth_controllers(&f->root), 2);
}

static void paired_devices_with_their_names(void **state)
{
	struct fixture *f = *state;
	struct ep_bluetooth_device d[4];

	assert_int_equal(ep_bluetooth_paired(&f->root, d, 4), -ENOENT);
	ep_tmp_puts(&f->tmp, PAIRED "settings", "");
	assert_int_equal(ep_bluetooth_paired(&f->root, d, 4), 0);
	ep_tmp_puts(&f->tmp, PAIRED "00:15:A6:01:AA:21/info",
		    "[General]\nAlias=Name=x\nName=UM25C \n[LinkKey]\n");
	ep_tmp_puts(&f->tmp, PAIRED "00:15:A6:01:AA:22/info", "Name=a\033b");
	ep_tmp_puts(&f->tmp, PAIRED "00:15:A6:01:AA:23/info", "");
	ep_tmp_puts(&f->tmp, PAIRED "cache/info", "Name=UM34C\n");
	ep_tmp_mkdir(&f->tmp, PAIRED "00:15:A6:01:AA:24");
	assert_int_equal(ep_bluetooth_paired(&f->root, d, 4), 3);
	assert_string_equal(d[0].address, "00:15:A6:01:AA:21");
	assert_string_equal(d[0].name, "UM25C");
	assert_string_equal(d[1].name, "a?b");
	assert_string_equal(d[2].name, "");
	assert_int_equal(ep_bluetooth_paired(&f->root, d, 1), 1);
}

static void names_in_info_files(void **state)
{
	char name[8];

	(void)state;
	assert_int_equal(ep_bluetooth_parse_name("", name, 8), -ENOENT);
	assert_int_equal(ep_bluetooth_parse_name("\n\nNam=x\n", name, 8),
			 -ENOENT);
	assert_int_equal(ep_bluetooth_parse_name("Name=", name, 8), 0);
	assert_string_equal(name, "");
	assert_int_equal(
		ep_bluetooth_parse_name("A=1\nName=0123456789", name, 8), 0);
	assert_string_equal(name, "0123456");
}

static void ports_know_whose_they_are(void **state)
{
	struct fixture *f = *state;
	char address[EP_BLUETOOTH_ADDRESS_BYTES];

	ep_tmp_puts(&f->tmp, "sys/class/tty/rfcomm0/address",
		    "00:15:a6:01:AA:21\n");
	ep_tmp_puts(&f->tmp, "sys/class/tty/rfcomm1/address",
		    "00:15:A6:01:AA:2\n");
	ep_bluetooth_port(&f->root, "rfcomm0", address, sizeof(address));
	assert_string_equal(address, "00:15:a6:01:AA:21");
	ep_bluetooth_port(&f->root, "rfcomm1", address, sizeof(address));
	assert_string_equal(address, "");
	ep_bluetooth_port(&f->root, "rfcomm2", address, sizeof(address));
	assert_string_equal(address, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nodes_of_a_kind_in_their_order),
		TEST(rights_of_the_group_are_told),
		TEST(usb_ids_by_interface_and_port),
		TEST(controllers_are_not_connections),
		TEST(paired_devices_with_their_names),
		TEST(names_in_info_files),
		TEST(ports_know_whose_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
