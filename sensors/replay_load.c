/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/replay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/str.h"
#include "sensors/files.h"

#define FIXED_COLUMNS 3

void ep_replay_done(struct ep_replay *r)
{
	free(r->channels);
	free(r->cells);
	free(r->present);
	memset(r, 0, sizeof(*r));
}

static bool is_power(const struct ep_channel *c)
{
	return c->quantity == EP_POWER_UW || c->quantity == EP_ENERGY_UJ;
}

/* "package_0_uj": name, unit, and what is usual for that unit */
static int set_channel(struct ep_replay *r, const char *column)
{
	struct ep_channel *c = &r->channels[r->channel_count];
	size_t len = strlen(column), unit_len;

	if (ep_quantity_of_column(column, &c->quantity) < 0)
		return -EBADMSG;
	unit_len = strlen(ep_quantity_unit(c->quantity)) + 1;
	if (len <= unit_len || len - unit_len >= sizeof(c->name))
		return -EBADMSG;
	memcpy(c->name, column, len - unit_len);
	c->name[len - unit_len] = '\0';
	c->shape = c->quantity == EP_ENERGY_UJ || c->quantity == EP_TIME_NS ||
				   c->quantity == EP_COUNT
			   ? EP_COUNTER
			   : EP_GAUGE;
	ep_channel_name_unique(r->channels, r->channel_count, c->name);
	r->channel_count++;
	return 0;
}

static int set_channels(struct ep_replay *r, const struct ep_csv_ints *csv,
			struct ep_err *err)
{
	if (csv->columns <= FIXED_COLUMNS ||
	    strcmp(csv->names[0], "t_ns") != 0 ||
	    strcmp(csv->names[1], "span_ns") != 0 ||
	    strcmp(csv->names[2], "flags") != 0)
		return ep_err_set(err, -EBADMSG,
				  "the first line is not "
				  "t_ns,span_ns,flags,CHANNEL_UNIT...: give a "
				  "file of a run's sensors/ folder");
	r->column_count = csv->columns - FIXED_COLUMNS;
	if (r->column_count > EP_CHANNELS_MAX / 2)
		return ep_err_set(err, -EFBIG, "more than %d channels",
				  EP_CHANNELS_MAX / 2);
	r->channels = calloc(2 * r->column_count, sizeof(*r->channels));
	if (!r->channels)
		return ep_err_set(err, -ENOMEM, "out of memory");
	for (size_t i = FIXED_COLUMNS; i < csv->columns; i++)
		if (set_channel(r, csv->names[i]) < 0)
			return ep_err_set(err, -EBADMSG,
					  "column '%.60s' does not end in a "
					  "unit such as _uw or _uj",
					  csv->names[i]);
	return 0;
}

static int grow(struct ep_replay *r, size_t columns, size_t *rows_max)
{
	size_t more = *rows_max ? *rows_max * 2 : 1024;
	int64_t *cells;
	uint8_t *present;

	if (more * columns > EP_REPLAY_CELLS_MAX)
		more = EP_REPLAY_CELLS_MAX / columns;
	if (more <= *rows_max)
		return -EFBIG;
	cells = realloc(r->cells, more * columns * sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	r->cells = cells;
	present = realloc(r->present, more * columns);
	if (!present)
		return -ENOMEM;
	r->present = present;
	*rows_max = more;
	return 0;
}

/* Time must be there, believable, and must not go back. */
static bool is_good_time(const int64_t *row, const uint8_t *present,
			 bool has_last, size_t columns)
{
	return present[0] && row[0] >= 0 && row[0] < INT64_MAX / 4 &&
	       (!has_last || row[0] >= row[-(ptrdiff_t)columns]);
}

static int read_rows(struct ep_replay *r, struct ep_csv_ints *csv,
		     struct ep_err *err)
{
	size_t rows_max = 0;
	int got = 1;

	while (got > 0) {
		int64_t *row;
		uint8_t *present;

		if (r->row_count == rows_max) {
			int e = grow(r, csv->columns, &rows_max);

			if (e == -EFBIG)
				return ep_err_set(err, e,
						  "more than %d values: "
						  "replay a part of it",
						  EP_REPLAY_CELLS_MAX);
			if (e < 0)
				return ep_err_set(err, e, "out of memory");
		}
		row = r->cells + r->row_count * csv->columns;
		present = r->present + r->row_count * csv->columns;
		got = ep_csv_ints_next(csv, row, present);
		if (got <= 0)
			break;
		if (!is_good_time(row, present, r->row_count > 0, csv->columns))
			r->bad_count++;
		else
			r->row_count++;
	}
	if (got < 0)
		return ep_err_set(err, got, "%s", strerror(-got));
	if (r->row_count == 0)
		return ep_err_set(err, -ENODATA, "it holds no samples");
	r->bad_count += csv->bad_count;
	r->torn = csv->torn;
	return 0;
}

int ep_replay_load(const char *path, struct ep_replay *ret, struct ep_err *err)
{
	struct ep_replay r = { 0 };
	struct ep_csv_ints csv = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int e;

	if (fd < 0)
		return ep_err_set(err, -errno, "%.300s: %s", path,
				  strerror(errno));
	/* A pipe or a device may never end. */
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		e = ep_err_set(err, -EINVAL,
			       "not an ordinary file: give a file of a run's "
			       "sensors/ folder");
	else
		e = ep_csv_ints_open(&csv, fd, err);
	if (e == 0) {
		e = set_channels(&r, &csv, err);
		if (e == 0)
			e = read_rows(&r, &csv, err);
		ep_csv_ints_close(&csv);
	}
	close(fd);
	if (e < 0) {
		ep_replay_done(&r);
		if (err)
			(void)ep_err_prefix(err, "%.300s", path);
		return e;
	}
	*ret = r;
	return 0;
}

void ep_replay_apply(struct ep_replay *r, const struct ep_replay_wish *wish)
{
	size_t power_count = 0;
	bool has_role = r->described;

	for (size_t i = 0; i < r->channel_count; i++) {
		struct ep_channel *c = &r->channels[i];

		power_count += is_power(c);
		has_role = has_role || c->role != EP_ROLE_NONE;
		if (wish->has_shape && !(c->flags & EP_CHANNEL_PRODUCT))
			c->shape = wish->shape;
		if (wish->has_role && is_power(c))
			c->role = wish->role;
		if (wish->refresh_ns >= 0)
			c->refresh_ns = wish->refresh_ns;
		if (wish->window_ns >= 0)
			c->window_ns = wish->window_ns;
		if (wish->gain_ppm >= 0)
			c->gain_ppm = wish->gain_ppm;
		if (wish->offset >= 0)
			c->offset = wish->offset;
		if (wish->resolution >= 0)
			c->resolution = wish->resolution;
	}
	for (size_t i = 0; i < r->channel_count; i++)
		if (power_count == 1 && !has_role && !wish->has_role &&
		    is_power(&r->channels[i]))
			r->channels[i].role = EP_ROLE_TOTAL;
}
