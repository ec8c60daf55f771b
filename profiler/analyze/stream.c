/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/stream.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define TIME_NS_MAX (INT64_C(1) << 60)
/* Integration goes across a silence of this at least. */
#define LIMIT_NS_MIN (100 * EP_NS_PER_MS)
#define REFRESH_NS_MAX (60 * EP_NS_PER_S)

/* What a channel's lane must be like. */
struct kind {
	int64_t shift_ns;
	bool tracked, bounded;
};

static bool is_factor(const struct ep_run_sensor *sensor, size_t channel)
{
	for (size_t i = 0; i < sensor->channel_count; i++)
		if ((sensor->channels[i].flags & EP_CHANNEL_PRODUCT) &&
		    (sensor->channels[i].volts_index == (int)channel ||
		     sensor->channels[i].amps_index == (int)channel))
			return true;
	return false;
}

/* Whether figures are made of it; the others are only traced. */
static bool is_tracked(const struct ep_run_sensor *sensor, size_t channel)
{
	const struct ep_channel *c = &sensor->channels[channel];

	if (c->flags & (EP_CHANNEL_LOW | EP_CHANNEL_HIGH))
		return true;
	switch (c->quantity) {
	case EP_POWER_UW:
	case EP_ENERGY_UJ:
	case EP_CHARGE_UC:
	case EP_COUNT:
	case EP_TIME_NS:
	case EP_SIZE_BYTES:
		return true;
	case EP_VOLTAGE_UV:
	case EP_CURRENT_UA:
		return is_factor(sensor, channel);
	case EP_TEMP_MC:
	case EP_FREQ_HZ:
	case EP_RATIO_PPM:
	case EP_QUANTITY_COUNT:
		break;
	}
	return false;
}

static struct kind kind_of(const struct ep_stream *s, size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	struct kind k = { c->window_ns / 2, is_tracked(s->sensor, channel),
			  false };

	k.bounded = s->target && c->shape == EP_COUNTER &&
		    strcmp(s->sensor->driver, "counters") == 0;
	return k;
}

static bool same_kind(struct kind a, struct kind b)
{
	return a.shift_ns == b.shift_ns && a.tracked == b.tracked &&
	       a.bounded == b.bounded;
}

/* A damaged file may pretend to be polled once a century. */
static int64_t poll_of(const struct ep_stream *s)
{
	return s->poll_ns < REFRESH_NS_MAX ? s->poll_ns : REFRESH_NS_MAX;
}

static int64_t limit_of(const struct ep_stream *s, const struct ep_channel *c)
{
	int64_t refresh =
		c->refresh_ns < REFRESH_NS_MAX ? c->refresh_ns : REFRESH_NS_MAX;
	int64_t cell = s->cell_ns[c - s->sensor->channels];
	int64_t longest = refresh > cell ? refresh : cell;

	return longest * 5 > LIMIT_NS_MIN ? longest * 5 : LIMIT_NS_MIN;
}

/* The channels of one lane, gauges first. */
static size_t list_channels(const struct ep_stream *s, struct kind kind,
			    size_t *ret)
{
	size_t count = 0;

	for (int shape = 0; shape < 2; shape++)
		for (size_t i = 0; i < s->sensor->channel_count; i++)
			if (s->places[i].in_file &&
			    (s->sensor->channels[i].shape == EP_COUNTER) ==
				    (shape == 1) &&
			    same_kind(kind_of(s, i), kind))
				ret[count++] = i;
	return count;
}

/* The shortest stretch a peak may be taken of: no device resolves less than
 * its refresh.  A tenth off, since polls are never exactly on time. */
static double block_s(const struct ep_stream *s, const size_t *channels,
		      size_t count)
{
	double need = (double)s->poll_ns;

	for (size_t i = 0; i < count; i++) {
		const struct ep_channel *c = &s->sensor->channels[channels[i]];

		if (!s->places[channels[i]].primary)
			continue;
		need = fmax(need, (double)s->cell_ns[channels[i]]);
		need = fmax(need, (double)c->refresh_ns);
		if (c->refresh_ns == 0 && c->shape == EP_COUNTER &&
		    s->change_ns[channels[i]] > need)
			need = s->change_ns[channels[i]];
	}
	return need * 0.9e-9;
}

