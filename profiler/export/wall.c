/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/wall.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"

/* NTP slews by 500 ppm at most; what is more was set. */
#define SLEW_PER_NS 1000
#define SLACK_NS EP_NS_PER_MS
/* Beyond the year 2262, and what no clock says. */
#define REAL_NS_MAX (INT64_MAX / 2)

/* "real_ns=N boot_ns=N" */
static bool pair_of(const struct ep_event *e, struct ep_wall_pair *ret)
{
	const char *at;
	int64_t real_ns;
	size_t len;

	if (strcmp(e->event, "clock") != 0)
		return false;
	at = strstr(e->text, "real_ns=");
	if (!at)
		return false;
	at += strlen("real_ns=");
	len = strcspn(at, " ");
	if (ep_num_scan_i64(at, len, &real_ns) != (int)len || real_ns <= 0 ||
	    real_ns > REAL_NS_MAX)
		return false;
	*ret = (struct ep_wall_pair){ .mono_ns = e->t_ns,
				      .offset_ns = real_ns - e->t_ns };
	return true;
}

/* Keeps pairs in order; what came before a step does not count. */
static void add(struct ep_wall *w, const struct ep_wall_pair *p)
{
	const struct ep_wall_pair *last = NULL;
	int64_t by_ns, limit_ns;

	if (w->count > 0)
		last = &w->pairs[w->count - 1];
	if (last && p->mono_ns <= last->mono_ns)
		return;
	if (last) {
		by_ns = p->offset_ns - last->offset_ns;
		limit_ns =
			(p->mono_ns - last->mono_ns) / SLEW_PER_NS + SLACK_NS;
		if (by_ns > limit_ns || by_ns < -limit_ns) {
			w->set_by_ns += by_ns;
			w->count = 0;
		}
	}
	w->pairs[w->count++] = *p;
}

/* The instant run.json has on both clocks. */
static void add_start(struct ep_wall *w, const json_t *run)
{
	int64_t real_ns =
		json_integer_value(json_object_get(run, "started_real_ns"));
	int64_t mono_ns =
		json_integer_value(json_object_get(run, "started_mono_ns"));
	struct ep_wall_pair p = { .mono_ns = mono_ns };

	if (mono_ns <= 0 || real_ns <= 0 || real_ns > REAL_NS_MAX)
		return;
	p.offset_ns = real_ns - mono_ns;
	add(w, &p);
}

int ep_wall_read(const struct ep_run *run, struct ep_wall *ret)
{
	struct ep_wall w = { 0 };
	struct ep_wall_pair p;
	size_t count = 1;

	for (size_t i = 0; i < run->event_count; i++)
		count += pair_of(&run->events[i], &p);
	w.pairs = calloc(count, sizeof(*w.pairs));
	if (!w.pairs)
		return -ENOMEM;
	for (size_t i = 0; i < run->event_count; i++)
		if (pair_of(&run->events[i], &p))
			add(&w, &p);
	if (w.count == 0)
		add_start(&w, run->json);
	*ret = w;
	return 0;
}

void ep_wall_done(struct ep_wall *w)
{
	if (!w)
		return;
	free(w->pairs);
	*w = (struct ep_wall){ 0 };
}

int64_t ep_wall_ns(const struct ep_wall *w, int64_t mono_ns)
{
	size_t low = 0, high = w->count;
	const struct ep_wall_pair *a, *b;
	double share;

	/* The first pair after the instant. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->pairs[middle].mono_ns <= mono_ns)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return mono_ns + w->pairs[0].offset_ns;
	if (low == w->count)
		return mono_ns + w->pairs[low - 1].offset_ns;
	a = &w->pairs[low - 1];
	b = &w->pairs[low];
	share = (double)(mono_ns - a->mono_ns) /
		(double)(b->mono_ns - a->mono_ns);
	return mono_ns + a->offset_ns +
	       (int64_t)(share * (double)(b->offset_ns - a->offset_ns));
}
