/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/windows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/num.h"

#define COVER_MIN 0.9
#define PROBE_BYTES 8192
/* Closer than this the file is read from there on. */
#define NEAR_BYTES (4 * PROBE_BYTES)
#define MARGIN_NS_MIN (100 * EP_NS_PER_MS)
#define MARGIN_NS_MAX (60 * EP_NS_PER_S)

/* One channel on its way through a window. */
struct cell {
	bool counter, seen;
	uint64_t wrap;
	double unit;
	int64_t shift_ns, limit_ns;
	int64_t t, v;
	double sum, cover_s;
};

struct reader {
	const struct ep_stream *s;
	const struct ep_windows *w;
	struct ep_csv_ints csv;
	int64_t *values;
	uint8_t *present;
	struct cell *cells;
	int64_t size, margin_ns;
};

/* The first line that begins after offset: where, and its time; -1 none. */
static int64_t line_after(const struct reader *r, int64_t offset,
			  int64_t *ret_t)
{
	char text[PROBE_BYTES];
	ssize_t got = pread(r->s->fd, text, sizeof(text), offset);
	const char *at = got > 0 ? memchr(text, '\n', (size_t)got) : NULL;

	if (!at || ++at >= text + got ||
	    ep_num_scan_i64(at, (size_t)(text + got - at), ret_t) <= 0)
		return -1;
	return offset + (at - text);
}

/* A line not after t_ns, near it; 0: the header. */
static int64_t find(const struct reader *r, int64_t t_ns)
{
	int64_t lo = 0, hi = r->size, found = 0;

	while (hi - lo > NEAR_BYTES) {
		int64_t mid = lo + (hi - lo) / 2, t = 0;
		int64_t at = line_after(r, mid, &t);

		if (at >= 0 && t <= t_ns) {
			lo = mid;
			found = at;
		} else {
			hi = mid;
		}
	}
	return found;
}

static double value_at(const struct cell *c, int64_t t1, int64_t v1, int64_t at)
{
	double f = (double)(at - c->t) / (double)(t1 - c->t);

	return (double)c->v + f * ((double)v1 - (double)c->v);
}

/* From the read before to this one, as far as it lies in the window. */
static void add_piece(struct cell *c, const struct ep_window *w, int64_t t1,
		      int64_t v1)
{
	int64_t a = c->t > w->from_ns ? c->t : w->from_ns;
	int64_t b = t1 < w->to_ns ? t1 : w->to_ns;
	double part = (double)(b - a) * 1e-9, step;

	if (b <= a || t1 - c->t > c->limit_ns)
		return;
	if (!c->counter) {
		c->sum += part * 0.5 *
			  (value_at(c, t1, v1, a) + value_at(c, t1, v1, b));
		c->cover_s += part;
		return;
	}
	step = (double)v1 - (double)c->v;
	if (step < 0 && c->wrap > 0)
		step += (double)c->wrap;
	/* A reset, which a step over half the modulus is too: nobody knows. */
	if (step < 0 || (c->wrap > 0 && step > (double)c->wrap / 2))
		return;
	c->sum += step * (double)(b - a) / (double)(t1 - c->t);
	c->cover_s += part;
}

static bool take(const struct reader *r, size_t k, int64_t *ret)
{
	const struct ep_stream *s = r->s;
	size_t channel = r->w->channels[k];
	const struct ep_channel *c = &s->sensor->channels[channel];
	size_t v, a;

	if (!(c->flags & EP_CHANNEL_PRODUCT)) {
		*ret = r->values[s->source[channel]];
		return r->present[s->source[channel]] != 0;
	}
	v = s->source[c->volts_index];
	a = s->source[c->amps_index];
	if (!r->present[v] || !r->present[a] ||
	    __builtin_mul_overflow(r->values[v], r->values[a], ret))
		return false;
	*ret /= 1000000;
	return true;
}

