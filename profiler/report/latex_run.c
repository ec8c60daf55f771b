/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/formats.h"
#include "profiler/report/latex.h"
#include "profiler/report/page_totals.h"

#define MIB (1.0 / (1024 * 1024))

struct run {
	struct ep_latex l;
	const struct ep_report *r;
	char below[2200]; /* what every caption ends with */
};

static const char *text_of(const struct ep_report *r, const char *object,
			   const char *key)
{
	const json_t *at = object ? json_object_get(r->run, object) : r->run;
	const char *text = json_string_value(json_object_get(at, key));

	return text ? text : "";
}

/* The program that ran, without its folder. */
static void put_program(const struct ep_report *r, char *ret, size_t size)
{
	const json_t *command = json_object_get(r->run, "command"), *word;
	size_t i;

	ret[0] = '\0';
	json_array_foreach(command, i, word)
	{
		const char *text = json_string_value(word);
		const char *slash = text ? strrchr(text, '/') : NULL;
		size_t used = strlen(ret);

		if (text)
			(void)ep_str_format(ret + used, size - used, "%s%s",
					    i > 0 ? " " : "",
					    i == 0 && slash ? slash + 1 : text);
	}
}

/* The same of every table: what it was, on what, and what the watts are. */
static void put_below(struct run *run)
{
	const struct ep_report *r = run->r;
	const char *title = text_of(r, "board", "title");
	const char *board = text_of(r, "board", "name");
	char program[200];

	put_program(r, program, sizeof(program));
	(void)ep_str_format(
		run->below, sizeof(run->below),
		"%s%s%sBoard: %s%s%s. Energy: %s%s.%s%s%s%s n = 1 run%s%s; "
		"\xc2\xb1 is the 95 %% interval (k = 2) of this run alone, the "
		"spread between runs is not known.",
		program[0] ? "Program: " : "", program, program[0] ? ". " : "",
		board[0] ? board : "none", title[0] ? ", " : "", title,
		r->total_estimated ? "ESTIMATED by a model, not measured by a "
				     "meter: "
				   : "",
		r->total_name[0] ? r->total_name : "not measured",
		r->coverage[0] ? " It covers: " : "", r->coverage,
		r->coverage[0] && !ep_str_ends(r->coverage, ".") ? "." : "",
		r->total_name[0] && !ep_cell_missing(&r->idle_power_w)
			? " Net is what comes on top of idle power."
			: "",
		r->request_count > 1 ? ", " : "",
		r->request_count > 1 ? "all its requests" : "");
}

static bool any_value(const struct run *run, ep_totals_filter *wanted,
		      const char *metric)
{
	for (size_t i = 0; i < run->r->total_count; i++) {
		const struct ep_metric *m =
			ep_row_metric(&run->r->totals[i], metric);

		if (wanted(&run->r->totals[i]) && m && !ep_cell_missing(m))
			return true;
	}
	return false;
}

struct column {
	const char *metric, *head, *unit;
	double factor;
	bool plain; /* without its uncertainty */
};

static void put_column(struct run *run, struct ep_latex_table *t,
		       ep_totals_filter *wanted, const struct column *c)
{
	bool any = any_value(run, wanted, c->metric);
	int column = any ? ep_latex_column(t, c->head, c->unit, false) : -1;
	size_t row = 0;
	char what[160];

	for (size_t i = 0; i < run->r->total_count; i++) {
		const struct ep_row *total = &run->r->totals[i];
		const struct ep_metric *m = ep_row_metric(total, c->metric);

		if (!wanted(total))
			continue;
		if (column >= 0)
			(c->plain ? ep_latex_plain : ep_latex_figure)(
				ep_latex_at(t, row, column), m, c->factor);
		row++;
		if (!m || !ep_cell_missing(m))
			continue;
		(void)ep_str_format(what, sizeof(what), "%s %s%s%s", c->head,
				    c->unit, any ? " of " : "",
				    any ? total->phase.name : "");
		ep_latex_gap(t, what, m->reason);
	}
}

/* One row for each of the totals that are wanted. */
static struct ep_latex_table *phases_new(struct run *run, const char *label,
					 ep_totals_filter *wanted)
{
	struct ep_latex_table *t = ep_latex_table_new(&run->l, label);

	if (!t)
		return NULL;
	(void)ep_latex_column(t, "Phase", "", true);
	for (size_t i = 0; i < run->r->total_count; i++) {
		ptrdiff_t row;

		if (!wanted(&run->r->totals[i]))
			continue;
		row = ep_latex_row(t);
		if (row < 0) {
			run->l.error = run->l.error ? run->l.error : -ENOMEM;
			break;
		}
		(void)ep_str_copy(ep_latex_at(t, (size_t)row, 0)->text,
				  EP_LATEX_TEXT_BYTES,
				  run->r->totals[i].phase.name);
	}
	return t;
}

