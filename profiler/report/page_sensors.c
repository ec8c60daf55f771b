/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/width.h"

#define ROWS_SHOWN_MAX 24
#define CHANNEL_COLUMNS 28

static const char *role_text(const struct ep_channel_row *c)
{
	if (c->primary)
		return "in the total";
	if (c->role == EP_ROLE_TOTAL)
		return "another total";
	if (c->role == EP_ROLE_PART)
		return "part";
	return "aside";
}

/* Which of the totals rows get a column: generation and the whole run. */
static size_t find_total(const struct ep_report *r, const char *name)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, name) == 0)
			return i;
	return r->total_count;
}

static void put_channel(struct ep_page *page, const struct ep_channel_row *c,
			size_t generation)
{
	struct ep_table *t = page->table;
	size_t row = t->row_count++, column = 2;
	size_t last = page->report->total_count - 1;

	ep_width_clean(t->cells[row][0], EP_CELL_BYTES, c->name);
	ep_width_cut(t->cells[row][0], EP_CELL_BYTES, CHANNEL_COLUMNS);
	(void)ep_str_copy(t->cells[row][1], EP_CELL_BYTES, role_text(c));
	ep_cell_metric(t->cells[row][column++],
		       ep_cell_missing(&c->idle_w) ? NULL : &c->idle_w,
		       EP_CELL_U95, &page->marks);
	if (generation < last)
		ep_cell_metric(t->cells[row][column++],
			       &c->energy_j[generation], EP_CELL_U95,
			       &page->marks);
	ep_cell_metric(t->cells[row][column], &c->energy_j[last], EP_CELL_U95,
		       &page->marks);
	if (ep_cell_missing(&c->energy_j[last]))
		ep_page_gap(page, t->cells[row][0], c->energy_j[last].reason);
}

void ep_page_channels(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	size_t generation = find_total(r, EP_PHASE_GENERATION);
	size_t shown = 0;
	char unknown[400] = "";

	/* A single channel that is the total says nothing new. */
	if (r->total_count == 0 || r->channel_count == 0 ||
	    (r->channel_count == 1 && r->channels[0].primary))
		return;
	page->ops->heading(page->ctx, "Power channels");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "channel", "", true);
	(void)ep_page_table_column(page, "what", "", true);
	(void)ep_page_table_column(page, "idle", "W", false);
	if (generation < r->total_count - 1)
		(void)ep_page_table_column(page, "generation", "J", false);
	(void)ep_page_table_column(page, "whole run", "J", false);
	for (; shown < r->channel_count && shown < ROWS_SHOWN_MAX; shown++) {
		const struct ep_channel_row *c = &r->channels[shown];

		put_channel(page, c, generation);
		/* The total has a warning of its own, meters their section. */
		if (!c->has_limits && !c->estimated && !c->primary &&
		    (r->meter_count < 2 || c->role != EP_ROLE_TOTAL) &&
		    !ep_cell_missing(&c->energy_j[r->total_count - 1]))
			ep_page_list_add(unknown, sizeof(unknown), c->name);
	}
	ep_page_table_end(page);
	ep_page_unknown(page, unknown);
	ep_page_note(page, "totals, parts and what is measured aside are never "
			   "added to each other");
	if (shown < r->channel_count)
		ep_page_note(page, "\xe2\x80\xa6 %zu more in report.json",
			     r->channel_count - shown);
	ep_page_gaps_end(page);
}

/* Neighbours of one sensor that are not power: one row for all of them. */
struct health_group {
	const struct ep_health *first;
	size_t count;
	int64_t declared_ns;	     /* the shortest; 0 unknown */
	double fastest_s, slowest_s; /* measured; NAN: never changed */
	int64_t reads, gaps, errors;
	bool stands_still;
};

static bool is_power(const struct ep_health *h)
{
	return h->unit &&
	       (strcmp(h->unit, "w") == 0 || strcmp(h->unit, "j") == 0);
}

static void add_health(struct health_group *g, const struct ep_health *h)
{
	double refresh_s = h->measured_refresh_s;

	g->count++;
	if (h->declared_refresh_ns > 0 &&
	    (g->declared_ns == 0 || h->declared_refresh_ns < g->declared_ns))
		g->declared_ns = h->declared_refresh_ns;
	if (isfinite(refresh_s) && !(g->fastest_s <= refresh_s))
		g->fastest_s = refresh_s;
	if (isfinite(refresh_s) && !(g->slowest_s >= refresh_s))
		g->slowest_s = refresh_s;
	if (h->read_count > g->reads)
		g->reads = h->read_count;
	g->gaps += h->gap_count;
	g->errors += h->error_count;
	g->stands_still = g->stands_still || h->standing_still;
}

/* The group that begins at a channel. */
static struct health_group group_at(const struct ep_report *r, size_t i)
{
	struct health_group g = {
		.first = &r->health[i],
		.fastest_s = (double)NAN,
		.slowest_s = (double)NAN,
	};

	add_health(&g, g.first);
	for (i++; i < r->health_count && !is_power(g.first); i++) {
		if (strcmp(r->health[i].sensor, g.first->sensor) != 0 ||
		    is_power(&r->health[i]))
			break;
		add_health(&g, &r->health[i]);
	}
	return g;
}

