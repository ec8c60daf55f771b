/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/num.h"

#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/num_tens.h"

static const char digit_pairs[] = "00010203040506070809"
				  "10111213141516171819"
				  "20212223242526272829"
				  "30313233343536373839"
				  "40414243444546474849"
				  "50515253545556575859"
				  "60616263646566676869"
				  "70717273747576777879"
				  "80818283848586878889"
				  "90919293949596979899";

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
	c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

static size_t digit_count(uint64_t value)
{
	size_t n = 1;

	while (n < 20 && value >= ep_num_tens[n])
		n++;
	return n;
}

static void put_digits(char *dst, uint64_t value, size_t count)
{
	while (count >= 2) {
		count -= 2;
		memcpy(dst + count, digit_pairs + value % 100 * 2, 2);
		value /= 100;
	}
	if (count > 0)
		dst[0] = (char)('0' + value % 10);
}

static size_t put_u64(char *dst, uint64_t value)
{
	size_t count = digit_count(value);

	put_digits(dst, value, count);
	return count;
}

static uint64_t magnitude_of(int64_t value)
{
	return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

size_t ep_num_put_i64(char *dst, int64_t value)
{
	size_t sign = value < 0;

	dst[0] = '-';
	return sign + put_u64(dst + sign, magnitude_of(value));
}

size_t ep_num_put_scaled(char *dst, int64_t value, int scale)
{
	uint64_t magnitude = magnitude_of(value);
	uint64_t whole, part;
	size_t used = value < 0;

	if (scale < 0 || scale > EP_NUM_SCALE_MAX)
		return 0;
	whole = magnitude / ep_num_tens[scale];
	part = magnitude - whole * ep_num_tens[scale];
	dst[0] = '-';
	used += put_u64(dst + used, whole);
	if (part == 0)
		return used;
	dst[used++] = '.';
	put_digits(dst + used, part, (size_t)scale);
	used += (size_t)scale;
	while (dst[used - 1] == '0')
		used--;
	return used;
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

/*
 * "%.15g" of 1e-4 <= value < 1e15 by exact arithmetic: value is m * 2^e with
 * m < 2^53, so m * 10^decimals fits 128 bits and is rounded once, half to even
 * as printf does.  0 where printf must decide.
 */
static size_t put_exact(char *dst, double value)
{
	static const double steps[] = { 1e-4, 1e-3, 1e-2, 1e-1, 1e0,  1e1, 1e2,
					1e3,  1e4,  1e5,  1e6,	1e7,  1e8, 1e9,
					1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	int step = 0, exponent, decimals;
	wide product, half, rest;
	uint64_t digits;

	if (!(value >= steps[0] && value < 1e15))
		return 0;
	while (value >= steps[step + 1])
		step++;
	decimals = EP_NUM_SCALE_MAX - step;
	product = (uint64_t)ldexp(frexp(value, &exponent), 53);
	exponent = 53 - exponent; /* now: value = product / 2^exponent */
	product *= ep_num_tens[decimals];
	half = (wide)1 << (exponent - 1);
	rest = product & (half * 2 - 1);
	digits = (uint64_t)(product >> exponent);
	if (rest > half || (rest == half && (digits & 1) != 0))
		digits++;
	if (digits >= ep_num_tens[15])
		return 0;
	return ep_num_put_scaled(dst, (int64_t)digits, decimals);
}
#else
static size_t put_exact(char *dst, double value)
{
	(void)dst;
	(void)value;
	return 0;
}
#endif

static size_t put_by_printf(char *dst, double value)
{
	locale_t before;
	int len;

	(void)pthread_once(&c_locale_once, make_c_locale);
	before = c_locale != (locale_t)0 ? uselocale(c_locale) : (locale_t)0;
	len = snprintf(dst, 32, "%.15g", value);
	if (before != (locale_t)0)
		(void)uselocale(before);
	return len > 0 ? (size_t)len : 0;
}

size_t ep_num_put_f64(char *dst, double value)
{
	size_t sign = signbit(value) ? 1 : 0, used;

	dst[0] = '\0';
	if (!isfinite(value))
		return 0;
	if (fpclassify(value) == FP_ZERO) {
		memcpy(dst, "0", 2);
		return 1;
	}
	dst[0] = '-';
	used = put_exact(dst + sign, sign ? -value : value);
	if (used == 0)
		return put_by_printf(dst, value);
	dst[sign + used] = '\0';
	return sign + used;
}
