/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/counters_parts.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/*
 * Beside cycles and instructions, three events fit every PMU met so far: Intel
 * with four general counters, one of them taken by cycles while the NMI
 * watchdog holds the fixed one; AMD and Arm with six.
 */
#define OWN_MAX 3
#define BASE_MAX 2

void ep_counters_miss(struct ep_counters_missing *m, const char *name,
		      const char *reason)
{
	for (size_t i = 0; i < m->count; i++) {
		size_t len = strlen(m->rows[i].names);
		size_t room = sizeof(m->rows[i].names) - len;

		if (strcmp(m->rows[i].reason, reason) != 0 ||
		    strlen(name) + 3 > room)
			continue;
		(void)ep_str_format(m->rows[i].names + len, room, ", %s", name);
		return;
	}
	if (m->count == EP_COUNTERS_REASONS_MAX) {
		(void)ep_str_copy(m->rows[m->count - 1].names,
				  sizeof(m->rows[0].names), "more events");
		(void)ep_str_copy(m->rows[m->count - 1].reason,
				  sizeof(m->rows[0].reason),
				  "several reasons; ask for fewer at a time");
		return;
	}
	(void)ep_str_copy(m->rows[m->count].reason, sizeof(m->rows[0].reason),
			  reason);
	(void)ep_str_copy(m->rows[m->count].names, sizeof(m->rows[0].names),
			  name);
	m->count++;
}

void ep_counters_tell(const struct ep_counters_missing *m,
		      struct ep_sensor_notes *notes)
{
	for (size_t i = 0; i < m->count; i++)
		ep_sensor_note(notes, "%s: not measured: %s", m->rows[i].names,
			       m->rows[i].reason);
}

bool ep_counters_channel(struct ep_counters *c, const char *name,
			 unsigned flags, enum ep_quantity quantity,
			 struct ep_counters_slot slot)
{
	struct ep_channel *ch = &c->channels[c->channel_count];
	char slug[EP_PERF_NAME_BYTES];
	size_t len;

	if (c->channel_count == EP_COUNTERS_CHANNELS_MAX)
		return false;
	memset(ch, 0, sizeof(*ch));
	(void)ep_str_copy(slug, sizeof(slug), name);
	ep_str_slug(slug);
	for (len = strlen(slug); len > 1 && slug[len - 1] == '_'; len--)
		slug[len - 1] = '\0';
	slug[EP_CHANNEL_NAME_BYTES - 5] = '\0'; /* room for "_999" */
	(void)ep_str_copy(ch->name, sizeof(ch->name), slug);
	for (size_t i = 0, n = 2; i < c->channel_count; i++) {
		if (strcmp(c->channels[i].name, ch->name) != 0)
			continue;
		(void)ep_str_format(ch->name, sizeof(ch->name), "%s_%zu", slug,
				    n++);
		i = (size_t)-1; /* look at all names again */
	}
	ch->quantity = quantity;
	ch->shape = EP_COUNTER;
	ch->role = EP_ROLE_NONE;
	ch->flags = flags;
	ch->resolution = 1;
	c->slots[c->channel_count] = slot;
	c->channel_count++;
	return true;
}

static bool is_clock(const struct ep_perf_event *event)
{
	int sw = ep_perf_event_software(event);

	return sw == PERF_COUNT_SW_TASK_CLOCK || sw == PERF_COUNT_SW_CPU_CLOCK;
}

static int open_group(struct ep_counters *c, const struct ep_perf_event *events,
		      size_t count, const struct ep_perf_scope *scope,
		      uint8_t *ret_group)
{
	int r;

	if (c->group_count == EP_COUNTERS_GROUPS_MAX)
		return -E2BIG;
	r = ep_perf_group_open(&c->groups[c->group_count], events, count, scope,
			       NULL);
	if (r == 0)
		*ret_group = (uint8_t)c->group_count++;
	return r;
}

static void group_software(struct ep_counters *c,
			   const struct ep_perf_event *events, size_t count,
			   const struct ep_perf_scope *scope,
			   struct ep_counters_missing *m)
{
	uint8_t group = 0;
	int r = open_group(c, events, count, scope, &group);

