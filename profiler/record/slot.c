/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/slot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sensors/table.h"

static bool id_taken(const struct ep_slot_list *list, const char *id)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->slots[i]->id, id) == 0)
			return true;
	return false;
}

int ep_slot_add(struct ep_slot_list *list, const struct ep_sensor_ops *ops,
		const char *id, struct ep_slot **ret, struct ep_err *err)
{
	struct ep_slot *slot;

	if (list->count == EP_SLOTS_MAX)
		return ep_err_set(err, -E2BIG, "more than %d sensors",
				  EP_SLOTS_MAX);
	slot = calloc(1, sizeof(*slot));
	if (!slot)
		return ep_err_set(err, -ENOMEM, "out of memory");
	slot->ops = ops;
	slot->file = -1;
	(void)ep_str_copy(slot->id, sizeof(slot->id), id);
	for (int n = 2; id_taken(list, slot->id); n++)
		(void)ep_str_format(slot->id, sizeof(slot->id), "%.48s-%d", id,
				    n);
	list->slots[list->count++] = slot;
	*ret = slot;
	return 0;
}

static int find_channel(const struct ep_slot *slot, const char *name)
{
	for (size_t i = 0; i < slot->channel_count; i++)
		if (strcmp(slot->channels[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* "id.rest" of a rail: rest when it speaks of this slot, else NULL. */
static const char *rest_of(const struct ep_slot *slot, const char *reference)
{
	size_t len = strlen(slot->id);

	if (!reference || strncmp(reference, slot->id, len) != 0 ||
	    reference[len] != '.')
		return NULL;
	return reference + len + 1;
}

/* The rail's limits, SI, on a channel. */
static void set_limits(struct ep_channel *c, const struct ep_board_rail *rail)
{
	double scale = pow(10, ep_quantity_si_scale(c->quantity));

	if (!isnan(rail->min)) {
		c->flags |= EP_CHANNEL_LOW;
		c->low = llround(rail->min * scale);
	}
	if (!isnan(rail->max)) {
		c->flags |= EP_CHANNEL_HIGH;
		c->high = llround(rail->max * scale);
	}
}

static void add_product(struct ep_slot *slot, const struct ep_board_rail *rail)
{
	const char *volts = rest_of(slot, rail->volts);
	const char *amps = rest_of(slot, rail->amps);
	struct ep_channel *c;
	int v, a;

	if (!volts || !amps)
		return;
	v = find_channel(slot, volts);
	a = find_channel(slot, amps);
	if (v < 0 || a < 0) {
		ep_sensor_note(&slot->notes,
			       "rail %s left out: there is no channel %s",
			       rail->name, v < 0 ? volts : amps);
		return;
	}
	c = &slot->channels[slot->channel_count++];
	memset(c, 0, sizeof(*c));
	(void)ep_str_copy(c->name, sizeof(c->name), rail->name);
	ep_str_slug(c->name);
	c->quantity = EP_POWER_UW;
	c->shape = EP_GAUGE;
	c->role = rail->role;
	c->flags = EP_CHANNEL_PRODUCT;
	c->volts_index = (int16_t)v;
	c->amps_index = (int16_t)a;
	c->refresh_ns = slot->channels[a].refresh_ns;
	c->window_ns = slot->channels[a].window_ns;
	c->gain_ppm = slot->channels[v].gain_ppm + slot->channels[a].gain_ppm;
	set_limits(c, rail);
}

static int take_channels(struct ep_slot *slot, const struct ep_board *board)
{
	const struct ep_channel *own = NULL;
	size_t count = slot->ops->channels(slot->sensor, &own);

	slot->channels =
		calloc(count + board->rail_count + 1, sizeof(*slot->channels));
	if (!slot->channels)
		return -ENOMEM;
	if (count > 0)
		memcpy(slot->channels, own, count * sizeof(*own));
	slot->channel_count = count;
	for (size_t r = 0; r < board->rail_count; r++) {
		const struct ep_board_rail *rail = &board->rails[r];
		const char *glob = rest_of(slot, rail->channel);

		for (size_t i = 0; glob && i < slot->channel_count; i++)
			if (ep_str_glob(glob, slot->channels[i].name)) {
				slot->channels[i].role = rail->role;
				set_limits(&slot->channels[i], rail);
			}
		if (!rail->channel)
			add_product(slot, rail);
	}
	return 0;
}

int ep_slot_open(const struct ep_env *env, const struct ep_board *board,
		 struct ep_slot *slot, struct ep_err *err)
{
	struct ep_err why = { 0 };
	int r = ep_conf_check(slot->conf, slot->ops->params, err);

	if (r == 0 && slot->ops->check)
		r = slot->ops->check(slot->conf, err);
	if (r < 0)
		return r;
	r = slot->ops->open(env, slot->conf, &slot->sensor, &slot->notes, &why);
	if (r < 0)
		slot->sensor = NULL;
	if (ep_env_is_cancelled(env))
		return ep_err_set(err, -EINTR,
				  "interrupted before the program started");
	if (r < 0) {
		slot->absent =
			!slot->from_option && (r == -ENODEV || r == -ENOENT);
		(void)ep_str_format(slot->reason, sizeof(slot->reason), "%s",
				    why.text[0] ? why.text : strerror(-r));
		return 0;
	}
	atomic_init(&slot->lane,
		    slot->ops->flags & EP_SENSOR_BLOCKING ? EP_LANE_OWN
		    : slot->ops->flags & EP_SENSOR_SLOW	  ? EP_LANE_SLOW
							  : EP_LANE_GRID);
	r = take_channels(slot, board);
	return r < 0 ? ep_err_set(err, r, "out of memory") : 0;
}

void ep_slots_close(struct ep_slot_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct ep_slot *slot = list->slots[i];

		if (slot->sensor)
			slot->ops->close(slot->sensor);
		ep_conf_free(slot->own_conf);
		free(slot->channels);
		free(slot);
	}
	list->count = 0;
}
