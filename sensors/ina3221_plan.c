/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina3221_parts.h"

#include <string.h>

#include "base/clock.h"
#include "base/str.h"

/* A sweep over all rails that takes longer is no instant. */
#define SWEEP_MAX_NS (5 * EP_NS_PER_MS)
/* Chips that average much may take seconds for each read: enough is known. */
#define MEASURE_MAX_NS EP_NS_PER_S

/*
 * Once more over all rails: the first read of a file may have found a value
 * that was ready.  Returns what a sweep takes at the least, since a read that
 * was held up once by another program is not one that waits for the chip.
 */
static int64_t measure(struct ep_sensor *s)
{
	int64_t sum_ns = 0, least_ns = 0;

	for (size_t i = 0; i < s->rail_count; i++)
		sum_ns += s->rails[i].cost_ns;
	for (size_t i = 0; i < s->rail_count; i++) {
		struct ep_ina_rail *rail = &s->rails[i];
		int64_t first_ns = rail->cost_ns, begin_ns;
		struct ep_ina3221_reading ignored;

		if (sum_ns < MEASURE_MAX_NS) {
			begin_ns = s->env->now_ns();
			ep_ina3221_read(&rail->file, rail->amps_max_ua,
					&ignored);
			rail->cost_ns = s->env->now_ns() - begin_ns;
			sum_ns += rail->cost_ns;
		}
		least_ns += first_ns < rail->cost_ns ? first_ns : rail->cost_ns;
	}
	return least_ns;
}

/* Is the rail's name one of a comma list of globs? */
static bool is_listed(const char *list, const char *name)
{
	while (*list) {
		size_t len = strcspn(list, ",");
		char glob[EP_CHANNEL_NAME_BYTES];

		(void)ep_str_format(glob, sizeof(glob), "%.*s", (int)len, list);
		if (ep_str_glob(glob, name))
			return true;
		list += len;
		list += *list == ',';
	}
	return false;
}

/* Those wanted often before each of the others. */
static void make_order(struct ep_sensor *s, const char *often)
{
	size_t often_count = 0, other_count;

	for (size_t i = 0; i < s->rail_count; i++) {
		s->rails[i].often = is_listed(often, s->rails[i].name);
		often_count += s->rails[i].often;
	}
	other_count = s->rail_count - often_count;
	if (often_count == 0 || other_count < 2 ||
	    other_count * (often_count + 1) > sizeof(s->order)) {
		for (size_t i = 0; i < s->rail_count; i++) {
			s->rails[i].often = false;
			s->order[s->order_count++] = (uint8_t)i;
		}
		return;
	}
	for (size_t i = 0; i < s->rail_count; i++) {
		if (s->rails[i].often)
			continue;
		for (size_t j = 0; j < s->rail_count; j++)
			if (s->rails[j].often)
				s->order[s->order_count++] = (uint8_t)j;
		s->order[s->order_count++] = (uint8_t)i;
	}
}

/* How often a rail of the order has its turn, at the least. */
static int64_t turn_ns(const struct ep_sensor *s, size_t rail)
{
	int64_t round_ns = 0;
	size_t turns = 0;

	for (size_t i = 0; i < s->order_count; i++) {
		int64_t ns = s->rails[s->order[i]].cost_ns;

		round_ns += ns > s->period_ns ? ns : s->period_ns;
		turns += s->order[i] == rail;
	}
	return turns > 0 ? round_ns / (int64_t)turns : round_ns;
}

static void set_refresh(struct ep_sensor *s, size_t index)
{
	const struct ep_ina_rail *rail = &s->rails[index];
	int64_t refresh_ns = s->timings[rail->chip].update_ns;

	if (s->in_turn && turn_ns(s, index) > refresh_ns)
		refresh_ns = turn_ns(s, index);
	for (size_t i = 0; i < s->channel_count; i++) {
		struct ep_channel *c = &s->channels[i];
		bool product = c->flags & EP_CHANNEL_PRODUCT;

		if (product ? c->volts_index == rail->volts
			    : i == rail->volts || i == rail->amps)
			c->refresh_ns = refresh_ns;
	}
}

static void note_chips(const struct ep_sensor *s, struct ep_sensor_notes *notes)
{
	for (size_t i = 0; i < s->chip_count && i < 2; i++) {
		const struct ep_ina3221_timing *t = &s->timings[i];
		const char *device = s->chips[i].device;

		if (s->chips[i].kind == EP_INA3221_IIO)
			ep_sensor_note(notes,
				       "%s %s; by default NVIDIA's driver "
				       "then averages over 0.42 s",
				       device,
				       ep_ina3221_on_demand(s->mode_fds[i])
					       ? "converts each time it is "
						 "read, until it is made to "
						 "convert continuously"
					       : "converts continuously");
		else if (t->update_ns > 0)
			ep_sensor_note(
				notes,
				"%s averages %lld conversion%s; its "
				"update_interval is %lld ms",
				device, (long long)t->samples,
				t->samples == 1 ? "" : "s",
				(long long)(t->update_ns / EP_NS_PER_MS));
		else
			ep_sensor_note(notes,
				       "%s has no update_interval: how often "
				       "it converts is not known",
				       device);
	}
}

static void note_reading(const struct ep_sensor *s, int64_t sweep_ns,
			 struct ep_sensor_notes *notes)
{
	int64_t first_ns = turn_ns(s, s->order[0]), last_ns = 0;
	const char *what = s->rails[0].file.form == EP_INA3221_TWO
				   ? "volts, then amps"
				   : "both of one conversion";

	if (!s->in_turn) {
		ep_sensor_note(notes,
			       "all %zu rails are read at once in %.3g ms "
			       "(each: %s), every %.3g ms",
			       s->rail_count, (double)sweep_ns * 1e-6, what,
			       (double)s->period_ns * 1e-6);
		return;
	}
	last_ns = turn_ns(s, s->order[s->order_count - 1]);
	ep_sensor_note(notes,
		       "reads wait for the chip, %.3g ms a rail (%s): %s is "
		       "read every %.3g ms%s",
		       (double)s->rails[s->order[0]].cost_ns * 1e-6, what,
		       s->rails[s->order[0]].often ? s->rails[s->order[0]].name
						   : "each rail",
		       (double)first_ns * 1e-6,
		       s->rails[s->order[0]].often ? "" : ", in turn");
	if (s->rails[s->order[0]].often)
		ep_sensor_note(notes, "the other rails every %.3g ms, in turn",
			       (double)last_ns * 1e-6);
}

void ep_ina_plan(struct ep_sensor *s, const struct ep_ina_limits *limits,
		 struct ep_sensor_notes *notes)
{
	int64_t sweep_ns = measure(s), update_ns = 0;

	for (size_t i = 0; i < s->chip_count; i++)
		if (s->timings[i].update_ns > update_ns)
			update_ns = s->timings[i].update_ns;
	s->in_turn = sweep_ns > SWEEP_MAX_NS;
	make_order(s, s->in_turn ? limits->often : "");
	/* Twice a conversion where reads do not wait for one: what is read is
	 * then half a conversion old at most. */
	s->period_ns = s->env->interval_ns;
	if (s->in_turn)
		s->period_ns /= (int64_t)s->order_count;
	else if (update_ns / 2 > s->period_ns)
		s->period_ns = update_ns / 2;
	for (size_t i = 0; i < s->rail_count; i++)
		set_refresh(s, i);
	note_chips(s, notes);
	note_reading(s, sweep_ns, notes);
}
