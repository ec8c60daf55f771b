/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_DRIVERS_PERF_NAMES_H
#define EP_DRIVERS_PERF_NAMES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EP_PERF_NAME_BYTES 96
#define EP_PERF_CORES_MAX 8 /* kinds of cores in one machine */
#define EP_PERF_CPUS_MAX 1024

struct ep_perf_cpus {
	uint16_t ids[EP_PERF_CPUS_MAX];
	size_t count;
};
/* "0-3,8"; "" is an empty set.  -EINVAL, -ERANGE. */
int ep_perf_cpus_parse(const char *text,
		       struct ep_perf_cpus *ret) EP_MUST_CHECK;
/* The processors that are online now; never empty on success. */
int ep_perf_cpus_online(struct ep_perf_cpus *ret) EP_MUST_CHECK;
bool ep_perf_cpus_have(const struct ep_perf_cpus *cpus, int cpu);

/* The PMU of one kind of core: "cpu", "cpu_atom", "armv8_cortex_a76". */
struct ep_perf_pmu {
	char name[64];
	uint32_t type; /* perf_event_attr.type */
	bool pmuv3;    /* Arm PMUv3: the architectural event numbers hold */
	struct ep_perf_cpus cpus; /* empty: every processor */
};
struct ep_perf_pmus {
	char base[256];
	struct ep_perf_pmu cores[EP_PERF_CORES_MAX];
	size_t core_count; /* 0: no hardware PMU, as in most VMs */
};
/* base NULL: this machine's own.  An absent folder is no PMU, not an error. */
int ep_perf_pmus_load(const char *base, struct ep_perf_pmus *ret,
		      struct ep_err *err) EP_MUST_CHECK;

enum ep_perf_kind {
	EP_PERF_SOFTWARE, /* counted by the kernel, never multiplexed */
	EP_PERF_CORE,	  /* a counter of the cores' own PMUs */
	EP_PERF_OTHER,	  /* another PMU that can follow a process (msr) */
	EP_PERF_DEVICE,	  /* a PMU that counts per processor only (power) */
};

/* What goes into perf_event_attr, for one PMU. */
struct ep_perf_code {
	uint32_t type;
	int pmu; /* index into cores; -1: not bound to a kind of core */
	uint64_t config, config1, config2;
};

struct ep_perf_event {
	char name[EP_PERF_NAME_BYTES]; /* as it was asked for */
	enum ep_perf_kind kind;
	bool user_only;				      /* ":u" */
	bool kernel_only;			      /* ":k" */
	struct ep_perf_code codes[EP_PERF_CORES_MAX]; /* counts are summed */
	size_t code_count;
	struct ep_perf_cpus cpus; /* EP_PERF_DEVICE: where to open it */
	double scale;  /* count to unit; 1 where the PMU gives none */
	char unit[16]; /* "Joules"; "" */
};

/*
 * Looks an event up: perf's own spellings (context-switches, cycles,
 * L1-dcache-load-misses, r1a8, pmu/event/, pmu/config=0x1/), libpfm4 (NAME,
 * pmu::NAME), events/ of the core PMUs in sysfs, and on Arm the architectural
 * events of pmuv3.events.  Modifiers ":u" and ":k".
 * Nothing is opened: a name that is found may still not be countable here
 * (code_count is 0 for an architectural event of Arm on another processor).
 * -EINVAL with the nearest name when there is no such event.
 */
int ep_perf_event_find(const struct ep_perf_pmus *pmus, const char *name,
		       struct ep_perf_event *ret,
		       struct ep_err *err) EP_MUST_CHECK;

/* PERF_COUNT_SW_* this is, or -1 when it is not a software event. */
int ep_perf_event_software(const struct ep_perf_event *event);

/*
 * The next name of a comma list (commas between slashes belong to the name);
 * *cursor moves on.  1, 0 at the end, -EINVAL for an empty or too long name.
 */
int ep_perf_list_next(const char **cursor, char *ret,
		      size_t size) EP_MUST_CHECK;
/* Is every name of the list known?  For checking an option early. */
int ep_perf_list_check(const char *list, struct ep_err *err) EP_MUST_CHECK;

#endif
