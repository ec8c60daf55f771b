/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ppk2_stream.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* 64 samples, which the counter does not show. */
#define ROUND_NS ((double)EP_PPK2_COUNTER * EP_PPK2_SAMPLE_NS)
#define SUSPECT_SAMPLES 100000
#define LATE_WINDOWS_MAX 10
#define MUCH_NS (5.0 * EP_NS_PER_MS)
#define MUCH_WINDOWS 3
#define HOLD_NS (500 * EP_NS_PER_MS)
/* The first samples: soon after "start", or the soonest of a while. */
#define FIRST_LATE_NS (3.0 * EP_NS_PER_MS)
#define FIRST_HOLD_NS (200 * EP_NS_PER_MS)
/* A host that is busy makes arrivals late, but not for so long. */
#define HELD_LATE_NS (10.0 * EP_NS_PER_MS)

void ep_ppk2_stream_init(struct ep_ppk2_stream *s,
			 const struct ep_ppk2_about *about)
{
	memset(s, 0, sizeof(*s));
	s->about = *about;
	s->filter.on = true;
	s->row_samples = EP_PPK2_ROW_SAMPLES;
	s->phase_input = -1;
	ep_ppk2_stream_restart(s);
}

/* The levels stay: what changed meanwhile shows in the first sample, and the
 * phase that lasted can end. */
void ep_ppk2_stream_restart(struct ep_ppk2_stream *s)
{
	bool gap = s->row_count > 0;

	s->skipped_bytes += s->len + s->held_len;
	s->len = s->held_len = 0;
	s->n = 0;
	s->row_index = 0;
	s->synced = s->suspect = s->silent = false;
	s->fresh = s->beginning = true;
	s->astray_bytes = 0;
	s->late_windows = 0;
	s->seen_windows = 0;
	s->filter.begun = false;
	s->row = (struct ep_ppk2_row){ .gap = gap };
	ep_stream_clock_init(&s->clock, EP_PPK2_SAMPLE_NS);
}

/* count samples are missing before the next word. */
static void lose(struct ep_ppk2_stream *s, uint64_t count,
		 const struct ep_sink *sink)
{
	uint64_t end = (s->row_index + 1) * s->row_samples;

	if (count == 0)
		return;
	if (s->n + count >= end && s->n % s->row_samples != 0)
		ep_ppk2_close_row(s, end, sink);
	s->n += count;
	s->lost_count += count;
	s->row_index = s->n / s->row_samples;
	s->row.gap = true;
	s->filter.begun = false;
}

static void begin_suspicion(struct ep_ppk2_stream *s)
{
	if (s->suspect)
		return;
	s->suspect = true;
	s->suspect_n = s->n;
	ep_stream_clock_restart_window(&s->clock, s->n);
}

/* All arrivals were late by whole rounds of the counter.  A busy host makes
 * them late by less, or not for long. */
static void settle(struct ep_ppk2_stream *s, double least_ns,
		   const struct ep_sink *sink)
{
	double excess_ns = s->clock.excess_ns;

	s->suspect = false;
	s->late_windows = 0;
	if (excess_ns > least_ns)
		lose(s, (uint64_t)round(excess_ns / ROUND_NS) * EP_PPK2_COUNTER,
		     sink);
	ep_stream_clock_restart_window(&s->clock, s->n);
	s->seen_windows = s->clock.window_count;
}

static void look_at_clock(struct ep_ppk2_stream *s, const struct ep_sink *sink)
{
	if (s->suspect) {
		if (s->n - s->suspect_n < SUSPECT_SAMPLES)
			return;
		ep_stream_clock_end_window(&s->clock);
		settle(s, MUCH_NS, sink);
		return;
	}
	if (s->clock.window_count == s->seen_windows)
		return;
	s->seen_windows = s->clock.window_count;
	if (s->clock.excess_ns <= ROUND_NS / 2)
		s->late_windows = 0;
	else
		s->late_windows +=
			s->clock.excess_ns > MUCH_NS ? MUCH_WINDOWS : 1;
	if (s->late_windows >= LATE_WINDOWS_MAX)
		settle(s, ROUND_NS / 2, sink);
}

/* A word begins at a run: how many are missing before it? */
static void join(struct ep_ppk2_stream *s, const uint8_t *at,
		 const struct ep_sink *sink)
{
	uint64_t counter = ep_ppk2_split(at).counter, missing;
	uint64_t skipped = s->astray_bytes / EP_PPK2_WORD_BYTES;

	s->synced = true;
	s->astray_bytes = 0;
	/* The number of a sample agrees with its counter. */
	if (s->fresh) {
		s->fresh = false;
		s->n = counter;
		return;
	}
	missing = (counter + EP_PPK2_COUNTER - s->n % EP_PPK2_COUNTER) %
		  EP_PPK2_COUNTER;
	/* What was skipped took place too. */
	if (skipped > missing)
		missing += (skipped - missing + EP_PPK2_COUNTER / 2) /
			   EP_PPK2_COUNTER * EP_PPK2_COUNTER;
	if (missing > 0) {
		lose(s, missing, sink);
		begin_suspicion(s);
	}
}

/* Slides to where a run begins; the bytes before it are none of it. */
static size_t search(struct ep_ppk2_stream *s, size_t at,
		     const struct ep_sink *sink)
{
	while (!s->synced && s->len - at >= EP_PPK2_RUN_BYTES) {
		if (ep_ppk2_is_run(s->bytes + at)) {
			join(s, s->bytes + at, sink);
			break;
		}
		at++;
		s->astray_bytes++;
		s->skipped_bytes++;
	}
	return at;
}

