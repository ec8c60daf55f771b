/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/stream_clock.h"

#include <math.h>
#include <string.h>

#define WINDOW_NS 5e8
/* Before so many windows the rate is taken as nominal. */
#define LINE_POINTS_MIN 4
/* No crystal is off by more. */
#define DRIFT_MAX 200e-6
/* A window that is later than the line is of a busy host, not of the clock. */
#define OUTLIER_NS 3e5
#define JUMP_NS 5e7
#define SLEW 0.1

void ep_stream_clock_init(struct ep_stream_clock *c, int64_t nominal_ns)
{
	memset(c, 0, sizeof(*c));
	c->nominal_ns = (double)nominal_ns;
}

static double line_at(const struct ep_stream_clock *c, double n)
{
	return c->offset_ns + n * c->drift_ns;
}

double ep_stream_clock_since_ns(const struct ep_stream_clock *c, uint64_t n,
				int64_t t_ns)
{
	double late_ns =
		(double)(t_ns - c->first_ns) - (double)n * c->nominal_ns;

	return late_ns - line_at(c, (double)n);
}

/* Least squares through the points not later than limit above the line. */
static void fit(struct ep_stream_clock *c, double limit_ns)
{
	double count = 0, n_mean = 0, l_mean = 0, nn = 0, nl = 0;
	bool use[EP_STREAM_CLOCK_POINTS];

	for (size_t i = 0; i < c->point_count; i++) {
		const struct ep_stream_clock_point *p = &c->points[i];

		use[i] = p->late_ns - line_at(c, p->n) <= limit_ns;
		if (!use[i])
			continue;
		count++;
		n_mean += (p->n - n_mean) / count;
		l_mean += (p->late_ns - l_mean) / count;
	}
	if (count < LINE_POINTS_MIN)
		return;
	for (size_t i = 0; i < c->point_count; i++) {
		double dn = c->points[i].n - n_mean;

		if (!use[i])
			continue;
		nn += dn * dn;
		nl += dn * (c->points[i].late_ns - l_mean);
	}
	if (!(nn > 0))
		return;
	c->drift_ns = fmax(-DRIFT_MAX * c->nominal_ns,
			   fmin(DRIFT_MAX * c->nominal_ns, nl / nn));
	c->offset_ns = l_mean - n_mean * c->drift_ns;
}

static void take_point(struct ep_stream_clock *c)
{
	c->points[c->next_point] = c->best;
	c->next_point = (c->next_point + 1) % EP_STREAM_CLOCK_POINTS;
	if (c->point_count < EP_STREAM_CLOCK_POINTS)
		c->point_count++;
	if (c->point_count < LINE_POINTS_MIN)
		return;
	fit(c, (double)INFINITY);
	fit(c, OUTLIER_NS);
}

void ep_stream_clock_end_window(struct ep_stream_clock *c)
{
	if (!c->has_best)
		return;
	c->excess_ns = c->best.late_ns - line_at(c, c->best.n);
	c->window_count++;
	c->has_best = false;
	/* Later than any crystal: samples are missing, or the host was busy. */
	if (c->excess_ns <= OUTLIER_NS)
		take_point(c);
}

void ep_stream_clock_restart_window(struct ep_stream_clock *c, uint64_t n)
{
	c->has_best = false;
	c->window_n = n;
}

void ep_stream_clock_arrived(struct ep_stream_clock *c, uint64_t n,
			     int64_t t_ns)
{
	double late_ns;

	if (!c->begun) {
		c->begun = true;
		c->first_ns = t_ns;
		c->offset_ns = -(double)n * c->nominal_ns;
		c->told_ns = c->offset_ns;
		c->window_n = n;
	}
	late_ns = (double)(t_ns - c->first_ns) - (double)n * c->nominal_ns;
	if (!c->has_best || late_ns < c->best.late_ns) {
		c->best.n = (double)n;
		c->best.late_ns = late_ns;
		c->has_best = true;
	}
	/* Nothing arrives before it was made. */
	if (late_ns < line_at(c, (double)n))
		c->offset_ns = late_ns - (double)n * c->drift_ns;
	if ((double)(n - c->window_n) * c->nominal_ns >= WINDOW_NS) {
		ep_stream_clock_end_window(c);
		c->window_n = n;
	}
}

int64_t ep_stream_clock_tell_ns(struct ep_stream_clock *c, uint64_t n)
{
	double at_ns = (double)n * c->nominal_ns + line_at(c, (double)n);
	double step_ns = (double)(n - c->told_n) * c->nominal_ns;
	double by_ns = at_ns - (c->told_ns + step_ns);

	if (fabs(by_ns) < JUMP_NS)
		by_ns = fmax(-SLEW * step_ns, fmin(SLEW * step_ns, by_ns));
	else if (by_ns < 0)
		by_ns = -SLEW * step_ns;
	c->told_ns += step_ns + by_ns;
	c->told_n = n;
	return c->first_ns + (int64_t)llround(c->told_ns);
}