	for (size_t i = 0; i < count; i++) {
		struct ep_counters_slot slot = { EP_COUNTERS_COUNT, group,
						 (uint8_t)i };
		bool clock = is_clock(&events[i]);

		if (r < 0)
			ep_counters_miss(m, events[i].name, strerror(-r));
		else
			(void)ep_counters_channel(
				c, events[i].name, clock ? 0 : EP_CHANNEL_EVENT,
				clock ? EP_TIME_NS : EP_COUNT, slot);
	}
}

/* The channels of one hardware group; the first base_count events are only
 * there to relate the others to, unless they were asked for. */
static void add_hardware(struct ep_counters *c,
			 const struct ep_perf_event *events, size_t count,
			 size_t hidden_count, uint8_t group)
{
	char name[32];
	struct ep_counters_slot slot = { EP_COUNTERS_COUNT, group, 0 };

	c->hardware_count++;
	for (size_t i = 0; i < count; i++) {
		slot.index = (uint8_t)i;
		if (i >= hidden_count) {
			(void)ep_counters_channel(c, events[i].name,
						  EP_CHANNEL_EVENT |
							  EP_CHANNEL_HARDWARE,
						  EP_COUNT, slot);
			continue;
		}
		(void)ep_str_format(name, sizeof(name), "hw%zu_%s",
				    c->hardware_count, events[i].name);
		(void)ep_counters_channel(c, name, EP_CHANNEL_HARDWARE,
					  EP_COUNT, slot);
	}
	slot.index = 0;
	slot.source = EP_COUNTERS_ENABLED;
	(void)ep_str_format(name, sizeof(name), "hw%zu_enabled",
			    c->hardware_count);
	(void)ep_counters_channel(c, name, 0, EP_TIME_NS, slot);
	slot.source = EP_COUNTERS_RUNNING;
	(void)ep_str_format(name, sizeof(name), "hw%zu_running",
			    c->hardware_count);
	(void)ep_counters_channel(c, name, 0, EP_TIME_NS, slot);
}

/* Events on their way into hardware groups. */
struct queue {
	struct ep_perf_event base[BASE_MAX]; /* cycles, instructions */
	size_t base_count;
	bool base_asked[BASE_MAX];
	struct ep_perf_event *own; /* the others, in order */
	size_t own_count;
	struct ep_perf_event trial[BASE_MAX + OWN_MAX];
};

/* Base events that still wait for a channel of their own go last among the
 * base, so that hidden ones are a prefix. */
static size_t lay_base(struct queue *q, bool first)
{
	size_t n = 0;
	size_t hidden;

	for (size_t i = 0; i < q->base_count; i++) {
		if (!first || !q->base_asked[i])
			q->trial[n++] = q->base[i];
	}
	hidden = n;
	for (size_t i = 0; i < q->base_count; i++) {
		if (first && q->base_asked[i])
			q->trial[n++] = q->base[i];
	}
	return hidden;
}

/* Opens one group of as many own events as fit; the count of events used. */
static size_t open_hardware(struct ep_counters *c, struct queue *q, bool first,
			    const struct ep_perf_scope *scope,
			    struct ep_counters_missing *m)
{
	size_t own = q->own_count < OWN_MAX ? q->own_count : OWN_MAX;
	size_t hidden = lay_base(q, first);
	size_t base = q->base_count;
	uint8_t group = 0;
	int r;

	for (;;) {
		for (size_t i = 0; i < own; i++)
			q->trial[base + i] = q->own[i];
		r = open_group(c, q->trial, base + own, scope, &group);
		if (r == 0) {
			add_hardware(c, q->trial, base + own, hidden, group);
			return own;
		}
		if (r == -EINVAL && own > 1) {
			own--;
		} else if (r == -EINVAL && base > 0 && own == 1 && !first) {
			base = 0;
			hidden = 0;
		} else {
			break;
		}
	}
	if (first && base > 0 && own > 0) {
		q->own_count = 0; /* cycles and instructions alone */
		(void)open_hardware(c, q, true, scope, m);
		return 0;
	}
	for (size_t i = 0; i < base + own; i++) {
		if (i >= hidden)
			ep_counters_miss(m, q->trial[i].name,
					 r == -EINVAL ? "it does not fit the "
							"PMU"
						      : strerror(-r));
	}
	return own ? own : 1;
}

