/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/survey.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* As in the analysis: what is longer than five usual intervals, and than this,
 * is a gap; a counter goes on over a longer one. */
#define LIMIT_NS_MIN (100 * EP_NS_PER_MS)
#define SPACING_NS_MAX (60 * EP_NS_PER_S)
#define BRIDGE_NS (10 * EP_NS_PER_S)
/* A counter's rate is that of at least so long, where it changes so often. */
#define RATE_NS EP_NS_PER_S

static int64_t limit_ns(const struct ep_survey_channel *ch,
			const struct ep_channel *c)
{
	int64_t usual =
		ch->spacing_ns > c->refresh_ns ? ch->spacing_ns : c->refresh_ns;

	if (ch->spacing_ns == 0 || usual > SPACING_NS_MAX)
		usual = SPACING_NS_MAX;
	if (c->shape == EP_COUNTER && usual * 5 < BRIDGE_NS)
		return BRIDGE_NS;
	return usual * 5 > LIMIT_NS_MIN ? usual * 5 : LIMIT_NS_MIN;
}

/* How far a counter went; false when it was reset.  A step over half the
 * modulus is a reset. */
static bool counter_step(const struct ep_survey_channel *ch,
			 const struct ep_channel *c, int64_t value, double *ret)
{
	uint64_t now = (uint64_t)value, before = (uint64_t)ch->value, step;

	if (c->flags & EP_CHANNEL_SIGNED) {
		*ret = (double)value - (double)ch->value;
		return true;
	}
	if (value >= ch->value) {
		*ret = (double)(now - before);
		return true;
	}
	if (value < 0 || c->wrap == 0 || before >= c->wrap || now >= c->wrap)
		return false;
	step = c->wrap - before + now;
	if (step > c->wrap / 2)
		return false;
	*ret = (double)step;
	return true;
}

static void integrate(struct ep_survey_channel *ch, const struct ep_channel *c,
		      const struct ep_sample *s)
{
	int64_t dt_ns = s->t_ns - ch->t_ns;
	double h = (double)dt_ns * 1e-9, step = 0;
	bool gap = (s->flags & EP_SAMPLE_GAP) || dt_ns > limit_ns(ch, c);

	ch->spacing_ns +=
		(dt_ns - ch->spacing_ns) / (ch->spacing_ns == 0 ? 1 : 8);
	if (gap) {
		ch->gap_count++;
		return;
	}
	if (c->shape == EP_GAUGE) {
		step = 0.5 * h * ((double)s->value + (double)ch->value);
	} else if (!counter_step(ch, c, s->value, &step)) {
		ch->reset_count++;
		return;
	}
	ch->sum += step;
	ch->covered_s += h;
}

static void note_change(struct ep_survey_channel *ch, int64_t t_ns)
{
	if (ch->change_count > 0)
		ch->intervals_ns[(ch->change_count - 1) %
				 EP_SURVEY_CHANGES_MAX] = t_ns - ch->change_ns;
	ch->change_ns = t_ns;
	if (ch->change_count++ == 0) {
		ch->marks[0].t_ns = t_ns;
		ch->marks[0].sum = ch->sum;
		ch->marks[1] = ch->marks[0];
	} else if (t_ns - ch->marks[1].t_ns >= RATE_NS) {
		ch->marks[0] = ch->marks[1];
		ch->marks[1].t_ns = t_ns;
		ch->marks[1].sum = ch->sum;
	}
	ch->marks[2].t_ns = t_ns;
	ch->marks[2].sum = ch->sum;
}

void ep_survey_channel_read(struct ep_survey_channel *ch,
			    const struct ep_channel *c,
			    const struct ep_sample *s)
{
	bool first = ch->t_ns == 0;

	if (s->flags & EP_SAMPLE_ERROR) {
		ep_survey_channel_fail(ch);
		return;
	}
	/* Times of one channel grow; what does not is no reading. */
	if (!first && s->t_ns <= ch->t_ns)
		return;
	if (!first)
		integrate(ch, c, s);
	ch->failing = false;
	ch->in_row = true;
	ch->read_count++;
	if (first || s->value < ch->min)
		ch->min = s->value;
	if (first || s->value > ch->max)
		ch->max = s->value;
	if (!first && s->value == ch->value)
		ch->repeat_count++;
	else if (!first)
		note_change(ch, s->t_ns);
	ch->value = s->value;
	ch->t_ns = s->t_ns;
}

