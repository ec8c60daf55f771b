/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/num.h"

/* Enough for every number of a row with its comma. */
#define CELL_BYTES 22

static void add_line(struct ep_outfile *f, const struct ep_buf *line)
{
	if (ep_buf_add(&f->pending, line->data, line->len) < 0)
		f->dropped_count++;
}

static void put_int(struct ep_buf *b, int64_t value, char end)
{
	if (ep_buf_reserve(b, CELL_BYTES) < 0)
		return;
	b->len += ep_num_put_i64(b->data + b->len, value);
	b->data[b->len++] = end;
}

static int event_line(struct ep_buf *b, const struct ep_event *e)
{
	put_int(b, e->t_ns, ',');
	put_int(b, e->span_ns, ',');
	if (ep_csv_put_text(b, e->event) < 0 || ep_buf_adds(b, ",") < 0)
		return -ENOMEM;
	if (e->request > 0)
		put_int(b, e->request, ',');
	else if (ep_buf_adds(b, ",") < 0)
		return -ENOMEM;
	if (ep_csv_put_text(b, e->phase) < 0 || ep_buf_adds(b, ",") < 0)
		return -ENOMEM;
	if (e->tokens != -1)
		put_int(b, e->tokens, ',');
	else if (ep_buf_adds(b, ",") < 0)
		return -ENOMEM;
	if (ep_buf_adds(b, ep_evidence_name(e->evidence)) < 0 ||
	    ep_buf_adds(b, ",") < 0 || ep_csv_put_text(b, e->source) < 0 ||
	    ep_buf_adds(b, ",") < 0 || ep_csv_put_text(b, e->text) < 0 ||
	    ep_buf_adds(b, "\n") < 0)
		return -ENOMEM;
	return 0;
}

void ep_writer_event(struct ep_writer *w, const struct ep_event *event)
{
	struct ep_buf line;

	ep_buf_init(&line, 64 * 1024);
	pthread_mutex_lock(&w->lock);
	if (event_line(&line, event) == 0)
		add_line(&w->events, &line);
	else
		w->events.dropped_count++;
	pthread_mutex_unlock(&w->lock);
	ep_buf_done(&line);
}

void ep_writer_tick(struct ep_writer *w, int64_t due_ns, int64_t late_ns,
		    int64_t missed_count)
{
	struct ep_outfile *f = &w->ticks;

	pthread_mutex_lock(&w->lock);
	if (ep_buf_reserve(&f->pending, 3 * CELL_BYTES) < 0) {
		f->dropped_count++;
	} else {
		put_int(&f->pending, due_ns, ',');
		put_int(&f->pending, late_ns, ',');
		put_int(&f->pending, missed_count, '\n');
	}
	pthread_mutex_unlock(&w->lock);
}

/* What a full disk refuses stays pending, so no line is ever torn by us. */
static void flush_file(struct ep_writer *w, struct ep_outfile *f)
{
	size_t done = 0;

	while (f->fd >= 0 && done < f->pending.len) {
		ssize_t n = write(f->fd, f->pending.data + done,
				  f->pending.len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (!w->write_errno)
				w->write_errno = errno;
			break;
		}
		done += (size_t)n;
	}
	w->bytes_count += (int64_t)done;
	if (done == f->pending.len) {
		ep_buf_reset(&f->pending);
	} else if (done > 0) {
		memmove(f->pending.data, f->pending.data + done,
			f->pending.len - done);
		f->pending.len -= done;
	}
	f->early_bytes = f->pending.len + EP_OUTFILE_EARLY_BYTES;
}

static void end_row(struct ep_writer *w, size_t index)
{
	struct ep_outrow *row = &w->rows[index];
	struct ep_outfile *f = &w->sensors[index];

	if (!row->open)
		return;
	row->open = false;
	if (ep_buf_reserve(&f->pending, (row->channel_count + 3) * CELL_BYTES) <
	    0) {
		f->dropped_count++;
		memset(row->present, 0, row->channel_count);
		return;
	}
	put_int(&f->pending, row->t_ns, ',');
	put_int(&f->pending, row->span_ns, ',');
	put_int(&f->pending, row->flags, ',');
	for (size_t i = 0; i < row->channel_count; i++) {
		if (row->present[i])
			put_int(&f->pending, row->values[i], ',');
		else
			f->pending.data[f->pending.len++] = ',';
	}
	f->pending.data[f->pending.len - 1] = '\n';
	memset(row->present, 0, row->channel_count);
	if (f->pending.len >= f->early_bytes)
		flush_file(w, f);
}

void ep_writer_sample(struct ep_writer *w, size_t index,
		      const struct ep_sample *s)
{
	struct ep_outrow *row = &w->rows[index];

	pthread_mutex_lock(&w->lock);
	if (row->open &&
	    (row->t_ns != s->t_ns ||
	     (s->channel < row->channel_count && row->present[s->channel])))
		end_row(w, index);
	if (!row->open) {
		row->open = true;
		row->t_ns = s->t_ns;
		row->span_ns = s->span_ns;
		row->flags = 0;
	}
	row->flags |= s->flags;
	if (s->channel < row->channel_count && !(s->flags & EP_SAMPLE_ERROR)) {
		row->values[s->channel] = s->value;
		row->present[s->channel] = 1;
	}
	pthread_mutex_unlock(&w->lock);
}

void ep_writer_row_end(struct ep_writer *w, size_t index)
{
	pthread_mutex_lock(&w->lock);
	end_row(w, index);
	pthread_mutex_unlock(&w->lock);
}

int ep_writer_flush(struct ep_writer *w)
{
	int r;

	pthread_mutex_lock(&w->lock);
	for (size_t i = 0; i < w->sensor_count; i++)
		flush_file(w, &w->sensors[i]);
	flush_file(w, &w->ticks);
	flush_file(w, &w->events);
	r = -w->write_errno;
	pthread_mutex_unlock(&w->lock);
	return r;
}

uint64_t ep_writer_dropped(struct ep_writer *w)
{
	uint64_t count;

	pthread_mutex_lock(&w->lock);
	count = w->events.dropped_count + w->ticks.dropped_count;
	for (size_t i = 0; i < w->sensor_count; i++)
		count += w->sensors[i].dropped_count;
	pthread_mutex_unlock(&w->lock);
	return count;
}
