/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/associate.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/analyze/distributions.h"
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/regress.h"
#include "profiler/analyze/windows.h"

#define WINDOWS_MAX 120
#define WINDOW_UPDATES 5
#define RAILS_MAX 32
#define PREDICTORS_MAX EP_PREDICTORS_MAX
/* Of a long run only this much of each window is read. */
#define READ_NS_MAX EP_NS_PER_S

struct source {
	const struct ep_stream *stream;
	size_t channel;
	double update_s;
};

struct maker {
	const struct ep_analysis *a;
	struct ep_associations *out;
	struct source rails[RAILS_MAX], events[PREDICTORS_MAX];
	size_t rail_count, event_count;
	struct ep_window windows[2 * WINDOWS_MAX];
	size_t window_count;
	double *values; /* [windows][rails + events] */
};

static bool is_rail(const struct ep_channel *c)
{
	return ((c->quantity == EP_POWER_UW && c->shape == EP_GAUGE) ||
		(c->quantity == EP_ENERGY_UJ && c->shape == EP_COUNTER)) &&
	       !(c->flags & (EP_CHANNEL_NEGOTIATED | EP_CHANNEL_CHECK |
			     EP_CHANNEL_ESTIMATED));
}

static void take(struct maker *mk, const struct ep_stream *s, size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	struct ep_part p = ep_part_of(s, channel);
	struct source src = { s, channel, 0 };

	if (s->reason[0] || !s->has_csv || !s->places[channel].in_file ||
	    !s->places[channel].tracked)
		return;
	ep_part_settle(&p);
	if (is_rail(c) && mk->rail_count < RAILS_MAX &&
	    !(c->shape == EP_COUNTER && ep_part_stands_still(&p))) {
		src.update_s = fmax(ep_part_cell_s(&p), p.refresh_s);
		mk->rails[mk->rail_count++] = src;
	} else if ((c->flags & EP_CHANNEL_EVENT) && !s->sensor->client &&
		   mk->event_count < PREDICTORS_MAX) {
		src.update_s = ep_part_cell_s(&p);
		mk->events[mk->event_count++] = src;
	}
}

static void list_sources(struct maker *mk)
{
	const struct ep_analysis *a = mk->a;

	for (size_t i = 0; i < a->stream_count; i++)
		for (size_t c = 0; c < a->streams[i].sensor->channel_count; c++)
			take(mk, &a->streams[i], c);
}

/* How often all of it is new; rails of slower meters are left out. */
static double pace_s(struct maker *mk)
{
	double pace =
		mk->a->total.reason[0] ? 0 : ep_meter_update_s(&mk->a->total);
	size_t kept = 0;

	for (size_t i = 0; i < mk->event_count; i++)
		pace = fmax(pace, mk->events[i].update_s);
	for (size_t i = 0; i < mk->rail_count; i++)
		if (mk->rails[i].update_s <= 1.01 * pace)
			mk->rails[kept++] = mk->rails[i];
	mk->rail_count = kept;
	return pace;
}

static bool is_generation(const struct ep_segment *s)
{
	return s->inside && strcmp(s->phase.name, EP_PHASE_GENERATION) == 0;
}

static int64_t generation_ns(const struct ep_analysis *a)
{
	int64_t sum = 0;

	for (size_t i = 0; i < a->part.count; i++)
		if (is_generation(&a->part.segments[i]))
			sum += a->part.segments[i].phase.end_ns -
			       a->part.segments[i].phase.start_ns;
	return sum;
}

/* Windows of equal length in every generation. */
static void cut_windows(struct maker *mk, double pace)
{
	const struct ep_analysis *a = mk->a;
	double all_s = (double)generation_ns(a) * 1e-9;
	double least_s = WINDOW_UPDATES * pace;
	double length_s = fmax(all_s / WINDOWS_MAX, least_s);
	int64_t length = (int64_t)(length_s * 1e9), read = length;

	if (!(length_s < 86400) || length <= 0)
		return;
	if (read > READ_NS_MAX)
		read = (int64_t)(fmax(least_s, READ_NS_MAX * 1e-9) * 1e9);
	mk->out->window_s = (double)read * 1e-9;
	for (size_t i = 0; i < a->part.count; i++) {
		const struct ep_phase *p = &a->part.segments[i].phase;

		if (!is_generation(&a->part.segments[i]))
			continue;
		/* Clear of what the meters mix with what surrounds it. */
		for (int64_t t = p->start_ns + a->side_ns;
		     t + length <= p->end_ns - a->side_ns &&
		     mk->window_count < 2 * (size_t)WINDOWS_MAX;
		     t += length)
			mk->windows[mk->window_count++] =
				(struct ep_window){ t, t + read };
	}
}

