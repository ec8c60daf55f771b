/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/page_study.h"
#include "profiler/report/width.h"

#define NAME_COLUMNS 26
#define REJECTED_SHOWN_MAX 40

static void put_runs(struct ep_page *page, const struct ep_summary *s)
{
	int64_t valid = 0, rejected = 0, warmup = 0;

	for (size_t i = 0; i < s->config_count; i++) {
		valid += s->configs[i].valid_count;
		rejected += s->configs[i].rejected_count;
		warmup += s->configs[i].warmup_count;
	}
	ep_page_fact(page, "runs",
		     "%" PRId64 " that count, %" PRId64 " to warm up, %" PRId64
		     " that do not count",
		     valid, warmup, rejected);
}

static void put_total(struct ep_page *page, const struct ep_summary *s)
{
	if (s->look_count == 0)
		return;
	ep_page_fact(page, "power", "%s%s%s",
		     s->estimated ? "ESTIMATED by a model, not measured by a "
				    "meter: "
				  : "",
		     s->total_name[0] ? s->total_name : "not measured",
		     s->totals_differ ? " (and others)" : "");
	if (s->coverage[0] != '\0')
		ep_page_fact(page, "covers", "%s", s->coverage);
}

static void put_head(struct ep_page *page, const struct ep_summary *s)
{
	char factors[400] = "", title[300], clean[300];

	for (size_t i = 0; i < s->factor_count; i++)
		ep_page_list_add(factors, sizeof(factors), s->factors[i]);
	(void)ep_str_format(title, sizeof(title), "edgeprof study report%s%s",
			    s->title[0] ? ": " : "", s->title);
	ep_width_clean(clean, sizeof(clean), title);
	page->ops->title(page->ctx, clean);
	for (size_t i = 0; i < s->note_count; i++) {
		ep_width_clean(clean, sizeof(clean), s->notes[i]);
		page->ops->warning(page->ctx, clean, "");
	}
	ep_page_fact(page, "study", "%s", s->id);
	ep_page_fact(page, "factors", "%s", factors[0] ? factors : "none");
	ep_page_fact(page, "compared", "%zu configuration%s", s->config_count,
		     s->config_count == 1 ? "" : "s");
	put_runs(page, s);
	put_total(page, s);
}

/* "3 \u00b7 4 \u00b7 powersave" */
static void put_name(const struct ep_summary *s,
		     const struct ep_summary_config *c, char *cell, int columns)
{
	char levels[200], name[240];

	ep_summary_config_name(s, c, levels, sizeof(levels));
	(void)ep_str_format(name, sizeof(name), "%" PRId64 " \u00b7 %s",
			    c->number, levels);
	ep_width_clean(cell, EP_CELL_BYTES, name);
	ep_width_cut(cell, EP_CELL_BYTES, columns);
}

/* Numbers, levels and runs, so that the tables below can be short. */
static void put_configs(struct ep_page *page, const struct ep_summary *s)
{
	static const char *const counts[] = { "valid", "rejected", "warm-up" };
	struct ep_table *t = page->table;
	int column;

	page->ops->heading(page->ctx, "Configurations");
	ep_page_table_start(page);
	(void)ep_page_table_column(page, "no.", "", false);
	for (size_t k = 0; k < s->config_count; k++)
		ep_cell_count(t->cells[t->row_count++][0],
			      s->configs[k].number);
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		column = ep_page_table_column(page, counts[i], "runs", false);
		for (size_t k = 0; column >= 0 && k < s->config_count; k++) {
			const struct ep_summary_config *c = &s->configs[k];
			const int64_t n[] = { c->valid_count, c->rejected_count,
					      c->warmup_count };

			ep_cell_count(t->cells[k][column], n[i]);
		}
	}
	for (size_t i = 0; i < s->factor_count; i++) {
		column = ep_page_table_column(page, s->factors[i], "", true);
		for (size_t k = 0; column >= 0 && k < s->config_count; k++)
			ep_width_clean(t->cells[k][column], EP_CELL_BYTES,
				       s->configs[k].levels[i]);
	}
	ep_page_table_end(page);
}

/* What a column is about. */
struct shown {
	const struct ep_summary *s;
	int metric;
	const char *label;
	double factor; /* of the values: bytes are shown as MiB */
	char unit[24];
	bool estimated; /* all of it, so that the head says it */
};

