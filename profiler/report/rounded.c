/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/rounded.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define DIGITS_WITHOUT_U 4
#define PLAIN_MIN (-5) /* 0.00001 and 9999999 are written out */
#define PLAIN_MAX 6
/* More digits of a value than a double is sure of say nothing. */
#define DIGITS_MAX 12

/* The place of the first digit: 0 for 1..9.99, -1 for 0.1..0.99. */
static int place_of(double value)
{
	return (int)floor(log10(fabs(value)));
}

/* decimals < 0 rounds to tens, hundreds, ... */
static void put_decimals(char *ret, double value, int decimals)
{
	double unit = pow(10.0, -decimals);

	if (decimals < 0) {
		value = round(value / unit) * unit;
		decimals = 0;
	}
	/* No "-0.0": the sign of nothing says nothing. */
	if (fabs(value) < 0.5 * unit)
		value = 0.0;
	(void)ep_str_format(ret, sizeof(((struct ep_rounded *)0)->value),
			    "%.*f", decimals, value);
}

/* The decimals that u keeps: 0.0345 has two, 0.0145 three, 0.0996 is 0.10. */
static int decimals_of(double u)
{
	int place = place_of(u), decimals;
	double first;

	for (;;) {
		first = floor(u / pow(10.0, place));
		decimals = first < 2 ? 1 - place : -place;
		if (round(u * pow(10.0, decimals)) <
		    pow(10.0, place + decimals + 1))
			return decimals;
		/* It rounds up to a one in the place before. */
		place++;
		u = pow(10.0, place);
	}
}

/* Both far from 1: powers of a thousand, so that units can follow. */
static int exponent_of(double value, double u)
{
	double larger = fabs(value) > u ? fabs(value) : u;
	int place = larger > 0 ? place_of(larger) : 0;

	if (place >= PLAIN_MIN && place <= PLAIN_MAX)
		return 0;
	return 3 * (int)floor(place / 3.0);
}

static int decimals_without(double value, int digits)
{
	int decimals = fabs(value) > 0 ? digits - 1 - place_of(value) : 0;

	return decimals > 0 ? decimals : 0;
}

void ep_rounded_make(double value, double u95, struct ep_rounded *ret)
{
	bool has_u = isfinite(u95) && u95 > 0, sure = true;
	double scale;
	int decimals;

	*ret = (struct ep_rounded){ .exponent = 0 };
	if (!isfinite(value))
		return;
	ret->exponent = exponent_of(value, has_u ? u95 : 0);
	scale = pow(10.0, -ret->exponent);
	value *= scale;
	u95 *= scale;
	if (has_u)
		sure = !(u95 < fabs(value) * pow(10.0, -DIGITS_MAX + 2));
	if (has_u && sure)
		decimals = decimals_of(u95);
	else
		decimals = decimals_without(value, sure ? DIGITS_WITHOUT_U
							: DIGITS_MAX);
	put_decimals(ret->value, value, decimals);
	if (has_u && sure)
		put_decimals(ret->u, u95, decimals);
}

void ep_rounded_plain(double value, double u95, struct ep_rounded *ret)
{
	struct ep_rounded whole;

	ep_rounded_make(value, u95, ret);
	ep_rounded_make(value, (double)NAN, &whole);
	if (strlen(whole.value) < strlen(ret->value))
		*ret = whole;
	ret->u[0] = '\0';
}

static unsigned flags_of(double value, enum ep_status status)
{
	if (!isfinite(value) || status == EP_STATUS_NOT_MEASURED)
		return EP_ROUNDED_MISSING;
	return status == EP_STATUS_LOW_CONFIDENCE ? EP_ROUNDED_LOW
	       : status == EP_STATUS_ESTIMATED	  ? EP_ROUNDED_ESTIMATED
						  : 0;
}

unsigned ep_rounded_flags(const struct ep_metric *m)
{
	return m ? flags_of(m->value, m->status) : EP_ROUNDED_MISSING;
}

unsigned ep_rounded_group_flags(const struct ep_group_figure *f)
{
	return f->run_count > 0 ? flags_of(f->mean, f->status)
				: EP_ROUNDED_MISSING;
}

/* " × 10⁻⁹" */
static void put_power(char *ret, size_t size, int exponent)
{
	static const char *const digits[] = {
		"\xe2\x81\xb0", "\xc2\xb9",	"\xc2\xb2",	"\xc2\xb3",
		"\xe2\x81\xb4", "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7",
		"\xe2\x81\xb8", "\xe2\x81\xb9",
	};
	char plain[12];

	(void)ep_str_copy(ret, size, " \xc3\x97 10");
	(void)ep_str_format(plain, sizeof(plain), "%d", exponent);
	for (const char *p = plain; *p; p++) {
		size_t used = strlen(ret);

		(void)ep_str_copy(ret + used, size - used,
				  *p == '-' ? "\xe2\x81\xbb"
					    : digits[*p - '0']);
	}
}

void ep_rounded_text(char *ret, const struct ep_rounded *r)
{
	bool both = r->u[0] != '\0', scaled = r->exponent != 0;
	char power[28] = "";

	if (r->value[0] == '\0') {
		(void)ep_str_copy(ret, EP_ROUNDED_BYTES, "\xe2\x80\x94");
		return;
	}
	if (scaled)
		put_power(power, sizeof(power), r->exponent);
	(void)ep_str_format(ret, EP_ROUNDED_BYTES, "%s%.16s%s%.16s%s%s",
			    scaled && both ? "(" : "", r->value,
			    both ? " \xc2\xb1 " : "", r->u,
			    scaled && both ? ")" : "", power);
}

void ep_rounded_siunitx(char *ret, const struct ep_rounded *r)
{
	char power[12] = "";

	if (r->value[0] == '\0') {
		(void)ep_str_copy(ret, EP_ROUNDED_BYTES, "{---}");
		return;
	}
	if (r->exponent != 0)
		(void)ep_str_format(power, sizeof(power), " e%d", r->exponent);
	(void)ep_str_format(ret, EP_ROUNDED_BYTES, "%.20s%s%.20s%s", r->value,
			    r->u[0] ? " +- " : "", r->u, power);
}