/* Takes words as long as the next one proves each; where the bytes to take
 * begin. */
static size_t take_words(struct ep_ppk2_stream *s, size_t at,
			 const struct ep_sink *sink)
{
	while (s->len - at >= 2 * EP_PPK2_WORD_BYTES) {
		const uint8_t *p = s->bytes + at;
		struct ep_ppk2_word w = ep_ppk2_split(p);
		const uint8_t *next = p + EP_PPK2_WORD_BYTES;

		if (ep_ppk2_split(next).counter ==
		    (w.counter + 1) % EP_PPK2_COUNTER) {
			ep_ppk2_take_word(s, &w, sink);
			at += EP_PPK2_WORD_BYTES;
			continue;
		}
		if (s->len - at < EP_PPK2_WORD_BYTES + EP_PPK2_RUN_BYTES)
			break;
		/* Samples are missing behind this one, or it is no word. */
		s->synced = false;
		if (ep_ppk2_is_run(next)) {
			ep_ppk2_take_word(s, &w, sink);
			at += EP_PPK2_WORD_BYTES;
		}
		break;
	}
	return at;
}

void ep_ppk2_stream_was_silent(struct ep_ppk2_stream *s)
{
	s->silent = s->synced && s->clock.begun;
}

static void take_bytes(struct ep_ppk2_stream *s, const uint8_t *bytes,
		       size_t len, const struct ep_sink *sink)
{
	size_t at = 0, before;

	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
	do {
		before = at;
		at = search(s, at, sink);
		if (s->synced)
			at = take_words(s, at, sink);
	} while (at != before);
	s->len -= at;
	memmove(s->bytes, s->bytes + at, s->len);
}

/* Missing before what is held, as the counter shows it. */
static uint64_t counted_missing(const struct ep_ppk2_stream *s)
{
	uint64_t next = s->n + s->len / EP_PPK2_WORD_BYTES;
	size_t at = (EP_PPK2_WORD_BYTES - s->len % EP_PPK2_WORD_BYTES) %
		    EP_PPK2_WORD_BYTES;

	return (ep_ppk2_split(s->held + at).counter + EP_PPK2_COUNTER -
		next % EP_PPK2_COUNTER) %
	       EP_PPK2_COUNTER;
}

/* Was the device late, or are samples missing by whole rounds too? */
static void release(struct ep_ppk2_stream *s, const struct ep_sink *sink)
{
	double late = s->held_late_ns / EP_PPK2_SAMPLE_NS -
		      (double)counted_missing(s);
	size_t len = s->held_len, at = 0;

	s->held_len = 0;
	if (s->beginning)
		ep_stream_clock_arrived(&s->clock, s->soonest_n, s->soonest_ns);
	else if (s->held_late_ns > HELD_LATE_NS)
		lose(s,
		     (uint64_t)round(late / EP_PPK2_COUNTER) * EP_PPK2_COUNTER,
		     sink);
	while (at < len) {
		size_t n = len - at < EP_PPK2_READ_BYTES ? len - at
							 : EP_PPK2_READ_BYTES;

		take_bytes(s, s->held + at, n, sink);
		at += n;
	}
	if (s->silent)
		begin_suspicion(s);
	s->beginning = s->silent = false;
}

/* At first and after silence: what comes waits until it is known when it was
 * sampled. */
static bool hold(struct ep_ppk2_stream *s, const uint8_t *bytes, size_t len,
		 int64_t t_ns)
{
	uint64_t words;
	double late_ns;

	if (s->held_len == 0) {
		s->held_ns = t_ns;
		s->held_late_ns = (double)INFINITY;
	}
	if (len > sizeof(s->held) - s->held_len)
		return false;
	memcpy(s->held + s->held_len, bytes, len);
	s->held_len += len;
	words = (s->len + s->held_len) / EP_PPK2_WORD_BYTES;
	if (words == 0)
		return true;
	late_ns = s->beginning ? (double)(t_ns - s->begin_ns) -
					 (double)words * EP_PPK2_SAMPLE_NS
			       : ep_stream_clock_since_ns(
					 &s->clock, s->n + words - 1, t_ns);
	if (late_ns < s->held_late_ns) {
		s->held_late_ns = late_ns;
		s->soonest_n = words - 1;
		s->soonest_ns = t_ns;
	}
	if (s->beginning)
		return s->held_late_ns > FIRST_LATE_NS &&
		       t_ns - s->held_ns < FIRST_HOLD_NS;
	/* What was only late catches up. */
	return s->held_late_ns > HELD_LATE_NS && t_ns - s->held_ns < HOLD_NS;
}

int ep_ppk2_stream_feed(struct ep_ppk2_stream *s, const uint8_t *bytes,
			size_t len, int64_t t_ns, const struct ep_sink *sink)
{
	size_t words;

	s->emitted = 0;
	if (s->beginning || s->silent) {
		bool fits = len <= sizeof(s->held) - s->held_len;

		if (hold(s, bytes, len, t_ns))
			return 0;
		release(s, sink);
		if (fits)
			return s->emitted;
	}
	words = (s->len + len) / EP_PPK2_WORD_BYTES;
	if ((s->synced || s->fresh) && words > 0) {
		ep_stream_clock_arrived(&s->clock, s->n + words - 1, t_ns);
		look_at_clock(s, sink);
	}
	take_bytes(s, bytes, len, sink);
	return s->emitted;
}
