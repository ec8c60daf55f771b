/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/hwmon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/num.h"
#include "base/str.h"

#define HWMON_DIR "/sys/class/hwmon"

static const char *const kind_names[EP_HWMON_KIND_COUNT] = {
	[EP_HWMON_POWER] = "power",
	[EP_HWMON_ENERGY] = "energy",
	[EP_HWMON_IN] = "in",
	[EP_HWMON_CURR] = "curr",
};

const char *ep_hwmon_kind_name(enum ep_hwmon_kind kind)
{
	return kind_names[kind];
}

struct chip_list {
	const struct ep_root *root;
	const char *glob;
	struct ep_hwmon_chip *chips;
	size_t count, max;
};

static int add_chip(void *ctx, const char *name)
{
	struct chip_list *l = ctx;
	struct ep_hwmon_chip *c;
	char link[112];

	if (!ep_str_starts(name, "hwmon") || l->count == l->max)
		return 0;
	c = &l->chips[l->count];
	memset(c, 0, sizeof(*c));
	(void)ep_str_format(c->dir, sizeof(c->dir), HWMON_DIR "/%.40s", name);
	(void)ep_str_format(link, sizeof(link), "%s/device", c->dir);
	if (ep_root_readlink(l->root, link, c->device, sizeof(c->device)) < 0)
		c->device[0] = '\0';
	if (ep_root_read_text_in(l->root, c->dir, "name", c->name,
				 sizeof(c->name)) <= 0) {
		/* Old drivers put everything into the device's folder. */
		(void)ep_str_copy(c->dir, sizeof(c->dir), link);
		if (ep_root_read_text_in(l->root, c->dir, "name", c->name,
					 sizeof(c->name)) <= 0)
			return 0;
	}
	ep_str_printable(c->name);
	if (ep_str_glob(l->glob, c->name))
		l->count++;
	return 0;
}

static int compare_chips(const void *a, const void *b)
{
	const struct ep_hwmon_chip *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	if (r == 0)
		r = strcmp(x->device, y->device);
	return r != 0 ? r : strcmp(x->dir, y->dir);
}

int ep_hwmon_chips(const struct ep_root *root, const char *glob,
		   struct ep_hwmon_chip *chips, size_t max)
{
	struct chip_list l = { root, glob, chips, 0, max };
	int r = ep_root_list(root, HWMON_DIR, add_chip, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	qsort(chips, l.count, sizeof(*chips), compare_chips);
	return (int)l.count;
}

struct attr_list {
	const struct ep_root *root;
	const struct ep_hwmon_chip *chip;
	struct ep_hwmon_attr *attrs;
	size_t count, max;
};

/* "power1_input" -> POWER, 1, false; false for everything else. */
static bool parse_attr(const char *name, struct ep_hwmon_attr *ret)
{
	for (int k = 0; k < EP_HWMON_KIND_COUNT; k++) {
		size_t len = strlen(kind_names[k]);
		const char *digits = name + len;
		int64_t index;
		int used;

		if (!ep_str_starts(name, kind_names[k]))
			continue;
		used = ep_num_scan_i64(digits, strspn(digits, "0123456789"),
				       &index);
		if (used <= 0 || index > 999)
			return false;
		ret->kind = (enum ep_hwmon_kind)k;
		ret->index = (int)index;
		ret->average = strcmp(digits + used, "_average") == 0;
		if (ret->average)
			return k == EP_HWMON_POWER;
		return strcmp(digits + used, "_input") == 0;
	}
	return false;
}

static int add_attr(void *ctx, const char *name)
{
	struct attr_list *l = ctx;
	struct ep_hwmon_attr attr = { EP_HWMON_POWER, 0, false, "" };
	char label[32];

	if (!parse_attr(name, &attr) || l->count == l->max)
		return 0;
	(void)ep_str_format(label, sizeof(label), "%s%d_label",
			    kind_names[attr.kind], attr.index);
	if (ep_root_read_text_in(l->root, l->chip->dir, label, attr.label,
				 sizeof(attr.label)) < 0)
		attr.label[0] = '\0';
	ep_str_printable(attr.label);
	l->attrs[l->count++] = attr;
	return 0;
}

static int compare_attrs(const void *a, const void *b)
{
	const struct ep_hwmon_attr *x = a, *y = b;

	if (x->kind != y->kind)
		return (int)x->kind - (int)y->kind;
	if (x->index != y->index)
		return x->index - y->index;
	return (int)x->average - (int)y->average;
}

int ep_hwmon_attrs(const struct ep_root *root, const struct ep_hwmon_chip *chip,
		   struct ep_hwmon_attr *attrs, size_t max)
{
	struct attr_list l = { root, chip, attrs, 0, max };
	int r = ep_root_list(root, chip->dir, add_attr, &l);

	if (r < 0)
		return r;
	qsort(attrs, l.count, sizeof(*attrs), compare_attrs);
	return (int)l.count;
}

int ep_hwmon_open(const struct ep_root *root, const struct ep_hwmon_chip *chip,
		  const struct ep_hwmon_attr *attr)
{
	char path[160];

	(void)ep_str_format(path, sizeof(path), "%s/%s%d_%s", chip->dir,
			    kind_names[attr->kind], attr->index,
			    attr->average ? "average" : "input");
	return ep_root_openat(root, path, O_RDONLY);
}

static int64_t read_ms(const struct ep_root *root, const char *dir,
		       const char *name)
{
	int64_t ms;

	if (ep_root_read_i64_in(root, dir, name, &ms) < 0 || ms < 0 ||
	    ms > INT64_MAX / EP_NS_PER_MS)
		return 0;
	return ms * EP_NS_PER_MS;
}

int64_t ep_hwmon_refresh_ns(const struct ep_root *root,
			    const struct ep_hwmon_chip *chip)
{
	return read_ms(root, chip->dir, "update_interval");
}

int64_t ep_hwmon_window_ns(const struct ep_root *root,
			   const struct ep_hwmon_chip *chip,
			   const struct ep_hwmon_attr *attr)
{
	char name[40];

	if (!attr->average)
		return 0;
	(void)ep_str_format(name, sizeof(name), "power%d_average_interval",
			    attr->index);
	return read_ms(root, chip->dir, name);
}
