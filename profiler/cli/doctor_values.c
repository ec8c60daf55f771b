/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/doctor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

/* Values now: some sensors read their channels in turns. */
#define POLLS_MAX 12
#define LOOK_NS (2 * EP_NS_PER_S)

struct reading {
	int64_t value;
	bool known;
};

struct look {
	const struct ep_slot *slot;
	struct reading *readings; /* of its channels */
};

static void take(void *ctx, const struct ep_sample *sample)
{
	struct look *l = ctx;

	if (sample->channel >= l->slot->channel_count ||
	    (sample->flags & EP_SAMPLE_ERROR))
		return;
	l->readings[sample->channel].value = sample->value;
	l->readings[sample->channel].known = true;
}

/* uV times uA is 1e-12 W. */
static void multiply(struct look *l)
{
	for (size_t i = 0; i < l->slot->channel_count; i++) {
		const struct ep_channel *c = &l->slot->channels[i];
		const struct reading *v, *a;

		if (!(c->flags & EP_CHANNEL_PRODUCT))
			continue;
		v = &l->readings[c->volts_index];
		a = &l->readings[c->amps_index];
		l->readings[i].known = v->known && a->known;
		if (l->readings[i].known)
			l->readings[i].value = llround((double)v->value *
						       (double)a->value / 1e6);
	}
}

/* Alarms, what has limits, and what the total is made of. */
static bool is_wanted(const struct ep_channel *c)
{
	return (c->flags &
		(EP_CHANNEL_ALARM | EP_CHANNEL_LOW | EP_CHANNEL_HIGH)) ||
	       c->role == EP_ROLE_TOTAL || ep_str_ends(c->name, "_since_boot");
}

static bool is_complete(const struct look *l)
{
	for (size_t i = 0; i < l->slot->channel_count; i++)
		if (is_wanted(&l->slot->channels[i]) && !l->readings[i].known)
			return false;
	return true;
}

static void read_slot(const struct ep_doctor *d, struct look *l)
{
	const struct ep_sink sink = { take, l };
	const struct ep_slot *slot = l->slot;
	int64_t end_ns = d->env.now_ns() + LOOK_NS;

	for (int i = 0; i < POLLS_MAX && d->env.now_ns() < end_ns; i++) {
		int64_t now_ns = d->env.now_ns(), period_ns;

		(void)slot->ops->poll(slot->sensor, now_ns, &sink);
		multiply(l);
		if (is_complete(l))
			return;
		period_ns = slot->ops->period_ns
				    ? slot->ops->period_ns(slot->sensor)
				    : d->env.interval_ns;
		if (now_ns + period_ns < end_ns)
			ep_clock_sleep_until(now_ns + period_ns);
	}
}

static void format_si(const struct ep_channel *c, int64_t value, char *ret,
		      size_t size)
{
	static const char *const units[EP_QUANTITY_COUNT] = {
		[EP_POWER_UW] = " W",	   [EP_ENERGY_UJ] = " J",
		[EP_VOLTAGE_UV] = " V",	   [EP_CURRENT_UA] = " A",
		[EP_TEMP_MC] = " degrees", [EP_FREQ_HZ] = " Hz",
		[EP_TIME_NS] = " s",	   [EP_SIZE_BYTES] = " bytes",
		[EP_RATIO_PPM] = "",	   [EP_CHARGE_UC] = " C",
		[EP_COUNT] = "",
	};
	char number[32];
	size_t len = ep_num_put_scaled(number, value,
				       ep_quantity_si_scale(c->quantity));

	(void)ep_str_format(ret, size, "%.*s%s", (int)len, number,
			    units[c->quantity]);
}

static void advise_low_volts(const struct ep_channel *c)
{
	if (c->quantity != EP_VOLTAGE_UV)
		return;
	ep_doctor_cost("a board short of voltage throttles itself");
	ep_doctor_note("a USB meter in the supply line drops 20 to 60 mV per "
		       "ampere, and its cable more: take a short, thick cable, "
		       "put the meter at the supply's end, or take a supply of "
		       "5.1 V");
}

/* true: something was said. */
static bool judge_limits(struct ep_doctor *d, const struct ep_slot *slot,
			 const struct ep_channel *c, int64_t value)
{
	bool low = (c->flags & EP_CHANNEL_LOW) && value < c->low;
	bool high = (c->flags & EP_CHANNEL_HIGH) && value > c->high;
	char now[48], limit[48];

	if (!low && !high)
		return false;
	format_si(c, value, now, sizeof(now));
	format_si(c, low ? c->low : c->high, limit, sizeof(limit));
	ep_doctor_say(d, EP_FINDING_MISSING, slot->id, "%s is %s, %s %s",
		      c->name, now, low ? "below" : "above", limit);
	if (low)
		advise_low_volts(c);
	return true;
}

static bool judge_alarm(struct ep_doctor *d, const struct ep_slot *slot,
			const struct ep_channel *c)
{
	if (c->flags & EP_CHANNEL_ALARM) {
		ep_doctor_say(d, EP_FINDING_MISSING, slot->id,
			      "the board reports now: %s", c->name);
		ep_doctor_cost("figures of a board that holds itself back");
		if (strstr(c->name, "volt"))
			ep_doctor_note("take a stronger supply or a shorter "
				       "cable, and no meter in the line that "
				       "drops too much");
		else if (strstr(c->name, "temp") || strstr(c->name, "hot") ||
			 strstr(c->name, "thermal"))
			ep_doctor_note("let it cool, or cool it better: "
				       "edgeprof run --fan full, where it has "
				       "a fan");
		return true;
	}
	if (!ep_str_ends(c->name, "_since_boot"))
		return false;
	ep_doctor_say(d, EP_FINDING_NOTE, slot->id,
		      "the board has reported: %s", c->name);
	return true;
}

static size_t judge(struct ep_doctor *d, const struct look *l)
{
	size_t said = 0, dead = 0;

	for (size_t i = 0; i < l->slot->channel_count; i++) {
		const struct ep_channel *c = &l->slot->channels[i];
		const struct reading *r = &l->readings[i];

		if (!r->known) {
			dead += c->role == EP_ROLE_TOTAL;
			continue;
		}
		if (c->quantity == EP_COUNT && r->value != 0)
			said += judge_alarm(d, l->slot, c);
		said += judge_limits(d, l->slot, c, r->value);
	}
	if (dead > 0) {
		ep_doctor_say(d, EP_FINDING_NEEDED, l->slot->id,
			      "it opens, but channels of the total give no "
			      "value: %zu",
			      dead);
		ep_doctor_note("edgeprof sensors shows which");
		said++;
	}
	return said;
}

void ep_doctor_values(struct ep_doctor *d)
{
	size_t said = 0, read = 0;

	for (size_t i = 0; i < d->slots.count; i++) {
		struct look l = { .slot = d->slots.slots[i] };

		if (!l.slot->sensor)
			continue;
		l.readings =
			calloc(l.slot->channel_count + 1, sizeof(*l.readings));
		if (!l.readings)
			continue;
		read_slot(d, &l);
		read++;
		said += judge(d, &l);
		free(l.readings);
	}
	if (said == 0 && read > 0)
		ep_doctor_say(d, EP_FINDING_OK, "values",
			      "no alarm, nothing out of its limits");
}
