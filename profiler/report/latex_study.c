/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/latex.h"
#include "profiler/report/render.h"

#define MIB (1.0 / (1024 * 1024))
#define FACTOR_COLUMNS_MAX 4
#define BELOW_BYTES 2600

struct figure {
	const char *metric, *head, *unit;
	double factor;
};

/* A table of its own each; ends at metric NULL. */
static const struct topic {
	const char *label, *caption;
	struct figure figures[8];
} topics[] = {
	{ "study_energy",
	  "Energy and action per token. Generation is divided by its decode "
	  "steps, end to end is prefill and generation by output tokens, "
	  "without load. Action is energy times time, divided by tokens.",
	  { { "generation.j_per_token", "Energy, gross", "J/token", 1 },
	    { "generation.net_j_per_token", "Energy, net", "J/token", 1 },
	    { "request.j_per_output_token", "End to end", "J/token", 1 },
	    { "generation.action_j_s_per_token", "Action", "J\xc2\xb7s/token",
	      1 },
	    { "generation.tokens_per_s", "Rate", "tokens/s", 1 } } },
	{ "study_prefill",
	  "Prefill: energy and action per prompt token.",
	  { { "prefill.j_per_token", "Energy, gross", "J/token", 1 },
	    { "prefill.net_j_per_token", "Energy, net", "J/token", 1 },
	    { "prefill.action_j_s_per_token", "Action", "J\xc2\xb7s/token", 1 },
	    { "prefill.tokens_per_s", "Rate", "tokens/s", 1 } } },
	{ "study_time",
	  "Time of each phase and until the first token.",
	  { { "load.duration_s", "Load", "s", 1 },
	    { "prefill.duration_s", "Prefill", "s", 1 },
	    { "generation.duration_s", "Generation", "s", 1 },
	    { "request.ttft_s", "First token", "s", 1 } } },
	{ "study_power",
	  "Energy of the whole run, mean power, and the largest resident set.",
	  { { "run.energy_j", "Energy", "J", 1 },
	    { "run.power_mean_w", "Mean power", "W", 1 },
	    { "generation.power_mean_w", "in generation", "W", 1 },
	    { "prefill.power_mean_w", "in prefill", "W", 1 },
	    { "run.rss_peak_bytes", "Memory", "MiB", MIB } } },
	{ "study_events",
	  "What the processors counted, per decode step of generation.",
	  { { "generation.instructions_per_token", "Instructions", "", 1 },
	    { "generation.cache_misses_per_token", "Cache misses", "", 1 },
	    { "generation.context_switches_per_token", "Context switches", "",
	      1 },
	    { "generation.page_faults_per_token", "Page faults", "", 1 } } },
};
#define TOPICS (sizeof(topics) / sizeof(topics[0]))

static const char *const metrics[] = {
	"generation.j_per_token",
	"generation.net_j_per_token",
	"request.j_per_output_token",
	"generation.action_j_s_per_token",
	"generation.tokens_per_s",
	"prefill.j_per_token",
	"prefill.net_j_per_token",
	"prefill.action_j_s_per_token",
	"prefill.tokens_per_s",
	"load.duration_s",
	"prefill.duration_s",
	"generation.duration_s",
	"request.ttft_s",
	"run.energy_j",
	"run.power_mean_w",
	"generation.power_mean_w",
	"prefill.power_mean_w",
	"run.rss_peak_bytes",
	"generation.instructions_per_token",
	"generation.cache_misses_per_token",
	"generation.context_switches_per_token",
	"generation.page_faults_per_token",
	NULL,
};

/* The same of every table. */
static void put_below(const struct ep_summary *s, char *ret)
{
	(void)ep_str_format(
		ret, BELOW_BYTES,
		"%s%s%sBoard: %s. Energy: %s%s%s.%s%s%s Means over the n runs that count "
		"(column Runs). \xc2\xb1 is the 95 %% interval of the mean: the spread "
		"between runs (Student's t) and what all runs have in common "
		"because they use one meter; of one run its own (k = 2).",
		s->title[0] ? "Study: " : "", s->title, s->title[0] ? ". " : "",
		s->board[0] ? s->board : "not known, or several",
		s->estimated ? "ESTIMATED by a model, not measured by a "
			       "meter: "
			     : "",
		s->total_name[0] ? s->total_name : "not measured",
		s->totals_differ
			? " (and others: totals of several kinds are mixed)"
			: "",
		s->coverage[0] ? " It covers: " : "", s->coverage,
		s->coverage[0] && !ep_str_ends(s->coverage, ".") ? "." : "");
}

