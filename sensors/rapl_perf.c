/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensors/rapl_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "drivers/perf.h"
#include "drivers/powercap.h"

static const struct {
	const char *event;
	const char *name; /* as powercap calls it */
} views[] = {
	{ "power/energy-pkg/", "package" }, { "power/energy-cores/", "core" },
	{ "power/energy-gpu/", "uncore" },  { "power/energy-ram/", "dram" },
	{ "power/energy-psys/", "psys" },
};

/* The PMU counts on one processor of each package (or die). */
static void package_name(const struct ep_env *env,
			 const struct ep_perf_cpus *cpus, size_t index,
			 char *ret, size_t size)
{
	int64_t package = 0;
	int64_t die = 0;
	bool shared = false;

	if (ep_powercap_package(&env->root, cpus->ids[index], &package, &die) <
	    0) {
		(void)ep_str_format(ret, size, "package-%zu", index);
		return;
	}
	for (size_t i = 0; i < cpus->count; i++) {
		int64_t other = 0;
		int64_t other_die = 0;

		if (i != index &&
		    ep_powercap_package(&env->root, cpus->ids[i], &other,
					&other_die) == 0 &&
		    other == package)
			shared = true;
	}
	if (shared)
		(void)ep_str_format(ret, size, "package-%d-die-%d",
				    (int)package, (int)die);
	else
		(void)ep_str_format(ret, size, "package-%d", (int)package);
}

static int open_view(struct ep_rapl *r, const struct ep_env *env,
		     const struct ep_perf_event *event, const char *name,
		     struct ep_err *err)
{
	bool package = strcmp(name, "package") == 0;
	bool platform = strcmp(name, "psys") == 0;
	size_t count = platform ? 1 : event->cpus.count;

	for (size_t i = 0; i < count; i++) {
		struct ep_rapl_domain d = { .perf = true };
		char parent[48];
		int code;

		d.uj_per_count = event->scale * 1e6;
		d.fd = ep_perf_device_open(event, event->cpus.ids[i], err);
		if (d.fd < 0)
			return d.fd;
		package_name(env, &event->cpus, i, parent, sizeof(parent));
		/* A 64 bit sum kept by the kernel: it never starts over. */
		code = ep_rapl_add(r, package ? parent : name,
				   package || platform ? "" : parent, d, 0);
		if (code < 0)
			return ep_err_set(err, code, "%s: %s", event->name,
					  strerror(-code));
	}
	return 0;
}

int ep_rapl_open_perf(struct ep_rapl *r, const struct ep_env *env,
		      const char *base, struct ep_sensor_notes *notes,
		      struct ep_err *err)
{
	struct ep_perf_pmus *pmus = malloc(sizeof(*pmus));
	struct ep_perf_event *event = malloc(sizeof(*event));
	size_t before = r->count;
	int first = 0;
	int code = -ENOMEM;

	if (!pmus || !event)
		goto out;
	code = ep_perf_pmus_load(base, pmus, err);
	if (code < 0)
		goto out;
	for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
		struct ep_err why = { 0 };
		int one;

		if (ep_perf_event_find(pmus, views[i].event, event, NULL) < 0 ||
		    event->kind != EP_PERF_DEVICE)
			continue;
		if (strcmp(event->unit, "Joules") != 0) {
			ep_sensor_note(notes, "%s left out: unit '%s'",
				       views[i].event, event->unit);
			continue;
		}
		one = open_view(r, env, event, views[i].name, &why);
		if (one < 0 && first == 0) {
			first = one;
			ep_err_set(err, one, "%s: %s", views[i].event,
				   why.text);
		}
		if (one < 0 && one != -EACCES)
			ep_sensor_note(notes, "%s left out: %s", views[i].event,
				       why.text);
	}
	code = (int)(r->count - before);
	if (code == 0)
		code = first;
out:
	free(event);
	free(pmus);
	return code;
}
