/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/record/slot.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

/* What was agreed on, and what only checks another channel, is no total. */
static bool is_power(const struct ep_channel *c)
{
	return (c->quantity == EP_POWER_UW || c->quantity == EP_ENERGY_UJ) &&
	       !(c->flags & (EP_CHANNEL_NEGOTIATED | EP_CHANNEL_CHECK));
}

/* Counts on past what there is room for: see is_whole(). */
static void add(struct ep_total *t, const struct ep_slot *slot,
		const struct ep_channel *c)
{
	if (t->count < EP_TOTAL_CHANNELS_MAX)
		(void)ep_str_format(t->channels[t->count],
				    sizeof(t->channels[0]), "%s.%s", slot->id,
				    c->name);
	t->count++;
}

/* A sum without some of its channels would be a wrong figure. */
static bool is_whole(const struct ep_total *t, struct ep_err *err)
{
	if (t->count <= EP_TOTAL_CHANNELS_MAX)
		return true;
	(void)ep_err_set(
		err, -E2BIG,
		"the total is made of %zu channels, from %s on, and %d "
		"may be added up: name one with --total "
		"SENSOR.CHANNEL, or let fewer have role total in the "
		"board file",
		t->count, t->channels[0], EP_TOTAL_CHANNELS_MAX);
	return false;
}

static void add_totals_of(struct ep_total *t, const struct ep_slot *slot)
{
	for (size_t i = 0; i < slot->channel_count; i++)
		if (slot->channels[i].role == EP_ROLE_TOTAL &&
		    is_power(&slot->channels[i]))
			add(t, slot, &slot->channels[i]);
}

/* Its only power or energy channel, or the only one that is no part of another;
 * *ret_count is how many there are. */
static const struct ep_channel *find_power(const struct ep_slot *slot,
					   size_t *ret_count)
{
	const struct ep_channel *found = NULL, *whole = NULL;
	size_t wholes = 0;

	*ret_count = 0;
	for (size_t i = 0; i < slot->channel_count; i++) {
		const struct ep_channel *c = &slot->channels[i];

		if (!is_power(c))
			continue;
		found = c;
		++*ret_count;
		if (c->role == EP_ROLE_PART)
			continue;
		whole = c;
		wholes++;
	}
	if (wholes == 1)
		return whole;
	return *ret_count == 1 ? found : NULL;
}

/* Its totals, or where it names none its only power or energy channel: of
 * several rails none is the whole.  A part is one when it is named. */
static void add_best_of(struct ep_total *t, const struct ep_slot *slot,
			bool named)
{
	const struct ep_channel *only;
	size_t count;

	add_totals_of(t, slot);
	only = find_power(slot, &count);
	if (t->count == 0 && only && (named || only->role != EP_ROLE_PART))
		add(t, slot, only);
}

/* Why a sensor that is there has no total; false when it has no power. */
static bool explain_powers(const struct ep_slot *slot, char *ret, size_t size)
{
	size_t count;
	const struct ep_channel *only = find_power(slot, &count);

	if (only)
		(void)ep_str_format(ret, size,
				    "%s.%s is only a part: name it with "
				    "--total %s.%s",
				    slot->id, only->name, slot->id, only->name);
	else if (count > 1)
		(void)ep_str_format(ret, size,
				    "%s has %zu power channels and none of "
				    "them is its total: name one with --total "
				    "%s.CHANNEL",
				    slot->id, count, slot->id);
	return count > 0;
}

static int choose_wanted(const struct ep_slot_list *list, const char *wanted,
			 struct ep_total *t, struct ep_err *err)
{
	size_t len = strcspn(wanted, ".");
	const char *channel = wanted[len] ? wanted + len + 1 : NULL;
	char why[320];

	for (size_t s = 0; s < list->count; s++) {
		const struct ep_slot *slot = list->slots[s];

		if (strlen(slot->id) != len ||
		    strncmp(slot->id, wanted, len) != 0)
			continue;
		if (!slot->sensor)
			return ep_err_set(err, -ENODEV,
					  "--total %s: %s is not measured: %s",
					  wanted, slot->id, slot->reason);
		if (!channel)
			add_best_of(t, slot, true);
		if (!channel && t->count == 0 &&
		    explain_powers(slot, why, sizeof(why)))
			return ep_err_set(err, -EINVAL, "--total %s: %s",
					  wanted, why);
		for (size_t i = 0; channel && i < slot->channel_count; i++)
			if (strcmp(slot->channels[i].name, channel) == 0 &&
			    is_power(&slot->channels[i]))
				add(t, slot, &slot->channels[i]);
	}
	if (t->count == 0)
		return ep_err_set(err, -EINVAL,
				  "--total %s: no sensor of this run has such "
				  "a power or energy channel that may be a "
				  "total (a meter's own count and negotiated "
				  "power may not)",
				  wanted);
	t->source = "option";
	return 0;
}

static bool delivers(const struct ep_slot *slot,
		     const struct ep_board_rail *rail, const char *glob)
{
	char name[EP_CHANNEL_NAME_BYTES];

	(void)ep_str_copy(name, sizeof(name), rail->name);
	ep_str_slug(name);
	for (size_t i = 0; i < slot->channel_count; i++)
		if (slot->channels[i].role == EP_ROLE_TOTAL &&
		    is_power(&slot->channels[i]) &&
		    (rail->channel ? ep_str_glob(glob, slot->channels[i].name)
				   : strcmp(name, slot->channels[i].name) == 0))
			return true;
	return false;
}

