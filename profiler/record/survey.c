/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/survey.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

static int load_board(struct ep_survey *s, const char *asked,
		      struct ep_err *err)
{
	int r = ep_board_detect(&s->env, s->detected, sizeof(s->detected), err);

	if (r < 0)
		return r;
	r = ep_board_load(asked ? asked : s->detected, &s->board, err);
	if (r < 0)
		return r;
	s->asked = asked != NULL;
	s->matches = ep_board_suits(s->board, s->detected, &s->env);
	return 0;
}

int ep_survey_open(struct ep_survey *s, const struct ep_record_options *options,
		   struct ep_err *err)
{
	int r;

	s->env.root.fd = -1;
	s->sampler.moved_index = -1;
	r = ep_env_init(&s->env, err);
	if (r < 0)
		return r;
	s->env.interval_ns = options->interval_ns;
	/* What follows a program shows on ourselves what it would give. */
	s->env.target_pid = getpid();
	r = load_board(s, options->board, err);
	if (r == 0)
		r = ep_slots_open(&s->env, s->board, options, &s->slots, err);
	if (r >= 0)
		r = ep_total_choose(&s->slots, s->board, NULL, &s->total, err);
	for (size_t i = 0; r == 0 && i < s->slots.count; i++) {
		s->channels[i] = calloc(s->slots.slots[i]->channel_count + 1,
					sizeof(*s->channels[i]));
		if (!s->channels[i])
			r = ep_err_set(err, -ENOMEM, "out of memory");
	}
	return r;
}

bool ep_survey_is_polled(const struct ep_slot *slot)
{
	return slot->sensor && !(slot->ops->flags & EP_SENSOR_TARGET);
}

static bool belongs(const struct ep_slot *slot, bool slow_lane)
{
	return ep_survey_is_polled(slot) &&
	       atomic_load(&slot->lane) ==
		       (slow_lane ? EP_LANE_SLOW : EP_LANE_OWN);
}

/* The slow lane's thread, or that of one sensor. */
static int add_worker(struct ep_survey *s, size_t first, bool slow_lane,
		      struct ep_err *err)
{
	struct ep_worker *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return ep_err_set(err, -ENOMEM, "out of memory");
	w->stop_fd = -1;
	for (size_t i = first; i < s->slots.count; i++) {
		if (!belongs(s->slots.slots[i], slow_lane))
			continue;
		ep_worker_add(w, s->slots.slots[i], (uint16_t)i);
		if (!slow_lane)
			break;
	}
	if (w->slot_count == 0) {
		free(w);
		return 0;
	}
	r = ep_worker_start(w, &s->env, &s->gate,
			    slow_lane ? EP_SLOW_LANE_NS : s->env.interval_ns,
			    err);
	if (r < 0) {
		ep_worker_done(w);
		free(w);
		return r;
	}
	s->workers[s->worker_count++] = w;
	return 0;
}

int ep_survey_start(struct ep_survey *s, struct ep_err *err)
{
	int r;

	s->begin_ns = s->env.now_ns();
	r = ep_sampler_start(&s->sampler, &s->env, &s->slots, &s->gate, err);
	if (r == 0)
		r = add_worker(s, 0, true, err);
	for (size_t i = 0; r == 0 && i < s->slots.count; i++)
		if (belongs(s->slots.slots[i], false))
			r = add_worker(s, i, false, err);
	return r;
}

static void take_item(struct ep_survey *s, const struct ep_item *item)
{
	const struct ep_slot *slot;
	struct ep_survey_channel *channels;
	struct ep_sample sample = { .t_ns = item->t_ns,
				    .value = item->value,
				    .span_ns = item->span_ns,
				    .channel = item->channel,
				    .flags = item->flags };

	if (item->kind == EP_ITEM_TICK)
		return;
	slot = s->slots.slots[item->slot];
	channels = s->channels[item->slot];
	if (item->kind == EP_ITEM_ROW_END)
		ep_survey_row_end(channels, slot);
	else if (item->channel < slot->channel_count)
		ep_survey_channel_read(&channels[item->channel],
				       &slot->channels[item->channel], &sample);
	else
		for (size_t i = 0; i < slot->channel_count; i++)
			if (!(slot->channels[i].flags & EP_CHANNEL_PRODUCT))
				ep_survey_channel_fail(&channels[i]);
}

