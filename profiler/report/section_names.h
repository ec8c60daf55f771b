/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_SECTION_NAMES_H
#define EP_PROFILER_REPORT_SECTION_NAMES_H

#include "profiler/analyze/section.h"
#include "profiler/report/csv_files.h"
#include "profiler/report/json_out.h"

/* How a figure of a section is headed. */
struct ep_section_name {
	const char *name, *head, *unit;
	enum { EP_SECTION_BOTH, EP_SECTION_ROUNDED, EP_SECTION_WHOLE } how;
};
/* Never NULL; a figure without an entry has an empty head. */
const struct ep_section_name *ep_section_name(const char *name);
/* For ep_cell_metric(). */
unsigned ep_section_flags(const struct ep_section_name *n);

/* The names of every metric that some row has, in order of appearance; how many,
 * at most size. */
size_t ep_section_metrics(const struct ep_section *s, const char **ret,
			  size_t size);

/* "key": value with status, reason and budget (json.c). */
void ep_json_metric(struct ep_json_out *o, const char *key,
		    const struct ep_metric *m);
/* Every section under its key; nothing when there is none. */
void ep_json_sections(struct ep_json_out *o, const struct ep_report *r);
/* Parts of one, inside its object: a key for each fact; "notes". */
void ep_json_section_facts(struct ep_json_out *o, const struct ep_section *s);
void ep_json_section_notes(struct ep_json_out *o, const struct ep_section *s);
/* After an empty line, a table of its own: section,scope,metric,value,u95,
 * status,reason.  Nothing when there is none. */
void ep_csv_sections(struct ep_csv_out *o, const struct ep_report *r);
/* The same of a study, with a column "verdict"; its scopes are numbers of
 * configurations. */
void ep_csv_study_sections(struct ep_csv_out *o, const struct ep_sections *s);

#endif
