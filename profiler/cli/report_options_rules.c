/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"
#include "profiler/cli/report_options.h"

int ep_report_options_bound(struct ep_asked *q, const char *text,
			    bool is_ceiling, struct ep_err *err)
{
	const char *option = is_ceiling ? "ceiling" : "floor";
	struct ep_asked_bound *b = &q->bounds[q->bound_count];
	const char *equals = strchr(text, '=');

	if (q->bound_count == EP_ASKED_LIST_MAX)
		return ep_err_set(err, -E2BIG,
				  "at most %d of --floor and --ceiling",
				  EP_ASKED_LIST_MAX);
	if (!equals || equals == text ||
	    !ep_str_format(b->metric, sizeof(b->metric), "%.*s",
			   (int)(equals - text), text))
		return ep_err_set(err, -EINVAL,
				  "--%s %.60s: give a figure and a number, as "
				  "in generation.tokens_per_s=5.33",
				  option, text);
	if (ep_num_parse_f64(equals + 1, &b->value) < 0)
		return ep_err_set(err, -EINVAL,
				  "--%s %.60s: '%.30s' is no number; give it "
				  "without a unit",
				  option, text, equals + 1);
	b->is_ceiling = is_ceiling;
	q->bound_count++;
	return 0;
}

static bool has_bound(const struct ep_asked *q, bool is_ceiling)
{
	for (size_t i = 0; i < q->bound_count; i++)
		if (q->bounds[i].is_ceiling == is_ceiling)
			return true;
	return false;
}

/* What says nothing without another option. */
int ep_report_options_needs(const struct ep_report_options *o,
			    struct ep_err *err)
{
	const struct ep_asked *q = &o->asked;
	const bool price = !isnan(q->price_per_kwh);
	const bool devices = !isnan(q->device_price[0]);
	const struct {
		const char *option;
		bool given, has;
		const char *needs;
	} pairs[] = {
		{ "usable", !isnan(o->usable), q->has_battery, "battery" },
		{ "efficiency", !isnan(o->yield), q->has_battery, "battery" },
		{ "tolerance", !isnan(o->tolerance), q->has_battery,
		  "battery" },
		{ "duty", !isnan(q->duty_per_h),
		  q->has_battery || (price && q->with_idle), "battery" },
		{ "supply-efficiency", !isnan(q->supply_yield), price,
		  "price" },
		{ "api-price", !isnan(q->api_price[0]), price, "price" },
		{ "include", q->with_load || q->with_idle, price, "price" },
		{ "include idle", q->with_idle,
		  devices || !isnan(q->duty_per_h), "duty" },
		{ "floor", has_bound(q, false), q->best != NULL, "best" },
		{ "ceiling", has_bound(q, true), q->best != NULL, "best" },
		{ "normalise", q->normalise, o->against != NULL, "against" },
		{ "device-price", devices, o->against != NULL, "against" },
		{ "device-price", devices, price && q->price_per_kwh > 0,
		  "price" },
		{ "io-ratio", q->ratio_count > 0, devices, "device-price" },
		{ "utilisation", q->utilisation_count > 0, devices,
		  "device-price" },
		{ "years", !isnan(q->years), devices, "device-price" },
		{ "yearly-cost", !isnan(q->yearly_cost[0]), !isnan(q->years),
		  "years" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].given && !pairs[i].has)
			return ep_err_set(err, -EINVAL,
					  "--%s says nothing without --%s",
					  pairs[i].option, pairs[i].needs);
	return 0;
}
