/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* A segment on its way into a group. */
struct item {
	const struct ep_phase *phase;
	uint32_t index;
};

static int by_name(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->phase->name, y->phase->name);

	if (order != 0)
		return order;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int by_request(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->phase->request != y->phase->request)
		return x->phase->request < y->phase->request ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Known phases first, what lies between them last. */
static int rank_of(const char *name)
{
	static const struct {
		const char *name;
		int rank;
	} ranks[] = {
		{ EP_PHASE_LOAD, 0 },	    { EP_PHASE_PREFILL, 1 },
		{ EP_PHASE_GENERATION, 2 }, { EP_PHASE_OTHER, 4 },
		{ EP_PHASE_TAIL, 5 },
	};

	for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++)
		if (strcmp(ranks[i].name, name) == 0)
			return ranks[i].rank;
	return 3;
}

static int by_rank(const void *a, const void *b)
{
	const struct ep_group *x = a, *y = b;
	int order = rank_of(x->name) - rank_of(y->name);
	uint32_t i = x->set.segments[0], k = y->set.segments[0];

	return order != 0 ? order : (i > k) - (i < k);
}

static int allocate(const struct ep_partition *part, struct ep_groups *g,
		    struct item **ret_items)
{
	memset(g, 0, sizeof(*g));
	g->groups = calloc(part->count + 2, sizeof(*g->groups));
	g->indices = calloc(2 * part->count + 2, sizeof(*g->indices));
	*ret_items = calloc(part->count + 1, sizeof(**ret_items));
	if (g->groups && g->indices && *ret_items)
		return 0;
	free(*ret_items);
	ep_groups_done(g);
	return -ENOMEM;
}

static struct ep_group *begin_group(struct ep_groups *g, const char *name,
				    const uint32_t *first)
{
	struct ep_group *group = &g->groups[g->count++];

	(void)ep_str_copy(group->name, sizeof(group->name), name);
	group->set.segments = first;
	return group;
}

int ep_groups_by_name(const struct ep_partition *part, struct ep_groups *ret)
{
	struct ep_group *group = NULL;
	struct item *items;
	size_t count = 0;
	int code = allocate(part, ret, &items);

	if (code < 0)
		return code;
	for (size_t i = 0; i < part->count; i++)
		if (part->segments[i].inside)
			items[count++] =
				(struct item){ &part->segments[i].phase,
					       (uint32_t)i };
	/* In time order for "run", which comes last. */
	for (size_t i = 0; i < count; i++)
		ret->indices[count + i] = items[i].index;
	qsort(items, count, sizeof(*items), by_name);
	for (size_t i = 0; i < count; i++) {
		ret->indices[i] = items[i].index;
		if (!group || strcmp(group->name, items[i].phase->name) != 0)
			group = begin_group(ret, items[i].phase->name,
					    &ret->indices[i]);
		group->set.count++;
	}
	qsort(ret->groups, ret->count, sizeof(*ret->groups), by_rank);
	group = begin_group(ret, "run", &ret->indices[count]);
	group->set.count = count;
	free(items);
	return 0;
}

int ep_groups_by_request(const struct ep_partition *part, struct ep_groups *ret)
{
	struct ep_group *group = NULL;
	struct item *items;
	size_t count = 0;
	int code = allocate(part, ret, &items);

	if (code < 0)
		return code;
	for (size_t i = 0; i < part->count; i++)
		if (part->segments[i].inside &&
		    part->segments[i].phase.request > 0)
			items[count++] =
				(struct item){ &part->segments[i].phase,
					       (uint32_t)i };
	qsort(items, count, sizeof(*items), by_request);
	for (size_t i = 0; i < count; i++) {
		ret->indices[i] = items[i].index;
		if (!group || group->request != items[i].phase->request) {
			group = begin_group(ret, "request", &ret->indices[i]);
			group->request = items[i].phase->request;
		}
		group->set.count++;
	}
	free(items);
	return 0;
}

void ep_groups_done(struct ep_groups *g)
{
	if (!g)
		return;
	free(g->groups);
	free(g->indices);
	memset(g, 0, sizeof(*g));
}