/* All wanted channels of one stream in one pass. */
static int read_stream(struct maker *mk, const struct ep_stream *s)
{
	size_t n = mk->rail_count + mk->event_count, count = 0;
	size_t channels[RAILS_MAX + PREDICTORS_MAX];
	size_t to[RAILS_MAX + PREDICTORS_MAX];
	struct ep_windows w = { .windows = mk->windows,
				.count = mk->window_count,
				.channels = channels };
	int code;

	for (size_t k = 0; k < n; k++) {
		const struct source *src =
			k < mk->rail_count ? &mk->rails[k]
					   : &mk->events[k - mk->rail_count];

		if (src->stream != s)
			continue;
		channels[count] = src->channel;
		to[count++] = k;
	}
	if (count == 0)
		return 0;
	w.channel_count = w.stride = count;
	w.ret = calloc(w.count * count, sizeof(*w.ret));
	if (!w.ret)
		return -ENOMEM;
	code = ep_windows_read(s, &w);
	for (size_t i = 0; i < w.count && code == 0; i++)
		for (size_t k = 0; k < count; k++)
			mk->values[i * n + to[k]] = w.ret[i * count + k];
	free(w.ret);
	return code;
}

static void name_predictors(const struct maker *mk, struct ep_association *as)
{
	as->predictor_count = mk->event_count;
	for (size_t k = 0; k < mk->event_count; k++) {
		const struct source *e = &mk->events[k];
		struct ep_predictor *p = &as->predictors[k];

		(void)ep_str_copy(p->name, sizeof(p->name),
				  e->stream->sensor->channels[e->channel].name);
		ep_str_slug(p->name);
		p->correlation = p->event_j = p->u95 = (double)NAN;
	}
}

static void explain(struct ep_association *as, const struct ep_regress *fit)
{
	double best = 0;

	for (size_t k = 0; k < as->predictor_count; k++) {
		struct ep_predictor *p = &as->predictors[k];

		p->used = fit->use[k] == EP_REGRESS_USED;
		p->correlation = fit->correlation[k];
		p->event_j = fit->slope[k];
		p->u95 = ep_t_quantile(0.95, fit->df) * fit->se[k];
		if (fit->use[k] == EP_REGRESS_CONSTANT)
			(void)ep_str_copy(p->reason, sizeof(p->reason),
					  "it did not vary");
		else if (fit->use[k] == EP_REGRESS_COLLINEAR)
			(void)ep_str_copy(p->reason, sizeof(p->reason),
					  "it follows from the ones before it");
		if (fabs(p->correlation) > best) {
			best = fabs(p->correlation);
			as->correlation = p->correlation;
			(void)ep_str_copy(as->follows, sizeof(as->follows),
					  p->name);
		}
	}
}

/* What a rail is fitted over. */
struct rows {
	const double *x, *y;   /* [rows][events], [rows] */
	const size_t *windows; /* of each row */
};

/* Where the fit is furthest from the rail. */
static void find_worst(const struct maker *mk, const struct rows *of,
		       const struct ep_regress *fit, struct ep_association *as)
{
	size_t p = mk->event_count, rows = fit->row_count;
	double means[PREDICTORS_MAX] = { 0 };

	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < p; k++)
			means[k] += of->x[i * p + k] / (double)rows;
	as->residual_max_w = as->residual_max_at_s = (double)NAN;
	for (size_t i = 0; i < rows; i++) {
		const struct ep_window *w = &mk->windows[of->windows[i]];
		int64_t middle_ns = w->from_ns / 2 + w->to_ns / 2;
		double left = of->y[i] - fit->mean;

		for (size_t k = 0; k < p; k++)
			if (fit->use[k] == EP_REGRESS_USED)
				left -= fit->slope[k] *
					(of->x[i * p + k] - means[k]);
		if (fabs(left) <= fabs(as->residual_max_w))
			continue;
		as->residual_max_w = left;
		as->residual_max_at_s =
			(double)(middle_ns - mk->a->run.gate_ns) * 1e-9;
	}
}

