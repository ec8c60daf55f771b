/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/asked_parts.h"
#include "profiler/analyze/metrics.h"

/* Counts of tokens further apart than this are not the same work. */
#define COUNT_MARGIN 0.01

struct pair {
	const struct ep_report *mine, *other;
	bool same_meter; /* one machine and one total: its gain cancels */
};

static const char *run_text(const struct ep_report *r, const char *object,
			    const char *key)
{
	const char *text = json_string_value(
		json_object_get(json_object_get(r->run, object), key));

	return text ? text : "";
}

static bool is_same_meter(const struct ep_report *a, const struct ep_report *b)
{
	const char *host = run_text(a, "host", "name");

	return host[0] != '\0' &&
	       strcmp(host, run_text(b, "host", "name")) == 0 &&
	       strcmp(run_text(a, "board", "name"),
		      run_text(b, "board", "name")) == 0 &&
	       a->total_name[0] != '\0' &&
	       strcmp(a->total_name, b->total_name) == 0;
}

/* Relative, of a term. */
static double share(const struct ep_metric *m, const char *name)
{
	for (size_t i = 0; i < m->term_count; i++)
		if (strcmp(m->terms[i].name, name) == 0)
			return m->terms[i].u / fabs(m->value);
	return 0;
}

/*
 * Terms of a ratio: what both meters have in common cancels, but for an offset,
 * which weighs more in what takes less power.
 */
static void ratio_terms(struct ep_budget *b, const struct pair *p,
			const struct ep_metric *x, const struct ep_metric *ref,
			double ratio)
{
	static const char *const weighs[] = { "offset", EP_TERM_METER };
	const struct ep_metric *both[] = { x, ref };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < both[k]->term_count; i++) {
			const struct ep_term *t = &both[k]->terms[i];

			if (!ep_term_is_common(t->name) || !p->same_meter)
				ep_budget_add(b, t->name,
					      ratio * t->u /
						      fabs(both[k]->value));
		}
	for (size_t i = 0; p->same_meter && i < 2; i++)
		ep_budget_add(b, weighs[i],
			      ratio * fabs(share(x, weighs[i]) -
					   share(ref, weighs[i])));
}

/* x / ref, and the same as a change factor. */
static void add_change(struct ep_section_row *row, const struct pair *p,
		       const struct ep_metric *x, const struct ep_metric *ref)
{
	struct ep_metric *ratio = ep_section_metric(row, "ratio");
	struct ep_metric *change = ep_section_metric(row, "change_factor");
	const struct ep_metric *from[] = { x, ref };
	struct ep_budget b = { .count = 0 }, inverse = { .count = 0 };
	double value;

	if (!ep_derive_begin(ratio, from, 2)) {
		ep_metric_refuse(change, ratio->reason);
		return;
	}
	if (!(x->value > 0 && ref->value > 0)) {
		ep_metric_refuse(ratio, "both must be above zero");
		ep_metric_refuse(change, ratio->reason);
		return;
	}
	value = x->value / ref->value;
	ratio_terms(&b, p, x, ref, value);
	(void)ep_derive_begin(change, from, 2);
	ep_derive_end(ratio, value, &b);
	/* Of 1 / ratio the relative uncertainty is the same. */
	ep_budget_add_scaled(&inverse, &b,
			     value >= 1 ? 1 : 1 / (value * value));
	ep_derive_end(change, ep_change_factor(x->value, ref->value), &inverse);
}

/* Why an action is not to be compared; "" it is. */
static void refuse_lengths(char *why, size_t size, const struct ep_row *a,
			   const struct ep_row *b)
{
	double x = (double)a->phase.tokens_count,
	       y = (double)b->phase.tokens_count;

	why[0] = '\0';
	if (x > 0 && y > 0 && fabs(x - y) > COUNT_MARGIN * fmin(x, y))
		(void)ep_str_format(why, size,
				    "%.0f and %.0f tokens: action grows with "
				    "their number (--normalise compares it "
				    "for each token)",
				    x, y);
}

static const struct ep_row *find_row(const struct ep_report *r,
				     const char *scope)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, scope) == 0)
			return &r->totals[i];
	return NULL;
}

static int add_row(struct ep_section *s, const struct pair *p,
		   const char *scope, const char *name)
{
	const struct ep_row *a = find_row(p->mine, scope);
	const struct ep_row *b = find_row(p->other, scope);
	const struct ep_metric *x = a ? ep_row_metric(a, name) : NULL;
	const struct ep_metric *ref = b ? ep_row_metric(b, name) : NULL;
	char full[80], why[160] = "";
	struct ep_section_row *row;
	struct ep_metric *m;

	if (!x || !ref)
		return 0;
	(void)ep_str_format(full, sizeof(full), "%s.%s", scope, name);
	row = ep_section_row(s, full, full);
	if (!row)
		return -ENOMEM;
	if (strcmp(name, "action_j_s_per_token") == 0)
		refuse_lengths(why, sizeof(why), a, b);
	m = ep_section_metric(row, "value");
	ep_derive_scaled(m, x, 1, "", 0);
	m = ep_section_metric(row, "reference");
	ep_derive_scaled(m, ref, 1, "", 0);
	add_change(row, p, x, ref);
	for (size_t i = 2; why[0] && i < row->metric_count; i++)
		ep_metric_refuse(&row->metrics[i], why);
	return 0;
}

static void put_notes(struct ep_section *s, const struct pair *p, bool pooled)
{
	ep_section_note(s, "change factor: ratio where it is at least 1, else "
			   "minus its inverse; -2 is half");
	ep_section_note(s,
			p->same_meter
				? "one machine and one meter: its gain is the "
				  "same in both and not in the \u00b1 of ratios"
				: "two machines or meters: the gains of both "
				  "are in the \u00b1 of ratios");
	ep_section_note(s, "%s",
			pooled ? "the spread of the runs is in the \u00b1, but "
				 "not that of a side that is one run"
			       : "one run each: the run-to-run spread is "
				 "unknown and not in the \u00b1");
}

int ep_asked_against(struct ep_report *r, const struct ep_asked *q)
{
	static const char *const compared[][2] = {
		{ "load", "duration_s" },
		{ "load", "energy_j" },
		{ "prefill", "tokens_per_s" },
		{ "prefill", "j_per_token" },
		{ "prefill", "net_j_per_token" },
		{ "prefill", "action_j_s_per_token" },
		{ "generation", "tokens_per_s" },
		{ "generation", "j_per_token" },
		{ "generation", "net_j_per_token" },
		{ "generation", "action_j_s_per_token" },
		{ "generation", "power_mean_w" },
		{ "run", "duration_s" },
		{ "run", "energy_j" },
		{ "run", "j_per_output_token" },
		{ "run", "rss_peak_bytes" },
	};
	struct pair p = { r, q->against, is_same_meter(r, q->against) };
	struct ep_section *s = ep_section_add(
		r, "against",
		q->pooled ? "Against the reference" : "Against another run",
		"figure");
	int code = 0;

	if (!s)
		return -ENOMEM;
	(void)ep_section_fact(s, "reference", "reference", "%s",
			      q->against_name);
	for (size_t i = 0;
	     i < sizeof(compared) / sizeof(compared[0]) && code == 0; i++) {
		const char *name = compared[i][1];

		if (q->normalise && strcmp(name, "action_j_s_per_token") == 0)
			name = "edp_j_s_per_token2";
		code = add_row(s, &p, compared[i][0], name);
	}
	put_notes(s, &p, q->pooled);
	return code;
}
