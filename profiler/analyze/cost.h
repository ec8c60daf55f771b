/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_COST_H
#define EP_PROFILER_ANALYZE_COST_H

#include <stdbool.h>

/* What energy costs, and when a dearer device has paid for itself.  Pure;
 * money in whatever unit the prices are in; formulas and examples in
 * docs/metrics.md. */

/* Of a million tokens: 1e6 J are 1 / 3.6 kWh. */
double ep_cost_per_million(double j_per_token, double price_per_kwh);

/* A device as its run shows it. */
struct ep_device {
	double in_j, out_j;	    /* a token of the prompt, of the output */
	double in_per_s, out_per_s; /* tokens */
	double idle_w;		    /* 0: idle time is not counted */
	double price;
};
/* What is asked of device B. */
struct ep_load {
	double ratio;	    /* prompt tokens for each output token */
	double utilisation; /* share of the time that B computes */
	double price_per_kwh;
};
enum ep_verdict {
	EP_PAYS_BACK,  /* B has paid for itself after years */
	EP_NEVER,      /* B is dearer and saves nothing */
	EP_FROM_START, /* B is no dearer and takes no more */
	EP_AT_FIRST,   /* B is cheaper, but takes more: until years */
};
struct ep_break_even {
	double a_s, b_s;    /* for one output token and its prompt tokens */
	double a_share;	    /* utilisation of A, above 1: too slow alone */
	double a_count;	    /* devices A that do the load */
	double a_w, b_w;    /* mean power of all devices for the load */
	double saved_w;	    /* a_w - b_w */
	double price_more;  /* B's price less that of the devices A */
	double years;	    /* NAN where none */
	enum ep_verdict is; /* B against A */
};
void ep_break_even(const struct ep_device *a, const struct ep_device *b,
		   const struct ep_load *load, struct ep_break_even *ret);

/* Total cost of ownership of A and B over some years. */
struct ep_tco {
	double a, b;
	double saving, saving_share; /* of B against A */
	double months; /* until B's price is back; NAN: never, or at once */
};
struct ep_owning {
	double price, yearly;
};
void ep_tco(const struct ep_owning *a, const struct ep_owning *b, double years,
	    struct ep_tco *ret);

/* Of a quantised model: x / ref when that is at least 1, else -ref / x. */
double ep_change_factor(double x, double ref);

#define EP_HOURS_PER_YEAR 8766 /* 365.25 days */

#endif
