/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/devfreq.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

#define DEVFREQ_DIR "/sys/class/devfreq"

static const char *const kind_names[EP_DEVFREQ_KIND_COUNT] = {
	[EP_DEVFREQ_GPU] = "gpu",
	[EP_DEVFREQ_NPU] = "npu",
	[EP_DEVFREQ_MEMORY] = "memory",
};

const char *ep_devfreq_kind_name(enum ep_devfreq_kind kind)
{
	return kind_names[kind];
}

struct list {
	const struct ep_root *root;
	struct ep_devfreq *items;
	size_t count, max;
};

static int add_device(void *ctx, const char *name)
{
	struct list *l = ctx;
	struct ep_devfreq *d;
	const char *dot = strrchr(name, '.');
	char path[160];

	if (l->count == l->max || strlen(name) >= sizeof(d->name))
		return 0;
	d = &l->items[l->count++];
	(void)ep_str_copy(d->name, sizeof(d->name), name);
	(void)ep_str_format(path, sizeof(path),
			    DEVFREQ_DIR "/%s/device/of_node/name", name);
	if (ep_root_read_text(l->root, path, d->node, sizeof(d->node)) <= 0)
		(void)ep_str_copy(d->node, sizeof(d->node),
				  dot ? dot + 1 : name);
	ep_str_printable(d->node);
	return 0;
}

int ep_devfreq_list(const struct ep_root *root, struct ep_devfreq *ret,
		    size_t max)
{
	struct list l = { root, ret, 0, max };
	int r = ep_root_list(root, DEVFREQ_DIR, add_device, &l);

	if (r < 0 && r != -ENOENT)
		return r;
	return (int)l.count;
}

bool ep_devfreq_is(const struct ep_devfreq *d, enum ep_devfreq_kind kind)
{
	static const struct {
		enum ep_devfreq_kind kind;
		const char *node;
	} known[] = {
		{ EP_DEVFREQ_GPU, "gpu" },    { EP_DEVFREQ_GPU, "gp10b" },
		{ EP_DEVFREQ_GPU, "gv11b" },  { EP_DEVFREQ_GPU, "ga10b" },
		{ EP_DEVFREQ_GPU, "gb10b" },  { EP_DEVFREQ_NPU, "npu" },
		{ EP_DEVFREQ_NPU, "rknpu" },  { EP_DEVFREQ_MEMORY, "dmc" },
		{ EP_DEVFREQ_MEMORY, "emc" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].kind == kind &&
		    strcmp(known[i].node, d->node) == 0)
			return true;
	return false;
}

int ep_devfreq_open_clock(const struct ep_root *root,
			  const struct ep_devfreq *d)
{
	char path[EP_DEVFREQ_PATH_BYTES];

	(void)ep_str_format(path, sizeof(path), DEVFREQ_DIR "/%s/cur_freq",
			    d->name);
	return ep_root_openat(root, path, O_RDONLY | O_NONBLOCK);
}

int ep_devfreq_open_load(const struct ep_root *root, const struct ep_devfreq *d,
			 char ret_path[EP_DEVFREQ_PATH_BYTES])
{
	/* Rockchip's first, Jetson's device, Mali's driver. */
	static const char *const names[] = { "load", "device/load",
					     "device/utilisation" };
	char path[EP_DEVFREQ_PATH_BYTES];
	int fd = -ENOENT, first = -ENOENT;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)ep_str_format(path, sizeof(path), DEVFREQ_DIR "/%s/%s",
				    d->name, names[i]);
		fd = ep_root_openat(root, path, O_RDONLY | O_NONBLOCK);
		if (fd >= 0) {
			(void)ep_str_copy(ret_path, EP_DEVFREQ_PATH_BYTES,
					  path);
			return fd;
		}
		if (fd != -ENOENT && first == -ENOENT)
			first = fd;
	}
	return first;
}

bool ep_devfreq_is_percent(const char *path)
{
	return ep_str_ends(path, "/utilisation") ||
	       ep_str_ends(path, "/utilization");
}

/* A whole number of unit ppm each at text; the bytes used. */
static int parse_share(const char *text, int64_t unit_ppm, int64_t *ret_ppm)
{
	size_t digits = strspn(text, "0123456789");
	int64_t value;

	if (digits == 0 || digits > 18)
		return -EBADMSG;
	if (ep_num_scan_i64(text, digits, &value) != (int)digits)
		return -EBADMSG;
	if (value > 1000000 / unit_ppm)
		return -ERANGE;
	*ret_ppm = value * unit_ppm;
	return (int)digits;
}

/* "Core0: 12%, Core1:  0%," and what comes before it */
static int parse_cores(const char *text, int64_t ret_ppm[EP_DEVFREQ_LOADS_MAX])
{
	const char *at = strstr(text, "Core");
	int n = 0;

	for (; at; at = strstr(at, "Core")) {
		const char *colon = at + 4;
		int used;

		colon += strspn(colon, "0123456789");
		if (*colon != ':' || n == EP_DEVFREQ_LOADS_MAX)
			return -EBADMSG;
		colon++;
		colon += strspn(colon, " ");
		used = parse_share(colon, 10000, &ret_ppm[n]);
		if (used < 0)
			return used;
		if (colon[used] != '%')
			return -EBADMSG;
		n++;
		at = colon + used;
	}
	return n;
}

int ep_devfreq_parse_load(const char *text, bool is_percent,
			  int64_t ret_ppm[EP_DEVFREQ_LOADS_MAX])
{
	int64_t ppm[EP_DEVFREQ_LOADS_MAX] = { 0 };
	const char *at = strchr(text, '@');
	int r, n = 1;

	if (strstr(text, "Core")) {
		n = r = parse_cores(text, ppm);
	} else if (at) {
		r = parse_share(text, 10000, &ppm[0]);
		if (r >= 0 && (text + r != at ||
			       at[1 + strspn(at + 1, "0123456789")] != 'H'))
			r = -EBADMSG;
	} else {
		r = parse_share(text, is_percent ? 10000 : 1000, &ppm[0]);
		if (r >= 0 && text[r + (int)strspn(text + r, " \t\n%")])
			r = -EBADMSG;
	}
	if (r < 0)
		return r;
	memcpy(ret_ppm, ppm, sizeof(ppm));
	return n;
}
