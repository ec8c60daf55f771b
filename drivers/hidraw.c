/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/hidraw.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/hidraw.h>
#include <linux/input.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define CLASS_DIR "/sys/class/hidraw"
/* The kernel keeps 64 reports for each reader. */
#define DRAIN_REPORTS_MAX 128

struct list {
	const struct ep_root *root;
	struct ep_hidraw_node *nodes;
	size_t count, max;
};

/* The text behind "NAME=" at the begin of a line, up to its end. */
static void find_line(const char *text, const char *name, char *ret,
		      size_t size)
{
	size_t len = strlen(name);

	ret[0] = '\0';
	for (const char *at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, name, len) != 0 || at[len] != '=')
			continue;
		(void)ep_str_format(ret, size, "%.*s",
				    (int)strcspn(at + len + 1, "\n"),
				    at + len + 1);
		ep_str_printable(ret);
		return;
	}
}

/* Eight digits of hex, as in "00002E3C", into 16 bits. */
static bool parse_id(const char *text, uint16_t *ret)
{
	char hex[16];
	uint64_t value;

	if (!ep_str_format(hex, sizeof(hex), "0x%.8s", text) ||
	    ep_num_parse_hex_or_dec(hex, &value) < 0 || value > UINT16_MAX)
		return false;
	*ret = (uint16_t)value;
	return true;
}

/* "0003:00002E3C:00005558" */
static bool parse_ids(const char *text, struct ep_hidraw_node *node)
{
	return strlen(text) == 22 && ep_str_starts(text, "0003:") &&
	       text[13] == ':' && parse_id(text + 5, &node->vendor) &&
	       parse_id(text + 14, &node->product);
}

static int add_node(void *ctx, const char *name)
{
	struct list *l = ctx;
	char path[96], text[1024], ids[40] = "";
	struct ep_hidraw_node node;

	if (!ep_str_starts(name, "hidraw") || l->count == l->max)
		return 0;
	(void)ep_str_format(path, sizeof(path), CLASS_DIR "/%.24s/device",
			    name);
	if (ep_root_read_text_in(l->root, path, "uevent", text, sizeof(text)) <
	    0)
		return 0;
	find_line(text, "HID_ID", ids, sizeof(ids));
	find_line(text, "HID_UNIQ", node.serial, sizeof(node.serial));
	(void)ep_str_format(node.path, sizeof(node.path), "/dev/%.24s", name);
	if (parse_ids(ids, &node))
		l->nodes[l->count++] = node;
	return 0;
}

int ep_hidraw_list(const struct ep_root *root, struct ep_hidraw_node *ret,
		   size_t max)
{
	struct list l = { root, ret, 0, max };
	int r = ep_root_list(root, CLASS_DIR, add_node, &l);

	return r < 0 && r != -ENOENT ? r : (int)l.count;
}

static int explain(const char *path, int error, struct ep_err *err)
{
	switch (error) {
	case -EACCES:
	case -EPERM:
		return ep_err_set(
			err, error,
			"%s: permission denied; only root may open it "
			"until a udev rule gives it to a group "
			"(docs/instruments.md shows one)",
			path);
	case -ENOENT:
		return ep_err_set(err, error,
				  "%s does not exist; plug the meter's data "
				  "cable in (ls /dev/hidraw*)",
				  path);
	case -EBUSY:
		return ep_err_set(err, error,
				  "%s is in use; end the other program "
				  "(fuser -v %s names it)",
				  path, path);
	case -EISDIR:
	case -ENOTTY:
		return ep_err_set(err, -ENOTTY,
				  "%s is no hidraw device; give the meter's, "
				  "such as /dev/hidraw0",
				  path);
	case -EIO:
	case -ENODEV:
	case -ENXIO:
		return ep_err_set(err, -EIO,
				  "%s is there, but not the device behind it "
				  "(%s); plug it in again",
				  path, strerror(-error));
	default:
		return ep_err_set(err, error, "%s: %s", path, strerror(-error));
	}
}

static int set_up(struct ep_hidraw *h)
{
	struct hidraw_devinfo info = { 0 };
	uint8_t report[EP_HIDRAW_REPORT_BYTES_MAX];
	int r = 0;

	if (flock(h->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -EBUSY;
	if (ioctl(h->fd, HIDIOCGRAWINFO, &info) < 0)
		return errno == EIO || errno == ENODEV ? -EIO : -ENOTTY;
	h->vendor = (uint16_t)info.vendor;
	h->product = (uint16_t)info.product;
	for (int i = 0; i < DRAIN_REPORTS_MAX && r >= 0; i++)
		r = ep_hidraw_read(h, report, sizeof(report), 0);
	return r < 0 && r != -ETIMEDOUT ? r : 0;
}

int ep_hidraw_open(struct ep_hidraw *h, const struct ep_root *root,
		   const char *path, struct ep_err *err)
{
	int r = ep_root_openat(root, path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	memset(h, 0, sizeof(*h));
	h->fd = r;
	if (r >= 0)
		r = set_up(h);
	if (r >= 0)
		return 0;
	ep_hidraw_close(h);
	return explain(path, r, err);
}

void ep_hidraw_close(struct ep_hidraw *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

int ep_hidraw_write(struct ep_hidraw *h, const void *report, size_t len)
{
	uint8_t bytes[1 + EP_HIDRAW_REPORT_BYTES_MAX] = { 0 };
	ssize_t n;

	if (len > EP_HIDRAW_REPORT_BYTES_MAX)
		return -EINVAL;
	/* The number of a report without one is 0 and is not sent. */
	memcpy(bytes + 1, report, len);
	do
		n = write(h->fd, bytes, len + 1);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)len + 1 ? 0 : -EIO;
}

/* 1: ready. */
static int wait_for(int fd, int64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n;

	do {
		int64_t left_ns = deadline_ns - ep_clock_monotonic_ns();
		struct timespec timeout = { 0, 0 };

		if (left_ns > 0) {
			timeout.tv_sec = left_ns / EP_NS_PER_S;
			timeout.tv_nsec = left_ns % EP_NS_PER_S;
		}
		n = ppoll(&p, 1, &timeout, NULL);
	} while (n < 0 && errno == EINTR);
	if (n == 0)
		return -ETIMEDOUT;
	return n > 0 && p.revents & POLLIN ? 1 : -EIO;
}

int ep_hidraw_read(struct ep_hidraw *h, void *ret, size_t size,
		   int64_t deadline_ns)
{
	ssize_t n;
	int r;

	do {
		r = wait_for(h->fd, deadline_ns);
		n = r < 0 ? 0 : read(h->fd, ret, size);
	} while (r > 0 && n < 0 && (errno == EINTR || errno == EAGAIN) &&
		 ep_clock_monotonic_ns() < deadline_ns);
	if (r < 0)
		return r;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -ETIMEDOUT;
	return n > 0 ? (int)n : -EIO;
}
