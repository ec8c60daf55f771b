/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/report_options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "base/words.h"
#include "profiler/cli/batteries.h"

enum kind { TEXT, SHARE, FLAG, PAIR, NUMBERS, SHARES, OWN };

typedef int take_own(struct ep_report_options *o, const char *text,
		     struct ep_err *err);
static take_own take_format, take_battery, take_duty, take_price, take_include,
	take_years, take_floor, take_ceiling;

struct option_row {
	const char *name;
	enum kind kind;
	size_t offset;	     /* of the field in struct ep_report_options */
	size_t count_offset; /* of a list */
	take_own *own;
};

#define AT(field) offsetof(struct ep_report_options, field)

static const struct option_row rows[] = {
	{ "output", TEXT, AT(output), 0, NULL },
	{ "gnuplot", TEXT, AT(gnuplot), 0, NULL },
	{ "against", TEXT, AT(against), 0, NULL },
	{ "metric", TEXT, AT(metrics), 0, NULL },
	{ "best", TEXT, AT(asked.best), 0, NULL },
	{ "floor", OWN, 0, 0, take_floor },
	{ "ceiling", OWN, 0, 0, take_ceiling },
	{ "format", OWN, 0, 0, take_format },
	{ "battery", OWN, 0, 0, take_battery },
	{ "usable", SHARE, AT(usable), 0, NULL },
	{ "efficiency", SHARE, AT(yield), 0, NULL },
	{ "tolerance", SHARE, AT(tolerance), 0, NULL },
	{ "duty", OWN, 0, 0, take_duty },
	{ "price", OWN, 0, 0, take_price },
	{ "supply-efficiency", SHARE, AT(asked.supply_yield), 0, NULL },
	{ "api-price", PAIR, AT(asked.api_price), 0, NULL },
	{ "include", OWN, 0, 0, take_include },
	{ "normalise", FLAG, AT(asked.normalise), 0, NULL },
	{ "device-price", PAIR, AT(asked.device_price), 0, NULL },
	{ "io-ratio", NUMBERS, AT(asked.ratios), AT(asked.ratio_count), NULL },
	{ "utilisation", SHARES, AT(asked.utilisations),
	  AT(asked.utilisation_count), NULL },
	{ "years", OWN, 0, 0, take_years },
	{ "yearly-cost", PAIR, AT(asked.yearly_cost), 0, NULL },
	{ "verify", FLAG, AT(verify), 0, NULL },
	{ "help", FLAG, AT(help), 0, NULL },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))
#define FIRST_VALUE 256 /* past every letter */

static int take_format(struct ep_report_options *o, const char *text,
		       struct ep_err *err)
{
	o->format = ep_format_find(text, err);
	return o->format ? 0 : -EINVAL;
}

static int take_battery(struct ep_report_options *o, const char *text,
			struct ep_err *err)
{
	o->list_batteries = strcmp(text, "list") == 0;
	if (o->list_batteries)
		return 0;
	o->asked.has_battery = true;
	return ep_battery_find(text, &o->asked.battery, err);
}

/* A number that is not below zero; text may be cut at len. */
static int number(const char *text, size_t len, double *ret, struct ep_err *err)
{
	char copy[40];
	double value;

	if (!ep_str_format(copy, sizeof(copy), "%.*s", (int)len, text) ||
	    ep_num_parse_f64(copy, &value) < 0)
		return ep_err_set(err, -EINVAL, "'%.60s' is no number", text);
	if (value < 0)
		return ep_err_set(err, -ERANGE, "%.60s: is below zero", text);
	*ret = value;
	return 0;
}

/* "0.20/kWh": the unit is part of it. */
struct per {
	const char *unit;
	double factor;
};

static int take_per(const char *text, const struct per *units, size_t count,
		    double *ret, struct ep_err *err)
{
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	double value;
	int r = number(text, len, &value, err);

	if (r < 0)
		return r;
	for (size_t i = 0; slash && i < count; i++)
		if (strcmp(slash + 1, units[i].unit) == 0) {
			*ret = value * units[i].factor;
			return 0;
		}
	return ep_err_set(err, -EINVAL, "%.40s for each what? give %.*s/%s",
			  text, (int)(len < 30 ? len : 30), text,
			  units[0].unit);
}

