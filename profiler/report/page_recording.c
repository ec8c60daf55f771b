/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "profiler/report/page.h"
#include "profiler/report/width.h"

static void put_grid(struct ep_page *page, const struct ep_grid_health *g)
{
	char asked[EP_CELL_BYTES], mean[EP_CELL_BYTES];
	char p50[EP_CELL_BYTES], p99[EP_CELL_BYTES], max[EP_CELL_BYTES];

	if (g->tick_count <= 0) {
		ep_page_fact(page, "grid", "no tick was recorded");
		return;
	}
	ep_cell_seconds(asked, g->interval_s);
	ep_cell_number(mean, g->interval_mean_s * 1e3, 6);
	ep_page_fact(page, "grid",
		     "%s asked%s%s%s; %" PRId64 " ticks, %" PRId64 " missed",
		     asked, mean[0] != '\0' ? ", " : "", mean,
		     mean[0] != '\0' ? " ms on average" : "", g->tick_count,
		     g->missed_count);
	ep_cell_number(p50, g->late_p50_us, 3);
	ep_cell_number(p99, g->late_p99_us, 3);
	ep_cell_number(max, g->late_max_us, 3);
	if (p50[0] != '\0')
		ep_page_fact(page, "lateness",
			     "half within %s \xc2\xb5s, 99 %% within %s "
			     "\xc2\xb5s, worst %s \xc2\xb5s",
			     p50, p99, max);
}

/* ", " and the piece, where there is one. */
static void add_piece(char *list, size_t size, const char *before,
		      const char *figure, const char *after)
{
	size_t used = strlen(list);

	if (figure[0] != '\0')
		(void)ep_str_format(list + used, size - used, ", %s%s%s",
				    before, figure, after);
}

static void put_self(struct ep_page *page, const struct ep_grid_health *g)
{
	char list[300] = "", cpu[EP_CELL_BYTES], cell[EP_CELL_BYTES];

	ep_cell_number(cpu, g->self_cpu_s, 3);
	if (cpu[0] == '\0') {
		ep_page_fact(page, "edgeprof",
			     "its own CPU time was not measured");
		return;
	}
	ep_cell_number(cell, g->self_cpu_share * 100.0, 2);
	add_piece(list, sizeof(list), "", cell, " % of one core");
	ep_cell_number(cell, g->self_energy_j, 2);
	add_piece(list, sizeof(list), "about ", cell, " J (an estimate)");
	if (g->self_wakeups >= 0) {
		ep_cell_count(cell, g->self_wakeups);
		add_piece(list, sizeof(list), "", cell, " wakeups");
	}
	if (g->self_bytes >= 0) {
		ep_cell_bytes(cell, (double)g->self_bytes);
		add_piece(list, sizeof(list), "wrote ", cell, "");
	}
	ep_page_fact(page, "edgeprof", "%s s of its own CPU time%s", cpu, list);
}

/* What the run was measured under, as far as it is known. */
static void put_conditions(struct ep_page *page, const struct ep_conditions *c)
{
	char list[400] = "", cell[EP_CELL_BYTES], end[EP_CELL_BYTES];

	ep_cell_number(cell, c->background_cpu_share * 100.0, 2);
	add_piece(list, sizeof(list), "other programs had ", cell,
		  " % of the CPUs' time");
	ep_cell_number(cell, c->temperature_start_c, 3);
	ep_cell_number(end, c->temperature_end_c, 3);
	if (end[0] != '\0')
		add_piece(list, sizeof(list), "hottest zone ", cell,
			  " \xc2\xb0"
			  "C at the start");
	add_piece(list, sizeof(list), "", end,
		  " \xc2\xb0"
		  "C at the end");
	ep_cell_number(cell, c->frequency_shortfall * 100.0, 2);
	add_piece(list, sizeof(list), "clock ", cell,
		  " % below what was asked");
	if (c->swap_in_count > 0) {
		ep_cell_count(cell, c->swap_in_count);
		add_piece(list, sizeof(list), "", cell, " pages swapped in");
	}
	if (list[0] != '\0')
		ep_page_fact(page, "meanwhile", "%s", list + strlen(", "));
}

static void put_warnings(struct ep_page *page)
{
	const struct ep_report *r = page->report;
	char text[sizeof(r->warnings[0].text)];
	char advice[sizeof(r->warnings[0].advice)];

	if (r->warning_count > 0)
		page->ops->heading(page->ctx, "Warnings");
	for (size_t i = 0; i < r->warning_count; i++) {
		ep_width_clean(text, sizeof(text), r->warnings[i].text);
		ep_width_clean(advice, sizeof(advice), r->warnings[i].advice);
		page->ops->warning(page->ctx, text, advice);
	}
}

void ep_page_recording(struct ep_page *page)
{
	const struct ep_grid_health *g = &page->report->grid;

	page->ops->heading(page->ctx, "Recording");
	put_grid(page, g);
	put_self(page, g);
	put_conditions(page, &page->report->conditions);
	put_warnings(page);
}
