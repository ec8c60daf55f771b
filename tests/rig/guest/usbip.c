/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * usbip KIND PORT FIFO EPOCH_FILE PROFILE [RATE]: plugs a USB device that only
 * this program plays into port 0 to 7 of the kernel's vhci_hcd, whose protocol
 * is USB/IP.  It draws the profile's power at 5.06 V and makes RATE new values
 * a second.  Lines that are written to FIFO: unplug, plug, mute, talk, or the
 * profile from now on.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/rig/guest/usbip.h"

#define ATTACH "/sys/devices/platform/vhci_hcd.0/attach"
#define FULL_SPEED 2
#define WAITING_MAX 32
#define DATA_BYTES_MAX 4096
/* The kernel needs a while to forget what was unplugged. */
#define PLUG_NS 20000000LL

/* Documentation/usb/usbip_protocol.rst: big endian. */
enum { SUBMIT = 1, UNLINK, SUBMITTED, UNLINKED };
struct packet {
	uint32_t command, seqnum, devid, in, ep;
	union {
		struct {
			uint32_t flags, bytes, frame, packets, interval;
			uint8_t setup[8];
		} submit;
		struct {
			int32_t status;
			uint32_t bytes;
		} submitted;
		uint32_t unlink_seqnum;
		int32_t unlinked_status;
		uint8_t room[28];
	};
};

static const struct usb_kind *const kinds[] = { &usb_km002c, &usb_km003c,
						&usb_fnb58 };

static struct {
	const struct usb_kind *kind;
	struct usb_play play;
	unsigned port;
	int sock, fifo;	 /* sock -1: unplugged */
	int64_t plug_ns; /* when to try again */
	struct {
		uint32_t seqnum, bytes;
	} waiting[WAITING_MAX]; /* for what the device has to tell */
	int waiting_count;
} usb = { .sock = -1, .plug_ns = USB_NEVER_NS };

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int fail(const char *what)
{
	fprintf(stderr, "usbip: %s: %s\n", what, strerror(errno));
	return 1;
}

static void unplug(void)
{
	if (usb.sock >= 0)
		close(usb.sock);
	usb.sock = -1;
	usb.waiting_count = 0;
	usb.play.due_ns = USB_NEVER_NS;
}

/* 0, or -1 while the port is not free yet. */
static int plug(void)
{
	char text[64];
	int ends[2], fd, n, r;

	if (usb.kind->plug && usb.kind->plug(&usb.play) < 0)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	n = snprintf(text, sizeof(text), "%u %d %u %d", usb.port, ends[1],
		     0x10000 + usb.port + 1, FULL_SPEED);
	fd = open(ATTACH, O_WRONLY | O_CLOEXEC);
	r = fd >= 0 && write(fd, text, (size_t)n) == n ? 0 : -1;
	if (fd >= 0)
		close(fd);
	close(ends[1]);
	if (r == 0)
		usb.sock = ends[0];
	else
		close(ends[0]);
	return r;
}

static int take(void *to, size_t bytes)
{
	return recv(usb.sock, to, bytes, MSG_WAITALL) == (ssize_t)bytes ? 0
									: -1;
}

static void send_all(const void *head, const void *data, size_t bytes)
{
	if (send(usb.sock, head, sizeof(struct packet), MSG_NOSIGNAL) < 0 ||
	    (bytes > 0 && send(usb.sock, data, bytes, MSG_NOSIGNAL) < 0))
		unplug();
}

static void answer(uint32_t seqnum, int32_t status, const void *data,
		   uint32_t bytes)
{
	struct packet p = { .command = htobe32(SUBMITTED),
			    .seqnum = htobe32(seqnum) };

	p.submitted.status = (int32_t)htobe32((uint32_t)status);
	p.submitted.bytes = htobe32(bytes);
	send_all(&p, data, data ? bytes : 0);
}

