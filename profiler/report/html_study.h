/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_REPORT_HTML_STUDY_H
#define EP_PROFILER_REPORT_HTML_STUDY_H

#include "profiler/analyze/summary.h"
#include "profiler/report/html_parts.h"

/* Only for html_study*.c: which figures of a study stand where. */

#define EP_HTML_SECTION_METRICS_MAX 6

struct ep_html_figure {
	const char *metric; /* "generation.j_per_token" */
	const char *label;
};

struct ep_html_section {
	const char *title, *note;
	/* Ends at metric NULL.  The chart shows one of them, or all beside each
	 * other. */
	struct ep_html_figure figures[EP_HTML_SECTION_METRICS_MAX + 1];
	bool together;
};
extern const struct ep_html_section ep_html_sections[]; /* to title NULL */
/* All metrics of the sections; NULL-terminated. */
extern const char *const ep_html_study_metrics[];
/* The chart of cost against gain. */
#define EP_HTML_COST "generation.j_per_token"
#define EP_HTML_GAIN "generation.tokens_per_s"

struct ep_html_pareto {
	size_t *front, count;
	ptrdiff_t knee; /* -1 none */
};
/* count 0: nothing to choose from.  -ENOMEM. */
int ep_html_pareto_make(const struct ep_summary *s,
			struct ep_html_pareto *ret) EP_MUST_CHECK;

/* Does any configuration have a figure of the section? */
bool ep_html_section_has(const struct ep_summary *s,
			 const struct ep_html_section *section);
/* "2 · powersave"; "all" without factors. */
void ep_html_config_name(const struct ep_summary *s,
			 const struct ep_summary_config *c, char *ret,
			 size_t size);
/* The table behind the chart of a section. */
void ep_html_study_table(struct ep_html *h, const struct ep_summary *s,
			 const struct ep_html_section *section);
void ep_html_study_front(struct ep_html *h, const struct ep_summary *s,
			 const struct ep_html_pareto *p);
/* Everything that charts draw. */
struct ep_html_study {
	const struct ep_summary *summary;
	const struct ep_study_memory *memory; /* NULL: none */
	struct ep_html_pareto pareto;
};
void ep_html_study_data(struct ep_html *h, const struct ep_html_study *s);

/* The sections that were asked for; the first has that number in the data. */
void ep_html_study_asked(struct ep_html *h, const struct ep_summary *s,
			 size_t number);
void ep_html_study_asked_data(struct ep_json_out *o,
			      const struct ep_summary *s);
void ep_html_study_memory(struct ep_html *h, const struct ep_summary *s,
			  const struct ep_study_memory *m);
void ep_html_study_memory_data(struct ep_json_out *o,
			       const struct ep_study_memory *m);

#endif
