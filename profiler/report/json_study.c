/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "profiler/report/page_study.h"
#include "profiler/report/section_names.h"

#define SCHEMA "edgeprof.study-report/1"

static void put_study(struct ep_json_out *o, const struct ep_summary *s)
{
	ep_json_open(o, "study", '{', false);
	ep_json_text_or_null(o, "id", s->id);
	ep_json_text_or_null(o, "title", s->title);
	ep_json_text_or_null(o, "version", s->version);
	ep_json_open(o, "factors", '[', true);
	for (size_t i = 0; i < s->factor_count; i++)
		ep_json_text(o, NULL, s->factors[i]);
	ep_json_close(o, ']');
	ep_json_integer(o, "configurations", (int64_t)s->config_count);
	ep_json_integer(o, "runs", s->run_count);
	ep_json_close(o, '}');
	ep_json_open(o, "total", '{', false);
	ep_json_text_or_null(o, "name", s->total_name);
	ep_json_bool(o, "estimated", s->estimated);
	ep_json_bool(o, "differ", s->totals_differ);
	ep_json_text_or_null(o, "coverage", s->coverage);
	ep_json_close(o, '}');
	ep_json_open(o, "notes", '[', false);
	for (size_t i = 0; i < s->note_count; i++)
		ep_json_text(o, NULL, s->notes[i]);
	ep_json_close(o, ']');
}

/* null where an older results.csv does not name them. */
static void put_folders(struct ep_json_out *o, const struct ep_summary *s,
			const uint32_t *runs, size_t count)
{
	bool known = s->status_known;

	for (size_t i = 0; i < count; i++)
		known &= s->runs[runs[i]].folder[0] != '\0';
	if (!known) {
		ep_json_value(o, "runs", NULL);
		return;
	}
	ep_json_open(o, "runs", '[', true);
	for (size_t i = 0; i < count; i++)
		ep_json_text(o, NULL, s->runs[runs[i]].folder);
	ep_json_close(o, ']');
}

static void put_cell(struct ep_json_out *o, const struct ep_summary *s,
		     const struct ep_summary_config *c, size_t metric)
{
	const struct ep_summary_cell *cell = &c->cells[metric];
	const struct ep_group_figure *f = &cell->figure;

	ep_json_open(o, s->metrics[metric].name, '{', true);
	ep_json_number(o, "value", f->mean);
	ep_json_number(o, "u95", f->u95);
	ep_json_number(o, "comparison_u95", cell->compare_u95);
	ep_json_number(o, "sd", f->sd);
	ep_json_number(o, "u_common",
		       f->run_count > 0 ? f->u_common : (double)NAN);
	ep_json_text(o, "status", ep_status_name(f->status));
	ep_json_text_or_null(o, "reason", f->reason);
	ep_json_integer(o, "n", (int64_t)f->run_count);
	ep_json_integer(o, "of", c->valid_count);
	put_folders(o, s, cell->runs, f->run_count);
	ep_json_close(o, '}');
}

static void put_figures(struct ep_json_out *o, const struct ep_summary *s,
			const struct ep_summary_config *c)
{
	size_t count = s->chosen_count > 0 ? s->chosen_count : s->metric_count;

	ep_json_open(o, "figures", '{', false);
	for (size_t m = 0; m < count; m++) {
		const char *scope = s->metrics[m].scope;
		bool had = false, any = false;

		for (size_t k = 0; k < m; k++)
			had |= strcmp(s->metrics[k].scope, scope) == 0;
		for (size_t k = m; k < count; k++)
			any |= s->metrics[k].any &&
			       strcmp(s->metrics[k].scope, scope) == 0;
		if (had || !any)
			continue;
		ep_json_open(o, scope, '{', false);
		for (size_t k = m; k < count; k++)
			if (s->metrics[k].any &&
			    strcmp(s->metrics[k].scope, scope) == 0)
				put_cell(o, s, c, k);
		ep_json_close(o, '}');
	}
	ep_json_close(o, '}');
}