/* The sampler found a sensor that would delay the grid. */
static void take_moved(struct ep_survey *s)
{
	int index = atomic_load(&s->sampler.moved_index);
	struct ep_err err = { 0 };

	if (index < 0)
		return;
	ep_sensor_note(&s->slots.slots[index]->notes,
		       "polls took over 200 us three times: moved off the grid "
		       "to a thread of its own");
	if (add_worker(s, (size_t)index, false, &err) < 0)
		ep_sensor_note(&s->slots.slots[index]->notes, "%s", err.text);
	atomic_store(&s->sampler.moved_index, -1);
}

void ep_survey_collect(struct ep_survey *s)
{
	struct ep_item item;

	while (ep_ring_pop(&s->sampler.poller.ring, &item))
		take_item(s, &item);
	for (size_t i = 0; i < s->worker_count; i++)
		while (ep_ring_pop(&s->workers[i]->poller.ring, &item))
			take_item(s, &item);
	if (s->sampler.started)
		take_moved(s);
}

void ep_survey_stop(struct ep_survey *s)
{
	if (!s->sampler.started)
		return;
	ep_sampler_stop(&s->sampler);
	for (size_t i = 0; i < s->worker_count; i++)
		ep_worker_stop(s->workers[i]);
	ep_survey_collect(s);
}

void ep_survey_close(struct ep_survey *s)
{
	for (size_t i = 0; i < s->worker_count; i++)
		ep_worker_stop(s->workers[i]);
	ep_sampler_done(&s->sampler);
	for (size_t i = 0; i < s->worker_count; i++) {
		ep_worker_done(s->workers[i]);
		free(s->workers[i]);
	}
	s->worker_count = 0;
	ep_slots_close(&s->slots);
	for (size_t i = 0; i < EP_SLOTS_MAX; i++) {
		free(s->channels[i]);
		s->channels[i] = NULL;
	}
	ep_board_free(s->board);
	s->board = NULL;
	ep_env_done(&s->env);
}

uint64_t ep_survey_dropped(const struct ep_survey *s)
{
	uint64_t count = s->sampler.poller.ring.dropped_count;

	for (size_t i = 0; i < s->worker_count; i++)
		count += s->workers[i]->poller.ring.dropped_count;
	return count;
}

bool ep_survey_find(const struct ep_survey *s, const char *name,
		    size_t *ret_slot, size_t *ret_channel)
{
	for (size_t i = 0; i < s->slots.count; i++) {
		const struct ep_slot *slot = s->slots.slots[i];
		size_t len = strlen(slot->id);

		if (strncmp(name, slot->id, len) != 0 || name[len] != '.')
			continue;
		for (size_t c = 0; c < slot->channel_count; c++)
			if (strcmp(slot->channels[c].name, name + len + 1) ==
			    0) {
				*ret_slot = i;
				*ret_channel = c;
				return true;
			}
	}
	return false;
}

void ep_survey_total(const struct ep_survey *s, double *ret_w, double *ret_j)
{
	double w = s->total.count > 0 ? 0 : (double)NAN, j = w;

	for (size_t i = 0; i < s->total.count; i++) {
		const struct ep_survey_channel *ch;
		const struct ep_channel *c;
		size_t slot = 0, channel = 0;

		if (!ep_survey_find(s, s->total.channels[i], &slot, &channel)) {
			w = j = (double)NAN;
			break;
		}
		ch = &s->channels[slot][channel];
		c = &s->slots.slots[slot]->channels[channel];
		w += ep_survey_now(ch, c, s->env.now_ns());
		j += ep_survey_energy_j(ch, c);
	}
	if (ret_w)
		*ret_w = w;
	if (ret_j)
		*ret_j = j;
}