static int fill_lane(struct ep_stream *s, size_t lane, const size_t *channels,
		     size_t count)
{
	struct ep_stream_lane *sl = &s->lanes[lane];
	struct ep_lane_slot *slots = calloc(count, sizeof(*slots));
	int code = -ENOMEM;

	sl->source = calloc(count, sizeof(*sl->source));
	sl->values = calloc(count, sizeof(*sl->values));
	sl->present = calloc(count, sizeof(*sl->present));
	if (!slots || !sl->source || !sl->values || !sl->present)
		goto out;
	for (size_t i = 0; i < count; i++) {
		const struct ep_channel *c = &s->sensor->channels[channels[i]];

		s->places[channels[i]].lane = lane;
		s->places[channels[i]].slot = i;
		sl->source[i] = s->source[channels[i]];
		slots[i].counter = c->shape == EP_COUNTER;
		slots[i].primary = s->places[channels[i]].primary;
		slots[i].wrap = c->wrap;
		slots[i].is_signed = c->flags & EP_CHANNEL_SIGNED;
		slots[i].limit_ns = limit_of(s, c);
	}
	code = ep_lane_init(&sl->lane, slots, count);
out:
	free(slots);
	return code;
}

static int add_lane(struct ep_stream *s, const struct ep_stream_plan *plan,
		    struct kind kind, size_t *channels)
{
	const struct ep_run *run = plan->run;
	size_t count = list_channels(s, kind, channels);
	struct ep_stream_lane *sl = &s->lanes[s->lane_count];
	struct ep_lane *l = &sl->lane;
	int code = fill_lane(s, s->lane_count, channels, count);

	s->lane_count++;
	if (code < 0)
		return code;
	sl->shift_ns = kind.shift_ns;
	l->hold_ns = poll_of(s) / 2;
	l->blur_ns = l->shift_ns = kind.shift_ns;
	l->watch_ns = run->gate_ns + EP_NS_PER_S;
	l->from_ns = run->idle_end_ns > run->idle_begin_ns ? run->idle_begin_ns
							   : run->gate_ns;
	l->to_ns = run->exit_ns;
	l->bounded = kind.bounded;
	l->gate_ns = run->gate_ns;
	l->exit_ns = run->exit_ns;
	l->block_need_s = block_s(s, channels, count);
	for (size_t i = 0; i < count; i++)
		s->places[channels[i]].tracked = kind.tracked;
	if (kind.tracked)
		code = ep_lane_set_cells(l, plan->cuts, plan->fine);
	if (code == 0 && plan->trace)
		code = ep_lane_set_rows(l, run->gate_ns, run->interval_ns,
					plan->first_row);
	return code;
}

int ep_stream_plan(struct ep_stream *s, const struct ep_stream_plan *plan)
{
	size_t n = s->sensor->channel_count, *channels;
	int code = 0;

	if (!s->has_csv || s->reason[0])
		return 0;
	channels = calloc(n + 1, sizeof(*channels));
	s->lanes = calloc(n + 1, sizeof(*s->lanes));
	if (!channels || !s->lanes)
		code = -ENOMEM;
	for (size_t i = 0; i < n && code == 0; i++) {
		bool known = !s->places[i].in_file;

		for (size_t j = 0; j < i && !known; j++)
			known = s->places[j].in_file &&
				same_kind(kind_of(s, i), kind_of(s, j));
		if (!known)
			code = add_lane(s, plan, kind_of(s, i), channels);
	}
	free(channels);
	return code;
}

/* uV * uA = pW, to the nearest uW. */
static bool power_uw(int64_t uv, int64_t ua, int64_t *ret)
{
	int64_t pw = 0;

	if (__builtin_mul_overflow(uv, ua, &pw))
		return false;
	*ret = pw / 1000000 + (pw % 1000000 >= 500000) -
	       (pw % 1000000 <= -500000);
	return true;
}