static int put_rows(struct ep_latex_table *t, const struct ep_summary *s)
{
	bool apart =
		s->factor_count > 0 && s->factor_count <= FACTOR_COLUMNS_MAX;
	size_t names = apart ? s->factor_count : 1;
	int n;

	for (size_t i = 0; i < names; i++)
		(void)ep_latex_column(
			t, apart ? s->factors[i] : "Configuration", "", true);
	n = ep_latex_column(t, "Runs", "", true);
	for (size_t i = 0; i < s->config_count; i++) {
		const struct ep_summary_config *c = &s->configs[i];

		if (ep_latex_row(t) < 0)
			return -ENOMEM;
		for (size_t k = 0; apart && k < names; k++)
			(void)ep_str_copy(ep_latex_at(t, i, (int)k)->text,
					  EP_LATEX_TEXT_BYTES, c->levels[k]);
		if (!apart)
			ep_summary_config_name(s, c, ep_latex_at(t, i, 0)->text,
					       EP_LATEX_TEXT_BYTES);
		(void)ep_str_format(ep_latex_at(t, i, n)->text,
				    EP_LATEX_TEXT_BYTES, "%" PRId64,
				    c->valid_count);
	}
	return 0;
}

static void put_cell(struct ep_latex_table *t, const struct ep_summary *s,
		     const struct figure *f, size_t row, int column)
{
	const struct ep_summary_config *c = &s->configs[row];
	const struct ep_group_figure *g =
		&c->cells[ep_summary_find(s, f->metric)].figure;
	struct ep_latex_cell *cell = ep_latex_at(t, row, column);
	char name[120], what[200];

	cell->flags = ep_rounded_group_flags(g);
	ep_summary_config_name(s, c, name, sizeof(name));
	if (cell->flags & EP_ROUNDED_MISSING) {
		(void)ep_str_format(what, sizeof(what), "%s (%s)", f->head,
				    name);
		ep_latex_gap(t, what, g->reason);
		return;
	}
	ep_rounded_make(g->mean * f->factor, g->u95 * f->factor,
			&cell->rounded);
	if ((int64_t)g->run_count != c->valid_count)
		ep_latex_note(t, "%s (%s): of %zu runs", f->head, name,
			      g->run_count);
}

static void put_topic(struct ep_latex *l, const struct ep_summary *s,
		      const struct topic *topic, const char *below)
{
	struct ep_latex_table *t = ep_latex_table_new(l, topic->label);
	size_t shown = 0;
	int r = t ? put_rows(t, s) : 0;

	for (size_t i = 0; t && r == 0 && topic->figures[i].metric; i++) {
		const struct figure *f = &topic->figures[i];
		int m = ep_summary_find(s, f->metric), column;

		if (m < 0 || !s->metrics[m].any)
			continue;
		column = ep_latex_column(t, f->head, f->unit, false);
		for (size_t k = 0; column >= 0 && k < s->config_count; k++)
			put_cell(t, s, f, k, column);
		shown++;
	}
	if (!t)
		return;
	l->error = l->error ? l->error : r;
	if (shown == 0) {
		ep_latex_table_drop(t);
		return;
	}
	(void)ep_str_format(t->caption_short, sizeof(t->caption_short), "%.*s",
			    (int)strcspn(topic->caption, "."), topic->caption);
	ep_latex_caption(t, "%s %s", topic->caption, below);
	ep_latex_table_end(l, t);
}

/* Nobody shall paste figures without seeing what makes them doubtful. */
static void put_doubts(struct ep_latex *l, const struct ep_summary *s)
{
	for (size_t i = 0; i < s->note_count; i++) {
		ep_latex_raw(l, i == 0 ? "\n\\noindent " : "");
		ep_latex_text(l, s->notes[i]);
		ep_latex_raw(l, "\\par\n");
	}
}

static int study_render(const struct ep_summary *s,
			const struct ep_render_options *options,
			struct ep_buf *b)
{
	struct ep_latex l = { .b = b };
	char below[BELOW_BYTES];
	size_t start = b->len;

	(void)options;
	put_below(s, below);
	ep_latex_begin(&l);
	put_doubts(&l, s);
	for (size_t i = 0; i < TOPICS; i++)
		put_topic(&l, s, &topics[i], below);
	ep_latex_sections(&l, s->sections, below);
	if (l.error == 0 && l.table_count == 0)
		ep_latex_raw(&l, "% No configuration has a run that counts "
				 "with figures of these tables.\n");
	if (l.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return l.error;
}

const struct ep_study_format ep_study_format_latex = {
	.metrics = metrics,
	.render = study_render,
};
