/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/energy_parts.h"
#include "profiler/analyze/metrics.h"

static bool is_power(const struct ep_channel *c)
{
	return (c->quantity == EP_POWER_UW && c->shape == EP_GAUGE) ||
	       (c->quantity == EP_ENERGY_UJ && c->shape == EP_COUNTER);
}

static bool may_count(const struct ep_channel *c)
{
	return is_power(c) &&
	       !(c->flags & (EP_CHANNEL_NEGOTIATED | EP_CHANNEL_CHECK));
}

/* What the instrument measures by itself: its totals, or its only power. */
static size_t take_parts(const struct ep_stream *s, struct ep_meter *m)
{
	size_t powers = 0, only = 0;

	for (size_t c = 0; c < s->sensor->channel_count; c++) {
		const struct ep_channel *channel = &s->sensor->channels[c];

		if (!may_count(channel))
			continue;
		powers++;
		only = c;
		if (channel->role != EP_ROLE_TOTAL)
			continue;
		if (m->part_count < EP_RUN_TOTAL_MAX)
			m->parts[m->part_count++] = ep_part_of(s, c);
		else
			(void)ep_str_format(m->reason, sizeof(m->reason),
					    "%s has more than %d totals",
					    s->sensor->id, EP_RUN_TOTAL_MAX);
	}
	if (m->part_count == 0 && powers == 1 &&
	    s->sensor->channels[only].role == EP_ROLE_NONE)
		m->parts[m->part_count++] = ep_part_of(s, only);
	return m->part_count;
}

static bool is_primary(const struct ep_meter *m)
{
	for (size_t i = 0; i < m->part_count; i++)
		if (!m->parts[i].stream->places[m->parts[i].channel].primary)
			return false;
	return m->part_count > 0;
}

/* a - b where both are measured; its u95 is that of both. */
static void set_difference(struct ep_metric *to, const char *name,
			   const struct ep_metric *a, const struct ep_metric *b)
{
	ep_metric_begin(to, name);
	if (a->status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(to, a->reason);
		return;
	}
	if (b->status == EP_STATUS_NOT_MEASURED) {
		ep_metric_refuse(to, b->reason);
		return;
	}
	to->value = a->value - b->value;
	to->u95 = hypot(a->u95, b->u95);
	to->status = a->status > b->status ? a->status : b->status;
	(void)ep_str_copy(to->reason, sizeof(to->reason),
			  a->status > b->status ? a->reason : b->reason);
}

static void describe(struct ep_meter_row *row, const struct ep_meter *m)
{
	const struct ep_part *first = &m->parts[0];

	(void)ep_str_copy(row->sensor, sizeof(row->sensor),
			  first->stream->sensor->id);
	if (m->part_count == 1)
		(void)ep_str_format(row->what, sizeof(row->what), "%s.%s",
				    row->sensor, ep_part_channel(first)->name);
	else
		(void)ep_str_format(row->what, sizeof(row->what),
				    "%s, %zu channels", row->sensor,
				    m->part_count);
	row->measured_refresh_s = (double)NAN;
	for (size_t i = 0; i < m->part_count; i++) {
		const struct ep_channel *c = ep_part_channel(&m->parts[i]);

		if (c->refresh_ns > row->declared_refresh_ns)
			row->declared_refresh_ns = c->refresh_ns;
		/* fmax() passes over what never changed. */
		row->measured_refresh_s = fmax(row->measured_refresh_s,
					       ep_part_change_s(&m->parts[i]));
	}
	row->estimated = m->estimated;
	row->has_limits = ep_meter_has_limits(m);
}

/* The channel that counts what all of the meter measures; NULL none. */
static const struct ep_channel *find_count(const struct ep_meter *m)
{
	const struct ep_run_sensor *s = m->parts[0].stream->sensor;
	size_t totals = 0;

	for (size_t c = 0; c < s->channel_count; c++)
		totals += s->channels[c].role == EP_ROLE_TOTAL &&
			  may_count(&s->channels[c]);
	if (totals > m->part_count)
		return NULL;
	for (size_t i = 1; i < m->part_count; i++)
		if (m->parts[i].stream != m->parts[0].stream)
			return NULL;
	for (size_t c = 0; c < s->channel_count; c++)
		if ((s->channels[c].flags & EP_CHANNEL_CHECK) &&
		    s->channels[c].shape == EP_COUNTER &&
		    is_power(&s->channels[c]))
			return &s->channels[c];
	return NULL;
}

