/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_SERIAL_H
#define EP_DRIVERS_SERIAL_H

#include "base/err.h"
#include "base/root.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a modem line is set to when the port opens. */
enum ep_serial_line { EP_SERIAL_KEEP, EP_SERIAL_OFF, EP_SERIAL_ON };

struct ep_serial_mode {
	uint32_t baud;	   /* any, not only the standard ones */
	uint8_t data_bits; /* 5..8 */
	char parity;	   /* 'N', 'E', 'O' */
	uint8_t stop_bits; /* 1, 2 */
	enum ep_serial_line dtr, rts;
};

/*
 * A port that only we use (TIOCEXCL and flock), raw, without flow control.
 * Serial ports, Bluetooth's rfcomm, pseudo-terminals; what has no line (no
 * baud, no modem lines: a fifo, a mocked port) works as plain bytes.
 */
struct ep_serial {
	int fd;		 /* -1: closed */
	bool plain;	 /* it has no line settings: they were not applied */
	bool lines_kept; /* DTR or RTS could not be set */
};

/* "8N1", "7O1", "7N2" into mode; -EINVAL. */
int ep_serial_parse_format(const char *text,
			   struct ep_serial_mode *mode) EP_MUST_CHECK;
/*
 * Opens, sets the line, drops what was received before.  Never waits for a
 * carrier.  -EACCES, -ENOENT, -EBUSY, -ENOTTY (a file or folder), -EINVAL (the
 * driver refuses the settings), each with a sentence that names the path.
 */
int ep_serial_open(struct ep_serial *s, const struct ep_root *root,
		   const char *path, const struct ep_serial_mode *mode,
		   struct ep_err *err) EP_MUST_CHECK;
/* Does not wait for output that was not sent.  A closed one is fine. */
void ep_serial_close(struct ep_serial *s);

/*
 * All wait at most until deadline_ns (CLOCK_MONOTONIC; 0: not at all):
 * -ETIMEDOUT.  -EIO: the device is gone; close it.
 */
int ep_serial_write(struct ep_serial *s, const void *data, size_t len,
		    int64_t deadline_ns) EP_MUST_CHECK;
/* At least one byte; their number. */
int ep_serial_read(struct ep_serial *s, void *ret, size_t size,
		   int64_t deadline_ns) EP_MUST_CHECK;
/* Drops what was received so far (at most 64 KiB); the number of bytes. */
int ep_serial_drain(struct ep_serial *s) EP_MUST_CHECK;

#endif