static void put_measured(char *cell, const struct health_group *g)
{
	char fastest[EP_CELL_BYTES], slowest[EP_CELL_BYTES];

	if (g->stands_still) {
		(void)ep_str_copy(cell, EP_CELL_BYTES, "stands still");
		return;
	}
	if (!isfinite(g->fastest_s)) {
		(void)ep_str_copy(cell, EP_CELL_BYTES, "never changed");
		return;
	}
	ep_cell_seconds(fastest, g->fastest_s);
	ep_cell_seconds(slowest, g->slowest_s);
	if (strcmp(fastest, slowest) == 0)
		(void)ep_str_copy(cell, EP_CELL_BYTES, fastest);
	else
		(void)ep_str_format(cell, EP_CELL_BYTES, "%.28s to %.28s",
				    fastest, slowest);
}

static void put_group(struct ep_page *page, const struct health_group *g)
{
	const struct ep_health *h = g->first;
	struct ep_table *t = page->table;
	size_t row = t->row_count++;
	char name[sizeof(h->sensor) + sizeof(h->channel) + 32];

	if (g->count > 1)
		(void)ep_str_format(name, sizeof(name), "%s (%zu channels)",
				    h->sensor, g->count);
	else
		(void)ep_str_format(name, sizeof(name), "%s.%s", h->sensor,
				    h->channel);
	ep_width_clean(t->cells[row][0], EP_CELL_BYTES, name);
	ep_width_cut(t->cells[row][0], EP_CELL_BYTES, CHANNEL_COLUMNS);
	if (g->declared_ns > 0)
		ep_cell_seconds(t->cells[row][1], (double)g->declared_ns / 1e9);
	else
		(void)ep_str_copy(t->cells[row][1], EP_CELL_BYTES, "unknown");
	put_measured(t->cells[row][2], g);
	ep_cell_count(t->cells[row][3], g->reads);
	ep_cell_count(t->cells[row][4], g->gaps);
	ep_cell_count(t->cells[row][5], g->errors);
}

static void put_health(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	size_t i = 0;

	for (size_t rows = 0; i < r->health_count && rows < ROWS_SHOWN_MAX;
	     rows++) {
		struct health_group g = group_at(r, i);

		put_group(page, &g);
		i += g.count;
	}
	ep_page_table_end(page);
	if (i < r->health_count)
		ep_page_note(page, "\xe2\x80\xa6 %zu more in report.json",
			     r->health_count - i);
}

/* A warning that names the sensor already says why it failed. */
static bool is_warned(const struct ep_report *r, const char *name)
{
	char begin[EP_CELL_BYTES];

	(void)ep_str_format(begin, sizeof(begin), "%s: not measured", name);
	for (size_t i = 0; i < r->warning_count; i++)
		if (ep_str_starts(r->warnings[i].text, begin))
			return true;
	return false;
}

/* Values two devices agreed on: nobody measured them. */
static void put_negotiated(struct ep_page *page, const char *name,
			   const json_t *sensor)
{
	const json_t *channel, *flag;
	char list[400] = "";
	size_t i, k;

	json_array_foreach(json_object_get(sensor, "channels"), i, channel)
	{
		const char *its =
			json_string_value(json_object_get(channel, "name"));

		json_array_foreach(json_object_get(channel, "flags"), k,
				   flag) if (its && json_string_value(flag) &&
					     strcmp(json_string_value(flag),
						    "negotiated") == 0)
			ep_page_list_add(list, sizeof(list), its);
	}
	if (list[0])
		ep_page_note(page,
			     "%s: %s: negotiated, not measured: shown in "
			     "trace.csv, in no figure",
			     name, list);
}

/* What could not be opened, and what the sensor says about itself. */
static void put_states(struct ep_page *page, const char *list, const char *id,
		       const char *missing)
{
	const json_t *sensors = json_object_get(page->report->run, list);
	const json_t *sensor, *note;
	size_t i, k;

	json_array_foreach(sensors, i, sensor)
	{
		const char *name =
			json_string_value(json_object_get(sensor, id));
		const char *status =
			json_string_value(json_object_get(sensor, "status"));
		const char *reason =
			json_string_value(json_object_get(sensor, "reason"));

		if (!name || i >= ROWS_SHOWN_MAX)
			continue;
		if (status && strcmp(status, "ok") != 0 &&
		    !is_warned(page->report, name))
			ep_page_note(page, "%s: %s: %s", name, missing,
				     reason ? reason : "");
		json_array_foreach(json_object_get(sensor, "notes"), k,
				   note) if (json_is_string(note) &&
					     k < ROWS_SHOWN_MAX)
			ep_page_note(page, "%s: %s", name,
				     json_string_value(note));
		put_negotiated(page, name, sensor);
	}
}

void ep_page_sensors(struct ep_page *page)
{
	page->ops->heading(page->ctx, "Sensors: how often a new value comes");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "sensor", "", true);
	(void)ep_page_table_column(page, "declared", "", false);
	(void)ep_page_table_column(page, "measured", "", false);
	(void)ep_page_table_column(page, "reads", "", false);
	(void)ep_page_table_column(page, "gaps", "", false);
	(void)ep_page_table_column(page, "errors", "", false);
	if (page->report->health_count == 0)
		ep_page_note(page, "no sensor was read");
	put_health(page);
	put_states(page, "sensors", "id", "not measured");
	put_states(page, "observers", "name", "not used");
}
