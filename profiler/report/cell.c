/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/cell.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/rounded.h"

#define DECIMALS_MAX 9

/* The place of the first significant digit: 0 for 1..9.99, -1 for 0.1.. */
static int exponent_of(double value)
{
	return (int)floor(log10(fabs(value)));
}

/* Zero or anything that no place can be computed for. */
static bool is_flat(double value)
{
	return !(fabs(value) > 0.0) || !isfinite(value);
}

static int clamp_decimals(int decimals)
{
	return decimals > DECIMALS_MAX ? DECIMALS_MAX : decimals;
}

/* decimals < 0 rounds to tens, hundreds, ... */
static void put_decimals(char *ret, double value, int decimals)
{
	double place;

	if (decimals < 0) {
		place = pow(10.0, -decimals);
		value = round(value / place) * place;
		decimals = 0;
	}
	/* No "-0.0": the sign of nothing says nothing. */
	if (fabs(value) < 0.5 * pow(10.0, -decimals))
		value = 0.0;
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.*f", decimals, value);
}

void ep_cell_number(char *ret, double value, int digits)
{
	int exponent, decimals;

	if (!isfinite(value)) {
		ret[0] = '\0';
		return;
	}
	if (is_flat(value)) {
		(void)ep_str_copy(ret, EP_CELL_BYTES, "0");
		return;
	}
	exponent = exponent_of(value);
	if (exponent < -6 || exponent > 14) {
		(void)ep_str_format(ret, EP_CELL_BYTES, "%.*g", digits, value);
		return;
	}
	decimals = digits - 1 - exponent;
	put_decimals(ret, value, decimals < 0 ? 0 : clamp_decimals(decimals));
}

/* Decimals that show two significant digits of u95. */
static int decimals_of(double u95)
{
	int decimals = 1 - exponent_of(u95);

	/* 0.0996 is 0.10, not 0.100. */
	if (round(u95 * pow(10.0, decimals)) >= 100.0)
		decimals--;
	return decimals;
}

/* Whether u95 can say how many digits of value mean something. */
static bool guides(double value, double u95)
{
	if (is_flat(u95) || !isfinite(value) || exponent_of(u95) > 14)
		return false;
	return 1 - exponent_of(u95) <= DECIMALS_MAX && fabs(value) < 1e15;
}

void ep_cell_plus_minus(char *ret, double value, double u95)
{
	char v[EP_CELL_BYTES], u[EP_CELL_BYTES];

	if (!guides(value, u95)) {
		ep_cell_number(ret, value, 4);
		return;
	}
	put_decimals(v, value, decimals_of(u95));
	put_decimals(u, u95, decimals_of(u95));
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.24s \xc2\xb1 %.24s", v, u);
}

bool ep_cell_missing(const struct ep_metric *m)
{
	return m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value);
}

/* Rounded to u95 without showing it, four digits at most. */
static void put_rounded(char *ret, double value, double u95)
{
	int decimals;

	if (!guides(value, u95) || is_flat(value)) {
		ep_cell_number(ret, value, 4);
		return;
	}
	decimals = decimals_of(u95);
	if (decimals > 3 - exponent_of(value))
		decimals = 3 - exponent_of(value);
	if (decimals < 0)
		decimals = 0;
	put_decimals(ret, value, decimals);
}

/* A number of things is exact however wide its interval. */
static void put_whole(char *ret, double value, double u95)
{
	if (u95 > 0 && u95 < 1e15)
		(void)ep_str_format(ret, EP_CELL_BYTES,
				    "%" PRId64 " \xc2\xb1 %" PRId64,
				    (int64_t)value, (int64_t)ceil(u95));
	else
		(void)ep_str_format(ret, EP_CELL_BYTES, "%" PRId64,
				    (int64_t)value);
}

/* The figure of a cell that is not missing. */
static void put_figure(char *ret, const struct ep_metric *m, unsigned flags,
		       bool paper)
{
	bool whole = (flags & EP_CELL_WHOLE) && fabs(m->value) < 1e15;
	bool with_u95 = flags & (EP_CELL_U95 | EP_CELL_WHOLE);
	struct ep_rounded rounded = { 0 };

	if (whole && !(paper && m->u95 > 0)) {
		put_whole(ret, m->value, m->u95);
	} else if (paper) {
		if (with_u95)
			ep_rounded_make(m->value, m->u95, &rounded);
		else
			ep_rounded_plain(m->value, m->u95, &rounded);
		ep_rounded_text(ret, &rounded);
	} else if (with_u95) {
		ep_cell_plus_minus(ret, m->value, m->u95);
	} else {
		put_rounded(ret, m->value, m->u95);
	}
}

void ep_cell_metric(char *ret, const struct ep_metric *m, unsigned flags,
		    struct ep_cell_marks *marks)
{
	char number[EP_CELL_BYTES];
	bool low, estimated;

	if (m == NULL || ep_cell_missing(m)) {
		(void)ep_str_copy(ret, EP_CELL_BYTES,
				  m == NULL	 ? "-"
				  : marks->paper ? "\xe2\x80\x94"
						 : "not measured");
		return;
	}
	put_figure(number, m, flags, marks->paper);
	low = m->status == EP_STATUS_LOW_CONFIDENCE;
	estimated = m->status == EP_STATUS_ESTIMATED;
	(void)ep_str_format(
		ret, EP_CELL_BYTES, "%s%.54s%s", low ? "~" : "", number,
		estimated && !(flags & EP_CELL_HEAD_SAYS_EST) ? " est." : "");
	marks->low_confidence = marks->low_confidence || low;
	marks->estimated = marks->estimated || estimated;
	if (strstr(number, "\xc2\xb1") != NULL)
		marks->plus_minus = true;
}

void ep_cell_count(char *ret, int64_t count)
{
	if (count < 0)
		(void)ep_str_copy(ret, EP_CELL_BYTES, "-");
	else
		(void)ep_str_format(ret, EP_CELL_BYTES, "%" PRId64, count);
}

void ep_cell_bytes(char *ret, double bytes)
{
	static const char *const units[] = { "B",   "KiB", "MiB",
					     "GiB", "TiB", "PiB" };
	char number[EP_CELL_BYTES];
	size_t i = 0;

	if (!isfinite(bytes)) {
		ret[0] = '\0';
		return;
	}
	while (fabs(bytes) >= 1024.0 &&
	       i + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024.0;
		i++;
	}
	ep_cell_number(number, bytes, i == 0 ? 1 : 4);
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.50s %s", number, units[i]);
}

void ep_cell_seconds(char *ret, double seconds)
{
	static const struct {
		double above, factor;
		const char *unit;
	} scales[] = {
		{ 1.0, 1.0, "s" },
		{ 1e-3, 1e3, "ms" },
		{ 1e-6, 1e6, "\xc2\xb5s" },
		{ 0.0, 1e9, "ns" },
	};
	char number[EP_CELL_BYTES];
	size_t i = 0;

	if (!isfinite(seconds)) {
		ret[0] = '\0';
		return;
	}
	/* 0.99999 s reads as 1 s, not as 1000 ms. */
	while (i < 3 && fabs(seconds) < scales[i].above * 0.9995)
		i++;
	ep_cell_number(number, seconds * scales[i].factor, 3);
	if (strchr(number, '.') != NULL) {
		size_t len = strlen(number);

		while (number[len - 1] == '0')
			number[--len] = '\0';
		if (number[len - 1] == '.')
			number[len - 1] = '\0';
	}
	(void)ep_str_format(ret, EP_CELL_BYTES, "%.50s %s", number,
			    scales[i].unit);
}
