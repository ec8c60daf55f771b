/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

void ep_metric_begin(struct ep_metric *m, const char *name)
{
	memset(m, 0, sizeof(*m));
	(void)ep_str_copy(m->name, sizeof(m->name), name);
	ep_metric_refuse(m, "");
}

void ep_metric_idle(struct ep_metric *m, const struct ep_meter *meter)
{
	ep_metric_begin(m, "idle_power_w");
	if (meter->reason[0])
		ep_metric_refuse(m, meter->reason);
	else if (isnan(meter->idle_w))
		ep_metric_refuse(m, meter->idle_reason);
	else
		ep_metric_set(m, meter->idle_w, &meter->idle_budget, 1);
	if (m->status == EP_STATUS_OK && meter->estimated)
		m->status = EP_STATUS_ESTIMATED;
}

void ep_metric_energy(const struct ep_analysis *a, const struct ep_meter *meter,
		      struct ep_set set, struct ep_metric *m,
		      struct ep_metric *mean)
{
	struct ep_energy e;

	ep_metric_begin(m, "energy_j");
	if (mean)
		ep_metric_begin(mean, "power_mean_w");
	ep_energy_measure(a, meter, set, &e);
	if (isnan(e.energy_j)) {
		ep_metric_refuse(m, e.reason);
		if (mean)
			ep_metric_refuse(mean, e.reason);
		return;
	}
	ep_metric_set(m, e.energy_j, &e.budget, 1);
	ep_metric_judge(m, meter, &e);
	if (!mean)
		return;
	ep_metric_set(mean, e.mean_w, &e.power, 1);
	ep_metric_judge(mean, meter, &e);
}

static int fill_row(const struct ep_analysis *a, const struct ep_groups *g,
		    const struct ep_meter *meter, struct ep_channel_row *row)
{
	ep_metric_idle(&row->idle_w, meter);
	row->energy_j = calloc(g->count, sizeof(*row->energy_j));
	if (!row->energy_j)
		return -ENOMEM;
	for (size_t i = 0; i < g->count; i++)
		ep_metric_energy(a, meter, g->groups[i].set, &row->energy_j[i],
				 NULL);
	return 0;
}

static bool is_power(const struct ep_channel *c)
{
	return (c->quantity == EP_POWER_UW || c->quantity == EP_ENERGY_UJ) &&
	       !(c->flags & (EP_CHANNEL_NEGOTIATED | EP_CHANNEL_CHECK));
}

static int add_channel(struct ep_analysis *a, const struct ep_groups *g,
		       const struct ep_stream *s, size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	struct ep_report *r = a->report;
	struct ep_channel_row *row = &r->channels[r->channel_count++];
	struct ep_meter *meter = calloc(1, sizeof(*meter));
	int code;

	if (!meter)
		return -ENOMEM;
	(void)ep_str_format(row->name, sizeof(row->name), "%s.%s",
			    s->sensor->id, c->name);
	row->role = c->role;
	row->primary = s->places[channel].primary;
	row->estimated = (c->flags & EP_CHANNEL_ESTIMATED) != 0;
	row->has_limits = c->gain_ppm != 0 || c->offset != 0;
	meter->parts[0] = ep_part_of(s, channel);
	meter->part_count = 1;
	meter->fine = row->primary;
	ep_meter_settle(a, meter);
	code = fill_row(a, g, meter, row);
	free(meter);
	return code;
}

int ep_channels_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	struct ep_groups g;
	size_t room = 1;
	int code = ep_groups_by_name(&a->part, &g);

	if (code < 0)
		return code;
	ep_metric_idle(&r->idle_power_w, &a->total);
	for (size_t i = 0; i < a->stream_count; i++)
		room += a->streams[i].sensor->channel_count;
	r->channels = calloc(room, sizeof(*r->channels));
	code = r->channels ? 0 : -ENOMEM;
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		for (size_t c = 0; c < s->sensor->channel_count && code == 0;
		     c++)
			if (is_power(&s->sensor->channels[c]))
				code = add_channel(a, &g, s, c);
	}
	ep_groups_done(&g);
	return code;
}
