/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * FNIRSI's FNB58 as a HID device: reports of 64 bytes either way, of which the
 * simulator of tests/sim knows everything but the way there.
 */
#include "tests/rig/guest/usbip.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/sim/support/fnirsi_meter.h"

#define REPORT_BYTES 64
#define STEP_NS 1000000

static struct fnirsi_meter meter = { .master = -1 };
static int host_end;

/* A pair of sockets where the simulator has a terminal. */
static int plug(struct usb_play *p)
{
	int ends[2];

	if (meter.master >= 0) {
		close(meter.master);
		close(host_end);
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       0, ends) < 0 ||
	    fnirsi_set_model(&meter, "fnb58") < 0)
		return -1;
	meter.volts = p->volts;
	meter.rate = 100;
	meter.epoch_ns = p->epoch_ns;
	meter.started = meter.going = 0;
	meter.master = ends[0];
	host_end = ends[1];
	return 0;
}

static void obey(struct usb_play *p, const uint8_t *data, size_t len,
		 int64_t now_ns)
{
	/* As hidraw takes them: the number of the report before it. */
	uint8_t report[1 + REPORT_BYTES] = { 0 };

	if (len != REPORT_BYTES)
		return;
	memcpy(report + 1, data, len);
	if (send(host_end, report, sizeof(report), 0) == sizeof(report))
		p->due_ns = now_ns;
}

static size_t tell(struct usb_play *p, uint8_t data[64], int64_t now_ns)
{
	ssize_t n;

	meter.profile = p->profile;
	if (now_ns < p->due_ns || fnirsi_step(&meter) < 0)
		return 0;
	n = recv(host_end, data, REPORT_BYTES, 0);
	p->due_ns = now_ns + (n > 0 ? 0 : STEP_NS);
	return n > 0 ? (size_t)n : 0;
}

/* Of the maker's own use: 64 bytes in, 64 bytes out. */
static const uint8_t report_descriptor[] = {
	0x06, 0x00, 0xff, 0x09, 0x01, 0xa1, 0x01,	    /* a collection */
	0x15, 0x00, 0x26, 0xff, 0x00, 0x75, 0x08, 0x95, 64, /* 64 of 0 to 255 */
	0x09, 0x01, 0x81, 0x02,				    /* input */
	0x09, 0x01, 0x91, 0x02,				    /* output */
	0xc0,
};

static int control(struct usb_play *p, const uint8_t setup[8], uint8_t *data)
{
	enum { GET_DESCRIPTOR = 6, SET_IDLE = 0x0a, REPORT = 0x22 };

	(void)p;
	if (setup[0] == 0x21 && setup[1] == SET_IDLE)
		return 0;
	if (setup[0] != 0x81 || setup[1] != GET_DESCRIPTOR ||
	    setup[3] != REPORT)
		return USB_STALL;
	memcpy(data, report_descriptor, sizeof(report_descriptor));
	return sizeof(report_descriptor);
}

static const uint8_t device[] = {
	18, 1, 0, 2, 0, 0, 0, 64, USB_ID_BYTES(0x2e3c, 0x5558), 0, 1, 1, 2, 3, 1
};
static const uint8_t config[] = {
	9,  2,	  41,	0,
	1,  1,	  0,	0x80,
	50, /* one configuration, 100 mA */
	9,  4,	  0,	0,
	2,  3,	  0,	0,
	0, /* interface 0: HID */
	9,  0x21, 0x11, 1,
	0,  1,	  0x22, sizeof(report_descriptor),
	0,  7,	  5,	0x83,
	3,  64,	  0,	1, /* interrupt in, every millisecond */
	7,  5,	  0x03, 3,
	64, 0,	  1, /* interrupt out */
};

const struct usb_kind usb_fnb58 = {
	.name = "fnb58",
	.device = device,
	.config = config,
	.config_bytes = sizeof(config),
	.strings = { "FNIRSI", "FNB-58", "0001A0000000" },
	.plug = plug,
	.control = control,
	.out = obey,
	.in = tell,
};
