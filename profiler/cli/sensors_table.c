/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/width.h"

/* value, declared, measured, accuracy, role with the space between them. */
#define FIXED_COLUMNS 54
#define VALUE_COLUMNS 12
#define DECLARED_COLUMNS 9
#define MEASURED_COLUMNS 10

struct table {
	const struct ep_survey *s;
	struct ep_buf *out;
	int columns;
	int name_columns;
	bool utf8;
	int error;
};

static void put_line(struct table *t, char *line)
{
	size_t len = strlen(line);

	while (len > 0 && line[len - 1] == ' ')
		line[--len] = '\0';
	if (!t->utf8)
		ep_sensors_plain(line);
	if (t->error == 0)
		t->error = ep_buf_addf(t->out, "%s\n", line);
}

/* Words of text; the first line begins with first, the others four columns
 * in. */
static void put_text(struct table *t, const char *first, const char *text)
{
	char clean[2600], line[EP_SCREEN_LINE_BYTES], word[512];
	const char *at = clean;

	ep_width_clean(clean, sizeof(clean), text);
	(void)ep_str_copy(line, sizeof(line), first);
	while (*at) {
		size_t len = strcspn(at, " "), used = strlen(line);
		bool begun = used > 0 && line[used - 1] != ' ';

		(void)ep_str_format(word, sizeof(word), "%.*s",
				    (int)(len < 500 ? len : 500), at);
		if (begun && ep_width(line) + 1 + ep_width(word) > t->columns) {
			put_line(t, line);
			(void)ep_str_copy(line, sizeof(line), "    ");
			used = 4;
			begun = false;
		}
		(void)ep_str_format(line + used, sizeof(line) - used, "%s%s",
				    begun ? " " : "", word);
		at += len;
		at += strspn(at, " ");
	}
	put_line(t, line);
}

EP_PRINTF(3, 4)
static void put_textf(struct table *t, const char *first, const char *format,
		      ...)
{
	char text[2600];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	put_text(t, first, text);
}

static void put_channel(struct table *t, const struct ep_sensors_row *row)
{
	char line[EP_SCREEN_LINE_BYTES], cell[EP_CELL_BYTES];

	ep_width_clean(cell, sizeof(cell), row->c->name);
	ep_width_cut(cell, sizeof(cell), t->name_columns - 2);
	(void)ep_str_copy(line, sizeof(line), row->primary ? "* " : "  ");
	ep_sensors_left(line, cell, t->name_columns - 2);
	ep_sensors_value(cell, row, t->s->env.now_ns());
	ep_sensors_right(line, cell, VALUE_COLUMNS);
	ep_sensors_declared(cell, row->c);
	ep_sensors_right(line, cell, DECLARED_COLUMNS);
	ep_sensors_measured(cell, row->ch);
	ep_sensors_right(line, cell, MEASURED_COLUMNS);
	ep_sensors_left(line, "", 2);
	if (row->c->flags & EP_CHANNEL_NEGOTIATED) {
		ep_sensors_left(line, "agreed, not measured", 0);
	} else {
		ep_sensors_accuracy(cell, row->c);
		ep_sensors_left(line, cell, 15);
		ep_sensors_left(line, " ", 1);
		ep_sensors_left(line, ep_sensors_role(row->c), 0);
	}
	put_line(t, line);
}

static void put_heads(struct table *t)
{
	char line[EP_SCREEN_LINE_BYTES] = "";

	ep_sensors_left(line, "", t->name_columns + VALUE_COLUMNS);
	ep_sensors_right(line, "a new value every",
			 DECLARED_COLUMNS + MEASURED_COLUMNS);
	put_line(t, line);
	(void)ep_str_copy(line, sizeof(line), "  ");
	ep_sensors_left(line, "channel", t->name_columns - 2);
	ep_sensors_right(line, "value", VALUE_COLUMNS);
	ep_sensors_right(line, "declared", DECLARED_COLUMNS);
	ep_sensors_right(line, "measured", MEASURED_COLUMNS);
	ep_sensors_left(line, "  accuracy", 18);
	ep_sensors_left(line, "role", 0);
	put_line(t, line);
}