/* Its runs that count. */
static void put_config_runs(struct ep_json_out *o, const struct ep_summary *s,
			    int64_t number)
{
	bool known = s->status_known;

	if (!known) {
		ep_json_value(o, "runs", NULL);
		return;
	}
	ep_json_open(o, "runs", '[', true);
	for (int64_t i = 0; i < s->run_count; i++)
		if (s->runs[i].config == number && s->runs[i].valid)
			ep_json_text(o, NULL, s->runs[i].folder);
	ep_json_close(o, ']');
}

static void put_left_out(struct ep_json_out *o, const struct ep_summary *s,
			 int64_t number)
{
	ep_json_open(o, "runs_left_out", '[', false);
	for (size_t i = 0; i < s->rejected_count; i++) {
		const struct ep_summary_rejected *r = &s->rejected[i];

		if (r->config != number)
			continue;
		ep_json_open(o, NULL, '{', true);
		ep_json_text_or_null(o, "run", r->folder);
		ep_json_text(o, "number", r->run);
		ep_json_text(o, "why", r->reasons);
		ep_json_close(o, '}');
	}
	ep_json_close(o, ']');
}

static void put_config(struct ep_json_out *o, const struct ep_summary *s,
		       const struct ep_summary_config *c)
{
	ep_json_open(o, NULL, '{', false);
	ep_json_integer(o, "number", c->number);
	ep_json_open(o, "levels", '{', true);
	for (size_t i = 0; i < s->factor_count; i++)
		ep_json_text(o, s->factors[i], c->levels[i]);
	ep_json_close(o, '}');
	ep_json_integer(o, "valid", c->valid_count);
	ep_json_integer(o, "rejected", c->rejected_count);
	ep_json_integer(o, "warmup", c->warmup_count);
	put_config_runs(o, s, c->number);
	put_left_out(o, s, c->number);
	put_figures(o, s, c);
	ep_json_close(o, '}');
}

static void put_section_row(struct ep_json_out *o, const struct ep_summary *s,
			    const struct ep_section_row *row)
{
	int64_t number;

	ep_json_open(o, row->scope, '{', false);
	ep_json_text(o, "what", row->what);
	if (row->verdict[0] != '\0')
		ep_json_text(o, "verdict", row->verdict);
	if (ep_num_parse_i64(row->scope, &number) == 0)
		put_config_runs(o, s, number);
	for (size_t i = 0; i < row->metric_count; i++)
		ep_json_metric(o, row->metrics[i].name, &row->metrics[i]);
	ep_json_close(o, '}');
}

static void put_sections(struct ep_json_out *o, const struct ep_summary *s)
{
	for (size_t i = 0; s->sections && i < s->sections->count; i++) {
		const struct ep_section *section = s->sections->items[i];

		ep_json_open(o, section->key, '{', false);
		ep_json_text(o, "heading", section->heading);
		ep_json_section_facts(o, section);
		ep_json_open(o, "configurations", '{', false);
		for (size_t k = 0; k < section->row_count; k++)
			put_section_row(o, s, &section->rows[k]);
		ep_json_close(o, '}');
		ep_json_section_notes(o, section);
		ep_json_close(o, '}');
	}
}

static int study_render(const struct ep_summary *s,
			const struct ep_render_options *options,
			struct ep_buf *b)
{
	struct ep_json_out o = { .b = b, .empty = true };
	size_t start = b->len;

	(void)options;
	ep_json_open(&o, NULL, '{', false);
	ep_json_text(&o, "schema", SCHEMA);
	put_study(&o, s);
	ep_json_open(&o, "configurations", '[', false);
	for (size_t i = 0; i < s->config_count; i++)
		put_config(&o, s, &s->configs[i]);
	ep_json_close(&o, ']');
	ep_json_integer(&o, "runs_left_out_more",
			(int64_t)s->rejected_more_count);
	put_sections(&o, s);
	ep_json_close(&o, '}');
	if (o.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return o.error;
}

const struct ep_study_format ep_study_format_json = {
	.metrics = ep_study_metrics,
	.shows_chosen = true,
	.render = study_render,
};
