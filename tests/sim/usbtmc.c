/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usbtmc [OPTION VALUE...] -- COMMAND...: runs a command on a machine with a
 * SCPI instrument at /dev/usbtmc0, through umockdev: its writes and reads are
 * messages, its ioctls those of the kernel's usbtmc driver.  For the options
 * see scpi_peer.h.  77: umockdev is not there.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/sim/support/testbed.h"

#if __has_include(<umockdev.h>)
#include <linux/types.h>
#include <linux/usb/tmc.h>
#include <umockdev.h>

#include "base/clock.h"
#include "tests/sim/support/scpi_peer.h"

#define NODE "/dev/usbtmc0"
#define LINE_BYTES 512
#define TIMEOUT_MS_MIN 100

static struct scpi_peer peer;
static char reply[LINE_BYTES];
static size_t reply_len, reply_at;
static int64_t reply_due_ns;
static uint32_t timeout_ms = 5000;

/* The bytes of an argument of known size. */
static UMockdevIoctlData *argument(UMockdevIoctlClient *client, size_t size)
{
	return umockdev_ioctl_data_resolve(
		umockdev_ioctl_client_get_arg(client), 0, size, NULL);
}

static int set_timeout(UMockdevIoctlClient *client)
{
	UMockdevIoctlData *data = argument(client, sizeof(timeout_ms));
	uint32_t ms = 0;

	if (!data)
		return EFAULT;
	memcpy(&ms, data->data, sizeof(ms));
	umockdev_ioctl_data_unref(data);
	if (ms < TIMEOUT_MS_MIN)
		return EINVAL;
	timeout_ms = ms;
	return 0;
}

static int tell_end(UMockdevIoctlClient *client)
{
	UMockdevIoctlData *data = argument(client, 1);
	guint8 end = reply_at == reply_len;

	if (!data)
		return EFAULT;
	umockdev_ioctl_data_update(data, 0, &end, 1);
	umockdev_ioctl_data_unref(data);
	return 0;
}

static gboolean on_ioctl(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	gulong request = umockdev_ioctl_client_get_request(client);
	int error = 0;

	(void)handler;
	(void)ctx;
	if (request == USBTMC_IOCTL_SET_TIMEOUT)
		error = set_timeout(client);
	else if (request == USBTMC_IOCTL_MSG_IN_ATTR)
		error = tell_end(client);
	else if (request == (gulong)USBTMC_IOCTL_CLEAR)
		reply_len = reply_at = 0;
	else if (request != USBTMC_IOCTL_AUTO_ABORT)
		error = ENOTTY;
	umockdev_ioctl_client_complete(client, error ? -1 : 0, error);
	return TRUE;
}

static gboolean on_write(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	UMockdevIoctlData *data = umockdev_ioctl_client_get_arg(client);
	size_t len = (size_t)data->data_len;
	char line[LINE_BYTES];

	(void)handler;
	(void)ctx;
	if (scpi_peer_has(&peer, SCPI_HANGUP)) {
		scpi_peer_power_up(&peer);
		umockdev_ioctl_client_complete(client, -1, ENODEV);
		return TRUE;
	}
	if (len >= sizeof(line))
		testbed_fail(NODE, "a message is too long");
	memcpy(line, data->data, len);
	line[len] = '\0';
	line[strcspn(line, "\n")] = '\0';
	reply_at = 0;
	reply_len = scpi_peer_line(&peer, line, reply, sizeof(reply),
				   &reply_due_ns);
	umockdev_ioctl_client_complete(client, (glong)len, 0);
	return TRUE;
}

/* As the driver: waits for the instrument, its time-out at most. */
static gboolean on_read(UMockdevIoctlBase *handler, UMockdevIoctlClient *client,
			gpointer ctx)
{
	UMockdevIoctlData *data = umockdev_ioctl_client_get_arg(client);
	int64_t end_ns = ep_clock_monotonic_ns() + timeout_ms * EP_NS_PER_MS;
	size_t len = reply_len - reply_at, room = (size_t)data->data_len;

	(void)handler;
	(void)ctx;
	if (len == 0 || reply_due_ns > end_ns) {
		ep_clock_sleep_until(end_ns);
		umockdev_ioctl_client_complete(client, -1, ETIMEDOUT);
		return TRUE;
	}
	ep_clock_sleep_until(reply_due_ns);
	if (peer.chunk && len > peer.chunk)
		len = peer.chunk;
	len = len < room ? len : room;
	umockdev_ioctl_data_update(data, 0, (guint8 *)reply + reply_at,
				   (gint)len);
	reply_at += len;
	umockdev_ioctl_client_complete(client, (glong)len, 0);
	return TRUE;
}

static void add_node(UMockdevTestbed *bed)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	GError *error = NULL;

	if (!umockdev_testbed_add_from_string(bed,
					      "P: /devices/usb/usbtmc0\n"
					      "N: usbtmc0\n"
					      "E: DEVNAME=" NODE "\n"
					      "E: SUBSYSTEM=usbmisc\n\n",
					      &error))
		testbed_fail(NODE, error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	g_signal_connect(handler, "handle-write", G_CALLBACK(on_write), NULL);
	g_signal_connect(handler, "handle-read", G_CALLBACK(on_read), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, NODE, handler, &error))
		testbed_fail(NODE, error->message);
}

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	int i = 1, status;

	testbed_preload(argv);
	scpi_peer_init(&peer);
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2)
		if (scpi_peer_option(&peer, argv[i], argv[i + 1]) < 0)
			testbed_fail(argv[i],
				     "see scpi_peer.h for the options");
	if (i + 1 >= argc)
		testbed_fail("usage", "usbtmc [OPTION VALUE...] -- COMMAND...");
	bed = umockdev_testbed_new();
	if (!testbed_is_there())
		return NO_UMOCKDEV;
	add_node(bed);
	if (scpi_peer_write_state(&peer, "node " NODE) < 0)
		testbed_fail("state", strerror(errno));
	status = testbed_run(argv + i + 1, NULL, NULL, 0);
	g_object_unref(bed);
	return status;
}
#else
int main(void)
{
	fputs("usbtmc: built without umockdev\n", stderr);
	return NO_UMOCKDEV;
}
#endif