/* Do all of those that are read by themselves fail equally often? */
static bool all_fail_alike(const struct ep_slot *slot,
			   const struct ep_survey_channel *channels)
{
	for (size_t i = 1; i < slot->channel_count; i++)
		if (!(slot->channels[i].flags & EP_CHANNEL_PRODUCT) &&
		    channels[i].error_count != channels[0].error_count)
			return false;
	return slot->channel_count > 1;
}

static void put_faults(struct table *t, const struct ep_slot *slot,
		       const struct ep_survey_channel *channels)
{
	bool alike = all_fail_alike(slot, channels);

	for (size_t i = 0; i < slot->channel_count; i++) {
		const struct ep_survey_channel *ch = &channels[i];
		const char *name = slot->channels[i].name;

		if (slot->channels[i].flags & EP_CHANNEL_PRODUCT)
			continue;
		if (ch->error_count > 0 && !(alike && i > 0))
			put_textf(t, "  note: ",
				  "%s: %" PRId64 " of %" PRId64 " reads failed",
				  alike ? "all channels" : name,
				  ch->error_count,
				  ch->error_count + ch->read_count);
		if (ch->gap_count > 0)
			put_textf(t, "  note: ",
				  "%s: %" PRId64 " gaps between reads", name,
				  ch->gap_count);
		if (ch->reset_count > 0)
			put_textf(t, "  note: ",
				  "%s: the counter began anew %" PRId64
				  " times",
				  name, ch->reset_count);
	}
}

static void put_slot(struct table *t, size_t slot_index)
{
	const struct ep_slot *slot = t->s->slots.slots[slot_index];
	bool same = strcmp(slot->id, slot->ops->name) == 0;

	put_textf(t, "", "%s%s%s%s: %s", slot->id, same ? "" : " (",
		  same ? "" : slot->ops->name, same ? "" : ")",
		  slot->ops->summary);
	for (int power = 1; power >= 0; power--)
		for (size_t i = 0; i < slot->channel_count; i++) {
			struct ep_sensors_row row =
				ep_sensors_row_at(t->s, slot_index, i);

			if (ep_sensors_is_power(row.c) == power)
				put_channel(t, &row);
		}
	put_faults(t, slot, t->s->channels[slot_index]);
	for (size_t i = 0; i < slot->notes.count; i++)
		put_text(t, "  note: ", slot->notes.text[i]);
}

static void put_board(struct table *t, double seconds)
{
	const struct ep_survey *s = t->s;
	const struct ep_board *b = s->board;
	char found[128] = "detected";

	if (s->asked && s->matches)
		(void)ep_str_copy(found, sizeof(found), "asked for");
	else if (s->asked)
		(void)ep_str_format(found, sizeof(found),
				    "asked for; this machine looks like %s",
				    s->detected);
	put_textf(t, "", "board %s: %s", b->name, b->title);
	put_textf(t, "    ", "%s%s%s; read for %.3g s", found,
		  b->status[0] ? "; status: " : "", b->status, seconds);
}

/* The total's watts, or which of its channels has none and why. */
static void put_watts(const struct table *t, char *ret, size_t size)
{
	const struct ep_survey *s = t->s;
	char cell[EP_CELL_BYTES];
	size_t slot = 0, channel = 0;
	double watts;

	ep_survey_total(s, &watts, NULL);
	if (isfinite(watts)) {
		ep_sensors_si(cell, watts, "W");
		(void)ep_str_copy(ret, size, cell);
		return;
	}
	(void)ep_str_copy(ret, size, "not measured");
	for (size_t i = 0; i < s->total.count; i++) {
		struct ep_sensors_row row;

		if (!ep_survey_find(s, s->total.channels[i], &slot, &channel))
			continue;
		row = ep_sensors_row_at(s, slot, channel);
		if (isfinite(ep_survey_now(row.ch, row.c, s->env.now_ns())))
			continue;
		ep_sensors_value(cell, &row, s->env.now_ns());
		(void)ep_str_format(ret, size, "not measured (%s: %s)",
				    s->total.channels[i], cell);
		return;
	}
}