/* One rail against all events, over the windows that have all of them. */
static int fit_rail(const struct maker *mk, size_t rail)
{
	size_t p = mk->event_count, n = mk->rail_count + p, rows = 0;
	const struct source *src = &mk->rails[rail];
	struct ep_association *as = &mk->out->rails[mk->out->rail_count];
	double *x = calloc(mk->window_count * p + 1, sizeof(*x));
	double *y = calloc(mk->window_count + 1, sizeof(*y));
	size_t windows[2 * WINDOWS_MAX];
	struct ep_regress fit;
	int code = x && y ? 0 : -ENOMEM;

	for (size_t i = 0; i < mk->window_count && code == 0; i++) {
		const double *row = mk->values + i * n;
		bool whole = isfinite(row[rail]);

		for (size_t k = 0; k < p; k++)
			whole = whole && isfinite(row[mk->rail_count + k]);
		if (!whole)
			continue;
		windows[rows] = i;
		y[rows] = row[rail];
		memcpy(x + rows++ * p, row + mk->rail_count, p * sizeof(*x));
	}
	if (code == 0 && rows >= EP_ASSOCIATE_WINDOWS_MIN &&
	    rows >= 5 * (p + 1) && ep_regress(x, y, rows, p, &fit) == 0) {
		(void)ep_str_format(
			as->channel, sizeof(as->channel), "%s.%s",
			src->stream->sensor->id,
			src->stream->sensor->channels[src->channel].name);
		name_predictors(mk, as);
		as->correlation = (double)NAN;
		explain(as, &fit);
		as->mean_w = fit.mean;
		as->residual_w = fit.residual_sd;
		find_worst(mk, &(struct rows){ x, y, windows }, &fit, as);
		as->r2 = fit.r2;
		mk->out->rail_count++;
		if (rows > mk->out->window_count)
			mk->out->window_count = rows;
	}
	free(x);
	free(y);
	return code;
}

static const char *missing(const struct maker *mk)
{
	if (mk->event_count == 0)
		return "no counters of events were recorded";
	if (mk->rail_count == 0)
		return "no rail was measured as often as the counters";
	return NULL;
}

static int fit_all(struct maker *mk)
{
	size_t n = mk->rail_count + mk->event_count;
	int code = 0;

	mk->values = calloc(mk->window_count * n, sizeof(*mk->values));
	mk->out->rails = calloc(mk->rail_count, sizeof(*mk->out->rails));
	if (!mk->values || !mk->out->rails)
		return -ENOMEM;
	for (size_t i = 0; i < mk->window_count * n; i++)
		mk->values[i] = (double)NAN;
	for (size_t i = 0; i < mk->a->stream_count && code == 0; i++)
		code = read_stream(mk, &mk->a->streams[i]);
	for (size_t i = 0; i < mk->rail_count && code == 0; i++)
		code = fit_rail(mk, i);
	return code;
}

static int make(struct maker *mk)
{
	struct ep_associations *out = mk->out;
	size_t least;
	int code = 0;

	list_sources(mk);
	cut_windows(mk, pace_s(mk));
	least = 5 * (mk->event_count + 1);
	least = least > EP_ASSOCIATE_WINDOWS_MIN ? least
						 : EP_ASSOCIATE_WINDOWS_MIN;
	if (missing(mk))
		(void)ep_str_copy(out->reason, sizeof(out->reason),
				  missing(mk));
	else if (generation_ns(mk->a) <= 0)
		(void)ep_str_copy(out->reason, sizeof(out->reason),
				  "no generation was found");
	else if (mk->window_count < least)
		(void)ep_str_format(out->reason, sizeof(out->reason),
				    "generation lasts %zu windows of %.3g s; "
				    "%zu are needed for %zu counters",
				    mk->window_count, out->window_s, least,
				    mk->event_count);
	else
		code = fit_all(mk);
	if (code == 0 && !out->reason[0] && out->rail_count == 0)
		(void)ep_str_format(out->reason, sizeof(out->reason),
				    "fewer than %zu windows hold values of all "
				    "counters",
				    least);
	return code;
}

void ep_associations_free(struct ep_associations *s)
{
	if (!s)
		return;
	free(s->rails);
	free(s);
}

int ep_associations_make(struct ep_analysis *a)
{
	struct maker *mk = calloc(1, sizeof(*mk));
	int code = -ENOMEM;

	a->report->associations = calloc(1, sizeof(*a->report->associations));
	if (mk && a->report->associations) {
		mk->a = a;
		mk->out = a->report->associations;
		code = make(mk);
		free(mk->values);
	}
	free(mk);
	return code;
}
