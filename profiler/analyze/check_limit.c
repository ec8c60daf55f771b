/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/analyze/check.h"

#define BINARY(power) ((double)(UINT64_C(1) << (10 * (power))))

static const struct {
	const char *text;
	double factor;
} prefixes[] = {
	{ "n", 1e-9 },	     { "u", 1e-6 },	  { "\u00b5", 1e-6 },
	{ "m", 1e-3 },	     { "k", 1e3 },	  { "M", 1e6 },
	{ "G", 1e9 },	     { "Ki", BINARY(1) }, { "Mi", BINARY(2) },
	{ "Gi", BINARY(3) },
};

/* How much of text is a number. */
static size_t number_len(const char *text)
{
	size_t len = strspn(text, "+-.0123456789"), more;

	if (len == 0 || (text[len] != 'e' && text[len] != 'E'))
		return len;
	more = strspn(text + len + 1, "+-");
	return strspn(text + len + 1 + more, "0123456789")
		       ? len + 1 + more +
				 strspn(text + len + 1 + more, "0123456789")
		       : len;
}

/* What the unit makes of the number; 0: it is another unit. */
static double factor_of(const char *given, const char *unit)
{
	if (given[0] == '\0' || strcmp(given, unit) == 0)
		return 1;
	if (strcmp(unit, "bytes") == 0 && strcmp(given, "B") == 0)
		return 1;
	if (unit[0] == '\0' || unit[0] == '1')
		return 0;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const char *rest = given + strlen(prefixes[i].text);

		if (!ep_str_starts(given, prefixes[i].text))
			continue;
		if (strcmp(rest, unit) == 0 ||
		    (strcmp(unit, "bytes") == 0 && strcmp(rest, "B") == 0))
			return prefixes[i].factor;
	}
	return 0;
}

static int take_value(const char *text, struct ep_check_limit *l,
		      struct ep_err *err)
{
	const char *unit = ep_metric_unit(l->metric);
	size_t len = number_len(text);
	char number[48];
	double value, factor;

	if (len == 0 ||
	    !ep_str_format(number, sizeof(number), "%.*s", (int)len, text) ||
	    ep_num_parse_f64(number, &value) < 0)
		return ep_err_set(err, -EINVAL,
				  "%s=%.40s: '%.40s' is no number", l->metric,
				  text, text);
	factor = factor_of(text + len, unit);
	if (!(factor > 0))
		return unit[0] ? ep_err_set(err, -EINVAL,
					    "%s is in %s, not in '%.30s'; give "
					    "%s=%s%s",
					    l->metric, unit, text + len,
					    l->metric, number, unit)
			       : ep_err_set(err, -EINVAL,
					    "%s is a number without a unit, "
					    "'%.30s' is too much",
					    l->metric, text + len);
	l->value = value * factor;
	return 0;
}

int ep_check_limit_parse(const char *text, enum ep_check_kind kind,
			 struct ep_check_limit *ret, struct ep_err *err)
{
	const char *equals = strchr(text, '='), *dot = strchr(text, '.');
	struct ep_check_limit l = { .kind = kind };
	int r;

	if (!equals || equals == text || equals[1] == '\0')
		return ep_err_set(err, -EINVAL,
				  "'%.80s': give METRIC=VALUE, such as "
				  "generation.j_per_token=2.1",
				  text);
	if (!ep_str_format(l.metric, sizeof(l.metric), "%.*s",
			   (int)(equals - text), text))
		return ep_err_set(err, -EINVAL, "'%.80s...' is no metric",
				  text);
	if (!dot || dot == text || dot + 1 >= equals)
		return ep_err_set(err, -EINVAL,
				  "'%.80s' of which phase? give it as in "
				  "generation.%.80s",
				  l.metric, l.metric);
	r = take_value(equals + 1, &l, err);
	if (r == 0)
		*ret = l;
	return r;
}
