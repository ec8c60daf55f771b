/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/csv_files.h"
#include "profiler/report/page_study.h"
#include "profiler/report/section_names.h"

static void put_head(struct ep_csv_out *o, const struct ep_summary *s)
{
	ep_csv_put(o, "config", ',');
	for (size_t i = 0; i < s->factor_count; i++)
		ep_csv_put_quoted(o, s->factors[i], ',');
	ep_csv_put(o,
		   "metric,value,u95,comparison_u95,sd,n,runs_valid,"
		   "runs_rejected,runs_warmup,status,reason,runs",
		   '\n');
}

/* "runs/0001 runs/0004" */
static void put_folders(struct ep_csv_out *o, const struct ep_summary *s,
			const struct ep_summary_cell *cell)
{
	for (size_t i = 0; i < cell->figure.run_count; i++) {
		const char *folder = s->runs[cell->runs[i]].folder;

		if (folder[0] != '\0')
			ep_csv_put(o, folder,
				   i + 1 < cell->figure.run_count ? ' ' : '\n');
		else if (i + 1 == cell->figure.run_count)
			ep_csv_put(o, "", '\n');
	}
	if (cell->figure.run_count == 0)
		ep_csv_put(o, "", '\n');
}

static void put_line(struct ep_csv_out *o, const struct ep_summary *s,
		     const struct ep_summary_config *c, size_t metric)
{
	const struct ep_summary_cell *cell = &c->cells[metric];
	const struct ep_group_figure *f = &cell->figure;
	char name[120];

	ep_csv_put_count(o, c->number, ',');
	for (size_t i = 0; i < s->factor_count; i++)
		ep_csv_put_quoted(o, c->levels[i], ',');
	(void)ep_str_format(name, sizeof(name), "%s.%s",
			    s->metrics[metric].scope, s->metrics[metric].name);
	ep_csv_put_quoted(o, name, ',');
	ep_csv_put_number(o, f->mean, ',');
	ep_csv_put_number(o, f->u95, ',');
	ep_csv_put_number(o, cell->compare_u95, ',');
	ep_csv_put_number(o, f->sd, ',');
	ep_csv_put_count(o, (int64_t)f->run_count, ',');
	ep_csv_put_count(o, c->valid_count, ',');
	ep_csv_put_count(o, c->rejected_count, ',');
	ep_csv_put_count(o, c->warmup_count, ',');
	ep_csv_put(o, ep_status_name(f->status), ',');
	ep_csv_put_quoted(o, f->reason, ',');
	put_folders(o, s, cell);
}

static int study_render(const struct ep_summary *s,
			const struct ep_render_options *options,
			struct ep_buf *b)
{
	size_t count = s->chosen_count > 0 ? s->chosen_count : s->metric_count;
	struct ep_csv_out o = { .b = b };
	size_t start = b->len;

	(void)options;
	put_head(&o, s);
	for (size_t i = 0; i < s->config_count; i++)
		for (size_t m = 0; m < count; m++)
			if (s->metrics[m].any)
				put_line(&o, s, &s->configs[i], m);
	ep_csv_study_sections(&o, s->sections);
	if (o.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return o.error;
}

const struct ep_study_format ep_study_format_csv = {
	.metrics = ep_study_metrics,
	.shows_chosen = true,
	.render = study_render,
};
