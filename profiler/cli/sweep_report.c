/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "profiler/cli/sweep.h"

void ep_sweep_report_search(const char *dir, FILE *to)
{
	struct ep_standing *standing = NULL;
	struct ep_store *store = NULL;
	struct ep_err err = { 0 };
	const struct ep_study *s;

	if (ep_store_look(dir, &store, &err) < 0)
		return;
	s = ep_store_study(store);
	if (s->search == EP_SEARCH_HALVING &&
	    ep_store_standing(store, &standing, &err) == 0) {
		fprintf(to, "\nSearch\n");
		if (ep_sweep_show_search(to, s, standing) < 0)
			fprintf(to, "out of memory\n");
	}
	free(standing);
	ep_store_close(store);
}
