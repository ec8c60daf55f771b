/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/warnings.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/energy_parts.h"

/* Beyond this a meter's own count and its power are two opinions. */
#define COUNT_TOLERANCE 0.02

/* Did p rise above 0 in a segment of that name? */
static bool was_on(const struct ep_analysis *a, const struct ep_part *p,
		   struct ep_set inside, const char *name)
{
	for (size_t i = 0; i < inside.count; i++) {
		struct ep_set one = { &inside.segments[i], 1 };
		struct ep_part_sums sums;

		if (strcmp(a->part.segments[inside.segments[i]].phase.name,
			   name) != 0)
			continue;
		ep_part_sum(a, p, one, &sums);
		if (sums.reads > 0 && sums.max > 0)
			return true;
	}
	return false;
}

/* Names of the phases in which p was above 0, each once. */
static void list_phases(const struct ep_analysis *a, const struct ep_part *p,
			struct ep_set inside, char *ret, size_t size)
{
	ret[0] = '\0';
	for (size_t i = 0; i < a->report->total_count; i++) {
		const char *name = a->report->totals[i].phase.name;
		size_t len = strlen(ret);

		if (!was_on(a, p, inside, name))
			continue;
		if (len > size / 2) {
			(void)ep_str_format(ret + len, size - len, ", ...");
			return;
		}
		(void)ep_str_format(ret + len, size - len, "%s%.32s",
				    len ? ", " : "", name);
	}
}

static void look_at_alarm(struct ep_analysis *a, const struct ep_part *p,
			  struct ep_set inside)
{
	const char *sensor = p->stream->sensor->id;
	const char *name = ep_part_channel(p)->name;
	struct ep_part_sums sums;
	char phases[120], text[160];

	ep_part_sum(a, p, inside, &sums);
	if (!(sums.reads > 0) || !(sums.max > 0))
		return;
	list_phases(a, p, inside, phases, sizeof(phases));
	ep_warn(a->report, EP_WARN_ALARM,
		"%s.%s was on for about %.3g s of the run's %.3g s (%s)",
		sensor, name, sums.sum, a->report->duration_s, phases);
	(void)ep_str_format(text, sizeof(text),
			    "%.60s.%s was on during the run", sensor, name);
	ep_warnings_invalidate(a->report, text);
}

/* As people write it. */
static const char *unit_of(enum ep_quantity q)
{
	switch (q) {
	case EP_POWER_UW:
		return "W";
	case EP_ENERGY_UJ:
		return "J";
	case EP_VOLTAGE_UV:
		return "V";
	case EP_CURRENT_UA:
		return "A";
	case EP_TEMP_MC:
		return "\u00b0C";
	case EP_FREQ_HZ:
		return "Hz";
	case EP_CHARGE_UC:
		return "C";
	case EP_TIME_NS:
	case EP_SIZE_BYTES:
	case EP_RATIO_PPM:
	case EP_COUNT:
	case EP_QUANTITY_COUNT:
		break;
	}
	return ep_quantity_si_unit(q);
}

static void look_at_limits(struct ep_analysis *a, const struct ep_part *p,
			   struct ep_set inside)
{
	const struct ep_channel *c = ep_part_channel(p);
	const char *unit = unit_of(c->quantity);
	double low = (double)c->low * p->unit, high = (double)c->high * p->unit;
	struct ep_part_sums sums;

	ep_part_sum(a, p, inside, &sums);
	if (!(sums.reads > 0))
		return;
	if ((c->flags & EP_CHANNEL_LOW) && sums.min < low)
		ep_warn(a->report, EP_WARN_OUT_OF_LIMITS,
			"%s.%s fell to %.4g %s; the board file's limit is %.4g "
			"%s",
			p->stream->sensor->id, c->name, sums.min, unit, low,
			unit);
	if ((c->flags & EP_CHANNEL_HIGH) && sums.max > high)
		ep_warn(a->report, EP_WARN_OUT_OF_LIMITS,
			"%s.%s rose to %.4g %s; the board file's limit is %.4g "
			"%s",
			p->stream->sensor->id, c->name, sums.max, unit, high,
			unit);
}

static void look_at_meters(struct ep_report *r)
{
	for (size_t i = 0; i < r->meter_count; i++) {
		const struct ep_meter_row *m = &r->meters[i];
		const struct ep_metric *d = &m->count_difference_j;
		const struct ep_metric *count = &m->count_j;
		double apart = fabs(d->value);

		/* One that misses some of the run is no judge. */
		if (d->status == EP_STATUS_NOT_MEASURED ||
		    d->status == EP_STATUS_LOW_CONFIDENCE || apart <= d->u95 ||
		    apart <= m->count_step_j ||
		    apart <= COUNT_TOLERANCE * fabs(count->value))
			continue;
		ep_warn(r, EP_WARN_COUNT_DIFFERS,
			"%s counted %.4g J itself; its power makes %.4g J in "
			"the same time",
			m->sensor, count->value, count->value + d->value);
	}
}

/* Segments between gate and exit; NULL when there is no memory. */
static uint32_t *list_inside(const struct ep_analysis *a, size_t *ret_count)
{
	uint32_t *list = calloc(a->part.count + 1, sizeof(*list));

	*ret_count = 0;
	for (size_t i = 0; list && i < a->part.count; i++)
		if (a->part.segments[i].inside)
			list[(*ret_count)++] = (uint32_t)i;
	return list;
}

static void channel_warnings(struct ep_analysis *a, const struct ep_stream *s,
			     size_t channel, struct ep_set inside)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	struct ep_part p;

	if (!s->places || !s->places[channel].in_file ||
	    !s->places[channel].tracked)
		return;
	p = ep_part_of(s, channel);
	if (c->flags & EP_CHANNEL_ALARM)
		look_at_alarm(a, &p, inside);
	if (c->flags & (EP_CHANNEL_LOW | EP_CHANNEL_HIGH))
		look_at_limits(a, &p, inside);
}

void ep_warnings_channels(struct ep_analysis *a)
{
	struct ep_set inside = { NULL, 0 };
	uint32_t *list = list_inside(a, &inside.count);

	inside.segments = list;
	for (size_t i = 0; list && i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		for (size_t c = 0; c < s->sensor->channel_count; c++)
			channel_warnings(a, s, c, inside);
	}
	free(list);
	look_at_meters(a->report);
	if (a->report->calibrated.name[0])
		ep_warn(a->report, EP_WARN_CALIBRATION, "calibration %s%s: %s",
			a->report->calibrated.name,
			a->report->calibrated.has_interval ? ""
							   : " is indicative",
			a->report->calibrated.caveat);
}
