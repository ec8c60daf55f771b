/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A POWER-Z without the kernel's driver: four bytes ask for what it has now and
 * are answered within a millisecond, volts and amperes of one instant.  They
 * are those that the driver sends, but for a number that the answer repeats, so
 * that a late answer is not taken for that of the next question.
 */
#include "sensors/powerz_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "sensors/files.h"

#define VENDOR 0x5fc9
#define INTERFACE 0
#define ENDPOINT_OUT 0x01
#define ENDPOINT_IN 0x81
#define PACKET_BYTES 64
#define GET_DATA 0x0c
#define ADC_BITS (1 << 1)
/* For question and answer. */
#define WAIT_NS (50 * EP_NS_PER_MS)
/* For what nobody waits for to show up, and where nothing but the time tells
 * it from the next answer. */
#define DRAIN_NS (2 * EP_NS_PER_MS)
#define DRAIN_LONG_NS (100 * EP_NS_PER_MS)
#define DRAIN_MAX 8
/* A meter that was unplugged is looked for this often. */
#define RETRY_NS (500 * EP_NS_PER_MS)

int ep_powerz_usb_list(const struct ep_root *root, const char *glob,
		       uint16_t product, struct ep_usb_interface *ret)
{
	int n = ep_usb_list(root, VENDOR, INTERFACE, ret, EP_POWERZ_METERS_MAX);
	int kept = 0;

	for (int i = 0; i < n; i++)
		if ((ret[i].product == EP_POWERZ_KM002C ||
		     ret[i].product == EP_POWERZ_KM003C) &&
		    (product == 0 || ret[i].product == product) &&
		    ep_str_glob(glob, ret[i].name))
			ret[kept++] = ret[i];
	return n < 0 ? n : kept;
}

/* What was asked for by nobody, or by one who gave up. */
static int drain(struct ep_powerz_usb *p)
{
	int64_t quiet_ns = p->numbered ? DRAIN_NS : DRAIN_LONG_NS;
	uint8_t bytes[PACKET_BYTES];
	int r = 0;

	for (int i = 0; i < DRAIN_MAX && r >= 0; i++)
		r = ep_usb_in(p->usb, ENDPOINT_IN, bytes, sizeof(bytes),
			      p->env->now_ns() + quiet_ns);
	p->stale = r != -ETIMEDOUT;
	return r == -ETIMEDOUT ? 0 : r < 0 ? r : -EBADMSG;
}

/* Question and answer; its length, or -errno. */
static int exchange(struct ep_powerz_usb *p, uint8_t bytes[PACKET_BYTES])
{
	int64_t deadline_ns;
	const uint8_t ask[] = { GET_DATA, ++p->number, ADC_BITS, 0 };
	int r = p->stale ? drain(p) : 0;

	p->asked_ns = p->env->now_ns();
	deadline_ns = p->asked_ns + WAIT_NS;
	if (r == 0)
		r = ep_usb_out(p->usb, ENDPOINT_OUT, ask, sizeof(ask),
			       deadline_ns);
	if (r < 0) {
		p->stale = true;
		return r;
	}
	do
		r = ep_usb_in(p->usb, ENDPOINT_IN, bytes, PACKET_BYTES,
			      deadline_ns);
	while (r >= 2 && p->numbered && bytes[1] != p->number);
	p->stale = r < 0;
	return r;
}

/* What decode emitted, until it is known to be whole. */
struct taken {
	struct ep_sample samples[EP_POWERZ_WIRE_COUNT];
	size_t count;
};

static void take(void *ctx, const struct ep_sample *s)
{
	struct taken *t = ctx;

	if (t->count < EP_POWERZ_WIRE_COUNT)
		t->samples[t->count++] = *s;
}

static int decode(const uint8_t *bytes, int len, struct taken *ret)
{
	const struct ep_sink sink = { take, ret };
	int r = len < 0 ? len : ep_powerz_decode(bytes, (size_t)len, 0, &sink);

	/* An answer comes whole, and alone. */
	if (len >= 0 && (r != len || ret->count != EP_POWERZ_WIRE_COUNT))
		r = -EBADMSG;
	return r < 0 ? r : 0;
}

static int first_answer(struct ep_powerz_usb *p, struct ep_err *err)
{
	uint8_t bytes[PACKET_BYTES] = { 0 };
	struct taken taken = { .count = 0 };
	int len = exchange(p, bytes), r = decode(bytes, len, &taken);

	if (r == 0) {
		p->numbered = bytes[1] == p->number;
		if (!(taken.samples[EP_POWERZ_AMPS].flags & EP_SAMPLE_ERROR))
			p->first_ua = taken.samples[EP_POWERZ_AMPS].value;
		return 0;
	}
	if (r != -EBADMSG)
		return ep_err_set(err, r == -ENODEV ? r : -EIO,
				  "the POWER-Z at %s gives no values (%s); "
				  "plug its data cable in again, end other "
				  "programs that use it",
				  p->at.name, strerror(-r));
	return ep_err_set(err, r,
			  "what the POWER-Z at %s answers is not understood: "
			  "%d bytes, %02x %02x %02x %02x %02x %02x %02x %02x",
			  p->at.name, len < 0 ? 0 : len, bytes[0], bytes[1],
			  bytes[2], bytes[3], bytes[4], bytes[5], bytes[6],
			  bytes[7]);
}

