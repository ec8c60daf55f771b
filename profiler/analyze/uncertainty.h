/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_UNCERTAINTY_H
#define EP_PROFILER_ANALYZE_UNCERTAINTY_H

#include "profiler/analyze/model.h"

/*
 * Standard uncertainties of the terms of a phase energy.  Pure functions;
 * joules, watts and seconds.  A bound or limit +-a enters as a / sqrt(3).
 */
struct ep_budget {
	struct ep_term terms[EP_TERMS_MAX];
	size_t count;
};

/* Adds in quadrature to the term of that name; not finite or 0: nothing. */
void ep_budget_add(struct ep_budget *b, const char *name, double u);
void ep_budget_add_scaled(struct ep_budget *b, const struct ep_budget *from,
			  double factor);
double ep_budget_get(const struct ep_budget *b, const char *name);
double ep_budget_u(const struct ep_budget *b); /* root of the sum of squares */

double ep_u_limit(double half_width);
/* One count of a gauge over t_s; n fresh samples of that spread. */
double ep_u_resolution_gauge(double lsb, double t_s, double n, double sd);
/* The difference of two reads of a counter. */
double ep_u_resolution_counter(double lsb);
/* One count of volts * amps. */
double ep_u_product_lsb(double volts, double volts_lsb, double amps,
			double amps_lsb);
/* A border known to +-half_width_s where the power is edge_w. */
double ep_u_border(double edge_w, double half_width_s);
/* A border interpolated between updates h_s apart across a step. */
double ep_u_interpolated(double step_w, double h_s);
/* What an averaging window hides of a step at a border, and how well that is
 * known. */
double ep_window_residual_j(double step_w, double window_s);
double ep_u_window(double step_w, double window_s);
/* Delay of at most delay_s common to both borders. */
double ep_u_latency(double before_w, double inside_end_w, double delay_s);
/* h2d2 = sum of (interval * step)^2 over fresh samples, (W s)^2. */
double ep_u_sampling(double h2d2);
/* Blocks of a baseline: standard uncertainty of their mean. */
double ep_u_mean(const double *blocks, size_t count);
/*
 * An idle power of that spread which moved by drift_w until after the run, at a
 * place between its two windows: 0 the middle of the first, 1 of the second.  A
 * straight drift is share * drift_w off there, taken as the limit of a
 * rectangle; before the middle as much as in the middle.
 */
double ep_u_idle(double spread_w, double drift_w, double share);

/*
 * Whether samples at f_sample see tokens at f_token always at the same place:
 * the slowest beat of the first three harmonics has less than two periods in
 * t_s and a sample interval is over a quarter of a token.
 */
bool ep_sampling_locked(double f_token, double f_sample, double t_s);

#endif
