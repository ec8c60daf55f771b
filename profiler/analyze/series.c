/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/run.h"

/* time_s,phase,request,tokens come first; power_w is the first that is drawn */
#define FIXED_COLUMNS 4

/* The quantity whose SI unit a column ends in; its length goes to ret_cut. */
static enum ep_quantity quantity_of(const char *column, size_t *ret_cut)
{
	size_t len = strlen(column);

	for (int q = 0; q < EP_QUANTITY_COUNT; q++) {
		const char *unit = ep_quantity_si_unit((enum ep_quantity)q);
		size_t n = strlen(unit);

		if (len > n + 1 && column[len - n - 1] == '_' &&
		    strcmp(column + len - n, unit) == 0) {
			*ret_cut = len - n - 1;
			return (enum ep_quantity)q;
		}
	}
	*ret_cut = len;
	return EP_QUANTITY_COUNT;
}

static bool has_flag(const json_t *channel, const char *flag)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(channel, "flags"), i, entry)
	{
		const char *text = json_string_value(entry);

		if (text && strcmp(text, flag) == 0)
			return true;
	}
	return false;
}

/* The channel of run.json that "sensor.channel" stands for, or NULL. */
static const json_t *find_channel(const struct ep_report *r, const char *name)
{
	const json_t *sensor, *channel;
	size_t i, k;

	json_array_foreach(json_object_get(r->run, "sensors"), i, sensor)
	{
		const char *id =
			json_string_value(json_object_get(sensor, "id"));
		size_t len = id ? strlen(id) : 0;

		if (len == 0 || strncmp(name, id, len) != 0 || name[len] != '.')
			continue;
		json_array_foreach(json_object_get(sensor, "channels"), k,
				   channel)
		{
			const char *text = json_string_value(
				json_object_get(channel, "name"));

			if (text && strcmp(text, name + len + 1) == 0)
				return channel;
		}
	}
	return NULL;
}

static bool is_text(const json_t *o, const char *key, const char *want)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text && strcmp(text, want) == 0;
}

static void describe(struct ep_series *s, const struct ep_report *r,
		     const char *column)
{
	const json_t *channel;
	size_t cut;

	*s = (struct ep_series){ .quantity = quantity_of(column, &cut) };
	(void)ep_str_format(s->name, sizeof(s->name), "%.*s", (int)cut, column);
	s->total = strcmp(column, "power_w") == 0;
	if (s->total) {
		s->role = EP_ROLE_TOTAL;
		s->estimated = r->total_estimated;
		return;
	}
	channel = find_channel(r, s->name);
	/* Events have no sensor's name before theirs, and count. */
	s->rate = channel ? is_text(channel, "shape", "counter")
			  : strchr(column, '.') == NULL;
	s->estimated = channel && has_flag(channel, "estimated");
	for (int role = 0; channel && role <= EP_ROLE_ASIDE; role++)
		if (is_text(channel, "role", ep_role_name((enum ep_role)role)))
			s->role = (enum ep_role)role;
}

int ep_series_columns(char *header, const struct ep_report *report,
		      struct ep_series_set *set)
{
	static const char *const fixed[FIXED_COLUMNS] = { "time_s", "phase",
							  "request", "tokens" };
	int columns = 0;
	char *name, *next = header;

	set->series = calloc(EP_SERIES_MAX, sizeof(*set->series));
	if (!set->series)
		return -ENOMEM;
	while ((name = next) != NULL) {
		next = strchr(name, ',');
		if (next)
			*next++ = '\0';
		if (columns < FIXED_COLUMNS &&
		    strcmp(name, fixed[columns]) != 0)
			return -EBADMSG;
		columns++;
		if (columns <= FIXED_COLUMNS)
			continue;
		if (set->count == EP_SERIES_MAX)
			set->more_count++;
		else
			describe(&set->series[set->count++], report, name);
	}
	return set->count > 0 ? columns : -EBADMSG;
}

void ep_series_done(struct ep_series_set *s)
{
	if (!s)
		return;
	free(s->series);
	free(s->missed);
	free(s->moments);
	ep_decimate_done(&s->grid);
	*s = (struct ep_series_set){ 0 };
}

int ep_series_read(int dir_fd, const struct ep_report *report,
		   struct ep_series_set *ret)
{
	struct ep_series_set set = { 0 };
	int r = ep_series_read_rows(dir_fd, report, &set);

	if (r == 0)
		r = ep_moments_read(dir_fd, report, &set);
	if (r < 0) {
		ep_series_done(&set);
		return r;
	}
	*ret = set;
	return 0;
}