static void group_hardware(struct ep_counters *c, struct queue *q,
			   const struct ep_perf_scope *scope,
			   struct ep_counters_missing *m)
{
	size_t left = q->own_count;
	bool first = false;

	for (size_t i = 0; i < q->base_count; i++)
		first = first || q->base_asked[i];
	while (left > 0 || first) {
		size_t used;

		q->own_count = left;
		used = open_hardware(c, q, first, scope, m);
		first = false;
		if (used > left)
			used = left;
		q->own += used;
		left -= used;
	}
}

/* Is this one of the two every group has?  0 cycles, 1 instructions. */
static int base_index(const struct ep_perf_event *event)
{
	static const char *const names[] = { "cycles", "instructions",
					     "cpu-cycles" };

	for (int i = 0; i < 3; i++) {
		if (strcmp(event->name, names[i]) == 0)
			return i % 2;
	}
	return -1;
}

/* Puts cycles and instructions into the base, asked for or not. */
static void find_base(struct queue *q, const struct ep_perf_event *events,
		      size_t count, const struct ep_perf_scope *scope,
		      bool *taken)
{
	static const char *const names[BASE_MAX] = { "cycles", "instructions" };

	for (int b = 0; b < BASE_MAX; b++) {
		struct ep_perf_event *e = &q->base[q->base_count];
		bool asked = false;

		for (size_t i = 0; i < count && !asked; i++) {
			if (base_index(&events[i]) != b)
				continue;
			*e = events[i];
			taken[i] = true;
			asked = true;
		}
		if (!asked &&
		    (ep_perf_event_find(scope->pmus, names[b], e, NULL) < 0 ||
		     ep_perf_event_try(e, scope) < 0))
			continue;
		q->base_asked[q->base_count++] = asked;
	}
}

static bool has_core(const struct ep_perf_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (events[i].kind == EP_PERF_CORE)
			return true;
	}
	return false;
}

/* Groups of one for PMUs beside those of the cores. */
static void group_others(struct ep_counters *c,
			 const struct ep_perf_event *events, size_t count,
			 const struct ep_perf_scope *scope,
			 struct ep_counters_missing *m)
{
	uint8_t group = 0;

	for (size_t i = 0; i < count; i++) {
		int r;

		if (events[i].kind != EP_PERF_OTHER &&
		    events[i].kind != EP_PERF_DEVICE)
			continue;
		r = open_group(c, &events[i], 1, scope, &group);
		if (r < 0)
			ep_counters_miss(m, events[i].name, strerror(-r));
		else
			add_hardware(c, &events[i], 1, 0, group);
	}
}

int ep_counters_group_all(struct ep_counters *c, struct ep_perf_event *events,
			  size_t count, const struct ep_perf_scope *scope,
			  struct ep_counters_missing *m)
{
	struct ep_perf_event *some = calloc(count + 1, sizeof(*some));
	struct queue *q = calloc(1, sizeof(*q));
	bool taken[EP_COUNTERS_EVENTS_MAX] = { false };
	size_t n = 0;

	if (!some || !q) {
		free(some);
		free(q);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		if (events[i].kind == EP_PERF_SOFTWARE)
			some[n++] = events[i];
		if (n > 0 && (n == EP_PERF_GROUP_MAX || i + 1 == count)) {
			group_software(c, some, n, scope, m);
			n = 0;
		}
	}
	if (has_core(events, count))
		find_base(q, events, count, scope, taken);
	for (size_t i = 0; i < count; i++) {
		if (events[i].kind == EP_PERF_CORE && !taken[i])
			some[n++] = events[i];
	}
	q->own = some;
	q->own_count = n;
	group_hardware(c, q, scope, m);
	group_others(c, events, count, scope, m);
	free(some);
	free(q);
	return 0;
}
