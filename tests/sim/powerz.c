/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * powerz [OPTION...] -- COMMAND...: runs a command on a machine with a KM003C on
 * USB at port 1-1, without the kernel's driver for it, through umockdev: usbfs
 * as libusb uses it, and the meter's answers.
 *
 *   --profile TEXT     power (support/profile.h); "constant 5"
 *   --epoch-file FILE  where its time 0 (the simulator's start) is written
 *   --volts V          5.06
 *   --reversed         current flows the other way
 *   --unnumbered       answers do not repeat the number of their question
 *   --second           another one, at port 2-1, that is never asked
 *   --driver NAME      holds its interface
 *   --busy             another program holds it
 *   --count FILE       "questions transfers", at the end
 *   --fault KIND:FROM_S:FOR_S   silence short garbage late (60 ms) stall
 *                      gone; since it was first asked
 *
 * 77: umockdev is not there.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NO_UMOCKDEV 77

#if __has_include(<umockdev.h>)
#include <linux/types.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>
#include <umockdev.h>

#include "tests/sim/support/powerz_meter.h"

#define PRELOAD "libumockdev-preload.so.0"
#define NODE "/dev/bus/usb/001/004"
#define URBS_MAX 8

static struct powerz_meter m;
/* Transfers under way, in order. */
static struct urb {
	UMockdevIoctlData *data, *buffer;
	int discarded;
} urbs[URBS_MAX];
static int urb_count;

static void fail(const char *what, const char *why)
{
	fprintf(stderr, "powerz: %s: %s\n", what, why);
	exit(2);
}

static void update(UMockdevIoctlData *data, size_t offset, void *bytes,
		   size_t len)
{
	umockdev_ioctl_data_update(data, offset, bytes, (gint)len);
}

/* Whether it has ended; then its status and length are set. */
static int finish(struct urb *u)
{
	struct usbdevfs_urb urb;
	int i = -1;

	memcpy(&urb, u->data->data, sizeof(urb));
	urb.status = 0;
	urb.actual_length = 0;
	if (u->discarded) {
		urb.status = -ENOENT;
	} else if (powerz_has(&m, POWERZ_GONE)) {
		urb.status = -ENODEV;
	} else if (powerz_has(&m, POWERZ_STALL)) {
		urb.status = -EPIPE;
	} else if (!(urb.endpoint & 0x80)) {
		if (powerz_ask(&m, u->buffer->data, urb.buffer_length) < 0)
			fail(NODE, "a question that no POWER-Z knows");
		urb.actual_length = urb.buffer_length;
	} else {
		i = powerz_next(&m);
		if (i < 0)
			return 0;
		m.due_ns[i] = 0;
		urb.actual_length =
			powerz_has(&m, POWERZ_SHORT) ? 20 : POWERZ_ANSWER_BYTES;
		update(u->buffer, 0, m.answers[i], (size_t)urb.actual_length);
	}
	update(u->data, offsetof(struct usbdevfs_urb, status), &urb.status,
	       sizeof(urb.status));
	update(u->data, offsetof(struct usbdevfs_urb, actual_length),
	       &urb.actual_length, sizeof(urb.actual_length));
	return 1;
}

static int submit(UMockdevIoctlData *arg)
{
	struct usbdevfs_urb urb;
	struct urb *u = &urbs[urb_count];

	if (powerz_has(&m, POWERZ_GONE))
		return ENODEV;
	u->data = umockdev_ioctl_data_resolve(arg, 0, sizeof(urb), NULL);
	if (!u->data || urb_count == URBS_MAX)
		return EFAULT;
	memcpy(&urb, u->data->data, sizeof(urb));
	u->buffer = umockdev_ioctl_data_resolve(
		u->data, offsetof(struct usbdevfs_urb, buffer),
		(gsize)urb.buffer_length, NULL);
	u->discarded = 0;
	if (urb.type != USBDEVFS_URB_TYPE_BULK ||
	    (urb.endpoint != 0x01 && urb.endpoint != 0x81) || !u->buffer)
		return EINVAL;
	urb_count++;
	m.transfers++;
	return 0;
}

static int reap(UMockdevIoctlData *arg)
{
	UMockdevIoctlData *at =
		umockdev_ioctl_data_resolve(arg, 0, sizeof(void *), NULL);

	for (int i = 0; at && i < urb_count; i++) {
		if (!finish(&urbs[i]))
			continue;
		umockdev_ioctl_data_set_ptr(at, 0, urbs[i].data);
		umockdev_ioctl_data_unref(at);
		memmove(&urbs[i], &urbs[i + 1],
			(size_t)(urb_count - i - 1) * sizeof(urbs[0]));
		urb_count--;
		return 0;
	}
	return powerz_has(&m, POWERZ_GONE) ? ENODEV : EAGAIN;
}

static int discard(UMockdevIoctlClient *client)
{
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);
	gulong address;

	memcpy(&address, arg->data, sizeof(address));
	for (int i = 0; i < urb_count; i++)
		if (urbs[i].data->client_addr == address) {
			urbs[i].discarded = 1;
			return 0;
		}
	return EINVAL;
}

static int tell(UMockdevIoctlData *arg, void *bytes, size_t len)
{
	UMockdevIoctlData *data =
		umockdev_ioctl_data_resolve(arg, 0, len, NULL);

	if (!data)
		return EFAULT;
	update(data, 0, bytes, len);
	umockdev_ioctl_data_unref(data);
	return 0;
}

