/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/powercap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"

#define CLASS "/sys/class/powercap"

struct scan {
	const struct ep_root *root;
	struct ep_powercap_zone *zones;
	size_t count, max;
	bool mmio;
};

static int zone_name(const struct ep_root *root, const char *dir, char *ret,
		     size_t size)
{
	char path[128];

	if (!ep_str_format(path, sizeof(path), CLASS "/%s/name", dir))
		return -ENAMETOOLONG;
	return ep_root_read_text(root, path, ret, size);
}

static int add_zone(void *ctx, const char *name)
{
	struct scan *scan = ctx;
	struct ep_powercap_zone *z = &scan->zones[scan->count];
	const char *prefix = scan->mmio ? "intel-rapl-mmio:" : "intel-rapl:";
	char above[64];
	char *colon;

	if (!ep_str_starts(name, prefix) || scan->count == scan->max)
		return 0;
	memset(z, 0, sizeof(*z));
	z->mmio = scan->mmio;
	if (!ep_str_copy(z->dir, sizeof(z->dir), name) ||
	    zone_name(scan->root, name, z->name, sizeof(z->name)) <= 0)
		return 0;
	(void)ep_str_copy(above, sizeof(above), name);
	colon = strrchr(above, ':');
	if (colon && colon != strchr(above, ':')) {
		*colon = '\0';
		if (zone_name(scan->root, above, z->parent, sizeof(z->parent)) <
		    0)
			z->parent[0] = '\0';
	}
	scan->count++;
	return 0;
}

int ep_powercap_list(const struct ep_root *root, struct ep_powercap_zone *ret,
		     size_t max)
{
	struct scan scan = { .root = root, .zones = ret, .max = max };
	int r = ep_root_list(root, CLASS, add_zone, &scan);

	if (r == 0) {
		scan.mmio = true;
		r = ep_root_list(root, CLASS, add_zone, &scan);
	}
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : (int)scan.count;
}

int ep_powercap_open(const struct ep_root *root,
		     const struct ep_powercap_zone *zone, struct ep_err *err)
{
	char path[128];
	int64_t value = 0;
	int fd;
	int r;

	if (!ep_str_format(path, sizeof(path), CLASS "/%s/energy_uj",
			   zone->dir))
		return -ENAMETOOLONG;
	fd = ep_root_openat(root, path, O_RDONLY);
	if (fd == -EACCES || fd == -EPERM)
		return ep_err_set(err, fd,
				  "%s: permission denied: run as root, or "
				  "once `sudo edgeprof setup`, or `sudo chmod "
				  "a+r " CLASS "/intel-rapl:*/energy_uj`",
				  path);
	if (fd < 0)
		return ep_err_set(err, fd, "%s: %s", path, strerror(-fd));
	r = ep_kept_read_i64(fd, &value);
	if (r < 0) {
		close(fd);
		return ep_err_set(err, r, "%s: %s", path, strerror(-r));
	}
	return fd;
}

int ep_powercap_wrap_uj(const struct ep_root *root,
			const struct ep_powercap_zone *zone, uint64_t *ret_uj)
{
	char path[128];
	int64_t value = 0;
	int r;

	if (!ep_str_format(path, sizeof(path), CLASS "/%s/max_energy_range_uj",
			   zone->dir))
		return -ENAMETOOLONG;
	r = ep_root_read_i64(root, path, &value);
	if (r < 0)
		return r;
	if (value <= 0)
		return -EBADMSG;
	*ret_uj = (uint64_t)value;
	return 0;
}

int ep_powercap_package(const struct ep_root *root, int cpu,
			int64_t *ret_package, int64_t *ret_die)
{
	char dir[96];
	int64_t package = 0;
	int64_t die = 0;
	int r;

	(void)ep_str_format(dir, sizeof(dir),
			    "/sys/devices/system/cpu/cpu%d/topology", cpu);
	r = ep_root_read_i64_in(root, dir, "physical_package_id", &package);
	if (r < 0)
		return r;
	if (ep_root_read_i64_in(root, dir, "die_id", &die) < 0)
		die = 0; /* kernels before 5.2 */
	*ret_package = package;
	*ret_die = die;
	return 0;
}
