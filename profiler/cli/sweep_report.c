/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>

#include "profiler/cli/cli.h"
#include "profiler/cli/sweep.h"

int ep_sweep_report(const char *dir)
{
	struct ep_store *store = NULL;
	struct ep_err err = { 0 };
	int r = ep_store_look(dir, &store, &err);

	if (r == 0) {
		const struct ep_study *s = ep_store_study(store);

		printf("A study%s%s: each of its runs is a folder below "
		       "%s/runs,\nwhich edgeprof report takes, too.\n\n",
		       s->title ? " " : "", s->title ? s->title : "", dir);
		r = ep_sweep_show_results(store, stdout, &err);
	}
	ep_store_close(store);
	if (r == 0 && fflush(stdout) != 0)
		r = ep_err_set(&err, -EIO, "cannot write the report");
	if (r == 0)
		return EP_EXIT_OK;
	fprintf(stderr, "edgeprof report: %s\n", err.text);
	return r == -EIO || r == -ENOMEM ? EP_EXIT_INTERNAL : EP_EXIT_USAGE;
}