static int handle(UMockdevIoctlClient *client)
{
	struct usbdevfs_connectinfo where = { 4, 0 };
	uint32_t can = USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
		       USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
	UMockdevIoctlData *arg = umockdev_ioctl_client_get_arg(client);

	switch (umockdev_ioctl_client_get_request(client)) {
	case USBDEVFS_CONNECTINFO:
		return tell(arg, &where, sizeof(where));
	case USBDEVFS_GET_CAPABILITIES:
		return tell(arg, &can, sizeof(can));
	case USBDEVFS_CLAIMINTERFACE:
		return m.busy			     ? EBUSY
		       : powerz_has(&m, POWERZ_GONE) ? ENODEV
						     : 0;
	case USBDEVFS_RELEASEINTERFACE:
	case USBDEVFS_CLEAR_HALT:
		return powerz_has(&m, POWERZ_GONE) ? ENODEV : 0;
	case USBDEVFS_SUBMITURB:
		return submit(arg);
	case USBDEVFS_REAPURBNDELAY:
		return reap(arg);
	case USBDEVFS_DISCARDURB:
		return discard(client);
	default:
		return ENOTTY;
	}
}

static gboolean on_ioctl(UMockdevIoctlBase *handler,
			 UMockdevIoctlClient *client, gpointer ctx)
{
	static GMutex lock;
	int error;

	(void)handler;
	(void)ctx;
	g_mutex_lock(&lock);
	error = handle(client);
	g_mutex_unlock(&lock);
	umockdev_ioctl_client_complete(client, error ? -1 : 0, error);
	return TRUE;
}

/* Configuration 1, interface 0 of the maker's own with a bulk pair. */
#define DESCRIPTORS                                    \
	"1201000200000040C95F630000010102030109022000" \
	"010100803209040000020000000007050102400000"   \
	"07058102400000"

static void add_one(UMockdevTestbed *bed, const char *port, int device)
{
	UMockdevIoctlBase *handler = umockdev_ioctl_base_new();
	gchar *text = g_strdup_printf(
		"P: /devices/pci/usb1/%s\nN: bus/usb/001/%03d=" DESCRIPTORS
		"\nE: DEVTYPE=usb_device\nE: SUBSYSTEM=usb\n"
		"E: DEVNAME=/dev/bus/usb/001/%03d\nA: busnum=1\n"
		"A: devnum=%d\nA: idVendor=5fc9\nA: idProduct=0063\n"
		"A: bConfigurationValue=1\nA: serial=3001\n\n"
		"P: /devices/pci/usb1/%s/%s:1.0\nE: SUBSYSTEM=usb\n"
		"E: DEVTYPE=usb_interface\nA: bInterfaceNumber=00\n%s%s%s\n",
		port, device, device, device, port, port,
		m.driver ? "L: driver=../../../../bus/usb/drivers/" : "",
		m.driver ? m.driver : "", m.driver ? "\n" : "");
	gchar *node = g_strdup_printf("/dev/bus/usb/001/%03d", device);
	GError *error = NULL;

	if (!umockdev_testbed_add_from_string(bed, text, &error))
		fail(port, error->message);
	g_signal_connect(handler, "handle-ioctl", G_CALLBACK(on_ioctl), NULL);
	if (!umockdev_testbed_attach_ioctl(bed, node, handler, &error))
		fail(node, error->message);
	g_free(node);
	g_free(text);
}

/* It is unplugged, and back. */
static void show(const char *root, int gone)
{
	static const char *const parts[] = { "dev/bus/usb/001/004",
					     "sys/bus/usb/devices/1-1" };
	static int is_gone;

	for (size_t i = 0; gone != is_gone && i < 2; i++) {
		gchar *at = g_strdup_printf("%s/%s", root, parts[i]);
		gchar *away = g_strdup_printf("%s/gone-%zu", root, i);

		(void)(gone ? rename(at, away) : rename(away, at));
		g_free(at);
		g_free(away);
	}
	is_gone = gone;
}

static int run(const char *root, char **command)
{
	const struct timespec step = { 0, 2000000 };
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		execvp(command[0], command);
		fail(command[0], strerror(errno));
	}
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		show(root, powerz_has(&m, POWERZ_GONE));
		nanosleep(&step, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void write_file(const char *path, const char *text)
{
	FILE *f = path ? fopen(path, "we") : NULL;

	if (f)
		fputs(text, f);
	if (path && (!f || fclose(f) != 0))
		fail(path, strerror(errno));
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

int main(int argc, char **argv)
{
	UMockdevTestbed *bed;
	char text[64];
	gchar *root;
	int at, status;

	preload(argv);
	at = powerz_parse(&m, argc, argv);
	if (at == 0) {
		fputs("usage: powerz [OPTION...] -- COMMAND...\n", stderr);
		return 2;
	}
	bed = umockdev_testbed_new();
	if (access("/sys/kernel", F_OK) == 0) {
		fputs("powerz: umockdev cannot be preloaded\n", stderr);
		return NO_UMOCKDEV;
	}
	root = umockdev_testbed_get_root_dir(bed);
	m.epoch_ns = powerz_now_ns();
	(void)snprintf(text, sizeof(text), "%lld\n", m.epoch_ns);
	write_file(m.epoch_file, text);
	add_one(bed, "1-1", 4);
	if (m.second)
		add_one(bed, "2-1", 5);
	status = run(root, argv + at);
	(void)snprintf(text, sizeof(text), "%lu %lu\n", m.questions,
		       m.transfers);
	write_file(m.count_file, text);
	g_free(root);
	g_object_unref(bed);
	return status;
}
#else
int main(void)
{
	fputs("powerz: built without umockdev\n", stderr);
	return NO_UMOCKDEV;
}
#endif
