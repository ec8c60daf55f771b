/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/devfreq_control.h"

#include <errno.h>
#include <string.h>

#include "base/str.h"

#define DEVFREQ_DIR "/sys/class/devfreq"

struct search {
	const struct ep_root *root;
	struct ep_devfreq_control *found;
	size_t count, max;
};

static int look_at(void *ctx, const char *entry)
{
	struct search *s = ctx;
	struct ep_devfreq_control *c = &s->found[s->count];
	char dir[128];

	if (s->count == s->max ||
	    !ep_str_format(dir, sizeof(dir), DEVFREQ_DIR "/%s", entry) ||
	    !ep_str_copy(c->name, sizeof(c->name), entry))
		return 0;
	(void)ep_str_format(c->governor_path, sizeof(c->governor_path),
			    "%s/governor", dir);
	if (ep_root_exists(s->root, c->governor_path) < 0)
		return 0;
	if (ep_root_read_text_in(s->root, dir, "device/of_node/name", c->node,
				 sizeof(c->node)) < 0)
		c->node[0] = '\0';
	if (ep_root_read_text_in(s->root, dir, "available_governors",
				 c->choices, sizeof(c->choices)) < 0)
		c->choices[0] = '\0';
	ep_str_printable(c->node);
	ep_str_printable(c->choices);
	s->count++;
	return 0;
}

int ep_devfreq_controls(const struct ep_root *root,
			struct ep_devfreq_control *ret, size_t max)
{
	struct search s = { root, ret, 0, max };
	int r = ep_root_list(root, DEVFREQ_DIR, look_at, &s);

	return r < 0 && r != -ENOENT ? r : (int)s.count;
}

/* The GPUs of Jetsons have the names of their designs in the device tree. */
bool ep_devfreq_is_called(const struct ep_devfreq_control *c, const char *name)
{
	static const char *const gpus[] = { "gpu",   "gv11b", "gp10b",
					    "ga10b", "gb10b", "gm20b" };
	const char *kind = strrchr(c->name, '.');

	if (strcmp(c->name, name) == 0 || strcmp(c->node, name) == 0 ||
	    (kind && strcmp(kind + 1, name) == 0))
		return true;
	if (strcmp(name, "gpu") != 0)
		return false;
	for (size_t i = 0; i < sizeof(gpus) / sizeof(gpus[0]); i++)
		if (strcmp(c->node, gpus[i]) == 0 ||
		    (kind && strcmp(kind + 1, gpus[i]) == 0))
			return true;
	return false;
}
