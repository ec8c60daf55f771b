/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/usbtmc.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <linux/usb/tmc.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"

/* The driver takes no shorter one. */
#define TIMEOUT_MS_MIN 100
#define END_OF_MESSAGE 1

static int explain(const char *path, int error, struct ep_err *err)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return ep_err_set(err, error,
				  "%s: permission denied; let your group open "
				  "it by a udev rule for SUBSYSTEM "
				  "\"usbmisc\", or run as root",
				  path);
	case -ENOENT:
		return ep_err_set(err, error,
				  "%s does not exist; plug the instrument in, "
				  "switch it on, and load the kernel's usbtmc "
				  "driver (modprobe usbtmc)",
				  path);
	case -ENOTTY:
	case -EISDIR:
		return ep_err_set(err, -ENOTTY,
				  "%s is no USBTMC instrument; give one such "
				  "as /dev/usbtmc0",
				  path);
	case -EBUSY:
		return ep_err_set(err, error,
				  "%s is in use; end the other program "
				  "(fuser -v %s names it)",
				  path, path);
	default:
		return ep_err_set(err, error, "%s: %s", path, strerror(-error));
	}
}

/* For what is to end at deadline_ns. */
static int set_timeout(struct ep_usbtmc *u, int64_t deadline_ns)
{
	int64_t left_ms =
		(deadline_ns - ep_clock_monotonic_ns()) / EP_NS_PER_MS;
	uint32_t ms = TIMEOUT_MS_MIN;

	if (left_ms <= 0)
		return -ETIMEDOUT;
	if (left_ms > TIMEOUT_MS_MIN)
		ms = left_ms > INT32_MAX ? INT32_MAX : (uint32_t)left_ms;
	/* Once in ten is often enough. */
	if (u->timeout_ms >= ms && u->timeout_ms - ms < ms / 10)
		return 0;
	if (ioctl(u->fd, USBTMC_IOCTL_SET_TIMEOUT, &ms) < 0)
		return -errno;
	u->timeout_ms = ms;
	return 0;
}

int ep_usbtmc_open(struct ep_usbtmc *u, const struct ep_root *root,
		   const char *path, struct ep_err *err)
{
	unsigned char abort_late = 1;
	int r = 0;

	u->timeout_ms = 0;
	u->fd = ep_root_openat(root, path, O_RDWR);
	if (u->fd < 0)
		return explain(path, u->fd, err);
	r = set_timeout(u, ep_clock_monotonic_ns() + EP_NS_PER_S);
	if (r < 0) {
		ep_usbtmc_close(u);
		return explain(path, r == -EINVAL ? -ENOTTY : r, err);
	}
	/* Kernels before 4.20 do not know it; then clear() does. */
	(void)ioctl(u->fd, USBTMC_IOCTL_AUTO_ABORT, &abort_late);
	return 0;
}

void ep_usbtmc_close(struct ep_usbtmc *u)
{
	if (u->fd >= 0)
		close(u->fd);
	u->fd = -1;
}

static int judge(int error)
{
	return error == ETIMEDOUT || error == EAGAIN || error == EINTR
		       ? -ETIMEDOUT
		       : -EIO;
}

int ep_usbtmc_write(struct ep_usbtmc *u, const void *data, size_t len,
		    int64_t deadline_ns)
{
	ssize_t n;
	int r = set_timeout(u, deadline_ns);

	if (r < 0)
		return r == -ETIMEDOUT ? r : -EIO;
	n = write(u->fd, data, len);
	if (n < 0)
		return judge(errno);
	return (size_t)n == len ? 0 : -EIO;
}

int ep_usbtmc_read(struct ep_usbtmc *u, void *ret, size_t size,
		   int64_t deadline_ns, bool *ret_end)
{
	unsigned char attributes = 0;
	ssize_t n;
	int r = set_timeout(u, deadline_ns);

	if (r < 0)
		return r == -ETIMEDOUT ? r : -EIO;
	n = read(u->fd, ret, size);
	if (n < 0)
		return judge(errno);
	if (ioctl(u->fd, USBTMC_IOCTL_MSG_IN_ATTR, &attributes) == 0)
		*ret_end = (attributes & END_OF_MESSAGE) != 0;
	else
		*ret_end = (size_t)n < size;
	return (int)n;
}

int ep_usbtmc_clear(struct ep_usbtmc *u)
{
	return ioctl(u->fd, USBTMC_IOCTL_CLEAR) < 0 ? -errno : 0;
}
