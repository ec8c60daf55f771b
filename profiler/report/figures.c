/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/figures.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/metric_find.h"
#include "profiler/report/cell.h"
#include "profiler/report/formats.h"
#include "profiler/report/section_names.h"

static int put_text(struct ep_buf *b, const char *name,
		    const struct ep_metric *m)
{
	struct ep_cell_marks marks = { 0 };
	char cell[EP_CELL_BYTES], reason[160], line[400];
	const char *unit = ep_metric_unit(m->name);

	(void)ep_str_copy(reason, sizeof(reason), m->reason);
	ep_str_printable(reason);
	ep_cell_metric(cell, m, EP_CELL_U95, &marks);
	if (ep_cell_missing(m))
		unit = "";
	(void)ep_str_format(line, sizeof(line), "%s  %s%s%s%s%s%s\n", name,
			    cell, unit[0] ? " " : "", unit,
			    reason[0] ? " (" : "", reason,
			    reason[0] ? ")" : "");
	return ep_buf_adds(b, line);
}

static void put_csv(struct ep_csv_out *o, const char *name,
		    const struct ep_metric *m)
{
	bool missing = ep_cell_missing(m);

	ep_csv_put(o, name, ',');
	ep_csv_put_number(o, missing ? (double)NAN : m->value, ',');
	ep_csv_put_number(o, missing ? (double)NAN : m->u95, ',');
	ep_csv_put(o,
		   ep_status_name(missing ? EP_STATUS_NOT_MEASURED : m->status),
		   ',');
	ep_csv_put_quoted(o, m->reason, '\n');
}

int ep_figures_render(const struct ep_report *r, char *const *names,
		      const struct ep_format *format, struct ep_buf *b,
		      struct ep_err *err)
{
	bool json = format == &ep_format_json, csv = format == &ep_format_csv;
	struct ep_json_out o = { .b = b, .empty = true };
	struct ep_csv_out c = { .b = b };
	int code = 0;

	if (json)
		ep_json_open(&o, NULL, '{', false);
	if (csv)
		ep_csv_put(&c, "metric,value,u95,status,reason", '\n');
	for (size_t i = 0; names[i] && code == 0; i++) {
		const struct ep_metric *m;

		code = ep_report_find(r, names[i], &m, err);
		if (code < 0)
			return code;
		if (json)
			ep_json_metric(&o, names[i], m);
		else if (csv)
			put_csv(&c, names[i], m);
		else
			code = put_text(b, names[i], m);
	}
	if (json)
		ep_json_close(&o, '}');
	code = code < 0 ? code : o.error < 0 ? o.error : c.error;
	return code < 0 ? ep_err_set(err, code, "%s", strerror(-code)) : 0;
}