static int connect_it(struct ep_powerz_usb *p, struct ep_err *err)
{
	int r = ep_usb_open(&p->usb, &p->env->root, &p->at, err);

	p->stale = true;
	p->numbered = false;
	if (r == 0)
		r = first_answer(p, err);
	if (r < 0) {
		ep_usb_close(p->usb);
		p->usb = NULL;
	}
	return r;
}

static int find(struct ep_powerz_usb *p, const struct ep_powerz_wish *wish,
		struct ep_err *err)
{
	struct ep_usb_interface found[EP_POWERZ_METERS_MAX];
	const char *names[EP_POWERZ_METERS_MAX];
	int n = ep_powerz_usb_list(&p->env->root, wish->device, wish->product,
				   found);

	if (n < 0)
		return ep_err_set(err, n, "USB devices cannot be listed: %s",
				  strerror(-n));
	for (int i = 0; i < n; i++)
		names[i] = found[i].name;
	if (n == 0)
		return ep_err_set(err, -ENODEV,
				  "no such POWER-Z is here (USB 5fc9:0061 is a "
				  "KM002C, 5fc9:0063 a KM003C): plug its data "
				  "socket into this machine");
	if (n > 1)
		return ep_powerz_several(names, n, err);
	p->at = found[0];
	return 0;
}

static void describe(struct ep_powerz_usb *p, const struct ep_powerz_wish *wish)
{
	memcpy(p->channels, ep_powerz_wire_channels,
	       sizeof(ep_powerz_wire_channels));
	p->channels[EP_POWERZ_POWER] = (struct ep_channel){
		.name = "power",
		.quantity = EP_POWER_UW,
		.role = EP_ROLE_TOTAL,
		.flags = EP_CHANNEL_PRODUCT,
		.volts_index = EP_POWERZ_VOLTS,
		.amps_index = EP_POWERZ_AMPS,
		.gain_ppm = wish->gain_ppm,
	};
	for (int i = 0; i < EP_POWERZ_USB_COUNT; i++) {
		p->channels[i].refresh_ns = wish->refresh_ns;
		/* The mean of one refresh, up to one refresh old. */
		p->channels[i].window_ns = 2 * wish->refresh_ns;
	}
}

int ep_powerz_usb_open(struct ep_powerz_usb **ret, const struct ep_env *env,
		       const struct ep_powerz_wish *wish, struct ep_err *err)
{
	struct ep_powerz_usb *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return ep_err_set(err, -ENOMEM, "out of memory");
	p->env = env;
	p->reverse = wish->reverse;
	r = find(p, wish, err);
	if (r == 0)
		r = connect_it(p, err);
	if (r < 0) {
		ep_powerz_usb_close(p);
		return r;
	}
	if (p->reverse)
		p->first_ua = -p->first_ua;
	describe(p, wish);
	*ret = p;
	return 0;
}

void ep_powerz_usb_close(struct ep_powerz_usb *p)
{
	if (!p)
		return;
	ep_usb_close(p->usb);
	free(p);
}

/* At the same USB port it is the same meter, under whatever number. */
static void look_again(struct ep_powerz_usb *p)
{
	struct ep_usb_interface found[EP_POWERZ_METERS_MAX];
	int64_t now_ns = p->env->now_ns();

	if (now_ns < p->retry_ns)
		return;
	p->retry_ns = now_ns + RETRY_NS;
	if (ep_powerz_usb_list(&p->env->root, p->at.name, p->at.product,
			       found) != 1)
		return;
	p->at = found[0];
	(void)connect_it(p, NULL);
}

static void emit_all(struct ep_powerz_usb *p, struct taken *taken, int error,
		     const struct ep_sample *stamp, const struct ep_sink *sink)
{
	for (unsigned i = 0; i < EP_POWERZ_WIRE_COUNT; i++) {
		struct ep_sample s = taken->samples[i];

		if (error != 0)
			s = (struct ep_sample){ .flags = EP_SAMPLE_ERROR };
		s.channel = (uint16_t)i;
		s.t_ns = stamp->t_ns;
		s.span_ns = stamp->span_ns;
		if (i == EP_POWERZ_AMPS && p->reverse)
			s.value = -s.value;
		if (p->lost[i] && !(s.flags & EP_SAMPLE_ERROR))
			s.flags |= EP_SAMPLE_GAP;
		p->lost[i] = (s.flags & EP_SAMPLE_ERROR) != 0;
		sink->emit(sink->ctx, &s);
	}
}

void ep_powerz_usb_note(const struct ep_powerz_usb *p,
			struct ep_sensor_notes *notes)
{
	ep_sensor_note(notes,
		       "the POWER-Z at %s is asked over USB, without the "
		       "kernel's driver; volts and amperes are of one instant",
		       p->at.name);
	if (!p->numbered)
		ep_sensor_note(notes, "its answers do not tell which question "
				      "they are for");
}

int ep_powerz_usb_poll(struct ep_powerz_usb *p, const struct ep_sink *sink)
{
	uint8_t bytes[PACKET_BYTES] = { 0 };
	struct taken taken = { .count = 0 };
	struct ep_sample stamp = { 0 };
	int r;

	p->asked_ns = p->env->now_ns();
	r = p->usb ? exchange(p, bytes) : -ENODEV;
	ep_sample_stamp(&stamp, p->asked_ns, p->env->now_ns());
	r = decode(bytes, r, &taken);
	emit_all(p, &taken, r, &stamp, sink);
	if (r == -ENODEV) {
		ep_usb_close(p->usb);
		p->usb = NULL;
		look_again(p);
	}
	return r < 0 ? r : EP_POWERZ_WIRE_COUNT;
}
