/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drivers/perf_names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "base/root.h"
#include "base/str.h"
#include "drivers/perf_parts.h"

#define EVENT_SOURCE "/sys/bus/event_source/devices"
#define TEXT_BYTES 512

/* PMUs are the machine's own, whatever the board root is. */
static const struct ep_root machine = { .fd = -1 };

int ep_perf_cpus_parse(const char *text, struct ep_perf_cpus *ret)
{
	struct ep_perf_cpus cpus = { .count = 0 };
	const char *p = text;

	while (*p != '\0') {
		int64_t first = 0;
		int64_t last;
		int used = ep_num_scan_i64(p, strlen(p), &first);

		if (used < 0)
			return -EINVAL;
		p += used;
		last = first;
		if (*p == '-') {
			used = ep_num_scan_i64(p + 1, strlen(p + 1), &last);
			if (used < 0)
				return -EINVAL;
			p += 1 + used;
		}
		if (first < 0 || last < first || (*p != ',' && *p != '\0'))
			return -EINVAL;
		if (last - first >= EP_PERF_CPUS_MAX - (int64_t)cpus.count ||
		    last > UINT16_MAX)
			return -ERANGE;
		for (int64_t cpu = first; cpu <= last; cpu++)
			cpus.ids[cpus.count++] = (uint16_t)cpu;
		if (*p == ',' && p[1] == '\0')
			return -EINVAL;
		p += *p == ',';
	}
	*ret = cpus;
	return 0;
}

int ep_perf_cpus_online(struct ep_perf_cpus *ret)
{
	char text[TEXT_BYTES];
	long n;

	if (ep_root_read_text(&machine, "/sys/devices/system/cpu/online", text,
			      sizeof(text)) > 0 &&
	    ep_perf_cpus_parse(text, ret) == 0 && ret->count > 0)
		return 0;
	n = sysconf(_SC_NPROCESSORS_ONLN);
	if (n < 1)
		return -ENODEV;
	ret->count = 0;
	for (long i = 0; i < n && i < EP_PERF_CPUS_MAX; i++)
		ret->ids[ret->count++] = (uint16_t)i;
	return 0;
}

bool ep_perf_cpus_have(const struct ep_perf_cpus *cpus, int cpu)
{
	for (size_t i = 0; i < cpus->count; i++) {
		if (cpus->ids[i] == cpu)
			return true;
	}
	return false;
}

static int read_type(const char *base, const char *pmu, uint32_t *ret)
{
	char path[512];
	int64_t type = 0;
	int r;

	if (!ep_str_format(path, sizeof(path), "%s/%s/type", base, pmu))
		return -ENAMETOOLONG;
	r = ep_root_read_i64(&machine, path, &type);
	if (r < 0)
		return r;
	if (type < 0 || type > UINT32_MAX)
		return -EBADMSG;
	*ret = (uint32_t)type;
	return 0;
}

static int read_cpus(const char *base, const char *pmu, const char *file,
		     struct ep_perf_cpus *ret)
{
	char path[512];
	char text[TEXT_BYTES];
	int r;

	if (!ep_str_format(path, sizeof(path), "%s/%s/%s", base, pmu, file))
		return -ENAMETOOLONG;
	r = ep_root_read_text(&machine, path, text, sizeof(text));
	if (r < 0)
		return r;
	return ep_perf_cpus_parse(text, ret);
}

/* A core PMU is called "cpu" or says in "cpus" which processors it serves. */
static int add_core(void *ctx, const char *name)
{
	struct ep_perf_pmus *pmus = ctx;
	struct ep_perf_pmu *pmu = &pmus->cores[pmus->core_count];
	int r;

	if (pmus->core_count == EP_PERF_CORES_MAX)
		return 0;
	memset(pmu, 0, sizeof(*pmu));
	r = read_cpus(pmus->base, name, "cpus", &pmu->cpus);
	if (r == 0 && pmu->cpus.count == 0)
		return 0; /* all cores of this kind are offline */
	if (r < 0 && strcmp(name, "cpu") != 0)
		return 0;
	if (read_type(pmus->base, name, &pmu->type) < 0 ||
	    !ep_str_copy(pmu->name, sizeof(pmu->name), name))
		return 0;
	pmu->pmuv3 =
		ep_str_starts(name, "armv8") || ep_str_starts(name, "armv9");
	pmus->core_count++;
	return 0;
}

int ep_perf_pmus_load(const char *base, struct ep_perf_pmus *ret,
		      struct ep_err *err)
{
	int r;

	ret->core_count = 0;
	if (!base)
		base = EVENT_SOURCE;
	if (!ep_str_copy(ret->base, sizeof(ret->base), base))
		return ep_err_set(err, -ENAMETOOLONG, "%s: path too long",
				  base);
	r = ep_root_list(&machine, base, add_core, ret);
	if (r < 0 && r != -ENOENT && r != -EACCES)
		return ep_err_set(err, r, "%s: %s", base, strerror(-r));
	return 0;
}

/* Spreads value over the bits a format file names: "config1:0-7,32-35". */
static int put_field(struct ep_perf_code *code, const char *format,
		     uint64_t value)
{
	uint64_t *word = &code->config;
	struct ep_perf_cpus bits; /* the syntax is that of processor lists */
	const char *colon = strchr(format, ':');

	if (!colon || ep_perf_cpus_parse(colon + 1, &bits) < 0)
		return -EBADMSG;
	if (ep_str_starts(format, "config1:"))
		word = &code->config1;
	else if (ep_str_starts(format, "config2:"))
		word = &code->config2;
	else if (!ep_str_starts(format, "config:"))
		return -EBADMSG;
	for (size_t i = 0; i < bits.count; i++) {
		uint64_t mask;

		if (bits.ids[i] > 63)
			return -EBADMSG;
		mask = UINT64_C(1) << bits.ids[i];
		*word = (*word & ~mask) | ((value & 1) ? mask : 0);
		value >>= 1;
	}
	return value ? -ERANGE : 0;
}