static void put_total(struct table *t)
{
	const struct ep_total *total = &t->s->total;
	char names[1024], power[EP_CELL_BYTES + 160];

	put_text(t, "", "");
	if (total->count == 0) {
		put_textf(t, "", "* total of a run: none: %s", total->reason);
		if (t->s->board->coverage[0])
			put_text(t, "    the board file says: ",
				 t->s->board->coverage);
		put_text(t, "    ",
			 "Attach a meter with --sensor, or let --estimate "
			 "guess it from how busy the processors are.");
		return;
	}
	put_watts(t, power, sizeof(power));
	ep_sensors_total_names(t->s, names, sizeof(names));
	put_textf(t, "", "* total of a run%s%s%s: %s = %s",
		  total->title[0] ? " (" : "", total->title,
		  total->title[0] ? ")" : "", names, power);
	if (total->coverage[0])
		put_text(t, "    ", total->coverage);
}

/* What a run measures of the program alone. */
static void put_targets(struct table *t)
{
	bool any = false;

	for (size_t i = 0; i < t->s->slots.count; i++) {
		const struct ep_slot *slot = t->s->slots.slots[i];
		char names[2400] = "", first[EP_SLOT_ID_BYTES + 8];

		if (!slot->sensor || ep_survey_is_polled(slot))
			continue;
		if (!any)
			put_text(t, "", "");
		if (!any)
			put_text(t, "",
				 "follows the program (measured in edgeprof "
				 "run only):");
		any = true;
		for (size_t c = 0; c < slot->channel_count; c++) {
			size_t used = strlen(names);

			(void)ep_str_format(names + used, sizeof(names) - used,
					    "%s%s", c > 0 ? ", " : "",
					    slot->channels[c].name);
		}
		(void)ep_str_format(first, sizeof(first), "  %s: ", slot->id);
		put_text(t, first, names);
		for (size_t n = 0; n < slot->notes.count; n++)
			put_text(t, "    note: ", slot->notes.text[n]);
	}
}

static void put_missing(struct table *t)
{
	bool any = false;

	for (size_t i = 0; i < t->s->slots.count; i++) {
		const struct ep_slot *slot = t->s->slots.slots[i];
		char first[EP_SLOT_ID_BYTES + 8];

		if (slot->sensor)
			continue;
		if (!any)
			put_text(t, "", "");
		if (!any)
			put_text(t, "", "not available:");
		any = true;
		(void)ep_str_format(first, sizeof(first), "  %s: ", slot->id);
		put_text(t, first, slot->reason);
	}
}

static bool has_rate(const struct ep_survey *s)
{
	for (size_t i = 0; i < s->slots.count; i++)
		for (size_t c = 0; ep_survey_is_polled(s->slots.slots[i]) &&
				   c < s->slots.slots[i]->channel_count;
		     c++)
			if (s->slots.slots[i]->channels[c].shape == EP_COUNTER)
				return true;
	return false;
}

static int name_columns(const struct ep_survey *s, int columns)
{
	int longest = 26;

	for (size_t i = 0; i < s->slots.count; i++)
		for (size_t c = 0; ep_survey_is_polled(s->slots.slots[i]) &&
				   c < s->slots.slots[i]->channel_count;
		     c++) {
			int w = 2 +
				ep_width(s->slots.slots[i]->channels[c].name);

			longest = w > longest ? w : longest;
		}
	return longest < columns - FIXED_COLUMNS ? longest
						 : columns - FIXED_COLUMNS;
}

int ep_sensors_table(const struct ep_survey *s, double seconds, int columns,
		     struct ep_buf *out)
{
	struct table t = { .s = s,
			   .out = out,
			   .columns = columns,
			   .name_columns = name_columns(s, columns),
			   .utf8 = ep_sensors_utf8() };
	bool any = false;

	put_board(&t, seconds);
	for (size_t i = 0; i < s->slots.count; i++)
		any = any || ep_survey_is_polled(s->slots.slots[i]);
	if (any) {
		put_text(&t, "", "");
		put_heads(&t);
	}
	for (int power = 1; power >= 0; power--)
		for (size_t i = 0; i < s->slots.count; i++)
			if (ep_survey_is_polled(s->slots.slots[i]) &&
			    ep_sensors_has_power(s->slots.slots[i]) == power)
				put_slot(&t, i);
	if (any && has_rate(s))
		put_text(&t, "",
			 "counters show what they grow by in a second: energy "
			 "as watts, time as a share");
	if (ep_survey_dropped(s) > 0)
		put_textf(&t, "",
			  "%" PRIu64 " readings were lost: the machine is too "
			  "busy",
			  ep_survey_dropped(s));
	put_total(&t);
	put_targets(&t);
	put_missing(&t);
	return t.error;
}
