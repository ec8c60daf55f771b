/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <math.h>

#include "base/clock.h"

#define HISTORY_NS (500 * EP_NS_PER_MS)

/* The mean of a gauge, or what a counter grew by in a second, since the last
 * one; of what comes more seldom the last again. */
static double mean_since(const struct ep_screen_channel *sc,
			 const struct ep_survey_channel *ch,
			 const struct ep_channel *c, double last)
{
	if (ch->failing || ch->t_ns == 0)
		return (double)NAN;
	if (ch->covered_s > sc->covered_s)
		return (ch->sum - sc->sum) / (ch->covered_s - sc->covered_s);
	return c->shape == EP_GAUGE ? (double)ch->value : last;
}

static void take_one(struct ep_screen *screen)
{
	const struct ep_survey *s = screen->survey;
	size_t at = screen->history_count % EP_SCREEN_HISTORY;
	size_t last = (screen->history_count + EP_SCREEN_HISTORY - 1) %
		      EP_SCREEN_HISTORY;

	for (size_t i = 0; i < s->slots.count; i++) {
		const struct ep_slot *slot = s->slots.slots[i];

		for (size_t c = 0; c < slot->channel_count; c++) {
			struct ep_screen_channel *sc = &screen->channels[i][c];
			const struct ep_survey_channel *ch = &s->channels[i][c];

			sc->means[at] = mean_since(sc, ch, &slot->channels[c],
						   screen->history_count > 0
							   ? sc->means[last]
							   : (double)NAN);
			sc->sum = ch->sum;
			sc->covered_s = ch->covered_s;
			/* Sorting all of them ten times a second would show in
			 * the load. */
			if ((screen->history_count & 1) == 1)
				ep_sensors_measured(sc->measured, ch);
		}
	}
	screen->history_count++;
}

/* The last columns means, each as one of eight heights. */
void ep_screen_sparkline(const struct ep_screen *screen,
			 const struct ep_screen_channel *sc, char *ret,
			 int columns)
{
	static const char ascii[] = "_.:-=+*#";
	double low = HUGE_VAL, high = -HUGE_VAL;
	size_t room = columns < EP_SCREEN_HISTORY ? (size_t)columns
						  : EP_SCREEN_HISTORY;
	size_t count =
		screen->history_count < room ? screen->history_count : room;
	char *to = ret;

	for (size_t i = screen->history_count - count;
	     i < screen->history_count; i++) {
		double v = sc->means[i % EP_SCREEN_HISTORY];

		low = v < low ? v : low;
		high = v > high ? v : high;
	}
	for (size_t i = screen->history_count - count;
	     i < screen->history_count; i++) {
		double v = sc->means[i % EP_SCREEN_HISTORY];
		double range = high - low;
		int level = 3;

		/* What varies by less than a thousandth is a flat line. */
		if (range > 1e-3 * fmax(fabs(high), fabs(low)))
			level = (int)(7.999 * (v - low) / range);
		if (!isfinite(v)) {
			*to++ = ' ';
		} else if (!screen->utf8) {
			*to++ = ascii[level];
		} else {
			*to++ = '\xe2';
			*to++ = '\x96';
			*to++ = (char)(0x81 + level);
		}
	}
	*to = '\0';
}

void ep_screen_take_history(struct ep_screen *screen)
{
	int64_t late_ns;

	for (;;) {
		late_ns = screen->survey->env.now_ns() - screen->history_ns;
		if (late_ns < HISTORY_NS)
			return;
		take_one(screen);
		/* After a stop no columns are made up. */
		screen->history_ns +=
			late_ns > 4 * HISTORY_NS ? late_ns : HISTORY_NS;
	}
}
