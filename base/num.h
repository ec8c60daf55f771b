/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_NUM_H
#define EP_BASE_NUM_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/*
 * Strict parsers: the whole text must be the number.  No leading or trailing
 * space, no sign but '-', no octal, hex only where said, no nan or inf, '.' is
 * the decimal mark whatever the locale.
 * Return 0, -EINVAL (not a number) or -ERANGE.  *ret untouched on failure.
 */
int ep_num_parse_i64(const char *text, int64_t *ret) EP_MUST_CHECK;
int ep_num_parse_u64(const char *text, uint64_t *ret) EP_MUST_CHECK;
/* "0x1f" or decimal. */
int ep_num_parse_hex_or_dec(const char *text, uint64_t *ret) EP_MUST_CHECK;
/* Decimal or scientific; equals strtod to the last bit. */
int ep_num_parse_f64(const char *text, double *ret) EP_MUST_CHECK;
/* "10ms", "30s", "0s", "250us", "2m", "1h"; a bare number is -EINVAL. */
int ep_num_parse_duration_ns(const char *text, int64_t *ret_ns) EP_MUST_CHECK;
/* "2.4" in unit 1 -> 2400000 with scale 6: decimal text to scaled integer,
 * exact, -ERANGE when digits would be lost or it does not fit. */
int ep_num_parse_scaled(const char *text, int scale,
			int64_t *ret) EP_MUST_CHECK;

/*
 * A decimal integer at text[0..len): at least one digit, at most 19, optional
 * '-'.  Returns the bytes used, or -EINVAL / -ERANGE.  For the CSV hot path.
 */
int ep_num_scan_i64(const char *text, size_t len, int64_t *ret);

/* Decimal digits into dst (>= 21 bytes), no NUL; returns the length. */
size_t ep_num_put_i64(char *dst, int64_t value);
/* value / 10^scale with trailing zeros (and a bare '.') cut, no NUL; dst >= 24
 * bytes, scale 0..18.  1500000 at scale 6 -> "1.5". */
size_t ep_num_put_scaled(char *dst, int64_t value, int scale);
/* Shortest text of at most 15 significant digits ("%.15g" trimmed), NUL ended,
 * '.' whatever the locale; not finite gives "".  dst >= 32 bytes. */
size_t ep_num_put_f64(char *dst, double value);

#endif
