/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/metrics.h"

#include <math.h>

#include "base/str.h"

static bool counts_charge(const struct ep_channel *c)
{
	return c->quantity == EP_CHARGE_UC && c->shape == EP_COUNTER;
}

/* How many there are, and the last of them. */
static size_t find_channel(const struct ep_stream *s, size_t *ret)
{
	size_t count = 0;

	for (size_t i = 0; i < s->sensor->channel_count; i++) {
		if (!counts_charge(&s->sensor->channels[i]))
			continue;
		*ret = i;
		count++;
	}
	return count;
}

/* Charges at several voltages make no sum, so one sensor counts all of it. */
static void take_channel(const struct ep_analysis *a, struct ep_meter *m)
{
	const struct ep_stream *s;
	size_t channel = 0, count;

	if (a->total.part_count == 0) {
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  "nothing measures the total, so no charge is "
				  "the run's");
		return;
	}
	s = a->total.parts[0].stream;
	if (a->total.part_count > 1) {
		(void)ep_str_copy(m->reason, sizeof(m->reason),
				  "the total is a sum of several channels: "
				  "nothing counts the charge of all of them");
		return;
	}
	count = find_channel(s, &channel);
	if (count != 1) {
		(void)ep_str_format(m->reason, sizeof(m->reason),
				    "%s, which measures the total, counts %s",
				    s->sensor->id,
				    count == 0 ? "no charge"
					       : "more than one charge");
		return;
	}
	m->parts[0] = ep_part_of(s, channel);
	m->part_count = 1;
	ep_meter_settle(a, m);
}

void ep_charge_find(const struct ep_analysis *a, struct ep_counts *counts)
{
	size_t channel;

	for (size_t i = 0; i < a->stream_count; i++)
		counts->has_charge |=
			!a->streams[i].sensor->client &&
			find_channel(&a->streams[i], &channel) > 0;
	if (counts->has_charge)
		take_channel(a, &counts->charge);
}

void ep_maker_charge(struct ep_maker *mk)
{
	const struct ep_meter *meter = &mk->counts->charge;
	struct ep_metric *m;
	struct ep_energy e;

	if (!mk->counts->has_charge)
		return;
	m = ep_maker_add(mk, "charge_c");
	ep_energy_measure(mk->a, meter, mk->set, &e);
	/* Its sum is in coulombs, as that of an energy is in joules. */
	if (isnan(e.energy_j)) {
		ep_metric_refuse(m, e.reason);
		return;
	}
	ep_metric_set(m, e.energy_j, &e.budget, 1);
	ep_metric_judge(m, meter, &e);
}