static void look(struct shown *c, const struct ep_summary *s, int metric,
		 const char *label)
{
	const char *unit = ep_metric_unit(s->metrics[metric].name);
	bool bytes = strcmp(unit, "bytes") == 0;

	*c = (struct shown){ s, metric, label, 1, "", true };
	for (size_t i = 0; i < s->config_count; i++) {
		const struct ep_group_figure *f =
			&s->configs[i].cells[metric].figure;

		if (f->run_count > 0 && f->status != EP_STATUS_ESTIMATED)
			c->estimated = false;
	}
	if (bytes)
		c->factor = 1.0 / (1024 * 1024);
	(void)ep_str_format(c->unit, sizeof(c->unit), "%s%s",
			    bytes ? "MiB" : unit, c->estimated ? " est." : "");
}

static void put_value(struct ep_page *page, const struct shown *c,
		      const struct ep_summary_cell *cell, char *ret)
{
	struct ep_metric m = {
		.value = cell->figure.mean * c->factor,
		.u95 = cell->compare_u95 * c->factor,
		.status = cell->figure.status,
	};

	ep_cell_metric(ret, &m,
		       EP_CELL_U95 | (c->estimated ? EP_CELL_HEAD_SAYS_EST : 0),
		       &page->marks);
	page->marks.estimated |= m.status == EP_STATUS_ESTIMATED;
}

/* Where nothing is in common, both intervals are the same. */
static bool has_absolute(const struct shown *c)
{
	for (size_t i = 0; i < c->s->config_count; i++) {
		const struct ep_summary_cell *cell =
			&c->s->configs[i].cells[c->metric];

		if (isfinite(cell->figure.u95) &&
		    (isnan(cell->compare_u95) || cell->figure.u_common > 0))
			return true;
	}
	return false;
}

/* Why a figure is less than it seems. */
static void put_reason(struct ep_page *page, const struct shown *c,
		       const struct ep_summary_config *config)
{
	const struct ep_group_figure *f = &config->cells[c->metric].figure;
	char what[200];

	if (f->run_count > 0)
		return;
	(void)ep_str_format(what, sizeof(what), "%s of %" PRId64, c->label,
			    config->number);
	ep_page_gap(page, what, f->reason);
}

static void put_columns(struct ep_page *page, const struct shown *c)
{
	struct ep_table *t = page->table;
	int value = ep_page_table_column(page, c->label, c->unit, false);
	int absolute = has_absolute(c) ? ep_page_table_column(page, "absolute",
							      "\u00b1", false)
				       : -1;

	for (size_t i = 0; i < c->s->config_count; i++) {
		const struct ep_summary_config *config = &c->s->configs[i];
		const struct ep_summary_cell *cell = &config->cells[c->metric];

		if (value >= 0)
			put_value(page, c, cell, t->cells[i][value]);
		if (absolute >= 0)
			ep_cell_number(t->cells[i][absolute],
				       cell->figure.u95 * c->factor, 2);
		put_reason(page, c, config);
	}
}

/* Figures of fewer runs than count, by configuration. */
static void put_partial(struct ep_page *page, const struct shown *c)
{
	char list[120] = "", number[24];

	for (size_t i = 0; i < c->s->config_count; i++) {
		const struct ep_summary_config *config = &c->s->configs[i];
		size_t n = config->cells[c->metric].figure.run_count;

		if (n == 0 || (int64_t)n >= config->valid_count)
			continue;
		(void)ep_str_format(number, sizeof(number), "%" PRId64,
				    config->number);
		ep_page_list_add(list, sizeof(list), number);
	}
	if (list[0])
		ep_page_note(page,
			     "%s: measured in some of the runs only, of "
			     "configuration %s",
			     c->label, list);
}

static void put_table(struct ep_page *page, const struct ep_summary *s,
		      const struct shown *shown, size_t count)
{
	struct ep_table *t = page->table;
	int runs;

	ep_page_table_start(page);
	(void)ep_page_table_column(page, "configuration", "", true);
	for (size_t i = 0; i < s->config_count; i++)
		put_name(s, &s->configs[i], t->cells[t->row_count++][0],
			 NAME_COLUMNS);
	for (size_t k = 0; k < count; k++)
		put_columns(page, &shown[k]);
	runs = ep_page_table_column(page, "valid", "runs", false);
	for (size_t i = 0; runs >= 0 && i < s->config_count; i++)
		ep_cell_count(t->cells[i][runs], s->configs[i].valid_count);
	ep_page_table_end(page);
	for (size_t k = 0; k < count; k++)
		put_partial(page, &shown[k]);
	ep_page_gaps_end(page);
}