static int put_term(const char *dir, struct ep_perf_code *code, char *term)
{
	static const char *const words[] = { "config", "config1", "config2" };
	uint64_t *values[] = { &code->config, &code->config1, &code->config2 };
	char path[512];
	char format[TEXT_BYTES];
	char *equal = strchr(term, '=');
	uint64_t value = 1;
	int r;

	if (equal) {
		*equal = '\0';
		r = ep_num_parse_hex_or_dec(equal + 1, &value);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(term, words[i]) == 0) {
			*values[i] = value;
			return 0;
		}
	}
	if (!ep_str_format(path, sizeof(path), "%s/format/%s", dir, term))
		return -ENAMETOOLONG;
	r = ep_root_read_text(&machine, path, format, sizeof(format));
	if (r < 0)
		return r;
	return put_field(code, format, value);
}

/* Terms of one PMU, names of its events included; changes text. */
static int put_terms(const char *dir, struct ep_perf_code *code, char *text,
		     int depth)
{
	char *save = text;

	while (save && *save != '\0') {
		char *term = save;
		char *comma = strchr(save, ',');
		char path[512];
		char alias[TEXT_BYTES];
		int r = -ENOENT;

		save = comma ? comma + 1 : NULL;
		if (comma)
			*comma = '\0';
		if (term[0] == '\0' || term[0] == '.')
			return -EINVAL;
		if (!strchr(term, '=') && depth == 0 &&
		    ep_str_format(path, sizeof(path), "%s/events/%s", dir,
				  term))
			r = ep_root_read_text(&machine, path, alias,
					      sizeof(alias));
		if (r >= 0)
			r = put_terms(dir, code, alias, depth + 1);
		else
			r = put_term(dir, code, term);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_core(const struct ep_perf_pmus *pmus, const char *name)
{
	for (size_t i = 0; i < pmus->core_count; i++) {
		if (strcmp(pmus->cores[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

/* energy-pkg.scale and .unit beside the event. */
static void read_scale(const char *dir, const char *event,
		       struct ep_perf_event *ret)
{
	char name[160];
	char text[64];
	double scale = 0;

	ret->scale = 1.0;
	if (ep_str_format(name, sizeof(name), "events/%s.scale", event) &&
	    ep_root_read_text_in(&machine, dir, name, text, sizeof(text)) > 0 &&
	    ep_num_parse_f64(text, &scale) == 0 && scale > 0)
		ret->scale = scale;
	if (!ep_str_format(name, sizeof(name), "events/%s.unit", event) ||
	    ep_root_read_text_in(&machine, dir, name, ret->unit,
				 sizeof(ret->unit)) < 0)
		ret->unit[0] = '\0';
}

int ep_perf_pmu_event(const struct ep_perf_pmus *pmus, const char *pmu,
		      const char *terms, struct ep_perf_event *ret,
		      struct ep_err *err)
{
	struct ep_perf_code code = { .pmu = find_core(pmus, pmu) };
	char dir[400];
	char text[EP_PERF_NAME_BYTES];
	int r;

	if (strchr(pmu, '/') || pmu[0] == '.' ||
	    !ep_str_format(dir, sizeof(dir), "%s/%s", pmus->base, pmu))
		return -ENOENT;
	r = read_type(pmus->base, pmu, &code.type);
	if (r < 0)
		return -ENOENT;
	if (!ep_str_copy(text, sizeof(text), terms) || strchr(terms, '/'))
		return ep_err_set(err, -EINVAL, "event '%s': bad terms",
				  ret->name);
	r = put_terms(dir, &code, text, 0);
	if (r < 0)
		return ep_err_set(err, -EINVAL,
				  "event '%s': PMU '%s' has no such event or "
				  "term (see %s/events and format): %s",
				  ret->name, pmu, dir, strerror(-r));
	ret->kind = EP_PERF_OTHER;
	if (code.pmu >= 0)
		ret->kind = EP_PERF_CORE;
	else if (read_cpus(pmus->base, pmu, "cpumask", &ret->cpus) == 0 &&
		 ret->cpus.count > 0)
		ret->kind = EP_PERF_DEVICE;
	if (!strpbrk(terms, ",="))
		read_scale(dir, terms, ret);
	(void)ep_perf_code_add(ret, &code);
	return 0;
}

int ep_perf_pmu_bare(const struct ep_perf_pmus *pmus, const char *name,
		     struct ep_perf_event *ret)
{
	if (strpbrk(name, "/=,") || name[0] == '.')
		return -ENOENT;
	for (size_t i = 0; i < pmus->core_count; i++) {
		const struct ep_perf_pmu *pmu = &pmus->cores[i];
		struct ep_perf_code code = { .type = pmu->type, .pmu = (int)i };
		char dir[400];
		char file[160];
		char text[TEXT_BYTES];

		if (!ep_str_format(dir, sizeof(dir), "%s/%s", pmus->base,
				   pmu->name) ||
		    !ep_str_format(file, sizeof(file), "events/%s", name) ||
		    ep_root_read_text_in(&machine, dir, file, text,
					 sizeof(text)) < 0 ||
		    put_terms(dir, &code, text, 1) < 0)
			continue;
		ret->kind = EP_PERF_CORE;
		(void)ep_perf_code_add(ret, &code);
	}
	return ret->code_count ? 0 : -ENOENT;
}