static int take_floor(struct ep_report_options *o, const char *text,
		      struct ep_err *err)
{
	return ep_report_options_bound(&o->asked, text, false, err);
}

static int take_ceiling(struct ep_report_options *o, const char *text,
			struct ep_err *err)
{
	return ep_report_options_bound(&o->asked, text, true, err);
}

static int take_duty(struct ep_report_options *o, const char *text,
		     struct ep_err *err)
{
	static const struct per units[] = {
		{ "h", 1 }, { "min", 60 }, { "s", 3600 }, { "d", 1.0 / 24 }
	};
	int r = take_per(text, units, sizeof(units) / sizeof(units[0]),
			 &o->asked.duty_per_h, err);

	if (r == 0 && !(o->asked.duty_per_h > 0))
		r = ep_err_set(err, -ERANGE, "%.40s: must be above zero", text);
	return r;
}

static int take_price(struct ep_report_options *o, const char *text,
		      struct ep_err *err)
{
	static const struct per units[] = { { "kWh", 1 }, { "MWh", 1e-3 } };

	return take_per(text, units, sizeof(units) / sizeof(units[0]),
			&o->asked.price_per_kwh, err);
}

static int take_years(struct ep_report_options *o, const char *text,
		      struct ep_err *err)
{
	int r = number(text, strlen(text), &o->asked.years, err);

	if (r == 0 && !(o->asked.years > 0 && o->asked.years <= 1000))
		r = ep_err_set(err, -ERANGE,
			       "%.40s: must be above 0 and at most 1000", text);
	return r;
}

static int take_include(struct ep_report_options *o, const char *text,
			struct ep_err *err)
{
	static const char *const known[] = { "load", "idle" };
	char **words;
	int r = ep_words_list(text, &words, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && words[i]; i++) {
		const char *near = ep_str_nearest(words[i], known, 2);

		if (strcmp(words[i], "load") == 0)
			o->asked.with_load = true;
		else if (strcmp(words[i], "idle") == 0)
			o->asked.with_idle = true;
		else
			r = ep_err_set(err, -EINVAL,
				       "'%.40s' cannot be included%s%s%s; load "
				       "and idle can",
				       words[i], near ? ", did you mean '" : "",
				       near ? near : "", near ? "'?" : "");
	}
	ep_words_free(words);
	return r;
}

/* Numbers between commas. */
struct list {
	enum kind kind;
	double *ret;
	size_t max;
	size_t *ret_count; /* NULL: max of them, no less */
};

static int take_list(const char *text, const struct list *l, struct ep_err *err)
{
	char **words;
	size_t count;
	int r = ep_words_list(text, &words, err);

	if (r < 0)
		return r;
	count = ep_words_count(words);
	if (count > l->max || (!l->ret_count && count != l->max))
		r = ep_err_set(err, -E2BIG, "'%.60s': give %s%zu numbers", text,
			       l->ret_count ? "at most " : "", l->max);
	for (size_t i = 0; i < count && r == 0; i++)
		r = l->kind == SHARES
			    ? ep_share_parse(words[i], &l->ret[i], err)
			    : number(words[i], strlen(words[i]), &l->ret[i],
				     err);
	if (r == 0 && l->ret_count)
		*l->ret_count = count;
	ep_words_free(words);
	return r;
}

static int take(struct ep_report_options *o, const struct option_row *row,
		const char *text, struct ep_err *err)
{
	char *field = (char *)o + row->offset;
	struct list list = { row->kind, (double *)(void *)field, 2, NULL };

	switch (row->kind) {
	case TEXT:
		memcpy(field, &text, sizeof(text));
		return 0;
	case FLAG:
		*(bool *)field = true;
		return 0;
	case SHARE:
		return ep_share_parse(text, list.ret, err);
	case NUMBERS:
	case SHARES:
		list.max = EP_ASKED_LIST_MAX;
		list.ret_count =
			(size_t *)(void *)((char *)o + row->count_offset);
		return take_list(text, &list, err);
	case PAIR:
		return take_list(text, &list, err);
	case OWN:
		break;
	}
	return row->own(o, text, err);
}