/* Does slot owe the board's total a rail that it does not deliver? */
static bool is_missing(const struct ep_slot *slot,
		       const struct ep_board_rail *rail)
{
	const char *at = rail->channel ? rail->channel : rail->amps;
	size_t len = strlen(slot->id);

	return !slot->from_option && rail->role == EP_ROLE_TOTAL && at &&
	       strncmp(at, slot->id, len) == 0 && at[len] == '.' &&
	       !(slot->sensor && delivers(slot, rail, at + len + 1));
}

static bool owes(const struct ep_slot *slot, const struct ep_board *board)
{
	for (size_t r = 0; r < board->rail_count; r++)
		if (is_missing(slot, &board->rails[r]))
			return true;
	return false;
}

static void explain(const struct ep_slot_list *list,
		    const struct ep_board *board, struct ep_total *t)
{
	t->source = "none";
	for (size_t s = 0; s < list->count; s++) {
		const struct ep_slot *slot = list->slots[s];

		if (slot->sensor && slot->from_option &&
		    explain_powers(slot, t->reason, sizeof(t->reason)))
			return;
		if (slot->sensor || (slot->ops->flags & EP_SENSOR_TARGET) ||
		    !(slot->from_option || owes(slot, board)))
			continue;
		(void)ep_str_format(t->reason, sizeof(t->reason), "%s: %.280s",
				    slot->id, slot->reason);
		return;
	}
	(void)ep_str_format(t->reason, sizeof(t->reason),
			    "no power sensor: board %s has none that "
			    "delivers here",
			    board->name);
}

/* A part of the total that this machine does not deliver: the board's text
 * would claim too much. */
static void say_missing(struct ep_total *t, const struct ep_slot_list *list,
			const struct ep_board *board)
{
	for (size_t s = 0; s < list->count; s++) {
		const struct ep_slot *slot = list->slots[s];

		for (size_t r = 0; r < board->rail_count; r++) {
			const struct ep_board_rail *rail = &board->rails[r];
			size_t used = strlen(t->coverage);

			if (!is_missing(slot, rail))
				continue;
			(void)ep_str_format(t->coverage + used,
					    sizeof(t->coverage) - used,
					    " NOT IN IT HERE: %.40s (%.40s: "
					    "%.200s).",
					    rail->name, slot->id,
					    slot->sensor ? "no such channel"
							 : slot->reason);
			/* Of a sensor that is not there, one stands for all. */
			if (!slot->sensor)
				break;
		}
	}
}

/* The board's text speaks of the board's own total. */
static void say_coverage(struct ep_total *t, const struct ep_board *board,
			 bool model)
{
	if (t->count == 0)
		return;
	if (strcmp(t->source, "board") == 0) {
		(void)ep_str_copy(t->coverage, sizeof(t->coverage),
				  board->coverage);
		(void)ep_str_copy(t->title, sizeof(t->title), board->total);
	} else if (model) {
		(void)ep_str_copy(t->coverage, sizeof(t->coverage),
				  "Nothing is measured: the watts are a "
				  "model of CPU utilisation, not fitted to "
				  "this machine.");
	} else {
		(void)ep_str_format(t->coverage, sizeof(t->coverage),
				    "What %.60s is wired to; board %s's "
				    "coverage does not apply.",
				    t->channels[0], board->name);
	}
}

int ep_total_choose(const struct ep_slot_list *list,
		    const struct ep_board *board, const char *wanted,
		    struct ep_total *ret, struct ep_err *err)
{
	struct ep_total t = { .source = "board" };
	bool model = false;
	int r;

	if (wanted) {
		r = choose_wanted(list, wanted, &t, err);
		if (r < 0)
			return r;
		if (!is_whole(&t, err))
			return -E2BIG;
		say_coverage(&t, board, ep_str_starts(wanted, "estimate"));
		*ret = t;
		return 0;
	}
	for (size_t s = 0; s < list->count; s++)
		if (list->slots[s]->sensor && !list->slots[s]->from_option &&
		    (board->estimate ||
		     !(list->slots[s]->ops->flags & EP_SENSOR_MODEL)))
			add_totals_of(&t, list->slots[s]);
	for (size_t s = 0; t.count == 0 && s < list->count; s++)
		if (list->slots[s]->sensor && list->slots[s]->from_option &&
		    !(list->slots[s]->ops->flags & EP_SENSOR_MODEL)) {
			add_best_of(&t, list->slots[s], false);
			t.source = "sensor";
		}
	/* A model is the last resort, and only where it was asked for. */
	for (size_t s = 0; t.count == 0 && s < list->count; s++)
		if (list->slots[s]->sensor &&
		    (list->slots[s]->ops->flags & EP_SENSOR_MODEL)) {
			add_best_of(&t, list->slots[s], false);
			t.source = "option";
			model = true;
		}
	if (!is_whole(&t, err))
		return -E2BIG;
	say_coverage(&t, board, model);
	if (t.count > 0 && strcmp(t.source, "board") == 0)
		say_missing(&t, list, board);
	if (t.count == 0)
		explain(list, board, &t);
	*ret = t;
	return 0;
}
