/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/str.h"
#include "profiler/report/html_study.h"

const struct ep_html_section ep_html_sections[] = {
	{ .title = "Energy per token",
	  .note = "Gross energy. Generation is divided by its decode steps, "
		  "prefill by its prompt tokens.",
	  .figures = { { "generation.j_per_token", "per generated token" },
		       { "prefill.j_per_token", "per prompt token" },
		       { "request.j_per_output_token",
			 "per output token, end to end" },
		       { "generation.net_j_per_token",
			 "per generated token, net of idle" } } },
	{ .title = "Action per token",
	  .note = "Energy \xc3\x97 time \xc3\xb7 tokens: what is both slow "
		  "and hungry is large. It grows with the number of tokens.",
	  .figures = { { "generation.action_j_s_per_token", "generation" },
		       { "prefill.action_j_s_per_token", "prefill" } } },
	{ .title = "Rate",
	  .note = "Tokens over the time of their phase.",
	  .figures = { { "generation.tokens_per_s", "generation" },
		       { "prefill.tokens_per_s", "prefill" } } },
	{ .title = "Latency",
	  .note = "How long each phase takes, and until the first token.",
	  .together = true,
	  .figures = { { "load.duration_s", "load" },
		       { "prefill.duration_s", "prefill" },
		       { "generation.duration_s", "generation" },
		       { "request.ttft_s", "first token" } } },
	{ .title = "Power",
	  .note = "Means over the phase, gross.",
	  .figures = { { "generation.power_mean_w", "generation" },
		       { "prefill.power_mean_w", "prefill" },
		       { "run.power_mean_w", "whole run" },
		       { "run.energy_j", "energy of the run" } } },
	{ .title = "Cache misses per token",
	  .note = "In generation.",
	  .figures = { { "generation.cache_misses_per_token", "cache misses" },
		       { "generation.l1_dcache_load_misses_per_token",
			 "L1 data cache misses" } } },
	{ .title = "Context switches per token",
	  .note = "In generation.",
	  .figures = { { "generation.context_switches_per_token",
			 "context switches" },
		       { "generation.page_faults_per_token", "page faults" },
		       { "generation.instructions_per_token",
			 "instructions" } } },
	{ .title = "Memory",
	  .note = "Largest resident set.",
	  .figures = { { "run.rss_peak_bytes", "whole run" },
		       { "generation.rss_peak_bytes", "generation" } } },
	{ .title = NULL },
};

const char *const ep_html_study_metrics[] = {
	"generation.j_per_token",
	"prefill.j_per_token",
	"request.j_per_output_token",
	"generation.net_j_per_token",
	"generation.action_j_s_per_token",
	"prefill.action_j_s_per_token",
	"generation.tokens_per_s",
	"prefill.tokens_per_s",
	"load.duration_s",
	"prefill.duration_s",
	"generation.duration_s",
	"request.ttft_s",
	"generation.power_mean_w",
	"prefill.power_mean_w",
	"run.power_mean_w",
	"run.energy_j",
	"generation.cache_misses_per_token",
	"generation.l1_dcache_load_misses_per_token",
	"generation.context_switches_per_token",
	"generation.page_faults_per_token",
	"generation.instructions_per_token",
	"run.rss_peak_bytes",
	"generation.rss_peak_bytes",
	NULL,
};

bool ep_html_section_has(const struct ep_summary *s,
			 const struct ep_html_section *section)
{
	for (size_t i = 0; section->figures[i].metric; i++) {
		int m = ep_summary_find(s, section->figures[i].metric);

		if (m >= 0 && s->metrics[m].any)
			return true;
	}
	return false;
}

void ep_html_config_name(const struct ep_summary *s,
			 const struct ep_summary_config *c, char *ret,
			 size_t size)
{
	size_t used = 0;

	(void)ep_str_copy(ret, size, s->factor_count > 0 ? "" : "all");
	for (size_t i = 0; i < s->factor_count; i++) {
		(void)ep_str_format(ret + used, size - used, "%s%s",
				    i > 0 ? " \xc2\xb7 " : "", c->levels[i]);
		used = strlen(ret);
	}
}

int ep_html_pareto_make(const struct ep_summary *s, struct ep_html_pareto *ret)
{
	struct ep_summary_axes axes = { EP_HTML_COST, EP_HTML_GAIN };

	return ep_summary_pareto(s, &axes, &ret->front, &ret->count,
				 &ret->knee);
}
