/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/section_names.h"

#include <math.h>
#include <string.h>

#include "profiler/report/cell.h"

static const struct ep_section_name names[] = {
	{ "energy_j", "energy", "J", EP_SECTION_BOTH },
	{ "duration_s", "time", "s", EP_SECTION_ROUNDED },
	{ "inferences_per_charge", "inferences", "per charge",
	  EP_SECTION_WHOLE },
	{ "hours_per_charge", "hours", "per charge", EP_SECTION_BOTH },
	{ "words_per_charge", "words", "per charge", EP_SECTION_WHOLE },
	{ "duty_hours_per_charge", "hours", "at the duty", EP_SECTION_BOTH },
	{ "duty_inferences_per_charge", "inferences", "at the duty",
	  EP_SECTION_WHOLE },
	{ "tokens_per_s", "rate", "tokens/s", EP_SECTION_BOTH },
	{ "reading_ratio", "of reading", "", EP_SECTION_BOTH },
	{ "j_per_token", "energy", "J/token", EP_SECTION_BOTH },
	{ "cost_per_million_tokens", "cost", "/1M tokens", EP_SECTION_BOTH },
	{ "api_price_ratio", "API price", "/cost", EP_SECTION_BOTH },
	{ "value", "this run", "", EP_SECTION_ROUNDED },
	{ "reference", "reference", "", EP_SECTION_ROUNDED },
	{ "ratio", "ratio", "", EP_SECTION_BOTH },
	{ "change_factor", "change", "factor", EP_SECTION_ROUNDED },
	{ "power_saved_w", "saves", "W", EP_SECTION_BOTH },
	{ "break_even_years", "after", "years", EP_SECTION_BOTH },
	{ "devices_needed_count", "of this", "devices", EP_SECTION_WHOLE },
	{ "tco_this", "total cost", "this", EP_SECTION_ROUNDED },
	{ "tco_other", "total cost", "other", EP_SECTION_ROUNDED },
	{ "tco_saving_share", "saving", "share", EP_SECTION_ROUNDED },
};

const struct ep_section_name *ep_section_name(const char *name)
{
	static const struct ep_section_name none = { "", "", "",
						     EP_SECTION_BOTH };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, name) == 0)
			return &names[i];
	return &none;
}

unsigned ep_section_flags(const struct ep_section_name *n)
{
	switch (n->how) {
	case EP_SECTION_BOTH:
		return EP_CELL_U95;
	case EP_SECTION_WHOLE:
		return EP_CELL_WHOLE;
	case EP_SECTION_ROUNDED:
		break;
	}
	return 0;
}

void ep_json_section_facts(struct ep_json_out *o, const struct ep_section *s)
{
	for (size_t i = 0; i < s->fact_count; i++) {
		const struct ep_section_fact *f = &s->facts[i];

		if (isnan(f->number))
			ep_json_text(o, f->key, f->text);
		else
			ep_json_number(o, f->key, f->number);
	}
}

void ep_json_section_notes(struct ep_json_out *o, const struct ep_section *s)
{
	ep_json_open(o, "notes", '[', false);
	for (size_t k = 0; k < s->note_count; k++)
		ep_json_text(o, NULL, s->notes[k]);
	ep_json_close(o, ']');
}

static void put_row(struct ep_json_out *o, const struct ep_section_row *row)
{
	ep_json_open(o, row->scope, '{', false);
	ep_json_text(o, "what", row->what);
	for (size_t i = 0; i < row->metric_count; i++)
		ep_json_metric(o, row->metrics[i].name, &row->metrics[i]);
	ep_json_close(o, '}');
}

void ep_json_sections(struct ep_json_out *o, const struct ep_report *r)
{
	for (size_t i = 0; r->sections && i < r->sections->count; i++) {
		const struct ep_section *s = r->sections->items[i];

		ep_json_open(o, s->key, '{', false);
		ep_json_section_facts(o, s);
		ep_json_open(o, "figures", '{', false);
		for (size_t k = 0; k < s->row_count; k++)
			put_row(o, &s->rows[k]);
		ep_json_close(o, '}');
		ep_json_section_notes(o, s);
		ep_json_close(o, '}');
	}
}

/* What was asked with: no status. */
static void put_given(struct ep_csv_out *o, const struct ep_section *s,
		      bool verdicts)
{
	for (size_t i = 0; i < s->fact_count; i++) {
		if (isnan(s->facts[i].number))
			continue;
		ep_csv_put(o, s->key, ',');
		ep_csv_put(o, "", ',');
		ep_csv_put(o, s->facts[i].key, ',');
		ep_csv_put_number(o, s->facts[i].number, ',');
		ep_csv_put(o, verdicts ? ",,," : ",,", '\n');
	}
}

static void put_line(struct ep_csv_out *o, const char *section,
		     const struct ep_section_row *row,
		     const struct ep_metric *m, bool verdicts)
{
	bool missing =
		m->status == EP_STATUS_NOT_MEASURED || !isfinite(m->value);

	ep_csv_put(o, section, ',');
	ep_csv_put_quoted(o, row->scope, ',');
	ep_csv_put(o, m->name, ',');
	ep_csv_put_number(o, missing ? (double)NAN : m->value, ',');
	ep_csv_put_number(o, missing ? (double)NAN : m->u95, ',');
	ep_csv_put(o,
		   ep_status_name(missing ? EP_STATUS_NOT_MEASURED : m->status),
		   ',');
	ep_csv_put_quoted(o, m->reason, verdicts ? ',' : '\n');
	if (verdicts)
		ep_csv_put_quoted(o, row->verdict, '\n');
}

static void put_sections(struct ep_csv_out *o, const struct ep_sections *list,
			 bool verdicts)
{
	ep_csv_put(o, "", '\n');
	ep_csv_put(o, "section,scope,metric,value,u95,status,reason",
		   verdicts ? ',' : '\n');
	if (verdicts)
		ep_csv_put(o, "verdict", '\n');
	for (size_t i = 0; i < list->count; i++) {
		const struct ep_section *s = list->items[i];

		put_given(o, s, verdicts);
		for (size_t k = 0; k < s->row_count; k++)
			for (size_t n = 0; n < s->rows[k].metric_count; n++)
				put_line(o, s->key, &s->rows[k],
					 &s->rows[k].metrics[n], verdicts);
	}
}

void ep_csv_sections(struct ep_csv_out *o, const struct ep_report *r)
{
	if (r->sections)
		put_sections(o, r->sections, false);
}

void ep_csv_study_sections(struct ep_csv_out *o, const struct ep_sections *s)
{
	if (s)
		put_sections(o, s, true);
}

size_t ep_section_metrics(const struct ep_section *s, const char **ret,
			  size_t size)
{
	size_t count = 0;

	for (size_t i = 0; i < s->row_count; i++)
		for (size_t k = 0; k < s->rows[i].metric_count; k++) {
			const char *name = s->rows[i].metrics[k].name;
			bool had = false;

			for (size_t j = 0; j < count && !had; j++)
				had = strcmp(ret[j], name) == 0;
			if (!had && count < size)
				ret[count++] = name;
		}
	return count;
}