static void put_group(struct ep_page *page, const struct ep_summary *s,
		      const struct ep_study_group *group)
{
	struct shown shown[EP_STUDY_GROUP_MAX];
	size_t count = 0;

	for (size_t i = 0; group->figures[i].metric; i++) {
		int m = ep_summary_find(s, group->figures[i].metric);

		if (m >= 0 && s->metrics[m].any)
			look(&shown[count++], s, m, group->figures[i].label);
	}
	if (count == 0)
		return;
	page->ops->heading(page->ctx, group->title);
	if (group->note)
		ep_page_note(page, "%s", group->note);
	put_table(page, s, shown, count);
}

/* Those that were named, a table for each. */
static void put_chosen(struct ep_page *page, const struct ep_summary *s)
{
	for (size_t m = 0; m < s->chosen_count; m++) {
		struct shown shown;
		char name[120];

		(void)ep_str_format(name, sizeof(name), "%s.%s",
				    s->metrics[m].scope, s->metrics[m].name);
		page->ops->heading(page->ctx, name);
		look(&shown, s, (int)m, s->metrics[m].name);
		put_table(page, s, &shown, 1);
	}
}

static void put_rejected(struct ep_page *page, const struct ep_summary *s)
{
	size_t more = s->rejected_more_count;

	if (s->rejected_count == 0)
		return;
	page->ops->heading(page->ctx, "Runs that do not count");
	for (size_t i = 0; i < s->rejected_count; i++) {
		const struct ep_summary_rejected *r = &s->rejected[i];

		if (i < REJECTED_SHOWN_MAX)
			ep_page_note(
				page,
				"configuration %" PRId64 ", run %s%s%s%s: %s",
				r->config, r->run, r->folder[0] ? " (" : "",
				r->folder, r->folder[0] ? ")" : "", r->reasons);
		else
			more++;
	}
	if (more > 0)
		ep_page_note(page, "and %zu more: results.csv says why", more);
}

static void put_legend(struct ep_page *page)
{
	const char *folder = page->options->folder;

	page->ops->heading(page->ctx, "How to read this");
	ep_page_fact(page, "\u00b1",
		     "95 %% interval of the mean over the runs that count, by "
		     "their spread: what configurations of one study are "
		     "compared by; none where fewer than two runs count");
	ep_page_fact(page, "absolute",
		     "the same with the error that all runs share, of the "
		     "meter: for other meters and studies; of one run its "
		     "own; where there is none, nothing is shared");
	if (page->marks.low_confidence)
		ep_page_fact(page, "~",
			     "low confidence: JSON gives the reason");
	if (page->marks.estimated)
		ep_page_fact(page, "est.",
			     "ESTIMATED by a model; no meter was "
			     "involved in some of the runs");
	if (!folder || folder[0] == '\0')
		return;
	page->ops->heading(page->ctx, "Data");
	ep_page_fact(page, "folder", "%s", folder);
	ep_page_fact(page, "files",
		     "results.csv (one line for each run and phase), runs/ "
		     "(folders that edgeprof report takes, too)");
}

int ep_page_study_build(const struct ep_summary *s,
			const struct ep_render_options *options,
			const struct ep_page_ops *ops, void *ctx)
{
	struct ep_page page = { .options = options,
				.ops = ops,
				.ctx = ctx,
				.marks = { .paper = options->paper } };
	size_t rows = ep_page_sections_rows(s->sections);

	page.table = ep_page_table_new(
		rows > s->config_count ? rows : s->config_count);
	if (!page.table)
		return -ENOMEM;
	put_head(&page, s);
	put_configs(&page, s);
	if (s->chosen_count > 0)
		put_chosen(&page, s);
	for (const struct ep_study_group *g = ep_study_groups;
	     g->title && s->chosen_count == 0; g++)
		put_group(&page, s, g);
	ep_page_sections(&page, s->sections);
	put_rejected(&page, s);
	put_legend(&page);
	ep_page_table_free(page.table);
	return 0;
}
