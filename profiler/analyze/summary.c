/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/summary.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "profiler/analyze/section.h"
#include "profiler/analyze/summary_parts.h"

static int name_metrics(struct ep_summary *s, const char *const *metrics)
{
	for (size_t i = 0; metrics[i]; i++) {
		struct ep_summary_metric *m = &s->metrics[s->metric_count];
		const char *dot = strchr(metrics[i], '.');

		if (!dot)
			return -EINVAL;
		if (ep_summary_find(s, metrics[i]) >= 0)
			continue;
		if (s->metric_count == EP_SUMMARY_METRICS_MAX)
			return -E2BIG;
		(void)ep_str_format(m->scope, sizeof(m->scope), "%.*s",
				    (int)(dot - metrics[i]), metrics[i]);
		(void)ep_str_copy(m->name, sizeof(m->name), dot + 1);
		s->metric_count++;
	}
	return 0;
}

int ep_summary_find(const struct ep_summary *s, const char *metric)
{
	for (size_t i = 0; i < s->metric_count; i++) {
		size_t len = strlen(s->metrics[i].scope);

		if (strncmp(metric, s->metrics[i].scope, len) == 0 &&
		    metric[len] == '.' &&
		    strcmp(metric + len + 1, s->metrics[i].name) == 0)
			return (int)i;
	}
	return -1;
}

/* "j_per_token" alone, of which phase? */
static const char *same_metric(const struct ep_summary *s, const char *name)
{
	for (size_t i = 0; i < s->name_count; i++)
		if (strcmp(strchr(s->names[i], '.') + 1, name) == 0)
			return s->names[i];
	return NULL;
}

int ep_summary_check(const struct ep_summary *s, const char *metric,
		     struct ep_err *err)
{
	const char *near;

	for (size_t i = 0; i < s->name_count; i++)
		if (strcmp(s->names[i], metric) == 0)
			return 0;
	near = ep_str_nearest(metric, (const char *const *)s->names,
			      s->name_count);
	if (!near)
		near = same_metric(s, metric);
	if (near)
		return ep_err_set(err, -ENOENT,
				  "there is no figure '%.80s' in this study; "
				  "did you mean '%s'?",
				  metric, near);
	return ep_err_set(err, -ENOENT,
			  "there is no figure '%.80s' in this study; they are "
			  "named <phase>.<metric>, as in %s",
			  metric,
			  s->name_count > 0 ? s->names[0] : "run.duration_s");
}

void ep_summary_config_name(const struct ep_summary *s,
			    const struct ep_summary_config *c, char *ret,
			    size_t size)
{
	size_t used = 0;

	(void)ep_str_copy(ret, size, s->factor_count > 0 ? "" : "all");
	for (size_t i = 0; i < s->factor_count; i++) {
		(void)ep_str_format(ret + used, size - used, "%s%s",
				    i > 0 ? " \u00b7 " : "", c->levels[i]);
		used = strlen(ret);
	}
}

void ep_summary_note(struct ep_summary *s, const char *format, ...)
{
	va_list args;

	if (!s->notes)
		s->notes = calloc(EP_SUMMARY_NOTES_MAX, sizeof(*s->notes));
	if (!s->notes || s->note_count == EP_SUMMARY_NOTES_MAX)
		return;
	va_start(args, format);
	(void)vsnprintf(s->notes[s->note_count++], sizeof(*s->notes), format,
			args);
	va_end(args);
}

void ep_summary_done(struct ep_summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->config_count; i++) {
		free(s->configs[i].cells);
		for (size_t k = 0; k < s->factor_count; k++)
			free(s->configs[i].levels[k]);
	}
	for (size_t i = 0; i < s->name_count; i++)
		free(s->names[i]);
	free((void *)s->names);
	free(s->configs);
	free(s->runs);
	free(s->cell_runs);
	free(s->rejected);
	free(s->notes);
	ep_sections_free(s->sections);
	*s = (struct ep_summary){ 0 };
}

/* "phase.metric" of every column that has a value somewhere in that phase. */
static int make_names(struct ep_summary_parser *p)
{
	struct ep_summary *s = p->s;
	size_t count = 0;
	char name[120];

	for (size_t i = 0; i < p->phase_count; i++)
		for (size_t c = 0; c < p->column_count; c++)
			count += p->seen[i][c];
	s->names = calloc(count + 1, sizeof(*s->names));
	if (!s->names)
		return -ENOMEM;
	for (size_t i = 0; i < p->phase_count; i++)
		for (size_t c = 0; c < p->column_count; c++) {
			if (!p->seen[i][c])
				continue;
			(void)ep_str_format(name, sizeof(name), "%s.%s",
					    p->phases[i], p->columns[c]);
			s->names[s->name_count] = strdup(name);
			if (!s->names[s->name_count])
				return -ENOMEM;
			s->name_count++;
		}
	return 0;
}

int ep_summary_parse(char *text, const char *const *metrics,
		     struct ep_summary *ret, struct ep_err *err)
{
	struct ep_summary s = { 0 };
	struct ep_summary_parser *p = calloc(1, sizeof(*p));
	int r = p ? name_metrics(&s, metrics) : -ENOMEM;

	if (r == 0) {
		p->s = &s;
		p->err = err;
		r = ep_summary_lines(p, text);
	}
	if (r == 0)
		r = make_names(p);
	if (r == 0)
		r = ep_summary_cells(p);
	for (size_t i = 0; p && i < p->phase_count; i++)
		free(p->seen[i]);
	if (p) {
		free(p->columns);
		free(p->config_phases);
		free(p->values);
	}
	free(p);
	if (r < 0) {
		ep_summary_done(&s);
		return r == -EBADMSG ? r
				     : ep_err_set(err, r, "results.csv: %s",
						  strerror(-r));
	}
	*ret = s;
	return 0;
}