static int unknown_option(const char *word, struct ep_err *err)
{
	char known[ROWS][32], clean[80];
	const char *names[ROWS], *near;

	for (size_t i = 0; i < ROWS; i++) {
		(void)ep_str_format(known[i], sizeof(known[i]), "--%s",
				    rows[i].name);
		names[i] = known[i];
	}
	near = ep_str_nearest(word, names, ROWS);
	(void)ep_str_copy(clean, sizeof(clean), word);
	return ep_err_set(err, -EINVAL, "unknown option '%s'%s%s%s", clean,
			  near ? ", did you mean '" : "", near ? near : "",
			  near ? "'?" : "");
}

static int read_options(int argc, char **argv, struct ep_report_options *o,
			struct ep_err *err)
{
	struct option options[ROWS + 1] = { { NULL, 0, NULL, 0 } };
	int c, r = 0;

	for (size_t i = 0; i < ROWS; i++) {
		options[i].name = rows[i].name;
		options[i].has_arg =
			rows[i].kind == FLAG ? no_argument : required_argument;
		options[i].val = FIRST_VALUE + (int)i;
	}
	optind = 0; /* another command may have parsed before */
	opterr = 0;
	while (r == 0 && !o->help) {
		c = getopt_long(argc, argv, ":o:h", options, NULL);
		if (c == -1)
			break;
		if (c == 'h') {
			o->help = true;
		} else if (c == 'o') {
			o->output = optarg;
		} else if (c == ':') {
			r = ep_err_set(err, -EINVAL,
				       "the last option needs a value");
		} else if (c >= FIRST_VALUE) {
			const struct option_row *row = &rows[c - FIRST_VALUE];

			r = take(o, row, optarg, err);
			if (r < 0 && row->kind != OWN)
				(void)ep_err_prefix(err, "--%s", row->name);
		} else {
			r = unknown_option(argv[optind - 1], err);
		}
	}
	return r;
}

static void fill_in(struct ep_report_options *o)
{
	static const double ratios[] = { 1, 8, 64 };
	static const double utilisations[] = { 0.1, 0.5, 1 };
	struct ep_asked *q = &o->asked;

	if (!isnan(o->usable))
		q->battery.usable = o->usable;
	if (!isnan(o->yield))
		q->battery.yield = o->yield;
	if (!isnan(o->tolerance))
		q->battery.tolerance = o->tolerance;
	if (q->ratio_count == 0) {
		memcpy(q->ratios, ratios, sizeof(ratios));
		q->ratio_count = 3;
	}
	if (q->utilisation_count == 0) {
		memcpy(q->utilisations, utilisations, sizeof(utilisations));
		q->utilisation_count = 3;
	}
	q->against_name = o->against;
}

int ep_report_options_parse(int argc, char **argv,
			    struct ep_report_options *ret, struct ep_err *err)
{
	struct ep_report_options o = {
		.format = ep_format_find("text", err),
		.usable = (double)NAN,
		.yield = (double)NAN,
		.tolerance = (double)NAN,
	};
	int r;

	ep_asked_init(&o.asked);
	r = read_options(argc, argv, &o, err);
	if (r < 0)
		return r;
	if (!o.help && !o.list_batteries) {
		r = ep_report_options_needs(&o, err);
		if (r < 0)
			return r;
		if (optind >= argc)
			return ep_err_set(err, -EINVAL,
					  "which run? give its folder");
		if (optind + 1 < argc)
			return ep_err_set(err, -EINVAL,
					  "one run folder at a time");
		o.dir = argv[optind];
		if (o.verify &&
		    (ep_report_options_ask(&o) || o.metrics || o.output))
			return ep_err_set(err, -EINVAL,
					  "--verify only tells what differs: "
					  "leave what else was asked out");
		fill_in(&o);
	}
	*ret = o;
	return 0;
}

bool ep_report_options_ask(const struct ep_report_options *o)
{
	return o->asked.has_battery || !isnan(o->asked.price_per_kwh) ||
	       o->against;
}
