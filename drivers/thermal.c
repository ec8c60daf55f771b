/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/thermal.h"

#include <errno.h>
#include <fcntl.h>

#include "base/str.h"

#define THERMAL_DIR "/sys/class/thermal"

struct zone_list {
	const struct ep_root *root;
	struct ep_thermal_zone *zones;
	size_t count, max;
};

static int add_zone(void *ctx, const char *name)
{
	struct zone_list *l = ctx;
	struct ep_thermal_zone *z;

	if (!ep_str_starts(name, "thermal_zone") || l->count == l->max)
		return 0;
	z = &l->zones[l->count];
	if (!ep_str_format(z->dir, sizeof(z->dir), THERMAL_DIR "/%s", name))
		return 0;
	if (ep_root_read_text_in(l->root, z->dir, "type", z->type,
				 sizeof(z->type)) <= 0)
		(void)ep_str_copy(z->type, sizeof(z->type), name);
	ep_str_printable(z->type);
	l->count++;
	return 0;
}

int ep_thermal_zones(const struct ep_root *root, struct ep_thermal_zone *zones,
		     size_t max)
{
	struct zone_list l = { root, zones, 0, max };
	int r = ep_root_list(root, THERMAL_DIR, add_zone, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	return (int)l.count;
}

int ep_thermal_open(const struct ep_root *root,
		    const struct ep_thermal_zone *zone)
{
	char path[96];

	(void)ep_str_format(path, sizeof(path), "%s/temp", zone->dir);
	return ep_root_openat(root, path, O_RDONLY);
}
