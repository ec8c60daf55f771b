/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/fnirsi_parts.h"

#include <errno.h>
#include <string.h>

#define TYPE_SAMPLES 0x04
#define SAMPLE_BYTES 15
#define SAMPLES_AT 2
#define SUM_AT (EP_FNIRSI_BYTES - 1)

/* More than any of these meters takes.  The first report after a connection
 * has been seen to tell 188 V. */
#define VOLTS_MAX_UV INT64_C(60000000)
#define AMPS_MAX_UA INT64_C(12000000)
#define TEMP_MAX_MC 125000
#define TEMP_MIN_MC (-40000)

/* Late reports in a row that can be no chance. */
#define LATE_MAX 8
/* Reports after which a section tells the period well. */
#define COUNT_GOOD 25
#define COUNT_MIN 4

/* Second differences, in uA: rounding makes up to two counts of a straight
 * line. */
#define BEND_NONE (2 * EP_FNIRSI_COUNT)
#define BEND_SURE (4 * EP_FNIRSI_COUNT)

/* CRC-8, polynomial 0x39, from 0x42, over all between mark and sum. */
static uint8_t sum_of(const uint8_t *bytes)
{
	unsigned crc = 0x42;

	for (size_t i = 1; i < SUM_AT; i++) {
		crc ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x80 ? (crc << 1 ^ 0x39) & 0xff : crc << 1;
	}
	return (uint8_t)crc;
}

static uint32_t le16(const uint8_t *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

static uint32_t le32(const uint8_t *p)
{
	return le16(p + 2) << 16 | le16(p);
}

void ep_fnirsi_command(enum ep_fnirsi_command command,
		       uint8_t ret[EP_FNIRSI_BYTES])
{
	memset(ret, 0, EP_FNIRSI_BYTES);
	ret[0] = EP_FNIRSI_MARK;
	ret[1] = (uint8_t)command;
	ret[SUM_AT] = sum_of(ret);
}

int ep_fnirsi_parse(const uint8_t bytes[EP_FNIRSI_BYTES],
		    struct ep_fnirsi_sample ret[EP_FNIRSI_SAMPLES])
{
	if (bytes[0] != EP_FNIRSI_MARK || bytes[SUM_AT] != sum_of(bytes))
		return -EBADMSG;
	if (bytes[1] != TYPE_SAMPLES)
		return 0;
	for (int i = 0; i < EP_FNIRSI_SAMPLES; i++) {
		const uint8_t *p = bytes + SAMPLES_AT + i * SAMPLE_BYTES;
		struct ep_fnirsi_sample *s = &ret[i];

		s->uv = (int64_t)le32(p) * EP_FNIRSI_COUNT;
		s->ua = (int64_t)le32(p + 4) * EP_FNIRSI_COUNT;
		s->mc = (int64_t)(int16_t)le16(p + 13) * 100;
		s->bad = s->uv > VOLTS_MAX_UV || s->ua > AMPS_MAX_UA;
		s->bad_temp = s->mc > TEMP_MAX_MC || s->mc < TEMP_MIN_MC;
	}
	return 1;
}

void ep_fnirsi_pace_init(struct ep_fnirsi_pace *p, int64_t nominal_ns)
{
	memset(p, 0, sizeof(*p));
	p->nominal_ns = p->period_ns = nominal_ns;
}

static void begin_section(struct ep_fnirsi_pace *p, int64_t now_ns)
{
	p->last_ns = p->base_ns = now_ns;
	p->count = 1;
	p->late_count = 0;
}

/* What the section so far says of the period. */
static void measure(struct ep_fnirsi_pace *p, int64_t now_ns)
{
	uint64_t steps = p->count - 1;
	int64_t ns = (now_ns - p->base_ns) / (int64_t)steps;

	if (steps < COUNT_GOOD && steps < p->best_count)
		return;
	if (ns < p->nominal_ns / 4 || ns > p->nominal_ns * 4)
		return;
	p->period_ns = ns;
	p->best_count = steps;
}

bool ep_fnirsi_pace_take(struct ep_fnirsi_pace *p, size_t count, int64_t now_ns)
{
	int64_t due_ns = p->last_ns + (int64_t)count * p->period_ns;
	int64_t late_ns = now_ns - due_ns;
	bool begun = p->count > 0, known = p->best_count >= COUNT_MIN;
	int64_t late_max_ns = p->period_ns * (known ? 3 : 20) / 2;
	int64_t since_ns = now_ns - p->heard_ns;

	p->heard_ns = now_ns;
	p->late_count =
		known && late_ns > p->period_ns / 2 ? p->late_count + 1 : 0;
	if (!begun || late_ns > late_max_ns || p->late_count >= LATE_MAX) {
		begin_section(p, now_ns);
		return begun;
	}
	/* Sooner than they could be sent: what the section began with had been
	 * kept waiting. */
	if (since_ns < (int64_t)count * p->period_ns / 4) {
		begin_section(p, now_ns);
		return false;
	}
	p->count += count;
	p->last_ns = late_ns < 0 ? now_ns : due_ns + late_ns / 16;
	/* What waited here says little of when it was sent. */
	if (!known || (count == 1 && late_ns < p->period_ns / 2))
		measure(p, now_ns);
	return false;
}

void ep_fnirsi_bends_add(struct ep_fnirsi_bends *b,
			 const struct ep_fnirsi_sample *samples)
{
	for (int i = 0; i < EP_FNIRSI_SAMPLES; i++) {
		int64_t ua = samples[i].ua;
		/* At the sample before this one. */
		int64_t bend = ua - 2 * b->before[1] + b->before[0];
		int place = (i + EP_FNIRSI_SAMPLES - 1) % EP_FNIRSI_SAMPLES;

		bend = bend < 0 ? -bend : bend;
		if (b->count++ >= 2 && bend > b->most[place])
			b->most[place] = bend;
		b->before[0] = b->before[1];
		b->before[1] = ua;
	}
}

enum ep_fnirsi_truth ep_fnirsi_bends_tell(const struct ep_fnirsi_bends *b)
{
	int straight = 0, bent = 0;

	for (int i = 0; i < EP_FNIRSI_SAMPLES; i++) {
		straight += b->most[i] <= BEND_NONE;
		bent += b->most[i] > BEND_SURE;
	}
	if (bent > 1)
		return EP_FNIRSI_MEASURED;
	if (bent == 1 && straight == EP_FNIRSI_SAMPLES - 1)
		return EP_FNIRSI_INTERPOLATED;
	return EP_FNIRSI_STEADY;
}