static int read_window(struct reader *r, const struct ep_window *w)
{
	int64_t last = -1;
	int code;

	for (size_t k = 0; k < r->w->channel_count; k++) {
		r->cells[k].seen = false;
		r->cells[k].sum = r->cells[k].cover_s = 0;
	}
	code = ep_csv_ints_seek(&r->csv, find(r, w->from_ns - r->margin_ns));
	while (code >= 0 &&
	       (code = ep_csv_ints_next(&r->csv, r->values, r->present)) == 1) {
		int64_t t = r->values[0];

		if (!r->present[0] || t <= last || t > INT64_C(1) << 60)
			continue;
		if (t > w->to_ns + r->margin_ns)
			break;
		last = t;
		for (size_t k = 0; k < r->w->channel_count; k++) {
			struct cell *c = &r->cells[k];
			int64_t v, at = t - c->shift_ns;

			if (!take(r, k, &v))
				continue;
			if (c->seen)
				add_piece(c, w, at, v);
			c->t = at;
			c->v = v;
			c->seen = true;
		}
	}
	return code < 0 ? code : 0;
}

static void set_up(struct reader *r)
{
	for (size_t k = 0; k < r->w->channel_count; k++) {
		size_t channel = r->w->channels[k];
		const struct ep_channel *c = &r->s->sensor->channels[channel];
		struct cell *cell = &r->cells[k];
		int64_t every = r->s->cell_ns[channel];

		every = c->refresh_ns > every ? c->refresh_ns : every;
		every = every < MARGIN_NS_MAX / 5 ? every : MARGIN_NS_MAX / 5;
		cell->counter = c->shape == EP_COUNTER;
		cell->wrap = c->wrap;
		cell->unit = 1;
		for (int n = ep_quantity_si_scale(c->quantity); n > 0; n--)
			cell->unit /= 10;
		cell->shift_ns = cell->counter ? 0 : c->window_ns / 2;
		cell->limit_ns =
			5 * every > MARGIN_NS_MIN ? 5 * every : MARGIN_NS_MIN;
		if (cell->limit_ns + cell->shift_ns > r->margin_ns)
			r->margin_ns = cell->limit_ns + cell->shift_ns;
	}
}

static int read_all(struct reader *r)
{
	const struct ep_windows *w = r->w;
	int code = 0;

	for (size_t i = 0; i < w->count && code == 0; i++) {
		double length =
			(double)(w->windows[i].to_ns - w->windows[i].from_ns) *
			1e-9;

		code = read_window(r, &w->windows[i]);
		for (size_t k = 0; k < w->channel_count; k++) {
			const struct cell *c = &r->cells[k];
			bool whole = c->cover_s >= COVER_MIN * length;

			w->ret[i * w->stride + k] =
				whole ? c->sum / c->cover_s * c->unit
				      : (double)NAN;
		}
	}
	return code;
}

int ep_windows_read(const struct ep_stream *s, const struct ep_windows *w)
{
	struct reader r = { .s = s, .w = w };
	struct ep_err err = { 0 };
	struct stat st;
	int code;

	if (fstat(s->fd, &st) < 0 || lseek(s->fd, 0, SEEK_SET) < 0)
		return -errno;
	r.size = (int64_t)st.st_size;
	code = ep_csv_ints_open(&r.csv, s->fd, &err);
	if (code < 0)
		return code;
	r.values = calloc(r.csv.columns, sizeof(*r.values));
	r.present = calloc(r.csv.columns, sizeof(*r.present));
	r.cells = calloc(w->channel_count + 1, sizeof(*r.cells));
	code = -ENOMEM;
	/* As wide as when the columns were mapped. */
	if (r.values && r.present && r.cells && s->has_csv &&
	    r.csv.columns == s->csv.columns) {
		set_up(&r);
		code = read_all(&r);
	}
	free(r.values);
	free(r.present);
	free(r.cells);
	ep_csv_ints_close(&r.csv);
	return code;
}
