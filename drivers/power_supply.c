/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/power_supply.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"

#define SUPPLY_DIR "/sys/class/power_supply"

struct list {
	const struct ep_root *root;
	struct ep_supply *supplies;
	size_t count, max;
};

static enum ep_supply_type type_of(const char *text)
{
	static const struct {
		const char *text;
		enum ep_supply_type type;
	} known[] = {
		{ "Battery", EP_SUPPLY_BATTERY }, { "UPS", EP_SUPPLY_BATTERY },
		{ "Mains", EP_SUPPLY_SOURCE },	  { "USB", EP_SUPPLY_SOURCE },
		{ "Wireless", EP_SUPPLY_SOURCE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].text) == 0)
			return known[i].type;
	/* USB_PD and the like, before kernel 4.20 */
	return ep_str_starts(text, "USB") ? EP_SUPPLY_SOURCE : EP_SUPPLY_OTHER;
}

static int add(void *ctx, const char *name)
{
	struct list *l = ctx;
	struct ep_supply s = { .type = EP_SUPPLY_OTHER };
	char dir[112], text[32];

	if (l->count == l->max || !ep_str_copy(s.name, sizeof(s.name), name))
		return 0;
	(void)ep_str_format(dir, sizeof(dir), SUPPLY_DIR "/%s", name);
	if (ep_root_read_text_in(l->root, dir, "type", text, sizeof(text)) < 0)
		return 0;
	s.type = type_of(text);
	s.peripheral = ep_root_read_text_in(l->root, dir, "scope", text,
					    sizeof(text)) > 0 &&
		       strcmp(text, "Device") == 0;
	s.negotiated = ep_str_starts(name, "ucsi-source-psy-") ||
		       ep_str_starts(name, "tcpm-source-psy-");
	l->supplies[l->count++] = s;
	return 0;
}

int ep_supply_list(const struct ep_root *root, struct ep_supply *supplies,
		   size_t max)
{
	struct list l = { root, supplies, 0, max };
	int r = ep_root_list(root, SUPPLY_DIR, add, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	return (int)l.count;
}

int ep_supply_open(const struct ep_root *root, const struct ep_supply *supply,
		   const char *file)
{
	char path[160];

	if (!ep_str_format(path, sizeof(path), SUPPLY_DIR "/%s/%s",
			   supply->name, file))
		return -ENAMETOOLONG;
	return ep_root_openat(root, path, O_RDONLY);
}

int ep_supply_read_state(int fd, enum ep_supply_state *ret)
{
	static const struct {
		const char *text;
		enum ep_supply_state state;
	} known[] = {
		{ "Discharging", EP_SUPPLY_DISCHARGING },
		{ "Charging", EP_SUPPLY_CHARGING },
		{ "Not charging", EP_SUPPLY_IDLE },
		{ "Full", EP_SUPPLY_IDLE },
	};
	char text[32];
	int r = ep_kept_read_text(fd, text, sizeof(text));

	if (r < 0)
		return r;
	ep_str_chomp(text);
	*ret = EP_SUPPLY_UNKNOWN;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(text, known[i].text) == 0)
			*ret = known[i].state;
	return 0;
}
