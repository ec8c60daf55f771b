/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/report/html_assets.h"

#include <string.h>

/* Files, as ".incbin" lines, between two symbols.  Builds start in the top
 * folder. */
#define EMBED(name, files)                                                    \
	__asm__(".section .rodata\n"                                          \
		".hidden ep_html_begin_" #name "\n"                           \
		".globl ep_html_begin_" #name "\n"                            \
		"ep_html_begin_" #name ":\n" files                            \
		".hidden ep_html_end_" #name "\n"                             \
		".globl ep_html_end_" #name "\n"                              \
		"ep_html_end_" #name ":\n"                                    \
		".byte 0\n"                                                   \
		".previous\n");                                               \
	extern const char ep_html_begin_##name[]                              \
		__attribute__((visibility("hidden")));                        \
	extern const char ep_html_end_##name[]                                \
		__attribute__((visibility("hidden")));                        \
	struct ep_html_asset ep_html_asset_##name(void)                       \
	{                                                                     \
		return without_map(ep_html_begin_##name, ep_html_end_##name); \
	}

/* Libraries end in the address of a file for debuggers, which is not here. */
static struct ep_html_asset without_map(const char *begin, const char *end)
{
	static const char map[] = "//# sourceMappingURL=";
	const char *line = end;

	while (line > begin && line[-1] == '\n')
		line--;
	while (line > begin && line[-1] != '\n')
		line--;
	if ((size_t)(end - line) > strlen(map) &&
	    strncmp(line, map, strlen(map)) == 0)
		end = line;
	return (struct ep_html_asset){ begin, (size_t)(end - begin) };
}

#define FILE_OF(path) ".incbin \"" path "\"\n"
#define PART(name) FILE_OF("profiler/report/html/" name)

EMBED(css, PART("page.css"))
EMBED(base, PART("base.js"))
EMBED(run, PART("run_data.js") PART("run_view.js") PART("run_lanes.js")
		   PART("run_charts.js") PART("run.js"))
EMBED(study, PART("plot.js") PART("study.js"))
EMBED(compare, PART("plot.js") PART("compare.js"))
EMBED(dygraphs, FILE_OF(EP_DYGRAPHS_JS))
EMBED(chart, FILE_OF(EP_CHART_JS))
