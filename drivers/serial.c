/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/serial.h"

/* The kernel's own termios2 knows any speed; <termios.h> cannot stand beside
 * it. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

#define DRAIN_BYTES_MAX (64 * 1024)

int ep_serial_parse_format(const char *text, struct ep_serial_mode *mode)
{
	if (strlen(text) != 3 || text[0] < '5' || text[0] > '8' ||
	    !strchr("NEO", text[1]) || text[2] < '1' || text[2] > '2')
		return -EINVAL;
	mode->data_bits = (uint8_t)(text[0] - '0');
	mode->parity = text[1];
	mode->stop_bits = (uint8_t)(text[2] - '0');
	return 0;
}

/* The name of the group that may open path: dialout, uucp. */
static void name_group(const struct ep_root *root, const char *path, char *ret,
		       size_t size)
{
	int fd = ep_root_openat(root, path, O_PATH);
	struct group group, *found = NULL;
	char text[1024];
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_gid != 0 &&
	    getgrgid_r(st.st_gid, &group, text, sizeof(text), &found) == 0 &&
	    found && strlen(group.gr_name) < size)
		memcpy(ret, group.gr_name, strlen(group.gr_name) + 1);
	if (fd >= 0)
		close(fd);
}

static int explain_open(const struct ep_root *root, const char *path, int error,
			struct ep_err *err)
{
	char group[40] = "dialout";

	switch (error) {
	case -EACCES:
	case -EPERM:
		name_group(root, path, group, sizeof(group));
		return ep_err_set(err, error,
				  "%s: permission denied; become a member of "
				  "group %s (sudo usermod -aG %s \"$USER\") "
				  "and log in again",
				  path, group, group);
	case -ENOENT:
		return ep_err_set(err, error,
				  "%s does not exist; plug the meter in, or "
				  "bind its Bluetooth address (edgeprof doctor "
				  "shows how)",
				  path);
	case -EBUSY:
		return ep_err_set(err, error,
				  "%s is in use; end the other program "
				  "(fuser -v %s names it)",
				  path, path);
	case -EISDIR:
	case -ENOTTY:
		return ep_err_set(err, -ENOTTY,
				  "%s is not a serial port; give the meter's, "
				  "such as /dev/ttyACM0 or /dev/rfcomm0",
				  path);
	case -EINVAL:
		return ep_err_set(err, error,
				  "%s: its driver refuses this speed or frame "
				  "format",
				  path);
	case -EIO:
	case -ENODEV:
	case -ENXIO:
	case -EHOSTDOWN:
	case -EHOSTUNREACH:
		return ep_err_set(err, -EIO,
				  "%s is there, but not the device behind it "
				  "(%s); switch the meter on and plug it in "
				  "again",
				  path, strerror(-error));
	default:
		return ep_err_set(err, error, "%s: %s", path, strerror(-error));
	}
}

static unsigned control_flags(const struct ep_serial_mode *mode)
{
	static const unsigned sizes[] = { CS5, CS6, CS7, CS8 };
	unsigned flags = CREAD | CLOCAL | BOTHER | sizes[mode->data_bits - 5];

	if (mode->parity != 'N')
		flags |= PARENB;
	if (mode->parity == 'O')
		flags |= PARODD;
	if (mode->stop_bits == 2)
		flags |= CSTOPB;
	return flags;
}

/* -ENOTTY: it has no line. */
static int set_line(int fd, const struct ep_serial_mode *mode)
{
	struct termios2 t;

	if (ioctl(fd, TCGETS2, &t) < 0)
		return errno == EIO ? -EIO : -ENOTTY;
	t.c_iflag = IGNBRK | (mode->parity != 'N' ? INPCK | IGNPAR : 0);
	t.c_oflag = 0;
	t.c_lflag = 0;
	/* Without HUPCL the lines stay as they are when the port closes. */
	t.c_cflag = control_flags(mode);
	t.c_ispeed = t.c_ospeed = mode->baud;
	memset(t.c_cc, 0, sizeof(t.c_cc));
	t.c_cc[VMIN] = 1;
	return ioctl(fd, TCSETS2, &t) < 0 ? -errno : 0;
}

static int set_modem_line(int fd, int bit, enum ep_serial_line wish)
{
	if (wish == EP_SERIAL_KEEP)
		return 0;
	return ioctl(fd, wish == EP_SERIAL_ON ? TIOCMBIS : TIOCMBIC, &bit);
}

