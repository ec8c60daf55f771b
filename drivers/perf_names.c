/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_names.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/str.h"
#include "drivers/perf_parts.h"

/* Kernel headers before 5.14 do not name it. */
#ifndef PERF_PMU_TYPE_SHIFT
#define PERF_PMU_TYPE_SHIFT 32
#endif

struct known {
	const char *name;
	uint32_t type;
	uint64_t config;
};

#define SW(event) PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##event
#define HW(event) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##event
static const struct known known[] = {
	{ "task-clock", SW(TASK_CLOCK) },
	{ "cpu-clock", SW(CPU_CLOCK) },
	{ "context-switches", SW(CONTEXT_SWITCHES) },
	{ "cs", SW(CONTEXT_SWITCHES) },
	{ "cpu-migrations", SW(CPU_MIGRATIONS) },
	{ "migrations", SW(CPU_MIGRATIONS) },
	{ "page-faults", SW(PAGE_FAULTS) },
	{ "faults", SW(PAGE_FAULTS) },
	{ "minor-faults", SW(PAGE_FAULTS_MIN) },
	{ "major-faults", SW(PAGE_FAULTS_MAJ) },
	{ "alignment-faults", SW(ALIGNMENT_FAULTS) },
	{ "emulation-faults", SW(EMULATION_FAULTS) },
	{ "cycles", HW(CPU_CYCLES) },
	{ "cpu-cycles", HW(CPU_CYCLES) },
	{ "instructions", HW(INSTRUCTIONS) },
	{ "cache-references", HW(CACHE_REFERENCES) },
	{ "cache-misses", HW(CACHE_MISSES) },
	{ "branches", HW(BRANCH_INSTRUCTIONS) },
	{ "branch-instructions", HW(BRANCH_INSTRUCTIONS) },
	{ "branch-misses", HW(BRANCH_MISSES) },
	{ "bus-cycles", HW(BUS_CYCLES) },
	{ "stalled-cycles-frontend", HW(STALLED_CYCLES_FRONTEND) },
	{ "idle-cycles-frontend", HW(STALLED_CYCLES_FRONTEND) },
	{ "stalled-cycles-backend", HW(STALLED_CYCLES_BACKEND) },
	{ "idle-cycles-backend", HW(STALLED_CYCLES_BACKEND) },
	{ "ref-cycles", HW(REF_CPU_CYCLES) },
};
static const struct known caches[] = {
	{ "L1-dcache", 0, PERF_COUNT_HW_CACHE_L1D },
	{ "L1-icache", 0, PERF_COUNT_HW_CACHE_L1I },
	{ "LLC", 0, PERF_COUNT_HW_CACHE_LL },
	{ "dTLB", 0, PERF_COUNT_HW_CACHE_DTLB },
	{ "iTLB", 0, PERF_COUNT_HW_CACHE_ITLB },
	{ "branch", 0, PERF_COUNT_HW_CACHE_BPU },
	{ "node", 0, PERF_COUNT_HW_CACHE_NODE },
};
#undef SW
#undef HW

#define OP(op, result)                                \
	((uint64_t)PERF_COUNT_HW_CACHE_OP_##op << 8 | \
	 (uint64_t)PERF_COUNT_HW_CACHE_RESULT_##result << 16)
static const struct known cache_ops[] = {
	{ "-loads", 0, OP(READ, ACCESS) },
	{ "-load-misses", 0, OP(READ, MISS) },
	{ "-stores", 0, OP(WRITE, ACCESS) },
	{ "-store-misses", 0, OP(WRITE, MISS) },
	{ "-prefetches", 0, OP(PREFETCH, ACCESS) },
	{ "-prefetch-misses", 0, OP(PREFETCH, MISS) },
};
#undef OP

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))

bool ep_perf_code_add(struct ep_perf_event *event,
		      const struct ep_perf_code *code)
{
	if (event->code_count == EP_PERF_CORES_MAX)
		return false;
	event->codes[event->code_count++] = *code;
	return true;
}

void ep_perf_raw_everywhere(const struct ep_perf_pmus *pmus, uint64_t config,
			    struct ep_perf_event *ret)
{
	struct ep_perf_code code = { .type = PERF_TYPE_RAW,
				     .pmu = -1,
				     .config = config };

	ret->kind = EP_PERF_CORE;
	if (pmus->core_count < 2) {
		(void)ep_perf_code_add(ret, &code);
		return;
	}
	for (size_t i = 0; i < pmus->core_count; i++) {
		code.type = pmus->cores[i].type;
		code.pmu = (int)i;
		(void)ep_perf_code_add(ret, &code);
	}
}

/*
 * On several kinds of cores a generic event counts on one of them only.  x86
 * takes the PMU's type in the upper half of config (kernel 5.13); Arm before
 * 6.7 ignores that half and would count one PMU twice, so there the
 * architectural number is opened on each PMU.
 */
