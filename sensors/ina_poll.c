/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/ina_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sensors/files.h"

#define RETRY_NS (200 * EP_NS_PER_MS)
/* Polled twice a conversion, but not so often that nothing else runs. */
#define PERIOD_MIN_NS (200 * EP_NS_PER_US)
/* Without new values for so many conversions it does not convert. */
#define STALE_CYCLES 4
#define STALE_MIN_NS (50 * EP_NS_PER_MS)

void ep_inabus_close(struct ep_sensor *sensor)
{
	if (!sensor)
		return;
	ep_i2c_close(&sensor->i2c);
	free(sensor);
}

/* Reads all registers once. */
int ep_inabus_read_values(struct ep_sensor *s, struct ep_inabus_values *ret)
{
	struct ep_i2c_read reads[EP_INA_READS_MAX];
	uint8_t frame[EP_INA_FRAME_BYTES_MAX];
	size_t count = ep_inabus_read_count(s->chip), len = 0;
	int r;

	for (size_t i = 0; i < count; i++) {
		reads[i].reg = s->chip->reads[i].reg;
		reads[i].len = s->chip->reads[i].len;
	}
	r = ep_i2c_read(&s->i2c, reads, count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < count; i++) {
		frame[len++] = reads[i].reg;
		memcpy(frame + len, reads[i].bytes, reads[i].len);
		len += reads[i].len;
	}
	r = ep_inabus_decode(s->chip, frame, len, s->keys.shunts_ohm, ret);
	return r < 0 ? r : 0;
}

int ep_inabus_clear_flag(struct ep_sensor *s)
{
	uint16_t unused;

	return ep_i2c_read_word(&s->i2c, s->chip->clear, &unused);
}

size_t ep_inabus_channels(const struct ep_sensor *sensor,
			  const struct ep_channel **ret)
{
	*ret = sensor->channels;
	return sensor->channel_count;
}

int64_t ep_inabus_period_ns(const struct ep_sensor *s)
{
	int64_t half_ns = s->cycle_ns / 2;

	if (s->keys.period_ns > 0)
		return s->keys.period_ns;
	return half_ns > PERIOD_MIN_NS ? half_ns : PERIOD_MIN_NS;
}

/* The adapter may have been unplugged, or another chip be in its place. */
static void open_again(struct ep_sensor *s)
{
	int64_t now_ns = s->env->now_ns();

	if (now_ns < s->retry_ns)
		return;
	s->retry_ns = now_ns + RETRY_NS;
	ep_i2c_close(&s->i2c);
	if (ep_i2c_open(s->root, &s->keys.place, &s->i2c, NULL) < 0)
		return;
	if (ep_inabus_identify(s->chip, &s->keys, &s->i2c, NULL, NULL) < 0)
		ep_i2c_close(&s->i2c);
}

struct row {
	const struct ep_sink *sink;
	struct ep_sample stamp;
	int count;
};

static void put(struct row *row, int channel, int64_t value, bool over)
{
	struct ep_sample s = row->stamp;

	s.channel = (uint16_t)channel;
	s.value = over ? 0 : value;
	if (over)
		s.flags = EP_SAMPLE_ERROR;
	row->sink->emit(row->sink->ctx, &s);
	row->count++;
}

/*
 * A chip that was reset counts from 0 again, and one whose arithmetic overflowed
 * has counted something else: from then on its counts are not of this run.  A
 * count that wraps goes on within half of its range, which lasts for days: a bus
 * may be out for long.
 */
static void judge_counts(struct ep_sensor *s, const struct ep_inabus_values *v,
			 bool same)
{
	double wrap_uj = ldexp(s->step_ua * EP_INA228_ENERGY_STEPS, 40);
	double back_uj = (double)s->energy_uj - (double)v->energy_uj;
	double turns_uj = (double)s->energy_turns_uj;

	s->counts_lost |= !same || !v->has_counts || v->math_over ||
			  (back_uj > 0 && back_uj < wrap_uj / 2);
	if (back_uj > 0 && turns_uj + 2 * wrap_uj > 9e18)
		s->counts_lost = true;
	if (!s->counts_lost && back_uj > 0)
		s->energy_turns_uj += llround(wrap_uj);
	s->energy_uj = v->energy_uj;
}

/* It has a sign, and goes on at the other end of its range: here it does not. */
static int64_t unwind_charge(struct ep_sensor *s, int64_t charge_uc)
{
	double step = (double)charge_uc - (double)s->charge_uc;
	double wrap = ldexp(s->step_ua, 40);

	if (fabs(step) > wrap / 2)
		s->charge_turns_uc -= llround(copysign(wrap, step));
	s->charge_uc = charge_uc;
	return charge_uc + s->charge_turns_uc;
}

static void put_counts(struct ep_sensor *s, const struct ep_inabus_values *v,
		       struct row *row)
{
	put(row, s->energy_index, v->energy_uj + s->energy_turns_uj,
	    s->counts_lost);
	put(row, s->energy_index + 1, unwind_charge(s, v->charge_uc),
	    s->counts_lost);
	put(row, s->energy_index + 2, v->wrapped, false);
	put(row, s->energy_index + 3, s->counts_lost, false);
}

static void put_all(struct ep_sensor *s, const struct ep_inabus_values *v,
		    struct row *row)
{
	bool same = memcmp(v->settings, s->settings, sizeof(s->settings)) == 0;
	int channel = 0;

	/* From then on the times that were declared do not hold. */
	if (!same && !s->was_reset)
		row->stamp.flags |= EP_SAMPLE_GAP;
	s->was_reset = !same;
	for (size_t i = 0; i < s->chip->rail_count; i++) {
		bool off = !ep_inabus_is_rail_on(s->chip, v->settings, i);

		if (!s->keys.rails[i])
			continue;
		put(row, channel++, v->rails[i].uv, off || v->rails[i].uv_over);
		put(row, channel++, v->rails[i].ua, off || v->rails[i].ua_over);
	}
	if (s->energy_index >= 0) {
		judge_counts(s, v, same);
		put_counts(s, v, row);
	}
	put(row, s->reset_index, !same, false);
}

int ep_inabus_poll(struct ep_sensor *s, int64_t now_ns,
		   const struct ep_sink *sink)
{
	struct row row = { .sink = sink };
	int64_t begin_ns = s->env->now_ns(), end_ns, from_ns, stale_ns;
	struct ep_inabus_values values;
	int r = ep_inabus_read_values(s, &values);

	(void)now_ns;
	if (r < 0) {
		s->lost = true;
		open_again(s);
		return r;
	}
	end_ns = s->env->now_ns();
	/* It was done between the last read and this one. */
	from_ns = begin_ns - s->cycle_ns;
	if (!s->flag_stays && from_ns < s->read_ns)
		from_ns = s->read_ns;
	s->read_ns = begin_ns;
	if (!values.ready) {
		stale_ns = STALE_CYCLES * s->cycle_ns;
		if (stale_ns < STALE_MIN_NS)
			stale_ns = STALE_MIN_NS;
		if (end_ns - s->fresh_ns < stale_ns)
			return 0;
		s->lost = true;
		return -ENODATA;
	}
	s->fresh_ns = end_ns;
	if (s->chip->clear != 0 && ep_inabus_clear_flag(s) < 0)
		s->lost = true;
	ep_sample_stamp(&row.stamp, from_ns, end_ns);
	row.stamp.flags = (uint16_t)((s->lost ? EP_SAMPLE_GAP : 0U) |
				     (s->flag_stays ? EP_SAMPLE_UNPROVEN : 0U));
	s->lost = false;
	put_all(s, &values, &row);
	return row.count;
}
