/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/section.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/metrics.h"

struct ep_section *ep_section_new(struct ep_sections **list, const char *key,
				  const char *heading, const char *rows_are)
{
	struct ep_section *s;

	if (!*list)
		*list = calloc(1, sizeof(**list));
	if (!*list || (*list)->count == EP_SECTIONS_MAX)
		return NULL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return NULL;
	s->key = key;
	s->heading = heading;
	s->rows_are = rows_are;
	(*list)->items[(*list)->count++] = s;
	return s;
}

struct ep_section *ep_section_add(struct ep_report *r, const char *key,
				  const char *heading, const char *rows_are)
{
	return ep_section_new(&r->sections, key, heading, rows_are);
}

void ep_sections_free(struct ep_sections *s)
{
	for (size_t i = 0; s && i < s->count; i++) {
		for (size_t k = 0; k < s->items[i]->row_count; k++)
			free(s->items[i]->rows[k].metrics);
		free(s->items[i]->rows);
		free(s->items[i]);
	}
	free(s);
}

struct ep_section_fact *ep_section_fact(struct ep_section *s, const char *key,
					const char *label, const char *format,
					...)
{
	size_t n = s->fact_count;
	struct ep_section_fact *f;
	va_list args;

	if (n < EP_SECTION_FACTS_MAX)
		s->fact_count++;
	f = &s->facts[n < EP_SECTION_FACTS_MAX ? n : n - 1];
	f->key = key;
	f->number = (double)NAN;
	(void)ep_str_copy(f->label, sizeof(f->label), label);
	va_start(args, format);
	(void)vsnprintf(f->text, sizeof(f->text), format, args);
	va_end(args);
	return f;
}

void ep_section_note(struct ep_section *s, const char *format, ...)
{
	va_list args;

	if (s->note_count == EP_SECTION_NOTES_MAX)
		s->note_count--;
	va_start(args, format);
	(void)vsnprintf(s->notes[s->note_count++], sizeof(s->notes[0]), format,
			args);
	va_end(args);
}

/* A row with room for so many metrics. */
static struct ep_section_row *add_row(struct ep_section *s, size_t metrics)
{
	size_t n = s->row_count;
	struct ep_section_row *row;

	if (n == EP_SECTION_ROWS_MAX)
		return NULL;
	/* Full at every power of two, from 8 on. */
	if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
		row = realloc(s->rows, (n < 8 ? 8 : 2 * n) * sizeof(*row));
		if (!row)
			return NULL;
		s->rows = row;
	}
	row = &s->rows[n];
	memset(row, 0, sizeof(*row));
	row->metrics = calloc(metrics > 0 ? metrics : 1, sizeof(*row->metrics));
	if (!row->metrics)
		return NULL;
	s->row_count++;
	return row;
}

struct ep_section_row *ep_section_row(struct ep_section *s, const char *scope,
				      const char *what)
{
	struct ep_section_row *row = add_row(s, EP_SECTION_METRICS_MAX);

	if (!row)
		return NULL;
	(void)ep_str_copy(row->scope, sizeof(row->scope), scope);
	(void)ep_str_copy(row->what, sizeof(row->what), what);
	return row;
}

struct ep_section_row *ep_section_row_copy(struct ep_section *s,
					   const struct ep_section_row *from)
{
	struct ep_section_row *row = add_row(s, from->metric_count);
	struct ep_metric *metrics;

	if (!row)
		return NULL;
	metrics = row->metrics;
	*row = *from;
	row->metrics = metrics;
	memcpy(metrics, from->metrics, from->metric_count * sizeof(*metrics));
	return row;
}

struct ep_metric *ep_section_metric(struct ep_section_row *row,
				    const char *name)
{
	size_t n = row->metric_count;
	struct ep_metric *m = &row->metrics[n];

	if (n == EP_SECTION_METRICS_MAX)
		m = &row->metrics[n - 1];
	else
		row->metric_count++;
	ep_metric_begin(m, name);
	return m;
}

/* Estimated is worse than low confidence: no meter was involved. */
bool ep_derive_begin(struct ep_metric *m, const struct ep_metric *const *from,
		     size_t count)
{
	enum ep_status worst = EP_STATUS_OK;
	const char *reason = "";

	m->u95 = 0;
	for (size_t i = 0; i < count; i++) {
		const struct ep_metric *f = from[i];

		if (!f || f->status == EP_STATUS_NOT_MEASURED ||
		    !isfinite(f->value)) {
			ep_metric_refuse(m, f ? f->reason : "not measured");
			return false;
		}
		if (isnan(f->u95))
			m->u95 = (double)NAN;
		if (f->status > worst) {
			worst = f->status;
			reason = f->reason;
		}
	}
	m->status = worst;
	(void)ep_str_copy(m->reason, sizeof(m->reason), reason);
	return true;
}

void ep_derive_end(struct ep_metric *m, double value, const struct ep_budget *b)
{
	enum ep_status status = m->status;
	bool unknown = isnan(m->u95);

	ep_metric_set(m, value, b, 1);
	if (m->status == EP_STATUS_NOT_MEASURED)
		return;
	m->status = status;
	if (unknown)
		m->u95 = (double)NAN;
}

bool ep_term_is_common(const char *name)
{
	return strcmp(name, "gain") == 0 || strcmp(name, "offset") == 0 ||
	       strcmp(name, EP_TERM_METER) == 0;
}

void ep_derive_terms(struct ep_budget *b, const struct ep_metric *m,
		     double factor)
{
	for (size_t i = 0; i < m->term_count; i++)
		ep_budget_add(b, m->terms[i].name,
			      fabs(factor) * m->terms[i].u);
}

void ep_derive_scaled(struct ep_metric *m, const struct ep_metric *from,
		      double factor, const char *name, double relative_u)
{
	struct ep_budget b = { .count = 0 };

	if (!ep_derive_begin(m, &from, 1))
		return;
	ep_derive_terms(&b, from, factor);
	if (name[0] != '\0')
		ep_budget_add(&b, name,
			      relative_u * fabs(from->value * factor));
	ep_derive_end(m, from->value * factor, &b);
}

const struct ep_metric *ep_report_total(const struct ep_report *r,
					const char *scope, const char *name)
{
	for (size_t i = 0; i < r->total_count; i++)
		if (strcmp(r->totals[i].phase.name, scope) == 0)
			return ep_row_metric(&r->totals[i], name);
	return NULL;
}
