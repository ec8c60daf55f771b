/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/cpus.h"

#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/str.h"

/* "3" or "0-3" of len bytes */
static int parse_range(const char *text, size_t len, cpu_set_t *set)
{
	const char *dash = memchr(text, '-', len);
	size_t first_len = dash ? (size_t)(dash - text) : len;
	char first[12], last[12];
	int64_t from, to;

	if (!ep_str_format(first, sizeof(first), "%.*s", (int)first_len,
			   text) ||
	    !ep_str_format(last, sizeof(last), "%.*s",
			   (int)(dash ? len - first_len - 1 : len),
			   dash ? dash + 1 : text))
		return -EINVAL;
	if (ep_num_parse_i64(first, &from) < 0 ||
	    ep_num_parse_i64(last, &to) < 0 || from < 0)
		return -EINVAL;
	if (to < from || to >= CPU_SETSIZE)
		return -ERANGE;
	for (int64_t cpu = from; cpu <= to; cpu++)
		CPU_SET((size_t)cpu, set);
	return 0;
}

int ep_cpus_parse(const char *text, cpu_set_t *ret)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (;;) {
		size_t len = strcspn(text, ",");
		int r = parse_range(text, len, &set);

		if (r < 0)
			return r;
		if (!text[len])
			break;
		text += len + 1;
	}
	*ret = set;
	return 0;
}

bool ep_cpus_format(const cpu_set_t *cpus, char *ret, size_t size)
{
	size_t len = 0;

	if (size == 0)
		return false;
	ret[0] = '\0';
	for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		size_t last = cpu;

		if (!CPU_ISSET(cpu, cpus))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, cpus))
			last++;
		if (!ep_str_format(ret + len, size - len,
				   last > cpu ? "%s%zu-%zu" : "%s%zu",
				   len ? "," : "", cpu, last))
			return false;
		len += strlen(ret + len);
		cpu = last;
	}
	return true;
}