/* The device's own energy count, and what its power says of the same time. */
static int compare_count(const struct ep_analysis *a, const struct ep_groups *g,
			 const struct ep_meter *m, struct ep_meter_row *row)
{
	const struct ep_stream *s = m->parts[0].stream;
	const struct ep_channel *channel = find_count(m);
	struct ep_meter *count;

	ep_metric_begin(&row->count_j, "energy_j");
	ep_metric_begin(&row->count_difference_j, "energy_j");
	if (!channel)
		return 0;
	count = calloc(1, sizeof(*count));
	if (!count)
		return -ENOMEM;
	count->parts[0] =
		ep_part_of(s, (size_t)(channel - s->sensor->channels));
	count->part_count = 1;
	row->count_step_j = (double)channel->resolution * count->parts[0].unit;
	ep_meter_settle(a, count);
	ep_metric_energy(a, count, g->groups[g->count - 1].set, &row->count_j,
			 NULL);
	set_difference(&row->count_difference_j, "energy_j",
		       &row->energy_j[g->count - 1], &row->count_j);
	free(count);
	return 0;
}

static int fill_meter(const struct ep_analysis *a, const struct ep_groups *g,
		      const struct ep_meter *m, struct ep_meter_row *row)
{
	const struct ep_meter_row *primary = &a->report->meters[0];

	describe(row, m);
	ep_metric_idle(&row->idle_w, m);
	row->energy_j = calloc(g->count, sizeof(*row->energy_j));
	row->mean_w = calloc(g->count, sizeof(*row->mean_w));
	row->difference_j = calloc(g->count, sizeof(*row->difference_j));
	if (!row->energy_j || !row->mean_w || !row->difference_j)
		return -ENOMEM;
	for (size_t i = 0; i < g->count; i++) {
		ep_metric_energy(a, m, g->groups[i].set, &row->energy_j[i],
				 &row->mean_w[i]);
		ep_metric_begin(&row->difference_j[i], "energy_j");
		if (row != primary)
			set_difference(&row->difference_j[i], "energy_j",
				       &row->energy_j[i],
				       &primary->energy_j[i]);
	}
	return compare_count(a, g, m, row);
}

static int add_primary(struct ep_analysis *a, const struct ep_groups *g)
{
	struct ep_report *r = a->report;
	struct ep_meter_row *row = &r->meters[r->meter_count++];
	int code = fill_meter(a, g, &a->total, row);

	row->primary = true;
	(void)ep_str_copy(row->what, sizeof(row->what), r->total_name);
	return code;
}

static int add_other(struct ep_analysis *a, const struct ep_groups *g,
		     const struct ep_stream *s)
{
	struct ep_report *r = a->report;
	struct ep_meter *m = calloc(1, sizeof(*m));
	int code = m ? 0 : -ENOMEM;

	if (code == 0 && take_parts(s, m) > 0 && !is_primary(m)) {
		ep_meter_settle(a, m);
		code = fill_meter(a, g, m, &r->meters[r->meter_count++]);
	}
	free(m);
	return code;
}

int ep_meters_make(struct ep_analysis *a)
{
	struct ep_report *r = a->report;
	struct ep_groups g;
	int code;

	if (a->total.part_count == 0)
		return 0;
	code = ep_groups_by_name(&a->part, &g);
	if (code < 0)
		return code;
	r->meters = calloc(a->stream_count + 1, sizeof(*r->meters));
	code = r->meters ? add_primary(a, &g) : -ENOMEM;
	for (size_t i = 0; i < a->stream_count && code == 0; i++)
		code = add_other(a, &g, &a->streams[i]);
	ep_groups_done(&g);
	return code;
}