/* A product is absent when one of its factors is. */
static void multiply(struct ep_stream *s)
{
	for (size_t i = 0; i < s->sensor->channel_count; i++) {
		const struct ep_channel *c = &s->sensor->channels[i];
		size_t to = s->csv.columns + i, v, a;

		if (!(c->flags & EP_CHANNEL_PRODUCT) || !s->places[i].in_file)
			continue;
		v = s->source[c->volts_index];
		a = s->source[c->amps_index];
		s->present[to] =
			s->present[v] && s->present[a] &&
			power_uw(s->values[v], s->values[a], &s->values[to]);
	}
}

/* The next line that makes sense: 1, 0 at the end, -errno. */
static int read_next(struct ep_stream *s)
{
	for (;;) {
		int code = ep_csv_ints_next(&s->csv, s->values, s->present);
		int64_t t = s->values[0];

		if (code <= 0)
			return code;
		if (!s->present[0] || t < 0 || t > TIME_NS_MAX ||
		    (s->line_count > 0 && t <= s->last_ns)) {
			s->backward_count++;
			continue;
		}
		s->held_ns = t;
		s->held = true;
		return 1;
	}
}

static void take_line(struct ep_stream *s)
{
	multiply(s);
	for (size_t i = 0; i < s->lane_count; i++) {
		struct ep_stream_lane *sl = &s->lanes[i];

		for (size_t k = 0; k < sl->lane.slot_count; k++) {
			sl->values[k] = s->values[sl->source[k]];
			sl->present[k] = s->present[sl->source[k]];
		}
		sl->lane.line_failed =
			s->present[2] && (s->values[2] & EP_SAMPLE_ERROR);
		sl->lane.line_lost =
			s->present[2] && (s->values[2] & EP_SAMPLE_GAP);
		ep_lane_line(&sl->lane, s->held_ns - sl->shift_ns, sl->values,
			     sl->present);
	}
	if (s->line_count > 0)
		ep_hist_add(s->spacing, s->held_ns - s->last_ns);
	if (s->present[1] && s->values[1] > 0)
		s->span_sum_ns += (double)s->values[1];
	if (s->present[2])
		s->unproven_count += (s->values[2] & EP_SAMPLE_UNPROVEN) != 0;
	s->line_count++;
	s->last_ns = s->held_ns;
	s->held = s->paused = false;
}

static int64_t settled_ns(const struct ep_stream *s)
{
	int64_t settled = INT64_MAX;

	for (size_t i = 0; i < s->lane_count; i++) {
		const struct ep_stream_lane *sl = &s->lanes[i];
		int64_t next = s->held ? s->held_ns - sl->shift_ns : INT64_MIN;
		int64_t t = ep_lane_settled_ns(&sl->lane, next);

		if (t < settled)
			settled = t;
	}
	return settled;
}

static void pause_lanes(struct ep_stream *s, int64_t next_ns)
{
	for (size_t i = 0; i < s->lane_count; i++)
		ep_lane_pause(&s->lanes[i].lane,
			      next_ns == INT64_MAX
				      ? next_ns
				      : next_ns - s->lanes[i].shift_ns);
}

static int lane_failure(const struct ep_stream *s)
{
	for (size_t i = 0; i < s->lane_count; i++)
		if (s->lanes[i].lane.failed < 0)
			return s->lanes[i].lane.failed;
	return 0;
}

int ep_stream_pump(struct ep_stream *s, int64_t until_ns)
{
	if (s->lane_count == 0)
		s->ended = true;
	while (!s->ended) {
		if (settled_ns(s) >= until_ns)
			return 1;
		if (!s->held) {
			int code = read_next(s);

			if (code < 0)
				return code;
			if (code == 0) {
				pause_lanes(s, INT64_MAX);
				s->ended = true;
				break;
			}
		}
		/* Rows before a silence go out before what follows it. */
		if (!s->paused && s->line_count > 0 &&
		    s->held_ns - s->last_ns > LIMIT_NS_MIN) {
			pause_lanes(s, s->held_ns);
			s->paused = true;
			continue;
		}
		take_line(s);
	}
	return lane_failure(s);
}
