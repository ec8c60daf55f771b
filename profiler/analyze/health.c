/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/health.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Lateness is exact up to so many ticks, then to 3 %. */
#define EXACT_TICKS_MAX ((size_t)1000000)

static void fill_health(const struct ep_stream *s, size_t channel,
			struct ep_health *h)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	const struct ep_stream_place *place = &s->places[channel];
	const struct ep_lane *l = &s->lanes[place->lane].lane;
	const struct ep_lane_health *lh = &l->health[place->slot];
	struct ep_part part = ep_part_of(s, channel);

	(void)ep_str_copy(h->sensor, sizeof(h->sensor), s->sensor->id);
	(void)ep_str_copy(h->channel, sizeof(h->channel), c->name);
	h->unit = ep_quantity_si_unit(c->quantity);
	h->declared_refresh_ns = c->refresh_ns;
	h->measured_refresh_s = ep_hist_quantile_ns(&lh->changes, 0.5) * 1e-9;
	h->poll_s = ep_hist_quantile_ns(s->spacing, 0.5) * 1e-9;
	h->read_count = lh->read_count;
	h->repeat_count = lh->repeat_count;
	h->error_count = lh->error_count;
	h->gap_count = lh->gap_count;
	h->max_gap_s = (double)lh->max_gap_ns * 1e-9;
	h->standing_still =
		c->quantity == EP_ENERGY_UJ && ep_part_stands_still(&part);
}

int ep_health_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	size_t room = 1;

	for (size_t i = 0; i < a->stream_count; i++)
		room += a->streams[i].sensor->channel_count;
	r->health = calloc(room, sizeof(*r->health));
	if (!r->health)
		return -ENOMEM;
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		for (size_t c = 0; c < s->sensor->channel_count; c++)
			if (s->lane_count > 0 && s->places[c].in_file)
				fill_health(s, c,
					    &r->health[r->health_count++]);
	}
	return 0;
}

/* ticks.csv on its way through. */
struct ticks {
	double *late_us;
	size_t count, room;
	struct ep_hist *hist; /* of all of them, ns */
	int64_t first_ns, last_ns, max_ns;
	int64_t tick_count, missed_count;
	bool full; /* late_us holds only the first */
};

static int add_tick(struct ticks *t, int64_t due_ns, int64_t late_ns)
{
	if (t->count == t->room && t->room < EXACT_TICKS_MAX) {
		size_t room = t->room ? t->room * 2 : 4096;
		double *more;

		if (room > EXACT_TICKS_MAX)
			room = EXACT_TICKS_MAX;
		more = realloc(t->late_us, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->late_us = more;
		t->room = room;
	}
	if (t->count < t->room)
		t->late_us[t->count++] = (double)late_ns * 1e-3;
	else
		t->full = true;
	ep_hist_add(t->hist, late_ns);
	if (t->tick_count == 0)
		t->first_ns = due_ns + late_ns;
	t->last_ns = due_ns + late_ns;
	if (late_ns > t->max_ns)
		t->max_ns = late_ns;
	t->tick_count++;
	return 0;
}

static int read_ticks(struct ticks *t, int fd)
{
	const int64_t limit = INT64_C(1) << 60;
	struct ep_csv_ints csv;
	int64_t *values;
	uint8_t *present;
	int code = ep_csv_ints_open(&csv, fd, NULL);

	if (code < 0)
		return code == -ENOMEM ? code : 0;
	values = calloc(csv.columns + 3, sizeof(*values));
	present = calloc(csv.columns + 3, sizeof(*present));
	code = values && present ? 0 : -ENOMEM;
	while (code == 0 && csv.columns >= 3) {
		int got = ep_csv_ints_next(&csv, values, present);

		if (got <= 0) {
			code = got;
			break;
		}
		if (!present[0] || !present[1] || values[0] < 0 ||
		    values[0] > limit || values[1] < 0 || values[1] > limit)
			continue;
		if (present[2] && values[2] > 0 && values[2] < limit &&
		    t->missed_count < limit)
			t->missed_count += values[2];
		code = add_tick(t, values[0], values[1]);
	}
	free(values);
	free(present);
	ep_csv_ints_close(&csv);
	return code;
}

static double late_us(struct ticks *t, double q)
{
	return t->full ? ep_hist_quantile_ns(t->hist, q) * 1e-3
		       : ep_quantile_f64(t->late_us, t->count, q);
}

static int64_t fact_or(const struct ep_run *run, const char *name, int64_t none)
{
	int64_t value;

	return ep_run_fact_i64(run, name, &value) == 0 && value >= 0 ? value
								     : none;
}

/* What edgeprof itself used.  Its energy is its part of all CPU time spent,
 * taken of the energy above idle: an estimate. */
static void fill_self(const struct ep_analysis *a, struct ep_grid_health *g)
{
	const struct ep_run *run = &a->run;
	int64_t self = fact_or(run, "self.cpu_ns", -1);
	int64_t user = fact_or(run, "child.utime_ns", -1);
	int64_t system = fact_or(run, "child.stime_ns", -1);
	double length = (double)(run->end_ns - run->gate_ns);
	const struct ep_metric *net = NULL;

	g->self_cpu_s = g->self_cpu_share = g->self_energy_j = (double)NAN;
	g->self_wakeups = fact_or(run, "self.wakeups", -1);
	g->self_bytes = fact_or(run, "self.bytes", -1);
	if (self < 0)
		return;
	g->self_cpu_s = (double)self * 1e-9;
	g->self_cpu_share = (double)self / length;
	if (a->report->total_count > 0)
		net = ep_row_metric(
			&a->report->totals[a->report->total_count - 1],
			"energy_net_j");
	if (net && net->status != EP_STATUS_NOT_MEASURED && net->value > 0 &&
	    user >= 0 && system >= 0 && (double)user + (double)system > 0)
		g->self_energy_j =
			net->value * (double)self /
			((double)user + (double)system + (double)self);
}

int ep_grid_make(struct ep_analysis *a, int fd)
{
	struct ep_grid_health *g = &a->report->grid;
	struct ticks t = { .hist = calloc(1, sizeof(struct ep_hist)) };
	int code = t.hist ? 0 : -ENOMEM;

	if (code == 0 && fd >= 0)
		code = read_ticks(&t, fd);
	g->interval_s = (double)a->run.interval_ns * 1e-9;
	g->tick_count = t.tick_count;
	g->missed_count = t.missed_count;
	g->late_p50_us = g->late_p99_us = (double)NAN;
	g->late_max_us = g->interval_mean_s = (double)NAN;
	if (code == 0 && t.tick_count > 0) {
		g->late_p50_us = late_us(&t, 0.50);
		g->late_p99_us = late_us(&t, 0.99);
		g->late_max_us = (double)t.max_ns * 1e-3;
	}
	if (t.tick_count > 1)
		g->interval_mean_s = (double)(t.last_ns - t.first_ns) * 1e-9 /
				     (double)(t.tick_count - 1);
	fill_self(a, g);
	free(t.late_us);
	free(t.hist);
	return code;
}
