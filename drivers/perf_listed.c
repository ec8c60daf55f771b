/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_parts.h"

#include <linux/perf_event.h>
#include <string.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"

#define ARM_COMMON_EVENTS 0x40
#define ARM_CYCLES 0x11

struct listed {
	char dir[400];
	uint64_t numbers; /* one bit each */
};

static int note_number(void *ctx, const char *name)
{
	struct listed *l = ctx;
	uint64_t number = 0;
	char text[64];

	if (ep_root_read_text_in(&ep_root_machine, l->dir, name, text,
				 sizeof(text)) > 0 &&
	    ep_str_starts(text, "event=") &&
	    ep_num_parse_hex_or_dec(text + strlen("event="), &number) == 0 &&
	    number < ARM_COMMON_EVENTS)
		l->numbers |= UINT64_C(1) << number;
	return 0;
}

/* A list without cycles, which every PMUv3 counts, is none. */
static bool implements(const struct ep_perf_pmus *pmus,
		       const struct ep_perf_pmu *pmu, uint64_t number)
{
	struct listed l = { .numbers = 0 };

	if (!ep_str_format(l.dir, sizeof(l.dir), "%s/%s/events", pmus->base,
			   pmu->name) ||
	    ep_root_list(&ep_root_machine, l.dir, note_number, &l) < 0 ||
	    !(l.numbers & UINT64_C(1) << ARM_CYCLES))
		return true;
	return l.numbers & UINT64_C(1) << number;
}

static const struct ep_perf_pmu *pmu_of(const struct ep_perf_pmus *pmus,
					const struct ep_perf_code *code)
{
	if (code->pmu >= 0 && (size_t)code->pmu < pmus->core_count)
		return &pmus->cores[code->pmu];
	return code->type == PERF_TYPE_RAW && pmus->core_count == 1
		       ? &pmus->cores[0]
		       : NULL;
}

void ep_perf_pmu_prune(const struct ep_perf_pmus *pmus,
		       struct ep_perf_event *event)
{
	size_t kept = 0;

	for (size_t i = 0; i < event->code_count; i++) {
		const struct ep_perf_code *code = &event->codes[i];
		const struct ep_perf_pmu *pmu = pmu_of(pmus, code);

		if (pmu && pmu->pmuv3 && code->config < ARM_COMMON_EVENTS &&
		    !implements(pmus, pmu, code->config))
			continue;
		event->codes[kept++] = *code;
	}
	event->code_count = kept;
}
