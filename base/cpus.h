/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_BASE_CPUS_H
#define EP_BASE_CPUS_H

#include "base/err.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>

/* Lists of CPUs as the kernel writes them: "0-3,6", each below CPU_SETSIZE. */
/* -EINVAL: not such a list; -ERANGE: a number too high, or a range backwards */
int ep_cpus_parse(const char *text, cpu_set_t *ret) EP_MUST_CHECK;
/* The shortest such list; false when it does not fit. */
bool ep_cpus_format(const cpu_set_t *cpus, char *ret, size_t size);

#endif
