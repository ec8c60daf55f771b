/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fnirsi [OPTION...] -- COMMAND...: runs a command on a machine with one of
 * FNIRSI's meters at /dev/hidraw0, a pseudo-terminal whose ids umockdev tells.
 *
 *   --profile TEXT    power (support/profile.h); "constant 5"
 *   --epoch-file FILE where its time 0 (the simulator's start) is written
 *   --model NAME      fnb48, fnb48s, fnb58, c1
 *   --volts V         5.06
 *   --rate N          samples a second, 100
 *   --interpolate     three of four samples lie on lines between the fourths
 *   --freezes         stops unless told to go on every 200 ms (told: how
 *                     firmware 0.68 of the FNB58 behaves)
 *   --fault KIND[:FROM[:TO]]   seconds since it was first told to start:
 *       silence checksum noise spike other hangup
 *   --after FILE      faults are timed from when FILE is there
 *
 * 77: umockdev is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/support/testbed.h"

#if __has_include(<umockdev.h>)
#include <linux/hidraw.h>
#include <linux/input.h>
#include <umockdev.h>

#include "tests/sim/support/device_pace.h"
#include "tests/sim/support/fnirsi_meter.h"

static struct fnirsi_meter m = { .volts = 5.06, .rate = 100, .master = -1 };
static const char *epoch_file;

static gboolean on_ioctl(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	struct hidraw_devinfo info = { .bustype = BUS_USB,
				       .vendor = (short)m.model->vendor,
				       .product = (short)m.model->product };
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
	UMockdevIoctlData *data;

	(void)handler;
	(void)ctx;
	if (umockdev_ioctl_client_get_request(client) !=
	    (gulong)HIDIOCGRAWINFO) {
		umockdev_ioctl_client_complete(client, -1, ENOTTY);
		return TRUE;
	}
	data = umockdev_ioctl_data_resolve(arg, 0, sizeof(info), NULL);
	if (!data) {
		umockdev_ioctl_client_complete(client, -1, EFAULT);
		return TRUE;
	}
	umockdev_ioctl_data_update(data, 0, (guint8 *)&info,
				   (gint)sizeof(info));
	umockdev_ioctl_client_complete(client, 0, 0);
	umockdev_ioctl_data_unref(data);
	return TRUE;
}

static void step(void *ctx)
{
	if (fnirsi_step(ctx) < 0)
		testbed_fail("no pseudo-terminal", strerror(errno));
}

static int option(const char *name, const char *value)
{
	if (strcmp(name, "--profile") == 0)
		return profile_parse(value, &m.profile);
	if (strcmp(name, "--model") == 0)
		return fnirsi_set_model(&m, value);
	if (strcmp(name, "--fault") == 0)
		return fnirsi_add_fault(&m, value);
	if (strcmp(name, "--epoch-file") == 0)
		epoch_file = value;
	else if (strcmp(name, "--after") == 0)
		m.after = value;
	else if (strcmp(name, "--volts") == 0)
		m.volts = strtod(value, NULL);
	else if (strcmp(name, "--rate") == 0)
		m.rate = strtod(value, NULL);
	else
		return -1;
	return 0;
}

/* The index of the command, 0 when an option is wrong. */
static int parse(int argc, char **argv)
{
	if (profile_parse("constant 5", &m.profile) < 0 ||
	    fnirsi_set_model(&m, "fnb58") < 0)
		return 0;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0)
			return i + 1 < argc ? i + 1 : 0;
		if (strcmp(argv[i], "--interpolate") == 0)
			m.interpolate = 1;
		else if (strcmp(argv[i], "--freezes") == 0)
			m.freezes = 1;
		else if (i + 1 == argc || option(argv[i], argv[i + 1]) < 0)
			return 0;
		else
			i++;
	}
	return 0;
}

static void add_meter(UMockdevTestbed *bed)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	gchar *root = umockdev_testbed_get_root_dir(bed);
	GError *error = NULL;
	char text[600];

	(void)snprintf(text, sizeof(text),
		       "P: /devices/usb1/0003.0001\nE: SUBSYSTEM=hid\n"
		       "E: HID_ID=0003:%08X:%08X\nE: HID_NAME=FNIRSI USB "
		       "Tester\nE: HID_UNIQ=0001A0000000\n\n"
		       "P: /devices/usb1/0003.0001/hidraw/hidraw0\n"
		       "N: hidraw0\nL: device=../../../0003.0001\n"
		       "E: DEVNAME=/dev/hidraw0\nE: SUBSYSTEM=hidraw\n\n",
		       m.model->vendor, m.model->product);
	if (!umockdev_testbed_add_from_string(bed, text, &error))
		testbed_fail("hidraw0", error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, "/dev/hidraw0", handler,
					   &error))
		testbed_fail("hidraw0", error->message);
	m.node = g_strconcat(root, "/dev/hidraw0", NULL);
	g_free(root);
}

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	int at, status;

	testbed_preload(argv);
	at = parse(argc, argv);
	if (at == 0) {
		fputs("usage: fnirsi [OPTION...] -- COMMAND...\n", stderr);
		return 2;
	}
	bed = umockdev_testbed_new();
	if (!testbed_is_there())
		return NO_UMOCKDEV;
	m.epoch_ns = fnirsi_now_ns();
	testbed_write_epoch(epoch_file, m.epoch_ns);
	add_meter(bed);
	step(&m);
	sim_keep_pace();
	status = testbed_run(argv + at, step, &m, 1000000);
	g_object_unref(bed);
	return status;
}
#else
int main(void)
{
	fputs("fnirsi: built without umockdev\n", stderr);
	return NO_UMOCKDEV;
}
#endif
