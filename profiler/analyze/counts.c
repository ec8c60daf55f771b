/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Always in a report, measured or not. */
static const char *const expected[] = { "context_switches", "page_faults",
					"major_faults", "cache_misses" };
#define EXPECTED_COUNT (sizeof(expected) / sizeof(expected[0]))

/* The next channel after `channel` whose name ends so: the counters sensor
 * puts a group's times behind its events. */
static bool find_time(const struct ep_stream *s, size_t channel,
		      const char *suffix, struct ep_part *ret)
{
	for (size_t i = channel + 1; i < s->sensor->channel_count; i++) {
		const struct ep_channel *c = &s->sensor->channels[i];

		if (c->quantity == EP_TIME_NS && ep_str_ends(c->name, suffix) &&
		    s->places[i].in_file) {
			*ret = ep_part_of(s, i);
			return true;
		}
	}
	return false;
}

static void add_source(struct ep_counts *counts, const struct ep_stream *s,
		       size_t channel)
{
	const struct ep_channel *c = &s->sensor->channels[channel];
	struct ep_count_source *src = &counts->sources[counts->count];

	(void)ep_str_copy(src->name, sizeof(src->name), c->name);
	ep_str_slug(src->name);
	for (size_t i = 0; i < counts->count; i++)
		if (strcmp(counts->sources[i].name, src->name) == 0)
			return;
	counts->count++;
	/* Counts have no refresh: refresh_s stays 0. */
	src->meter.parts[0] = ep_part_of(s, channel);
	src->meter.part_count = 1;
	src->hardware = (c->flags & EP_CHANNEL_HARDWARE) != 0;
	if (s->reason[0] || !s->places[channel].in_file)
		(void)ep_str_format(
			src->meter.reason, sizeof(src->meter.reason), "%s: %s",
			s->sensor->id,
			s->reason[0] ? s->reason : "not in the file");
	if (src->hardware)
		src->has_times =
			find_time(s, channel, "_enabled", &src->enabled) &&
			find_time(s, channel, "_running", &src->running);
}

/* Like "cache-misses" in a sensor's note: the rest of that note. */
static bool note_about(const struct ep_run *run, const char *slug, char *ret,
		       size_t size)
{
	static const char why[] = "not measured: ";
	const json_t *sensors = json_object_get(run->json, "sensors"), *sensor;
	char name[EP_CHANNEL_NAME_BYTES];
	size_t i, k;

	(void)ep_str_copy(name, sizeof(name), slug);
	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : *p;
	json_array_foreach(sensors, i, sensor)
	{
		const json_t *notes = json_object_get(sensor, "notes"), *note;

		json_array_foreach(notes, k, note)
		{
			const char *text = json_string_value(note), *at;

			at = text ? strstr(text, why) : NULL;
			if (!at || !strstr(text, name))
				continue;
			(void)ep_str_copy(ret, size, at + strlen(why));
			ep_str_printable(ret);
			return true;
		}
	}
	return false;
}

/* Why an expected event is absent. */
static void explain(const struct ep_analysis *a, bool client, const char *name,
		    char *ret, size_t size)
{
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		if (strcmp(s->sensor->driver, "counters") != 0 ||
		    s->sensor->client != client)
			continue;
		if (note_about(&a->run, name, ret, size))
			return;
		if (s->reason[0])
			(void)ep_str_format(ret, size, "counters: %s",
					    s->reason);
		else
			(void)ep_str_copy(ret, size,
					  strcmp(name, "cache_misses") == 0
						  ? "no hardware PMU"
						  : "not among the events "
						    "asked for");
		return;
	}
	(void)ep_str_copy(ret, size, "no counters were recorded");
}

static void add_expected(const struct ep_analysis *a, bool client,
			 struct ep_counts *counts)
{
	for (size_t i = 0; i < EXPECTED_COUNT; i++) {
		struct ep_count_source *src = &counts->sources[counts->count];
		bool known = false;

		for (size_t k = 0; k < counts->count; k++)
			known |= strcmp(counts->sources[k].name, expected[i]) ==
				 0;
		if (known)
			continue;
		(void)ep_str_copy(src->name, sizeof(src->name), expected[i]);
		explain(a, client, expected[i], src->meter.reason,
			sizeof(src->meter.reason));
		counts->count++;
	}
}

static void find_memory(const struct ep_analysis *a, bool client,
			struct ep_counts *counts)
{
	(void)ep_str_copy(counts->rss_reason, sizeof(counts->rss_reason),
			  "no memory sensor was recorded");
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		if (strcmp(s->sensor->driver, "memory") != 0 ||
		    s->sensor->client != client)
			continue;
		if (s->reason[0])
			(void)ep_str_copy(counts->rss_reason,
					  sizeof(counts->rss_reason),
					  s->reason);
		for (size_t c = 0; c < s->sensor->channel_count; c++)
			if (strcmp(s->sensor->channels[c].name, "rss") == 0 &&
			    s->places[c].in_file && !s->reason[0])
				counts->rss = ep_part_of(s, c);
	}
}

static void find_swap_in(const struct ep_analysis *a, struct ep_counts *counts)
{
	struct ep_count_source *src = &counts->swap_in;

	counts->has_swap_in = true;
	(void)ep_str_copy(src->name, sizeof(src->name), "swap_in");
	(void)ep_str_copy(src->meter.reason, sizeof(src->meter.reason),
			  "no memory sensor was recorded");
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		if (strcmp(s->sensor->driver, "memory") != 0 ||
		    s->sensor->client)
			continue;
		if (s->reason[0] ||
		    !note_about(&a->run, "system_swap_in", src->meter.reason,
				sizeof(src->meter.reason)))
			(void)ep_str_copy(
				src->meter.reason, sizeof(src->meter.reason),
				s->reason[0] ? s->reason
					     : "the memory sensor did not "
					       "record it");
		for (size_t c = 0; c < s->sensor->channel_count; c++) {
			if (strcmp(s->sensor->channels[c].name,
				   "system_swap_in") != 0 ||
			    !s->places[c].in_file || s->reason[0])
				continue;
			src->meter.parts[0] = ep_part_of(s, c);
			src->meter.part_count = 1;
			src->meter.reason[0] = '\0';
		}
	}
}

int ep_counts_make(const struct ep_analysis *a, bool client,
		   struct ep_counts *counts)
{
	size_t room = EXPECTED_COUNT;

	memset(counts, 0, sizeof(*counts));
	for (size_t i = 0; i < a->stream_count; i++)
		room += a->streams[i].sensor->channel_count;
	counts->sources = calloc(room, sizeof(*counts->sources));
	if (!counts->sources)
		return -ENOMEM;
	for (size_t i = 0; i < a->stream_count; i++) {
		const struct ep_stream *s = &a->streams[i];

		if (s->sensor->client != client)
			continue;
		for (size_t c = 0; c < s->sensor->channel_count; c++)
			if (s->sensor->channels[c].flags & EP_CHANNEL_EVENT)
				add_source(counts, s, c);
	}
	add_expected(a, client, counts);
	find_memory(a, client, counts);
	if (!client) {
		find_swap_in(a, counts);
		ep_charge_find(a, counts);
	}
	return 0;
}

void ep_counts_done(struct ep_counts *counts)
{
	if (!counts)
		return;
	free(counts->sources);
	memset(counts, 0, sizeof(*counts));
}
