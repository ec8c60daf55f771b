/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/cost.h"

#include <math.h>

double ep_cost_per_million(double j_per_token, double price_per_kwh)
{
	return j_per_token / 3.6 * price_per_kwh;
}

static double seconds_of(const struct ep_device *d, double ratio)
{
	return ratio / d->in_per_s + 1 / d->out_per_s;
}

static double joules_of(const struct ep_device *d, double ratio)
{
	return ratio * d->in_j + d->out_j;
}

static enum ep_verdict judge(double saved_w, double price_more)
{
	if (price_more > 0)
		return saved_w > 0 ? EP_PAYS_BACK : EP_NEVER;
	return saved_w < 0 && price_more < 0 ? EP_AT_FIRST : EP_FROM_START;
}

void ep_break_even(const struct ep_device *a, const struct ep_device *b,
		   const struct ep_load *load, struct ep_break_even *ret)
{
	double per_s;

	ret->a_s = seconds_of(a, load->ratio);
	ret->b_s = seconds_of(b, load->ratio);
	per_s = load->utilisation / ret->b_s;
	ret->a_share = load->utilisation * ret->a_s / ret->b_s;
	ret->a_count = fmax(1, ceil(ret->a_share));
	ret->a_w = per_s * joules_of(a, load->ratio) +
		   (ret->a_count - ret->a_share) * a->idle_w;
	ret->b_w = per_s * joules_of(b, load->ratio) +
		   (1 - load->utilisation) * b->idle_w;
	ret->saved_w = ret->a_w - ret->b_w;
	ret->price_more = b->price - ret->a_count * a->price;
	ret->is = judge(ret->saved_w, ret->price_more);
	ret->years = (double)NAN;
	if (ret->is == EP_PAYS_BACK || ret->is == EP_AT_FIRST)
		ret->years = ret->price_more /
			     (ret->saved_w / 1000 * EP_HOURS_PER_YEAR *
			      load->price_per_kwh);
	if (ret->is == EP_FROM_START)
		ret->years = 0;
}

void ep_tco(const struct ep_owning *a, const struct ep_owning *b, double years,
	    struct ep_tco *ret)
{
	double more = b->price - a->price, yearly = a->yearly - b->yearly;

	ret->a = a->price + years * a->yearly;
	ret->b = b->price + years * b->yearly;
	ret->saving = ret->a - ret->b;
	ret->saving_share = ret->saving / ret->a;
	ret->months = more > 0 && yearly > 0 ? more / yearly * 12 : (double)NAN;
}

double ep_change_factor(double x, double ref)
{
	return x >= ref ? x / ref : -ref / x;
}