void ep_survey_channel_fail(struct ep_survey_channel *ch)
{
	ch->error_count++;
	ch->failing = true;
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

void ep_survey_row_end(struct ep_survey_channel *channels,
		       const struct ep_slot *slot)
{
	for (size_t i = 0; i < slot->channel_count; i++) {
		const struct ep_channel *c = &slot->channels[i];
		const struct ep_survey_channel *v, *a;
		struct ep_sample s = { 0 };

		if (!(c->flags & EP_CHANNEL_PRODUCT))
			continue;
		v = &channels[c->volts_index];
		a = &channels[c->amps_index];
		s.t_ns = v->t_ns > a->t_ns ? v->t_ns : a->t_ns;
		if (v->in_row && a->in_row &&
		    power_uw(v->value, a->value, &s.value))
			ep_survey_channel_read(&channels[i], c, &s);
		else if (v->failing || a->failing)
			ep_survey_channel_fail(&channels[i]);
	}
	for (size_t i = 0; i < slot->channel_count; i++)
		channels[i].in_row = false;
}

static int compare(const void *a, const void *b)
{
	int64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x > y) - (x < y);
}

double ep_survey_refresh_s(const struct ep_survey_channel *ch)
{
	int64_t sorted[EP_SURVEY_CHANGES_MAX];
	size_t count = EP_SURVEY_CHANGES_MAX, lower, upper;

	if (ch->change_count < 2)
		return (double)NAN;
	if (ch->change_count - 1 < count)
		count = (size_t)(ch->change_count - 1);
	memcpy(sorted, ch->intervals_ns, count * sizeof(sorted[0]));
	qsort(sorted, count, sizeof(sorted[0]), compare);
	upper = count / 2;
	lower = (count - 1) / 2;
	return 0.5e-9 * ((double)sorted[lower] + (double)sorted[upper]);
}

/* Growth per second from change to change, so that a coarse counter's steps do
 * not show; one that has stopped sinks to nothing. */
static double rate(const struct ep_survey_channel *ch, int64_t now_ns)
{
	int64_t from_ns = ch->marks[0].t_ns, to_ns = ch->marks[2].t_ns;
	double refresh_s = ep_survey_refresh_s(ch);

	if (!isfinite(refresh_s))
		return ch->change_count > 0 && ch->covered_s > 0
			       ? ch->sum / ch->covered_s
			       : (double)NAN;
	if ((double)(now_ns - to_ns) * 1e-9 > fmax(2.0, 3 * refresh_s))
		to_ns = now_ns;
	return (ch->marks[2].sum - ch->marks[0].sum) /
	       ((double)(to_ns - from_ns) * 1e-9);
}

static double to_si(const struct ep_channel *c, double value)
{
	return value / pow(10, ep_quantity_si_scale(c->quantity));
}

double ep_survey_now(const struct ep_survey_channel *ch,
		     const struct ep_channel *c, int64_t now_ns)
{
	if (ch->t_ns == 0 || ch->failing)
		return (double)NAN;
	if (c->shape == EP_GAUGE)
		return to_si(c, (double)ch->value);
	/* Nothing may have happened; but energy always flows. */
	if (ch->change_count == 0)
		return c->quantity == EP_ENERGY_UJ || ch->covered_s <= 0
			       ? (double)NAN
			       : 0;
	return to_si(c, rate(ch, now_ns));
}

double ep_survey_energy_j(const struct ep_survey_channel *ch,
			  const struct ep_channel *c)
{
	bool energy = c->quantity == EP_ENERGY_UJ && c->shape == EP_COUNTER;
	bool power = c->quantity == EP_POWER_UW && c->shape == EP_GAUGE;

	if (!(energy || power) || (c->flags & EP_CHANNEL_NEGOTIATED) ||
	    ch->covered_s <= 0 || (energy && ch->change_count == 0))
		return (double)NAN;
	return to_si(c, ch->sum);
}
