/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/metric_find.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#define NAME_BYTES 120

struct names {
	char (*texts)[NAME_BYTES];
	const char **list;
	size_t count;
};

static size_t count_all(const struct ep_report *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->total_count; i++)
		n += r->totals[i].metric_count;
	return n;
}

static int list_all(const struct ep_report *r, struct names *ret)
{
	size_t most = count_all(r) + 1;
	struct names n = { calloc(most, NAME_BYTES),
			   calloc(most, sizeof(*n.list)), 0 };

	if (!n.texts || !n.list) {
		free(n.texts);
		free(n.list);
		return -ENOMEM;
	}
	for (size_t i = 0; i < r->total_count; i++) {
		const struct ep_row *row = &r->totals[i];

		for (size_t k = 0; k < row->metric_count; k++) {
			(void)ep_str_format(n.texts[n.count], NAME_BYTES,
					    "%s.%s", row->phase.name,
					    row->metrics[k].name);
			n.list[n.count] = n.texts[n.count];
			n.count++;
		}
	}
	*ret = n;
	return 0;
}

/* "j_per_token" alone, of which phase? */
static const char *same_metric(const struct names *n, const char *name)
{
	for (size_t i = 0; i < n->count; i++) {
		const char *dot = strrchr(n->list[i], '.');

		if (strcmp(dot + 1, name) == 0)
			return n->list[i];
	}
	return NULL;
}

static int no_such(const struct ep_report *r, const char *name,
		   struct ep_err *err)
{
	struct names n;
	const char *near;
	int code = list_all(r, &n);

	if (code < 0)
		return ep_err_set(err, code, "out of memory");
	near = ep_str_nearest(name, n.list, n.count);
	if (!near)
		near = same_metric(&n, name);
	if (near)
		code = ep_err_set(err, -ENOENT,
				  "there is no figure '%.80s'; did you mean "
				  "'%s'?",
				  name, near);
	else
		code = ep_err_set(err, -ENOENT,
				  "there is no figure '%.80s'; they are named "
				  "<phase>.<metric>, as in %s",
				  name,
				  n.count > 0 ? n.list[0] : "run.duration_s");
	free(n.texts);
	free(n.list);
	return code;
}

int ep_report_find(const struct ep_report *r, const char *name,
		   const struct ep_metric **ret, struct ep_err *err)
{
	for (size_t i = 0; i < r->total_count; i++) {
		const struct ep_row *row = &r->totals[i];
		size_t len = strlen(row->phase.name);
		const struct ep_metric *m;

		if (!ep_str_starts(name, row->phase.name) || name[len] != '.')
			continue;
		m = ep_row_metric(row, name + len + 1);
		if (m) {
			*ret = m;
			return 0;
		}
	}
	return no_such(r, name, err);
}