static void add_generic(const struct ep_perf_pmus *pmus, const struct known *k,
			struct ep_perf_event *ret)
{
	struct ep_perf_code code = { .type = k->type,
				     .pmu = -1,
				     .config = k->config };

	ret->kind = EP_PERF_CORE;
	if (pmus->core_count < 2) {
		(void)ep_perf_code_add(ret, &code);
		return;
	}
	for (size_t i = 0; i < pmus->core_count; i++) {
		const struct ep_perf_pmu *pmu = &pmus->cores[i];
		uint64_t number = 0;

		code.pmu = (int)i;
		code.type = k->type;
		code.config = k->config | (uint64_t)pmu->type
						  << PERF_PMU_TYPE_SHIFT;
		if (pmu->pmuv3) {
			if (ep_perf_arch_generic(k->type, k->config, &number))
				continue;
			code.type = pmu->type;
			code.config = number;
		}
		(void)ep_perf_code_add(ret, &code);
	}
}

static int find_known(const struct ep_perf_pmus *pmus, const char *name,
		      struct ep_perf_event *ret)
{
	struct known k = { name, PERF_TYPE_HW_CACHE, 0 };

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		struct ep_perf_code code = { .type = known[i].type,
					     .pmu = -1,
					     .config = known[i].config };

		if (strcmp(known[i].name, name) != 0)
			continue;
		if (known[i].type == PERF_TYPE_HARDWARE) {
			add_generic(pmus, &known[i], ret);
			return 0;
		}
		ret->kind = EP_PERF_SOFTWARE;
		(void)ep_perf_code_add(ret, &code);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(caches); i++) {
		size_t len = strlen(caches[i].name);

		if (strncasecmp(caches[i].name, name, len) != 0)
			continue;
		for (size_t j = 0; j < COUNT_OF(cache_ops); j++) {
			if (strcasecmp(cache_ops[j].name, name + len) != 0)
				continue;
			k.config = caches[i].config | cache_ops[j].config;
			add_generic(pmus, &k, ret);
			return 0;
		}
	}
	return -ENOENT;
}

static int find_raw(const struct ep_perf_pmus *pmus, const char *name,
		    struct ep_perf_event *ret)
{
	char hex[24];
	uint64_t config = 0;

	if (name[0] != 'r' || name[1] == '\0' || strlen(name) > 17)
		return -ENOENT;
	if (strspn(name + 1, "0123456789abcdefABCDEF") != strlen(name + 1))
		return -ENOENT;
	(void)ep_str_format(hex, sizeof(hex), "0x%s", name + 1);
	if (ep_num_parse_hex_or_dec(hex, &config) < 0)
		return -ENOENT;
	ep_perf_raw_everywhere(pmus, config, ret);
	return 0;
}

/* pmu/terms/ with what follows the second slash already removed. */
static int find_slashed(const struct ep_perf_pmus *pmus, char *text,
			struct ep_perf_event *ret, struct ep_err *err)
{
	char *slash = strchr(text, '/');
	size_t len = strlen(text);
	int r;

	if (slash == text || text[len - 1] != '/' || slash + 2 > text + len - 1)
		return ep_err_set(err, -EINVAL,
				  "event '%s': write it as pmu/event/",
				  ret->name);
	text[len - 1] = '\0';
	*slash = '\0';
	r = ep_perf_pmu_event(pmus, text, slash + 1, ret, err);
	if (r == -ENOENT)
		return ep_err_set(err, -EINVAL,
				  "event '%s': this machine has no PMU '%s' "
				  "(see /sys/bus/event_source/devices)",
				  ret->name, text);
	return r;
}

/* Cuts ":uk" off (or "uk" after the second slash of pmu/event/uk). */
static int cut_modifiers(char *text, struct ep_perf_event *ret,
			 struct ep_err *err)
{
	char *slash = strrchr(text, '/');
	char *colon = strrchr(text, ':');
	char *mods = NULL;

	if (slash && slash != strchr(text, '/'))
		mods = slash[1] == ':' ? slash + 2 : slash + 1;
	else if (!slash && colon && colon > text && colon[-1] != ':' &&
		 colon[1] != '\0' &&
		 strspn(colon + 1, "ukhIGHpPSDWeb") == strlen(colon + 1))
		mods = colon + 1;
	if (!mods)
		return 0;
	if (strspn(mods, "uk") != strlen(mods))
		return ep_err_set(err, -EINVAL,
				  "event '%s': the modifiers known here are "
				  "u (user space) and k (kernel)",
				  ret->name);
	ret->user_only = strchr(mods, 'u') && !strchr(mods, 'k');
	ret->kernel_only = strchr(mods, 'k') && !strchr(mods, 'u');
	if (slash)
		slash[1] = '\0';
	else
		*colon = '\0';
	return 0;
}

