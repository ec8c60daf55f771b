/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/uncertainty.h"

#include <math.h>
#include <string.h>

static const double sqrt3 = 1.7320508075688772;

void ep_budget_add(struct ep_budget *b, const char *name, double u)
{
	if (!isfinite(u) || !(fabs(u) > 0))
		return;
	for (size_t i = 0; i < b->count; i++) {
		if (strcmp(b->terms[i].name, name) == 0) {
			b->terms[i].u = hypot(b->terms[i].u, u);
			return;
		}
	}
	if (b->count == EP_TERMS_MAX) {
		b->terms[EP_TERMS_MAX - 1].u =
			hypot(b->terms[EP_TERMS_MAX - 1].u, u);
		return;
	}
	b->terms[b->count].name = name;
	b->terms[b->count].u = fabs(u);
	b->count++;
}

void ep_budget_add_scaled(struct ep_budget *b, const struct ep_budget *from,
			  double factor)
{
	for (size_t i = 0; i < from->count; i++)
		ep_budget_add(b, from->terms[i].name,
			      from->terms[i].u * factor);
}

double ep_budget_get(const struct ep_budget *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->terms[i].name, name) == 0)
			return b->terms[i].u;
	return 0;
}

double ep_budget_u(const struct ep_budget *b)
{
	double sum = 0;

	for (size_t i = 0; i < b->count; i++)
		sum += b->terms[i].u * b->terms[i].u;
	return sqrt(sum);
}

double ep_u_limit(double half_width)
{
	return half_width / sqrt3;
}

double ep_u_resolution_gauge(double lsb, double t_s, double n, double sd)
{
	double u = lsb / sqrt(12.0) * t_s;

	/* Noise of half a count makes the rounding of samples independent. */
	return n > 1 && sd >= lsb / 2 ? u / sqrt(n) : u;
}

double ep_u_resolution_counter(double lsb)
{
	return lsb / sqrt(6.0);
}

double ep_u_product_lsb(double volts, double volts_lsb, double amps,
			double amps_lsb)
{
	return hypot(volts * amps_lsb, amps * volts_lsb);
}

double ep_u_border(double edge_w, double half_width_s)
{
	return fabs(edge_w) * half_width_s / sqrt3;
}

double ep_u_interpolated(double step_w, double h_s)
{
	return fabs(step_w) * h_s / sqrt(30.0);
}

double ep_window_residual_j(double step_w, double window_s)
{
	return window_s * step_w / 8;
}

double ep_u_window(double step_w, double window_s)
{
	return fabs(ep_window_residual_j(step_w, window_s)) / sqrt3;
}

double ep_u_latency(double before_w, double inside_end_w, double delay_s)
{
	return fabs(before_w - inside_end_w) * delay_s / sqrt3;
}

double ep_u_sampling(double h2d2)
{
	return sqrt(h2d2 / 2);
}

double ep_u_mean(const double *blocks, size_t count)
{
	double mean = 0, sum = 0;

	if (count < 2)
		return (double)NAN;
	for (size_t i = 0; i < count; i++)
		mean += blocks[i];
	mean /= (double)count;
	for (size_t i = 0; i < count; i++)
		sum += (blocks[i] - mean) * (blocks[i] - mean);
	return sqrt(sum / (double)(count - 1) / (double)count);
}

double ep_u_idle(double spread_w, double drift_w, double share)
{
	return hypot(spread_w, ep_u_limit(fmax(share, 0.5) * drift_w));
}

bool ep_sampling_locked(double f_token, double f_sample, double t_s)
{
	double beat = HUGE_VAL;

	if (!(f_token > 0) || !(f_sample > 0) || f_sample > 4 * f_token)
		return false;
	for (int k = 1; k <= 3; k++) {
		double j = floor(k * f_token / f_sample + 0.5);

		/* j = 0 is the token itself, not an alias of it. */
		if (j >= 1)
			beat = fmin(beat, fabs(k * f_token - j * f_sample));
	}
	return beat * t_s < 2;
}
