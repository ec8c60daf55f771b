/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <math.h>

#include "base/version.h"
#include "profiler/report/json_out.h"

static void put_flags(struct ep_json_out *o, unsigned flags)
{
	static const struct {
		unsigned flag;
		const char *name;
	} known[] = {
		{ EP_CHANNEL_ESTIMATED, "estimated" },
		{ EP_CHANNEL_EVENT, "event" },
		{ EP_CHANNEL_HARDWARE, "hardware" },
		{ EP_CHANNEL_PRODUCT, "product" },
		{ EP_CHANNEL_ALARM, "alarm" },
		{ EP_CHANNEL_NEGOTIATED, "negotiated" },
		{ EP_CHANNEL_CHECK, "check" },
		{ EP_CHANNEL_SIGNED, "signed" },
	};

	ep_json_open(o, "flags", '[', true);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (flags & known[i].flag)
			ep_json_text(o, NULL, known[i].name);
	ep_json_close(o, ']');
}

static double seconds_or_nan(int64_t ns)
{
	return ns > 0 ? (double)ns / 1e9 : (double)NAN;
}

static double positive_or_nan(int64_t value, double scale)
{
	return value > 0 ? (double)value / scale : (double)NAN;
}

/* What the channel says about itself. */
static void put_declared(struct ep_json_out *o, const struct ep_channel *c)
{
	double scale = pow(10, ep_quantity_si_scale(c->quantity));

	ep_json_text(o, "name", c->name);
	ep_json_text(o, "unit", ep_quantity_si_unit(c->quantity));
	ep_json_text(o, "shape", c->shape == EP_COUNTER ? "counter" : "gauge");
	ep_json_text(o, "role", ep_role_name(c->role));
	put_flags(o, c->flags);
	ep_json_number(o, "refresh_declared_s", seconds_or_nan(c->refresh_ns));
	ep_json_number(o, "window_s", seconds_or_nan(c->window_ns));
	ep_json_number(o, "accuracy_gain", positive_or_nan(c->gain_ppm, 1e6));
	ep_json_number(o, "accuracy_offset", positive_or_nan(c->offset, scale));
	ep_json_number(o, "resolution", positive_or_nan(c->resolution, scale));
}

static void put_channel(struct ep_json_out *o, const struct ep_survey *s,
			size_t slot, size_t channel)
{
	struct ep_sensors_row row = ep_sensors_row_at(s, slot, channel);
	const struct ep_survey_channel *ch = row.ch;
	const struct ep_channel *c = row.c;
	double scale = pow(10, ep_quantity_si_scale(c->quantity));
	double none = (double)NAN;
	bool gauge = c->shape == EP_GAUGE && ch->read_count > 0;

	ep_json_open(o, NULL, '{', false);
	put_declared(o, c);
	if (!ep_survey_is_polled(row.slot)) {
		ep_json_close(o, '}');
		return;
	}
	ep_json_bool(o, "primary", row.primary);
	ep_json_number(o, "value", ep_survey_now(ch, c, s->env.now_ns()));
	ep_json_number(o, "min", gauge ? (double)ch->min / scale : none);
	ep_json_number(o, "max", gauge ? (double)ch->max / scale : none);
	ep_json_number(o, "mean",
		       gauge && ch->covered_s > 0
			       ? ch->sum / ch->covered_s / scale
			       : none);
	ep_json_number(o, "energy_j", ep_survey_energy_j(ch, c));
	ep_json_number(o, "covered_s", ch->covered_s);
	ep_json_number(o, "refresh_measured_s", ep_survey_refresh_s(ch));
	ep_json_integer(o, "reads", ch->read_count);
	ep_json_integer(o, "repeats", ch->repeat_count);
	ep_json_integer(o, "errors", ch->error_count);
	ep_json_integer(o, "gaps", ch->gap_count);
	ep_json_integer(o, "resets", ch->reset_count);
	ep_json_close(o, '}');
}

static const char *status_of(const struct ep_slot *slot)
{
	if (!slot->sensor)
		return slot->absent ? "absent" : "failed";
	return ep_survey_is_polled(slot) ? "ok" : "follows_program";
}

static void put_slot(struct ep_json_out *o, const struct ep_survey *s,
		     size_t index)
{
	const struct ep_slot *slot = s->slots.slots[index];

	ep_json_open(o, NULL, '{', false);
	ep_json_text(o, "id", slot->id);
	ep_json_text(o, "driver", slot->ops->name);
	ep_json_text(o, "summary", slot->ops->summary);
	ep_json_text(o, "status", status_of(slot));
	ep_json_text(o, "reason", slot->reason);
	ep_json_open(o, "notes", '[', false);
	for (size_t i = 0; i < slot->notes.count; i++)
		ep_json_text(o, NULL, slot->notes.text[i]);
	ep_json_close(o, ']');
	ep_json_open(o, "channels", '[', false);
	for (size_t i = 0; i < slot->channel_count; i++)
		put_channel(o, s, index, i);
	ep_json_close(o, ']');
	ep_json_close(o, '}');
}

static void put_board(struct ep_json_out *o, const struct ep_survey *s)
{
	ep_json_open(o, "board", '{', false);
	ep_json_text(o, "name", s->board->name);
	ep_json_text(o, "title", s->board->title);
	ep_json_text(o, "source", s->board->source);
	ep_json_text(o, "status", s->board->status);
	ep_json_text(o, "coverage", s->board->coverage);
	ep_json_bool(o, "asked", s->asked);
	ep_json_bool(o, "matched", s->matches);
	ep_json_text(o, "detected", s->detected);
	ep_json_close(o, '}');
}

static void put_total(struct ep_json_out *o, const struct ep_survey *s)
{
	const struct ep_total *total = &s->total;
	double w, j;

	ep_survey_total(s, &w, &j);
	ep_json_open(o, "total", '{', false);
	ep_json_open(o, "channels", '[', true);
	for (size_t i = 0; i < total->count; i++)
		ep_json_text(o, NULL, total->channels[i]);
	ep_json_close(o, ']');
	ep_json_text(o, "source", total->source);
	ep_json_text(o, "reason", total->reason);
	ep_json_text(o, "title", total->title);
	ep_json_text(o, "coverage", total->coverage);
	ep_json_number(o, "power_w", w);
	ep_json_number(o, "energy_j", j);
	ep_json_close(o, '}');
}

int ep_sensors_json(const struct ep_survey *s, double seconds,
		    struct ep_buf *out)
{
	struct ep_json_out o = { .b = out, .empty = true };

	ep_json_open(&o, NULL, '{', false);
	ep_json_text(&o, "schema", "edgeprof.sensors/1");
	ep_json_text(&o, "version", ep_version);
	ep_json_text(&o, "build", ep_build);
	put_board(&o, s);
	ep_json_number(&o, "duration_s", seconds);
	ep_json_integer(&o, "dropped", (int64_t)ep_survey_dropped(s));
	put_total(&o, s);
	ep_json_open(&o, "sensors", '[', false);
	for (size_t i = 0; i < s->slots.count; i++)
		put_slot(&o, s, i);
	ep_json_close(&o, ']');
	ep_json_close(&o, '}');
	return o.error;
}