static int descriptor(const uint8_t setup[8], uint8_t *data)
{
	const struct usb_kind *kind = usb.kind;
	const char *text;

	switch (setup[3]) {
	case 1:
		memcpy(data, kind->device, kind->device[0]);
		return kind->device[0];
	case 2:
		memcpy(data, kind->config, kind->config_bytes);
		return kind->config_bytes;
	case 3:
		if (setup[2] > 3)
			return USB_STALL;
		/* 0x0409: in American English */
		text = setup[2] ? kind->strings[setup[2] - 1] : "\t";
		data[0] = (uint8_t)(2 + 2 * strlen(text));
		data[1] = 3;
		for (int i = 0; text[i]; i++) {
			data[2 + 2 * i] = (uint8_t)text[i];
			data[3 + 2 * i] = setup[2] ? 0 : 4;
		}
		return data[0];
	}
	return USB_STALL;
}

/* Chapter 9 of the USB specification, as far as Linux asks. */
static int standard(const uint8_t setup[8], uint8_t *data)
{
	enum { GET_STATUS, CLEAR_FEATURE, GET_DESCRIPTOR = 6, SET_CONFIG = 9 };
	enum { SET_INTERFACE = 11 };

	switch (setup[1]) {
	case GET_STATUS:
		memset(data, 0, 2);
		return 2;
	case GET_DESCRIPTOR:
		return setup[0] == 0x80
			       ? descriptor(setup, data)
			       : usb.kind->control(&usb.play, setup, data);
	case CLEAR_FEATURE:
	case SET_CONFIG:
	case SET_INTERFACE:
		return 0;
	}
	return USB_STALL;
}

static void control(const struct packet *p, uint32_t bytes)
{
	uint8_t data[DATA_BYTES_MAX];
	const uint8_t *setup = p->submit.setup;
	int n = (setup[0] & 0x60) == 0
			? standard(setup, data)
			: usb.kind->control(&usb.play, setup, data);

	if (n == USB_STALL)
		answer(be32toh(p->seqnum), -EPIPE, NULL, 0);
	else if (p->in)
		answer(be32toh(p->seqnum), 0, data,
		       (uint32_t)n < bytes ? (uint32_t)n : bytes);
	else
		answer(be32toh(p->seqnum), 0, NULL, bytes);
}

static void unlink_one(const struct packet *p)
{
	struct packet reply = { .command = htobe32(UNLINKED),
				.seqnum = p->seqnum };
	uint32_t seqnum = be32toh(p->unlink_seqnum);

	for (int i = 0; i < usb.waiting_count; i++) {
		if (usb.waiting[i].seqnum != seqnum)
			continue;
		usb.waiting_count--;
		memmove(&usb.waiting[i], &usb.waiting[i + 1],
			(size_t)(usb.waiting_count - i) *
				sizeof(usb.waiting[0]));
		reply.unlinked_status = (int32_t)htobe32((uint32_t)-ECONNRESET);
		break;
	}
	send_all(&reply, NULL, 0);
}

static int submitted(const struct packet *p)
{
	uint32_t bytes = be32toh(p->submit.bytes);
	uint8_t data[DATA_BYTES_MAX];

	if (bytes > sizeof(data) || usb.waiting_count == WAITING_MAX ||
	    (!p->in && bytes > 0 && take(data, bytes) < 0))
		return -1;
	if (p->ep == 0) {
		control(p, bytes);
	} else if (p->in) {
		usb.waiting[usb.waiting_count].seqnum = be32toh(p->seqnum);
		usb.waiting[usb.waiting_count++].bytes = bytes;
	} else {
		if (!usb.play.muted)
			usb.kind->out(&usb.play, data, bytes, now_ns());
		answer(be32toh(p->seqnum), 0, NULL, bytes);
	}
	return 0;
}

