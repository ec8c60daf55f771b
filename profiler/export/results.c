/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/export/runs.h"
#include "profiler/study/result.h"
#include "profiler/study/table.h"

#define RESULTS "results.csv"

struct ep_export_results {
	struct ep_table table;
	size_t order, valid, reasons, config, run;
	size_t first_factor, end_factor; /* columns */
};

static int find_columns(struct ep_export_results *r)
{
	const struct ep_table *t = &r->table;
	size_t serial = ep_table_find(t, "board_serial");

	r->order = ep_table_find(t, "order");
	r->valid = ep_table_find(t, "valid");
	r->reasons = ep_table_find(t, "reasons");
	r->config = ep_table_find(t, "config");
	r->run = ep_table_find(t, "run");
	r->end_factor = ep_table_find(t, "phase");
	if (serial == EP_TABLE_NONE || r->order == EP_TABLE_NONE ||
	    r->valid == EP_TABLE_NONE || r->reasons == EP_TABLE_NONE ||
	    r->config == EP_TABLE_NONE || r->run == EP_TABLE_NONE ||
	    r->end_factor == EP_TABLE_NONE || r->end_factor <= serial)
		return -EBADMSG;
	r->first_factor = serial + 1;
	return 0;
}

int ep_export_results_read(const struct ep_export *x,
			   struct ep_export_results **ret, struct ep_err *err)
{
	struct ep_export_results *r = calloc(1, sizeof(*r));
	int code;

	if (!r)
		return ep_err_set(err, -ENOMEM, "out of memory");
	code = ep_table_read(&r->table, x->dir_fd, RESULTS, err);
	if (code == 0) {
		code = find_columns(r);
		if (code < 0)
			(void)ep_err_set(err, code,
					 "%s: these are not the results of a "
					 "study",
					 RESULTS);
	}
	if (code < 0) {
		(void)ep_err_prefix(err, "%s", x->dir);
		ep_export_results_free(r);
		return code;
	}
	*ret = r;
	return 0;
}

void ep_export_results_free(struct ep_export_results *r)
{
	if (!r)
		return;
	ep_table_done(&r->table);
	free(r);
}

const char *ep_export_results_judge(struct ep_export_results *r,
				    struct ep_export_run *run)
{
	const json_t *labels = json_object_get(run->recorded.json, "labels");
	const char *order =
		json_string_value(json_object_get(labels, EP_LABEL_ORDER));
	const struct ep_table *t = &r->table;
	size_t row = 0;

	if (!order)
		return "no run of the study";
	while (row < t->row_count &&
	       strcmp(ep_table_get(t, row, r->order), order) != 0)
		row++;
	if (row == t->row_count)
		return "not in results.csv";
	if (strcmp(ep_table_get(t, row, r->valid), "1") != 0)
		return ep_table_get(t, row, r->reasons);
	ep_export_label(run, "config", ep_table_get(t, row, r->config));
	ep_export_label(run, "repetition", ep_table_get(t, row, r->run));
	for (size_t c = r->first_factor; c < r->end_factor; c++)
		ep_export_label(run, t->columns[c].name,
				ep_table_get(t, row, c));
	return NULL;
}
