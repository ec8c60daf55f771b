/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_parts.h"

#include <errno.h>
#include <perfmon/pfmlib_perf_event.h>
#include <stdlib.h>
#include <string.h>

/*
 * libpfm4 brings its own copy of struct perf_event_attr, so this file must not
 * see <linux/perf_event.h>; only four fields leave it.
 */

/* An empty LIBPFM_FORCE_PMU switches detection off instead of being nothing;
 * it is hidden while the library looks, and left as it was for the child. */
static bool pfm_ready(void)
{
	const char *forced = getenv("LIBPFM_FORCE_PMU");
	bool hidden = forced && forced[0] == '\0';
	bool ready;

	if (hidden)
		unsetenv("LIBPFM_FORCE_PMU");
	ready = pfm_initialize() == PFM_SUCCESS;
	if (hidden)
		setenv("LIBPFM_FORCE_PMU", "", 1);
	return ready;
}

int ep_perf_pfm_find(const struct ep_perf_pmus *pmus, const char *name,
		     struct ep_perf_event *ret)
{
	struct perf_event_attr attr;
	pfm_perf_encode_arg_t arg;
	struct ep_perf_code code = { .pmu = -1 };

	if (!pfm_ready())
		return -ENOENT;
	memset(&attr, 0, sizeof(attr));
	memset(&arg, 0, sizeof(arg));
	attr.size = sizeof(attr);
	arg.attr = &attr;
	arg.size = sizeof(arg);
	if (pfm_get_os_event_encoding(name, PFM_PLM0 | PFM_PLM3,
				      PFM_OS_PERF_EVENT, &arg) != PFM_SUCCESS)
		return -ENOENT;
	if (attr.type == PERF_TYPE_RAW && attr.config1 == 0 &&
	    attr.config2 == 0) {
		ep_perf_raw_everywhere(pmus, attr.config, ret);
		return 0;
	}
	code.type = attr.type;
	code.config = attr.config;
	code.config1 = attr.config1;
	code.config2 = attr.config2;
	ret->kind = EP_PERF_CORE;
	if (attr.type == PERF_TYPE_SOFTWARE ||
	    attr.type == PERF_TYPE_TRACEPOINT)
		ret->kind = EP_PERF_SOFTWARE;
	else if (attr.type > PERF_TYPE_BREAKPOINT)
		ret->kind = EP_PERF_OTHER;
	for (size_t i = 0; i < pmus->core_count; i++) {
		if (pmus->cores[i].type != attr.type)
			continue;
		code.pmu = (int)i;
		ret->kind = EP_PERF_CORE;
	}
	(void)ep_perf_code_add(ret, &code);
	return 0;
}
