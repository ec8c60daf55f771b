/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The node is opened here and given to libusb, which so neither searches the
 * machine for devices nor listens for new ones.
 */
#include "drivers/usb.h"

#include <errno.h>

#if EP_WITH_LIBUSB
#include <fcntl.h>
#include <libusb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

struct ep_usb {
	libusb_context *context;
	libusb_device_handle *handle;
	uint8_t number;
	bool claimed;
	int fd;
};

static int error_of(int r)
{
	switch ((enum libusb_error)r) {
	case LIBUSB_SUCCESS:
		return 0;
	case LIBUSB_ERROR_TIMEOUT:
		return -ETIMEDOUT;
	case LIBUSB_ERROR_NO_DEVICE:
		return -ENODEV;
	case LIBUSB_ERROR_PIPE:
		return -EPIPE;
	case LIBUSB_ERROR_BUSY:
		return -EBUSY;
	case LIBUSB_ERROR_ACCESS:
		return -EACCES;
	case LIBUSB_ERROR_NO_MEM:
		return -ENOMEM;
	case LIBUSB_ERROR_IO:
	case LIBUSB_ERROR_INVALID_PARAM:
	case LIBUSB_ERROR_NOT_FOUND:
	case LIBUSB_ERROR_OVERFLOW:
	case LIBUSB_ERROR_INTERRUPTED:
	case LIBUSB_ERROR_NOT_SUPPORTED:
	case LIBUSB_ERROR_OTHER:
		break;
	}
	return -EIO;
}

static int explain(const struct ep_usb_interface *i, int error,
		   struct ep_err *err)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return ep_err_set(err, error,
				  "%s, USB device %04x:%04x: permission "
				  "denied; let sudo edgeprof setup give it to "
				  "a group, then plug it in again",
				  i->node, i->vendor, i->product);
	case -EBUSY:
		return ep_err_set(err, error,
				  "%s, USB device %04x:%04x, is in use; end "
				  "the other program (fuser -v %s names it)",
				  i->node, i->vendor, i->product, i->node);
	case -ENOENT:
	case -ENODEV:
		return ep_err_set(err, -ENODEV,
				  "%s, USB device %04x:%04x, is gone; plug it "
				  "in again",
				  i->node, i->vendor, i->product);
	default:
		return ep_err_set(err, error,
				  "%s, USB device %04x:%04x, cannot be used "
				  "(%s); plug it in again",
				  i->node, i->vendor, i->product,
				  strerror(-error));
	}
}

static int set_up(struct ep_usb *usb)
{
	int r;

#if LIBUSB_API_VERSION >= 0x01000108
	libusb_set_option(NULL, LIBUSB_OPTION_NO_DEVICE_DISCOVERY);
#endif
	r = libusb_init(&usb->context);
	if (r == 0)
		r = libusb_wrap_sys_device(usb->context, usb->fd, &usb->handle);
	if (r == 0)
		r = libusb_claim_interface(usb->handle, usb->number);
	usb->claimed = r == 0;
	return error_of(r);
}

int ep_usb_open(struct ep_usb **ret, const struct ep_root *root,
		const struct ep_usb_interface *interface, struct ep_err *err)
{
	const char *driver = interface->driver;
	struct ep_usb *usb;
	int r;

	if (driver[0] && strcmp(driver, "usbfs") != 0)
		return ep_err_set(err, -EBUSY,
				  "the kernel's driver %s holds %s, USB device "
				  "%04x:%04x; sudo modprobe -r %s makes it let "
				  "go",
				  driver, interface->name, interface->vendor,
				  interface->product, driver);
	usb = calloc(1, sizeof(*usb));
	if (!usb)
		return ep_err_set(err, -ENOMEM, "out of memory");
	usb->number = interface->number;
	r = usb->fd = ep_root_openat(root, interface->node, O_RDWR);
	if (r >= 0)
		r = set_up(usb);
	if (r < 0) {
		ep_usb_close(usb);
		return explain(interface, r, err);
	}
	*ret = usb;
	return 0;
}

void ep_usb_close(struct ep_usb *usb)
{
	if (!usb)
		return;
	if (usb->claimed)
		(void)libusb_release_interface(usb->handle, usb->number);
	if (usb->handle)
		libusb_close(usb->handle);
	if (usb->context)
		libusb_exit(usb->context);
	if (usb->fd >= 0)
		close(usb->fd);
	free(usb);
}

static int transfer(struct ep_usb *usb, uint8_t endpoint, void *data,
		    size_t len, int64_t deadline_ns)
{
	int64_t left_ns = deadline_ns - ep_clock_monotonic_ns();
	int64_t left_ms = (left_ns + EP_NS_PER_MS - 1) / EP_NS_PER_MS;
	int count = 0, r;

	if (len > INT32_MAX || left_ms > INT32_MAX)
		return -EINVAL;
	if (left_ms <= 0)
		return -ETIMEDOUT;
	r = libusb_bulk_transfer(usb->handle, endpoint, data, (int)len, &count,
				 (unsigned)left_ms);
	if (r == LIBUSB_ERROR_PIPE)
		(void)libusb_clear_halt(usb->handle, endpoint);
	/* What came in before the time was up is all the same there. */
	return r == 0 || (r == LIBUSB_ERROR_TIMEOUT && count > 0) ? count
								  : error_of(r);
}

int ep_usb_out(struct ep_usb *usb, uint8_t endpoint, const void *data,
	       size_t len, int64_t deadline_ns)
{
	uint8_t bytes[64];
	int r;

	if (len > sizeof(bytes) || endpoint & LIBUSB_ENDPOINT_IN)
		return -EINVAL;
	memcpy(bytes, data, len);
	r = transfer(usb, endpoint, bytes, len, deadline_ns);
	return r < 0 ? r : (size_t)r == len ? 0 : -EIO;
}

int ep_usb_in(struct ep_usb *usb, uint8_t endpoint, void *ret, size_t size,
	      int64_t deadline_ns)
{
	if (!(endpoint & LIBUSB_ENDPOINT_IN))
		return -EINVAL;
	return transfer(usb, endpoint, ret, size, deadline_ns);
}
#else
int ep_usb_open(struct ep_usb **ret, const struct ep_root *root,
		const struct ep_usb_interface *interface, struct ep_err *err)
{
	(void)ret;
	(void)root;
	return ep_err_set(err, -ENOSYS,
			  "%s is USB device %04x:%04x, but this edgeprof was "
			  "built without libusb: make WITH_LIBUSB=1",
			  interface->node, interface->vendor,
			  interface->product);
}

void ep_usb_close(struct ep_usb *usb)
{
	(void)usb;
}

int ep_usb_out(struct ep_usb *usb, uint8_t endpoint, const void *data,
	       size_t len, int64_t deadline_ns)
{
	(void)usb;
	(void)endpoint;
	(void)data;
	(void)len;
	(void)deadline_ns;
	return -ENODEV;
}

int ep_usb_in(struct ep_usb *usb, uint8_t endpoint, void *ret, size_t size,
	      int64_t deadline_ns)
{
	(void)usb;
	(void)endpoint;
	(void)ret;
	(void)size;
	(void)deadline_ns;
	return -ENODEV;
}
#endif