static void tell(void)
{
	uint8_t data[64];
	uint32_t seqnum, bytes, n;

	while (usb.waiting_count > 0 && !usb.play.muted) {
		n = (uint32_t)usb.kind->in(&usb.play, data, now_ns());
		if (n == 0)
			return;
		seqnum = usb.waiting[0].seqnum;
		bytes = usb.waiting[0].bytes;
		usb.waiting_count--;
		memmove(&usb.waiting[0], &usb.waiting[1],
			(size_t)usb.waiting_count * sizeof(usb.waiting[0]));
		answer(seqnum, 0, data, n < bytes ? n : bytes);
	}
}

static void heard(void)
{
	struct packet p;
	int r = take(&p, sizeof(p));

	if (r == 0 && be32toh(p.command) == SUBMIT)
		r = submitted(&p);
	else if (r == 0 && be32toh(p.command) == UNLINK)
		unlink_one(&p);
	else
		r = -1;
	if (r < 0)
		unplug();
}

static void obey(void)
{
	char text[64];
	ssize_t n = read(usb.fifo, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	for (char *s = text, *word; (word = strsep(&s, "\n"));) {
		if (strcmp(word, "unplug") == 0)
			unplug();
		else if (strcmp(word, "plug") == 0)
			usb.plug_ns = now_ns();
		else if (strcmp(word, "mute") == 0)
			usb.play.muted = 1;
		else if (strcmp(word, "talk") == 0)
			usb.play.muted = 0;
		else if (*word)
			(void)profile_parse(word, &usb.play.profile);
	}
}

static void wait_for_more(void)
{
	struct pollfd fds[] = { { .fd = usb.fifo, .events = POLLIN },
				{ .fd = usb.sock, .events = POLLIN } };
	int64_t due_ns = usb.plug_ns, ns;
	struct timespec t;

	if (usb.waiting_count > 0 && !usb.play.muted &&
	    usb.play.due_ns < due_ns)
		due_ns = usb.play.due_ns;
	ns = due_ns - now_ns();
	if (ns < 0)
		ns = 0;
	t.tv_sec = ns / 1000000000LL;
	t.tv_nsec = ns % 1000000000LL;
	(void)ppoll(fds, 2, due_ns == USB_NEVER_NS ? NULL : &t, NULL);
	if (fds[0].revents)
		obey();
	else if (fds[1].revents)
		heard();
	if (now_ns() >= usb.plug_ns)
		usb.plug_ns = plug() == 0 ? USB_NEVER_NS : now_ns() + PLUG_NS;
}

static int begin(char **argv)
{
	/* A device does not wait for a processor. */
	struct sched_param urgent = { .sched_priority = 1 };
	FILE *f;

	if (sched_setscheduler(0, SCHED_FIFO, &urgent) < 0)
		return fail("sched_setscheduler");
	if (mkfifo(argv[3], 0600) < 0)
		return fail(argv[3]);
	usb.fifo = open(argv[3], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (usb.fifo < 0)
		return fail(argv[3]);
	usb.play.epoch_ns = now_ns();
	f = fopen(argv[4], "we");
	if (!f || fprintf(f, "%lld\n", (long long)usb.play.epoch_ns) < 0 ||
	    fclose(f) != 0)
		return fail(argv[4]);
	return plug() == 0 ? 0 : fail(ATTACH);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 5 && i < sizeof(kinds) / sizeof(*kinds); i++)
		if (strcmp(argv[1], kinds[i]->name) == 0)
			usb.kind = kinds[i];
	if (!usb.kind || profile_parse(argv[5], &usb.play.profile) != 0) {
		fputs("usage: usbip KIND PORT FIFO EPOCH_FILE PROFILE [RATE]\n",
		      stderr);
		return 2;
	}
	usb.port = (unsigned)strtoul(argv[2], NULL, 10);
	usb.play.volts = 5.06;
	usb.play.rate = argc > 6 ? strtod(argv[6], NULL) : 1000;
	usb.play.due_ns = USB_NEVER_NS;
	if (begin(argv) != 0)
		return 1;
	for (;;) {
		wait_for_more();
		tell();
	}
}
