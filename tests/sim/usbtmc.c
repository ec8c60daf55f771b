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
#include <sys/wait.h>
#include <unistd.h>

#define NO_UMOCKDEV 77

#if __has_include(<umockdev.h>)
#include <linux/types.h>
#include <linux/usb/tmc.h>
#include <umockdev.h>

#include "base/clock.h"
#include "tests/sim/support/scpi_peer.h"

#define PRELOAD "libumockdev-preload.so.0"
#define NODE "/dev/usbtmc0"
#define LINE_BYTES 512
#define TIMEOUT_MS_MIN 100

static struct scpi_peer peer;
static char reply[LINE_BYTES];
static size_t reply_len, reply_at;
static int64_t reply_due_ns;
static uint32_t timeout_ms = 5000;

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "usbtmc: %s: %s\n", what, why);
	exit(2);
}

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
		fail(NODE, "a message is too long");
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
		fail(NODE, error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	g_signal_connect(handler, "handle-write", G_CALLBACK(on_write), NULL);
	g_signal_connect(handler, "handle-read", G_CALLBACK(on_read), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, NODE, handler, &error))
		fail(NODE, error->message);
}

/* The preload has to be there before main. */
static void preload(char **argv)
{
	const char *before = getenv("LD_PRELOAD"), *asan;
	gchar *text;

	if (before && strstr(before, PRELOAD))
		return;
	text = g_strconcat(PRELOAD, before ? ":" : "", before, NULL);
	setenv("LD_PRELOAD", text, 1);
	g_free(text);
	asan = getenv("ASAN_OPTIONS");
	text = g_strconcat(asan ? asan : "", asan ? ":" : "",
			   "verify_asan_link_order=0", NULL);
	setenv("ASAN_OPTIONS", text, 1);
	g_free(text);
	execv("/proc/self/exe", argv);
	fail("cannot start again", strerror(errno));
}

static int run(char **argv)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		fail(argv[0], strerror(errno));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	int i = 1, status;

	preload(argv);
	scpi_peer_init(&peer);
	for (; i + 1 < argc && strcmp(argv[i], "--") != 0; i += 2)
		if (scpi_peer_option(&peer, argv[i], argv[i + 1]) < 0)
			fail(argv[i], "see scpi_peer.h for the options");
	if (i + 1 >= argc)
		fail("usage", "usbtmc [OPTION VALUE...] -- COMMAND...");
	bed = umockdev_testbed_new();
	/* The testbed is empty; every machine has this. */
	if (access("/sys/kernel", F_OK) == 0) {
		fputs("usbtmc: umockdev cannot be preloaded\n", stderr);
		return NO_UMOCKDEV;
	}
	add_node(bed);
	if (scpi_peer_write_state(&peer, "node " NODE) < 0)
		fail("state", strerror(errno));
	status = run(argv + i + 1);
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
