/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/num_tens.h"

/* Powers of ten that a double holds exactly. */
static const double exact_tens[] = {
	1e0,  1e1,  1e2,  1e3,	1e4,  1e5,  1e6,  1e7,	1e8,  1e9,  1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
};
#define EXACT_TENS_MAX 22
#define EXACT_MANTISSA (UINT64_C(1) << 53)

const uint64_t ep_num_tens[EP_NUM_SCALE_MAX + 2] = {
	UINT64_C(1),
	UINT64_C(10),
	UINT64_C(100),
	UINT64_C(1000),
	UINT64_C(10000),
	UINT64_C(100000),
	UINT64_C(1000000),
	UINT64_C(10000000),
	UINT64_C(100000000),
	UINT64_C(1000000000),
	UINT64_C(10000000000),
	UINT64_C(100000000000),
	UINT64_C(1000000000000),
	UINT64_C(10000000000000),
	UINT64_C(100000000000000),
	UINT64_C(1000000000000000),
	UINT64_C(10000000000000000),
	UINT64_C(100000000000000000),
	UINT64_C(1000000000000000000),
	UINT64_C(10000000000000000000),
};

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* All digits of the whole text, without sign. */
static int parse_digits(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (!is_digit(text[0]) || (text[0] == '0' && text[1] != '\0'))
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		if (!is_digit(*p))
			return -EINVAL;
	}
	for (const char *p = text; *p; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

static int apply_sign(uint64_t magnitude, bool negative, int64_t *ret)
{
	if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
		return -ERANGE;
	*ret = (int64_t)(negative ? 0 - magnitude : magnitude);
	return 0;
}

int ep_num_parse_i64(const char *text, int64_t *ret)
{
	bool negative = text[0] == '-';
	uint64_t magnitude;
	int r = parse_digits(text + negative, &magnitude);

	if (r < 0)
		return r;
	return apply_sign(magnitude, negative, ret);
}

int ep_num_parse_u64(const char *text, uint64_t *ret)
{
	return parse_digits(text, ret);
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int ep_num_parse_hex_or_dec(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	bool fits = true;

	if (text[0] != '0' || text[1] != 'x')
		return parse_digits(text, ret);
	text += 2;
	if (*text == '\0')
		return -EINVAL;
	for (; *text; text++) {
		int digit = hex_value(*text);

		if (digit < 0)
			return -EINVAL;
		if (value >> 60 != 0)
			fits = false;
		value = value << 4 | (uint64_t)digit;
	}
	if (!fits)
		return -ERANGE;
	*ret = value;
	return 0;
}

/* A number taken apart: +-mantissa * 10^exponent. */
struct decimal {
	bool negative;
	bool cut; /* more digits than mantissa holds */
	bool zero;
	uint64_t mantissa;
	int exponent;
};

static void take_digit(struct decimal *d, char c)
{
	if (c != '0')
		d->zero = false;
	if (d->mantissa >= EXACT_MANTISSA)
		d->cut = true;
	else
		d->mantissa = d->mantissa * 10 + (uint64_t)(c - '0');
}

/* "e+12" at text; NULL when it is none.  Far exponents saturate. */
static const char *take_exponent(const char *text, struct decimal *d)
{
	bool negative = false;
	int e = 0;

	text++;
	if (*text == '-' || *text == '+')
		negative = *text++ == '-';
	if (!is_digit(*text))
		return NULL;
	for (; is_digit(*text); text++)
		e = e > 100000 ? e : e * 10 + (*text - '0');
	d->exponent += negative ? -e : e;
	return text;
}

static int take_apart(const char *text, struct decimal *d)
{
	memset(d, 0, sizeof(*d));
	d->zero = true;
	d->negative = *text == '-';
	text += d->negative;
	if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
		return -EINVAL;
	for (; is_digit(*text); text++)
		take_digit(d, *text);
	if (*text == '.') {
		text++;
		if (!is_digit(*text))
			return -EINVAL;
		for (; is_digit(*text); text++) {
			take_digit(d, *text);
			/* Saturates: such text goes the slow way anyhow. */
			if (d->exponent > -100000)
				d->exponent--;
		}
	}
	if (*text == 'e' || *text == 'E') {
		text = take_exponent(text, d);
		if (!text)
			return -EINVAL;
	}
	return *text == '\0' ? 0 : -EINVAL;
}

int ep_num_parse_f64(const char *text, double *ret)
{
	struct decimal d;
	double value;

	if (take_apart(text, &d) < 0)
		return -EINVAL;
	if (!d.cut && d.mantissa < EXACT_MANTISSA &&
	    d.exponent <= EXACT_TENS_MAX && d.exponent >= -EXACT_TENS_MAX) {
		/* Both operands are exact, so one rounding: strtod's. */
		value = (double)d.mantissa;
		if (d.exponent < 0)
			value /= exact_tens[-d.exponent];
		else
			value *= exact_tens[d.exponent];
		*ret = d.negative ? -value : value;
		return 0;
	}
	(void)pthread_once(&c_locale_once, make_c_locale);
	if (c_locale == (locale_t)0)
		return -ENOMEM;
	value = strtod_l(text, NULL, c_locale);
	if (!isfinite(value) || (fpclassify(value) == FP_ZERO && !d.zero))
		return -ERANGE;
	*ret = value;
	return 0;
}

int ep_num_parse_scaled(const char *text, int scale, int64_t *ret)
{
	bool negative = text[0] == '-', lost = false, huge = false;
	uint64_t value = 0;
	int decimals = -1; /* -1: before the mark */

	if (scale < 0 || scale > EP_NUM_SCALE_MAX)
		return -EINVAL;
	text += negative;
	if (!is_digit(text[0]) || (text[0] == '0' && is_digit(text[1])))
		return -EINVAL;
	for (; *text; text++) {
		if (*text == '.' && decimals < 0 && is_digit(text[1])) {
			decimals = 0;
			continue;
		}
		if (!is_digit(*text))
			return -EINVAL;
		if (decimals == scale) {
			lost = lost || *text != '0';
			continue;
		}
		huge = huge || value > UINT64_MAX / 10 - 1;
		value = value * 10 + (uint64_t)(*text - '0');
		decimals += decimals >= 0;
	}
	if (decimals < 0)
		decimals = 0;
	if (lost || huge || value > UINT64_MAX / ep_num_tens[scale - decimals])
		return -ERANGE;
	return apply_sign(value * ep_num_tens[scale - decimals], negative, ret);
}

int ep_num_parse_duration_ns(const char *text, int64_t *ret_ns)
{
	static const struct {
		const char *unit;
		int scale;
		int64_t factor;
	} units[] = {
		{ "ns", 0, 1 }, { "us", 3, 1 }, { "ms", 6, 1 },
		{ "s", 9, 1 },	{ "m", 9, 60 }, { "h", 9, 3600 },
	};
	size_t len = strspn(text, "0123456789.");
	char number[40];
	int64_t value;
	int r;

	if (len == 0)
		return -EINVAL;
	if (len >= sizeof(number))
		return -ERANGE;
	memcpy(number, text, len);
	number[len] = '\0';
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + len, units[i].unit) != 0)
			continue;
		r = ep_num_parse_scaled(number, units[i].scale, &value);
		if (r < 0)
			return r;
		if (value > INT64_MAX / units[i].factor)
			return -ERANGE;
		*ret_ns = value * units[i].factor;
		return 0;
	}
	return -EINVAL;
}

int ep_num_scan_i64(const char *text, size_t len, int64_t *ret)
{
	bool negative = len > 0 && text[0] == '-';
	size_t i = negative, first = i;
	uint64_t value = 0;

	for (; i < len; i++) {
		unsigned digit = (unsigned)(text[i] - '0');

		if (digit > 9)
			break;
		if (i - first == 19)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (i == first)
		return -EINVAL;
	if (apply_sign(value, negative, ret) < 0)
		return -ERANGE;
	return (int)i;
}