static int unknown_event(const char *name, struct ep_err *err)
{
	const char *names[COUNT_OF(known) + 6] = {
		"L1-dcache-loads", "L1-dcache-load-misses", "LLC-loads",
		"LLC-load-misses", "dTLB-load-misses",	    "iTLB-load-misses",
	};
	const char *nearest;

	for (size_t i = 0; i < COUNT_OF(known); i++)
		names[6 + i] = known[i].name;
	nearest = ep_str_nearest(name, names, COUNT_OF(names));
	if (nearest)
		return ep_err_set(err, -EINVAL,
				  "unknown event '%s'; did you mean '%s'?",
				  name, nearest);
	return ep_err_set(err, -EINVAL,
			  "unknown event '%s'; `perf list` shows names, and "
			  "rNNNN or pmu/config=0x.../ takes raw numbers",
			  name);
}

static int find_bare(const struct ep_perf_pmus *pmus, const char *name,
		     struct ep_perf_event *ret)
{
	uint64_t number = 0;
	bool arm = false;

	if (find_known(pmus, name, ret) == 0 || find_raw(pmus, name, ret) == 0)
		return 0;
	if (ep_perf_pfm_find(pmus, name, ret) == 0)
		return 0;
	if (ep_perf_pmu_bare(pmus, name, ret) == 0)
		return 0;
#ifdef __aarch64__
	arm = true;
#endif
	for (size_t i = 0; i < pmus->core_count; i++)
		arm = arm || pmus->cores[i].pmuv3;
	if (ep_perf_arch_find(NULL, name, &number) < 0)
		return -ENOENT;
	/* On another processor it is known, and nothing can count it. */
	ret->kind = EP_PERF_CORE;
	if (arm)
		ep_perf_raw_everywhere(pmus, number, ret);
	return 0;
}

int ep_perf_event_find(const struct ep_perf_pmus *pmus, const char *name,
		       struct ep_perf_event *ret, struct ep_err *err)
{
	struct ep_perf_event event = { .scale = 1.0 };
	char text[EP_PERF_NAME_BYTES];
	int r;

	if (name[0] == '\0')
		return ep_err_set(err, -EINVAL, "an event name is empty");
	if (!ep_str_copy(event.name, sizeof(event.name), name))
		return ep_err_set(err, -EINVAL,
				  "event '%.40s...': the name is too long",
				  name);
	(void)ep_str_copy(text, sizeof(text), name);
	r = cut_modifiers(text, &event, err);
	if (r < 0)
		return r;
	if (strchr(text, '/')) {
		r = find_slashed(pmus, text, &event, err);
		if (r < 0)
			return r;
	} else if (find_bare(pmus, text, &event) < 0) {
		return unknown_event(text, err);
	}
	ep_perf_pmu_prune(pmus, &event);
	*ret = event;
	return 0;
}

int ep_perf_event_software(const struct ep_perf_event *event)
{
	if (event->code_count != 1 ||
	    event->codes[0].type != PERF_TYPE_SOFTWARE)
		return -1;
	return (int)event->codes[0].config;
}

int ep_perf_list_next(const char **cursor, char *ret, size_t size)
{
	const char *p = *cursor;
	bool inside = false;
	size_t len = 0;

	if (*p == '\0')
		return 0;
	for (; p[len] != '\0' && (inside || p[len] != ','); len++)
		inside = inside != (p[len] == '/');
	if (len == 0 || len >= size || (p[len] == ',' && p[len + 1] == '\0'))
		return -EINVAL;
	memcpy(ret, p, len);
	ret[len] = '\0';
	*cursor = p + len + (p[len] == ',');
	return 1;
}

/* Is name among those of list that come before end? */
static bool listed_before(const char *list, const char *end, const char *name)
{
	char other[EP_PERF_NAME_BYTES];

	while (list < end &&
	       ep_perf_list_next(&list, other, sizeof(other)) > 0) {
		if (list < end && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

int ep_perf_list_check(const char *list, struct ep_err *err)
{
	char name[EP_PERF_NAME_BYTES];
	struct ep_perf_event *event = NULL;
	struct ep_perf_pmus *pmus = malloc(sizeof(*pmus));
	const char *cursor = list;
	int r = -ENOMEM;

	event = malloc(sizeof(*event));
	if (!pmus || !event)
		goto out;
	r = ep_perf_pmus_load(NULL, pmus, err);
	while (r >= 0) {
		r = ep_perf_list_next(&cursor, name, sizeof(name));
		if (r < 0)
			ep_err_set(err, r,
				   "event list '%s': an empty or overlong "
				   "name; separate names by one comma",
				   list);
		if (r <= 0)
			break;
		r = ep_perf_event_find(pmus, name, event, err);
		if (r == 0 && listed_before(list, cursor, name))
			r = ep_err_set(err, -EINVAL,
				       "event '%s' is listed twice", name);
	}
out:
	free(event);
	free(pmus);
	return r;
}
