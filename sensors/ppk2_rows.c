/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ppk2_stream.h"

#include <math.h>

#include "base/clock.h"

/* Of the filter, as in Nordic's app. */
#define FAST 0.18
#define SLOW 0.06
#define AFTER_CHANGE 3
#define SLOW_RANGE 4
/* Counters and what does not change are told ten times a second. */
#define SELDOM_SAMPLES 10000
/* Stamps hold what the USB adds: its frame of a millisecond to either side. */
#define SPAN_NS (2 * EP_NS_PER_MS)

/* A change of range shows as a spike: its first samples become means. */
static double smooth(struct ep_ppk2_filter *f, unsigned range, double amps)
{
	struct ep_ppk2_filter was = *f;

	if (!f->begun) {
		f->begun = true;
		f->fast = f->slow = amps;
		f->range = range;
		f->after_change = 0;
		return amps;
	}
	f->fast += FAST * (amps - f->fast);
	f->slow += SLOW * (amps - f->slow);
	if (f->range != range) {
		f->range = range;
		f->in_range_count = 0;
		f->after_change = AFTER_CHANGE;
	} else if (f->after_change > 0) {
		f->in_range_count++;
	} else {
		return amps;
	}
	f->after_change--;
	if (range != SLOW_RANGE)
		return f->fast;
	if (f->in_range_count < 2) {
		f->fast = was.fast;
		f->slow = was.slow;
	}
	return f->slow;
}

/* One instant's samples on their way. */
struct line {
	struct ep_ppk2_stream *s;
	const struct ep_sink *sink;
	int64_t t_ns;
	unsigned flags;
};

static void emit(const struct line *l, uint16_t channel, int64_t value)
{
	struct ep_sample s = { .t_ns = l->t_ns,
			       .value = l->flags & EP_SAMPLE_ERROR ? 0 : value,
			       .span_ns = SPAN_NS,
			       .channel = channel,
			       .flags = (uint16_t)l->flags };

	l->sink->emit(l->sink->ctx, &s);
	l->s->emitted++;
}

static void emit_seldom(const struct line *l)
{
	const struct ep_ppk2_stream *s = l->s;

	emit(l, EP_PPK2_LOST, (int64_t)s->lost_count);
	emit(l, EP_PPK2_DAMAGED, (int64_t)s->damaged_count);
	emit(l, EP_PPK2_SKIPPED, (int64_t)s->skipped_bytes);
	emit(l, EP_PPK2_VOLTAGE, llround(s->volts * 1e6));
}

void ep_ppk2_close_row(struct ep_ppk2_stream *s, uint64_t end_n,
		       const struct ep_sink *sink)
{
	struct ep_ppk2_row *r = &s->row;
	double mean = r->count ? r->sum / r->count : 0;
	struct line l = { s, sink, ep_stream_clock_tell_ns(&s->clock, end_n),
			  (r->gap ? EP_SAMPLE_GAP : 0U) |
				  (r->count ? 0U : EP_SAMPLE_ERROR) };

	emit(&l, EP_PPK2_POWER, llround(mean * s->volts * 1e6));
	emit(&l, EP_PPK2_CURRENT, llround(mean * 1e6));
	if (s->row_samples > 1) {
		emit(&l, EP_PPK2_CURRENT_MIN, llround(r->min * 1e6));
		emit(&l, EP_PPK2_CURRENT_MAX, llround(r->max * 1e6));
	}
	l.flags &= ~(unsigned)EP_SAMPLE_ERROR;
	if (s->row_samples > 1)
		emit(&l, EP_PPK2_SAMPLES, r->count);
	if (r->gap || s->row_count % (SELDOM_SAMPLES / s->row_samples) == 0)
		emit_seldom(&l);
	for (unsigned i = 0; i < EP_PPK2_INPUTS; i++)
		if (s->named >> i & 1)
			emit(&l, s->input_channels[i], s->levels >> i & 1);
	s->row_count++;
	*r = (struct ep_ppk2_row){ .count = 0 };
}

static void mark(struct ep_ppk2_stream *s, unsigned input, bool on,
		 const struct ep_sink *sink)
{
	struct line l = { s, sink, ep_stream_clock_tell_ns(&s->clock, s->n),
			  EP_SAMPLE_MARK };

	s->phase_input = on ? (int)input : -1;
	emit(&l, s->input_channels[input], on);
}

/* What was high before the first stream began is no edge. */
static void take_inputs(struct ep_ppk2_stream *s, unsigned levels,
			const struct ep_sink *sink)
{
	unsigned changed = s->has_levels ? (levels ^ s->levels) & s->named : 0;

	s->has_levels = true;
	s->levels = levels;
	if (!changed)
		return;
	for (unsigned i = 0; i < EP_PPK2_INPUTS; i++)
		if ((changed & ~levels) >> i & 1 && s->phase_input == (int)i)
			mark(s, i, false, sink);
	for (unsigned i = 0; i < EP_PPK2_INPUTS; i++)
		if ((changed & levels) >> i & 1)
			mark(s, i, true, sink);
}

void ep_ppk2_take_word(struct ep_ppk2_stream *s, const struct ep_ppk2_word *w,
		       const struct ep_sink *sink)
{
	struct ep_ppk2_row *r = &s->row;
	double amps = ep_ppk2_amps(&s->about, w);

	if (s->named)
		take_inputs(s, w->inputs, sink);
	if (!ep_ppk2_is_possible(amps)) {
		s->damaged_count++;
	} else {
		if (s->filter.on)
			amps = smooth(&s->filter, w->range, amps);
		r->min = r->count && r->min < amps ? r->min : amps;
		r->max = r->count && r->max > amps ? r->max : amps;
		r->sum += amps;
		r->count++;
	}
	s->n++;
	if (s->n % s->row_samples == 0) {
		ep_ppk2_close_row(s, s->n, sink);
		s->row_index = s->n / s->row_samples;
	}
}
