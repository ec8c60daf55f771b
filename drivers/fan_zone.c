/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/fan.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define THERMAL_DIR "/sys/class/thermal"

struct search {
	const struct ep_root *root;
	struct ep_fan_zone *zones;
	size_t count, max;
};

/* The devices that a zone cools with: links cdev0, cdev1... */
struct devices {
	const struct ep_root *root;
	const char *dir;
	size_t pwm_fan_count, other_count;
};

static int count_device(void *ctx, const char *entry)
{
	struct devices *d = ctx;
	char path[160], type[40];

	/* Not cdev0_trip_point, cdev0_weight. */
	if (!ep_str_starts(entry, "cdev") || strchr(entry, '_') ||
	    !ep_str_format(path, sizeof(path), "%s/%s/type", d->dir, entry))
		return 0;
	if (ep_root_read_text(d->root, path, type, sizeof(type)) < 0)
		type[0] = '\0';
	if (!strcasestr(type, "fan"))
		d->other_count++;
	d->pwm_fan_count += strcmp(type, "pwm-fan") == 0;
	return 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += len)
		if ((at == list || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

static int look_at(void *ctx, const char *entry)
{
	struct search *s = ctx;
	struct ep_fan_zone *z = &s->zones[s->count];
	struct devices d = { .root = s->root, .dir = z->dir };
	char text[128];

	if (!ep_str_starts(entry, "thermal_zone") || s->count == s->max ||
	    !ep_str_format(z->dir, sizeof(z->dir), THERMAL_DIR "/%s", entry))
		return 0;
	if (ep_root_list(s->root, z->dir, count_device, &d) < 0 ||
	    d.pwm_fan_count == 0)
		return 0;
	if (ep_root_read_text_in(s->root, z->dir, "type", z->type,
				 sizeof(z->type)) < 0)
		(void)ep_str_copy(z->type, sizeof(z->type), entry);
	ep_str_printable(z->type);
	z->only_fans = d.other_count == 0;
	z->has_user_space =
		ep_root_read_text_in(s->root, z->dir, "available_policies",
				     text, sizeof(text)) > 0 &&
		has_word(text, "user_space");
	z->has_mode = ep_root_read_text_in(s->root, z->dir, "mode", text,
					   sizeof(text)) > 0;
	s->count++;
	return 0;
}

int ep_fan_zones(const struct ep_root *root, struct ep_fan_zone *ret,
		 size_t max)
{
	struct search s = { root, ret, 0, max };
	int r = ep_root_list(root, THERMAL_DIR, look_at, &s);

	return r < 0 && r != -ENOENT ? r : (int)s.count;
}
