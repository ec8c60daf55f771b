/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/cli/sensors_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "profiler/report/width.h"

#define VALUE_COLUMNS 13
#define MEASURED_COLUMNS 10
#define JOULES_COLUMNS 11
#define NAME_COLUMNS_MIN 24
#define NAME_COLUMNS_MAX 40

int ep_screen_init(struct ep_screen *screen, const struct ep_survey *s,
		   bool utf8)
{
	memset(screen, 0, sizeof(*screen));
	screen->survey = s;
	screen->utf8 = utf8;
	screen->history_ns = s->begin_ns;
	screen->lines = calloc(EP_SCREEN_ROWS_MAX, sizeof(*screen->lines));
	screen->before = calloc(EP_SCREEN_ROWS_MAX, sizeof(*screen->before));
	if (!screen->lines || !screen->before)
		return -ENOMEM;
	for (size_t i = 0; i < s->slots.count; i++) {
		size_t count = s->slots.slots[i]->channel_count;

		screen->channels[i] =
			calloc(count + 1, sizeof(*screen->channels[i]));
		if (!screen->channels[i])
			return -ENOMEM;
		for (size_t c = 0; c < count; c++) {
			screen->channels[i][c].primary =
				ep_sensors_row_at(s, i, c).primary;
			(void)ep_str_copy(screen->channels[i][c].measured,
					  EP_CELL_BYTES, "-");
		}
	}
	return 0;
}

void ep_screen_done(struct ep_screen *screen)
{
	for (size_t i = 0; i < EP_SLOTS_MAX; i++)
		free(screen->channels[i]);
	free(screen->lines);
	free(screen->before);
	memset(screen, 0, sizeof(*screen));
}

void ep_screen_size(struct ep_screen *screen, int rows, int columns)
{
	screen->rows = rows < EP_SCREEN_ROWS_MAX ? rows : EP_SCREEN_ROWS_MAX;
	/* A character in the last column makes some terminals wrap. */
	screen->columns = columns <= EP_SCREEN_COLUMNS_MAX
				  ? columns - 1
				  : EP_SCREEN_COLUMNS_MAX;
	screen->all = true;
}

/* The next line of the screen; NULL: it is full. */
static char *next_line(struct ep_screen *screen)
{
	char *line;

	if (screen->used >= screen->rows)
		return NULL;
	line = screen->lines[screen->used++];
	line[0] = '\0';
	return line;
}

static int name_columns(const struct ep_screen *screen)
{
	int more = (screen->columns - 79) / 2;

	if (more <= 0)
		return NAME_COLUMNS_MIN;
	return NAME_COLUMNS_MIN + more < NAME_COLUMNS_MAX
		       ? NAME_COLUMNS_MIN + more
		       : NAME_COLUMNS_MAX;
}

static void put_channel(struct ep_screen *screen, size_t slot, size_t channel)
{
	const struct ep_survey *s = screen->survey;
	struct ep_screen_channel *sc = &screen->channels[slot][channel];
	struct ep_sensors_row row = {
		.slot = s->slots.slots[slot],
		.c = &s->slots.slots[slot]->channels[channel],
		.ch = &s->channels[slot][channel],
	};
	double joules = ep_survey_energy_j(row.ch, row.c);
	char cell[EP_CELL_BYTES], spark[EP_SCREEN_HISTORY * 3 + 1];
	char *line = next_line(screen);
	int names = name_columns(screen), left;

	if (!line)
		return;
	ep_width_clean(cell, sizeof(cell), row.c->name);
	ep_width_cut(cell, sizeof(cell), names - 2);
	ep_sensors_left(line, sc->primary ? "* " : "  ", 2);
	ep_sensors_left(line, cell, names - 2);
	ep_sensors_value(cell, &row, s->env.now_ns());
	ep_sensors_right(line, cell, VALUE_COLUMNS);
	ep_sensors_right(line, sc->measured, MEASURED_COLUMNS);
	cell[0] = '\0';
	if (isfinite(joules))
		ep_sensors_si(cell, joules, "J");
	ep_sensors_right(line, cell, JOULES_COLUMNS);
	left = screen->columns - ep_width(line) - 2;
	if (left < 4)
		return;
	ep_screen_sparkline(screen, sc, spark, left);
	ep_sensors_left(line, "  ", 2);
	ep_sensors_left(line, spark, 0);
}

static void put_head(struct ep_screen *screen)
{
	const struct ep_survey *s = screen->survey;
	char names[1024], text[EP_SCREEN_LINE_BYTES], cell[EP_CELL_BYTES];
	char *line = next_line(screen);
	double watts, joules;
	size_t used;

	(void)ep_str_format(text, sizeof(text), "  %.0f s   q: quit",
			    (double)(s->env.now_ns() - s->begin_ns) / 1e9);
	if (line) {
		(void)ep_str_format(line, EP_SCREEN_LINE_BYTES,
				    "edgeprof sensors, board %s: %.100s",
				    s->board->name, s->board->title);
		ep_width_cut(line, EP_SCREEN_LINE_BYTES,
			     screen->columns - ep_width(text));
		ep_sensors_left(line, "",
				screen->columns - ep_width(line) -
					ep_width(text));
		ep_sensors_left(line, text, 0);
	}
	line = next_line(screen);
	if (!line)
		return;
	ep_survey_total(s, &watts, &joules);
	ep_sensors_total_names(s, names, sizeof(names));
	if (s->total.count == 0) {
		(void)ep_str_format(line, EP_SCREEN_LINE_BYTES,
				    "* total: none: %s", s->total.reason);
		return;
	}
	(void)ep_str_copy(cell, sizeof(cell), "not measured");
	if (isfinite(watts))
		ep_sensors_si(cell, watts, "W");
	(void)ep_str_format(line, EP_SCREEN_LINE_BYTES, "* total: %s", cell);
	if (isfinite(joules)) {
		ep_sensors_si(cell, joules, "J");
		used = strlen(line);
		(void)ep_str_format(line + used, EP_SCREEN_LINE_BYTES - used,
				    ", %s so far", cell);
	}
	used = strlen(line);
	(void)ep_str_format(line + used, EP_SCREEN_LINE_BYTES - used, "   %s",
			    names);
}

