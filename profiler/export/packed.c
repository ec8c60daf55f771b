/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/export/packed.h"

#include <string.h>

#include "base/str.h"
#include "profiler/export/sums.h"

struct row {
	const char *name;
	enum ep_packed_kind kind;
};

static const struct row of_run[] = {
	{ "run.json", EP_PACKED_RAW },
	{ "events.csv", EP_PACKED_RAW },
	{ "ticks.csv", EP_PACKED_RAW },
	{ "lost.json", EP_PACKED_RAW },
	{ "stdout.log", EP_PACKED_OUTPUT },
	{ "stderr.log", EP_PACKED_OUTPUT },
	{ "report.json", EP_PACKED_REPORT },
	{ "trace.csv", EP_PACKED_DERIVED },
	{ "phases.csv", EP_PACKED_DERIVED },
	{ "requests.csv", EP_PACKED_DERIVED },
	{ "tokens.csv", EP_PACKED_DERIVED },
};
static const struct row of_study[] = {
	{ "study.json", EP_PACKED_RAW },
	{ "study.conf", EP_PACKED_RAW },
	{ "results.csv", EP_PACKED_RAW },
	{ "study.db", EP_PACKED_DERIVED },
	{ "study.db-wal", EP_PACKED_DERIVED },
	{ "study.db-shm", EP_PACKED_DERIVED },
	{ "study.lock", EP_PACKED_DERIVED },
};
static const struct row about_it[] = {
	{ EP_SUMS_NAME, EP_PACKED_ABOUT_IT },
	{ EP_PACKED_ABOUT, EP_PACKED_ABOUT_IT },
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static enum ep_packed_kind find(const struct row *rows, size_t count,
				const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].kind;
	return EP_PACKED_NOT;
}

static enum ep_packed_kind kind_in_run(const char *path)
{
	const char *name = path + strlen("sensors/");

	if (!ep_str_starts(path, "sensors/"))
		return find(of_run, COUNT(of_run), path);
	return name[0] != '.' && !strchr(name, '/') && ep_str_ends(name, ".csv")
		       ? EP_PACKED_RAW
		       : EP_PACKED_NOT;
}

enum ep_packed_kind ep_packed_kind(const char *path, bool study)
{
	enum ep_packed_kind kind = find(about_it, COUNT(about_it), path);
	const char *name = path + strlen("runs/");
	size_t digits;

	if (kind != EP_PACKED_NOT)
		return kind;
	if (!study)
		return kind_in_run(path);
	if (!ep_str_starts(path, "runs/"))
		return find(of_study, COUNT(of_study), path);
	digits = strspn(name, "0123456789");
	return digits > 0 && name[digits] == '/'
		       ? kind_in_run(name + digits + 1)
		       : EP_PACKED_NOT;
}