static int set_up(struct ep_serial *s, const struct ep_serial_mode *mode)
{
	struct stat st;
	int r;

	if (fstat(s->fd, &st) < 0)
		return -errno;
	if (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return -ENOTTY;
	/* TIOCEXCL does not stop root, a lock does when the other asks too. */
	if (flock(s->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		return -EBUSY;
	r = set_line(s->fd, mode);
	s->plain = r == -ENOTTY;
	if (r < 0 && !s->plain)
		return r;
	(void)ioctl(s->fd, TIOCEXCL);
	s->lines_kept = set_modem_line(s->fd, TIOCM_DTR, mode->dtr) < 0 ||
			set_modem_line(s->fd, TIOCM_RTS, mode->rts) < 0;
	(void)ioctl(s->fd, TCFLSH, TCIOFLUSH);
	r = ep_serial_drain(s);
	if (r == -EIO && s->plain)
		return -ENOTTY;
	return r < 0 ? r : 0;
}

int ep_serial_open(struct ep_serial *s, const struct ep_root *root,
		   const char *path, const struct ep_serial_mode *mode,
		   struct ep_err *err)
{
	int r = ep_root_openat(root, path, O_RDWR | O_NOCTTY | O_NONBLOCK);

	memset(s, 0, sizeof(*s));
	s->fd = r;
	if (r >= 0)
		r = set_up(s, mode);
	if (r >= 0)
		return 0;
	/* Not ours: its exclusive mode stays. */
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	return explain_open(root, path, r, err);
}

void ep_serial_close(struct ep_serial *s)
{
	if (s->fd < 0)
		return;
	/* close(2) would wait for output to be sent, up to half a minute. */
	(void)ioctl(s->fd, TCFLSH, TCIOFLUSH);
	/* A pseudo-terminal stays exclusive while its other end is open. */
	(void)ioctl(s->fd, TIOCNXCL);
	close(s->fd);
	s->fd = -1;
}

/* 1: ready; -ETIMEDOUT; -EIO: it hung up and nothing is left to read. */
static int wait_for(int fd, short events, int64_t deadline_ns)
{
	struct pollfd p = { .fd = fd, .events = events };

	for (;;) {
		int64_t left_ns = deadline_ns - ep_clock_monotonic_ns();
		struct timespec timeout = { 0, 0 };
		int n;

		if (left_ns > 0) {
			timeout.tv_sec = left_ns / EP_NS_PER_S;
			timeout.tv_nsec = left_ns % EP_NS_PER_S;
		}
		n = ppoll(&p, 1, &timeout, NULL);
		if (n > 0)
			return p.revents & events ? 1 : -EIO;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

/* What a transfer that failed means; 0: try again. */
static int judge(int error, int64_t deadline_ns)
{
	if (error != EAGAIN && error != EINTR)
		return -EIO;
	return ep_clock_monotonic_ns() < deadline_ns ? 0 : -ETIMEDOUT;
}

int ep_serial_write(struct ep_serial *s, const void *data, size_t len,
		    int64_t deadline_ns)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n;
		int r = wait_for(s->fd, POLLOUT, deadline_ns);

		if (r < 0)
			return r;
		n = write(s->fd, p, len);
		if (n < 0)
			r = judge(errno, deadline_ns);
		if (r < 0)
			return r;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

int ep_serial_read(struct ep_serial *s, void *ret, size_t size,
		   int64_t deadline_ns)
{
	for (;;) {
		int r = wait_for(s->fd, POLLIN, deadline_ns);
		ssize_t n;

		if (r < 0)
			return r;
		n = read(s->fd, ret, size);
		if (n > 0)
			return (int)n;
		/* The end of a tty means that it hung up. */
		r = n == 0 ? -EIO : judge(errno, deadline_ns);
		if (r < 0)
			return r;
	}
}

int ep_serial_drain(struct ep_serial *s)
{
	uint8_t bytes[512];
	int total = 0;

	while (total < DRAIN_BYTES_MAX) {
		int n = ep_serial_read(s, bytes, sizeof(bytes), 0);

		if (n == -ETIMEDOUT)
			break;
		if (n < 0)
			return n;
		total += n;
	}
	return total;
}