static void put_columns(struct ep_screen *screen)
{
	char *line = next_line(screen);
	char text[EP_CELL_BYTES];
	int names = name_columns(screen);
	int left = screen->columns - names - VALUE_COLUMNS - MEASURED_COLUMNS -
		   JOULES_COLUMNS - 2;

	if (!line)
		return;
	ep_sensors_left(line, "  channel", names);
	ep_sensors_right(line, "value", VALUE_COLUMNS);
	ep_sensors_right(line, "new every", MEASURED_COLUMNS);
	ep_sensors_right(line, "energy", JOULES_COLUMNS);
	if (left > EP_SCREEN_HISTORY)
		left = EP_SCREEN_HISTORY;
	(void)ep_str_format(text, sizeof(text), "  last %d s", left / 2);
	if (left >= 10)
		ep_sensors_left(line, text, 0);
}

/* Those that could not be opened, or "". */
static void list_missing(const struct ep_survey *s, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < s->slots.count; i++) {
		if (s->slots.slots[i]->sensor)
			continue;
		(void)ep_str_format(ret + used, size - used, "%s%s",
				    used > 0 ? ", " : "not available: ",
				    s->slots.slots[i]->id);
		used = strlen(ret);
	}
	if (used > 0)
		(void)ep_str_format(ret + used, size - used,
				    " (edgeprof sensors says why)");
}

/* How many rows there are, and how many of them fit. */
struct room {
	int rows;
	size_t shown;
};

static void put_slot(struct ep_screen *screen, size_t index, struct room *room)
{
	const struct ep_slot *slot = screen->survey->slots.slots[index];
	char *line;

	/* A name with nothing below it tells nothing. */
	if (!ep_survey_is_polled(slot) || room->rows < 2)
		return;
	line = next_line(screen);
	room->rows--;
	if (line)
		(void)ep_str_copy(line, EP_SCREEN_LINE_BYTES, slot->id);
	for (int power = 1; power >= 0; power--)
		for (size_t c = 0; c < slot->channel_count; c++) {
			if (ep_sensors_is_power(&slot->channels[c]) != power ||
			    room->rows == 0)
				continue;
			put_channel(screen, index, c);
			room->rows--;
			room->shown++;
		}
}

/* Every channel that is read, while there is room, those that measure power
 * first; the rest is counted. */
static void put_slots(struct ep_screen *screen, int rows_kept)
{
	const struct ep_survey *s = screen->survey;
	struct room room = { .rows = screen->rows - screen->used - rows_kept };
	size_t count = 0, lines = 0;
	char *line;

	for (size_t i = 0; i < s->slots.count; i++)
		if (ep_survey_is_polled(s->slots.slots[i])) {
			count += s->slots.slots[i]->channel_count;
			lines += s->slots.slots[i]->channel_count + 1;
		}
	/* The last row then says how many do not fit. */
	if (room.rows > 0 && lines > (size_t)room.rows)
		room.rows--;
	for (int power = 1; power >= 0; power--)
		for (size_t i = 0; i < s->slots.count; i++)
			if (ep_sensors_has_power(s->slots.slots[i]) == power)
				put_slot(screen, i, &room);
	line = room.shown < count ? next_line(screen) : NULL;
	if (line)
		(void)ep_str_format(line, EP_SCREEN_LINE_BYTES,
				    "\xe2\x80\xa6 %zu of %zu channels do not "
				    "fit; edgeprof sensors prints them all",
				    count - room.shown, count);
}

static void compose(struct ep_screen *screen)
{
	char missing[EP_SCREEN_LINE_BYTES];
	char *line;

	screen->used = 0;
	put_head(screen);
	put_columns(screen);
	list_missing(screen->survey, missing, sizeof(missing));
	put_slots(screen, missing[0] ? 1 : 0);
	line = missing[0] ? next_line(screen) : NULL;
	if (line)
		(void)ep_str_copy(line, EP_SCREEN_LINE_BYTES, missing);
	while (next_line(screen) != NULL)
		;
	for (int i = 0; i < screen->used; i++) {
		line = screen->lines[i];
		ep_str_printable(line);
		ep_width_cut(line, EP_SCREEN_LINE_BYTES,
			     screen->columns > 0 ? screen->columns : 1);
		if (!screen->utf8)
			ep_sensors_plain(line);
	}
}

int ep_screen_draw(struct ep_screen *screen, struct ep_buf *out)
{
	char(*swap)[EP_SCREEN_LINE_BYTES] = screen->before;
	int r = 0;

	ep_screen_take_history(screen);
	compose(screen);
	if (screen->all)
		r = ep_buf_adds(out, "\033[0m\033[2J");
	for (int i = 0; r == 0 && i < screen->used; i++)
		if (screen->all ||
		    strcmp(screen->lines[i], screen->before[i]) != 0)
			r = ep_buf_addf(out, "\033[%d;1H%s\033[K", i + 1,
					screen->lines[i]);
	screen->all = false;
	screen->before = screen->lines;
	screen->lines = swap;
	return r;
}