static void put_energy(struct run *run)
{
	static const struct column columns[] = {
		{ "duration_s", "Time", "s", 1, true },
		{ "energy_j", "Energy, gross", "J", 1, false },
		{ "energy_net_j", "Energy, net", "J", 1, false },
		{ "power_mean_w", "Mean power", "W", 1, false },
		{ "charge_c", "Charge", "mAh", 1 / EP_COULOMBS_PER_MAH, false },
		{ "rss_peak_bytes", "Memory", "MiB", MIB, true },
	};
	struct ep_latex_table *t =
		phases_new(run, "energy", ep_totals_every_row);

	if (!t)
		return;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		put_column(run, t, ep_totals_every_row, &columns[i]);
	(void)ep_str_copy(t->caption_short, sizeof(t->caption_short),
			  "Time, energy and power of each phase");
	ep_latex_caption(t,
			 "Time, energy and power of each phase, over all "
			 "requests. %s",
			 run->below);
	ep_latex_table_end(&run->l, t);
}

/* What J/token is divided by. */
static void put_denominators(struct run *run, struct ep_latex_table *t)
{
	int count = ep_latex_column(t, "Divided by", "tokens, steps", true);
	size_t row = 0;

	for (size_t i = 0; count >= 0 && i < run->r->total_count; i++) {
		const struct ep_phase *p = &run->r->totals[i].phase;
		bool generation = strcmp(p->name, EP_PHASE_GENERATION) == 0;
		int64_t n = generation ? p->steps_count : p->tokens_count;
		const char *what = generation ? "steps"
				   : strcmp(p->name, EP_PHASE_PREFILL) == 0
					   ? "prompt"
				   : strcmp(p->name, "run") == 0 ? "output"
								 : "tokens";

		if (!ep_totals_token_row(&run->r->totals[i]))
			continue;
		if (n >= 0)
			(void)ep_str_format(ep_latex_at(t, row, count)->text,
					    EP_LATEX_TEXT_BYTES,
					    "%" PRId64 " %s", n, what);
		row++;
	}
}

static void put_per_token(struct run *run)
{
	static const struct column columns[] = {
		{ "tokens_per_s", "Rate", "tokens/s", 1, true },
		{ "j_per_token", "Energy, gross", "J/token", 1, false },
		{ "net_j_per_token", "Energy, net", "J/token", 1, false },
		{ "j_per_output_token", "End to end", "J/token", 1, false },
		{ "action_j_s_per_token", "Action", "J\xc2\xb7s/token", 1,
		  false },
	};
	struct ep_latex_table *t =
		phases_new(run, "tokens", ep_totals_token_row);

	if (!t)
		return;
	put_denominators(run, t);
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
		put_column(run, t, ep_totals_token_row, &columns[i]);
	(void)ep_str_copy(t->caption_short, sizeof(t->caption_short),
			  "Energy and action per token");
	ep_latex_caption(t,
			 "Energy and action per token. Prefill is divided by "
			 "its prompt tokens, generation by its decode steps "
			 "(the first output token comes out of prefill), end "
			 "to end is prefill and generation by output tokens, "
			 "without load. Action is energy times time, divided "
			 "by tokens. %s",
			 run->below);
	if (t->column_count > 2)
		ep_latex_table_end(&run->l, t);
	else
		ep_latex_table_drop(t);
}

/* Nobody shall paste figures that do not hold without seeing it. */
static void put_validity(struct run *run)
{
	const struct ep_validity *v = &run->r->validity;

	if (v->valid && v->complete)
		return;
	ep_latex_raw(&run->l, "\n\\textbf{");
	ep_latex_text(&run->l,
		      v->complete ? "INVALID: do not use these figures"
				  : "INCOMPLETE: the recording stopped before "
				    "the end of the run");
	ep_latex_raw(&run->l, "}\\par\n");
	for (size_t i = 0; i < v->reason_count; i++) {
		ep_latex_text(&run->l, v->reasons[i]);
		ep_latex_raw(&run->l, "\\par\n");
	}
}

static int latex_render(const struct ep_report *report,
			const struct ep_render_options *options,
			struct ep_buf *b)
{
	struct run run = { .l = { .b = b }, .r = report };
	size_t start = b->len;

	(void)options;
	put_below(&run);
	ep_latex_begin(&run.l);
	put_validity(&run);
	put_energy(&run);
	put_per_token(&run);
	ep_latex_sections(&run.l, report->sections, run.below);
	if (run.l.error < 0 && b->data) {
		b->len = start;
		b->data[start] = '\0';
	}
	return run.l.error;
}

const struct ep_format ep_format_latex = {
	.name = "latex",
	.summary = "tables for a paper: booktabs and siunitx",
	.study = &ep_study_format_latex,
	.render = latex_render,
};
