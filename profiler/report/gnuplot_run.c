/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/str.h"
#include "profiler/analyze/model.h"
#include "profiler/analyze/series.h"
#include "profiler/report/cell.h"
#include "profiler/report/gnuplot.h"

#define LINES_MAX 6	  /* more nobody can tell apart in a column */
#define SHADES_MAX 2000	  /* phases of requests */
#define PHASE_NAMES_MAX 6 /* in the key */

/* What is drawn over time, a figure each. */
struct topic {
	const char *name, *axis;
	enum ep_quantity gauge, counter; /* EP_QUANTITY_COUNT: none */
	double factor;
	bool from_zero;
	const char *only; /* part of a name; NULL: all */
};

static const struct topic topics[] = {
	{ "power", "power (W)", EP_POWER_UW, EP_ENERGY_UJ, 1, true, NULL },
	{ "frequency", "frequency (GHz)", EP_FREQ_HZ, EP_QUANTITY_COUNT, 1e-9,
	  true, NULL },
	{ "temperature",
	  "temperature (\xc2\xb0"
	  "C)",
	  EP_TEMP_MC, EP_QUANTITY_COUNT, 1, false, NULL },
	{ "memory", "memory (MiB)", EP_SIZE_BYTES, EP_QUANTITY_COUNT,
	  1.0 / (1024 * 1024), true, "rss" },
};

static const char *const shades[PHASE_NAMES_MAX] = {
	"#b0b0b0", "#9ecae1", "#a1d99b", "#fdd0a2", "#dadaeb", "#fde0dd",
};
static const char *const strokes[LINES_MAX] = {
	"#08306b", "#a50f15", "#00441b", "#7f2704", "#3f007d", "#525252",
};

struct drawing {
	struct ep_plots *p;
	const struct ep_report *r;
	const struct ep_series_set *s;
	size_t chosen[LINES_MAX], count, more_count;
	const char *phases[PHASE_NAMES_MAX];
	size_t phase_count;
};

/* A total of one channel is that channel: it is drawn once. */
static bool belongs(const struct drawing *d, const struct ep_series *s,
		    const struct topic *t)
{
	if (!s->total && strcmp(s->name, d->r->total_name) == 0)
		return false;
	if (t->only && !strstr(s->name, t->only))
		return false;
	return s->rate ? s->quantity == t->counter : s->quantity == t->gauge;
}

/* Totals first: what is left out is a part of them. */
static void choose(struct drawing *d, const struct topic *t)
{
	d->count = 0;
	d->more_count = 0;
	for (int total = 1; total >= 0; total--)
		for (size_t i = 0; i < d->s->count; i++) {
			if (!belongs(d, &d->s->series[i], t) ||
			    d->s->series[i].total != (total == 1))
				continue;
			if (d->count < LINES_MAX)
				d->chosen[d->count++] = i;
			else
				d->more_count++;
		}
}

static void put_data_head(struct drawing *d, struct ep_buf *b)
{
	char interval[EP_CELL_BYTES], stretch[EP_CELL_BYTES];
	uint64_t rows = d->s->grid.rows_per_stretch;

	ep_cell_seconds(interval, d->s->interval_s);
	ep_cell_seconds(stretch, d->s->interval_s * (double)rows);
	ep_plots_add(d->p, b, "# seconds since the start, then means over %s",
		     interval);
	if (rows > 1)
		ep_plots_add(d->p, b,
			     ": of every %s the smallest and the largest",
			     stretch);
	ep_plots_add(d->p, b, "; all of them are in trace.csv\n#");
	for (size_t i = 0; i < d->count; i++) {
		char name[sizeof(d->s->series[0].name)];

		(void)ep_str_copy(name, sizeof(name),
				  d->s->series[d->chosen[i]].name);
		ep_str_slug(name);
		ep_plots_add(d->p, b, " %s", name);
	}
	ep_plots_add(d->p, b, "\n");
}

static void put_line(struct drawing *d, struct ep_buf *b, const struct topic *t,
		     size_t stretch, bool second)
{
	const struct ep_decimate *g = &d->s->grid;
	double rows = (double)g->rows_per_stretch;
	double middle = g->rows_per_stretch == 1 ? 0.5
			: second		 ? 0.75 * rows
						 : 0.25 * rows;

	ep_plots_number(d->p, b,
			d->s->start_s + ((double)stretch * rows + middle) *
						d->s->interval_s);
	for (size_t i = 0; i < d->count; i++) {
		const struct ep_extrema *e =
			ep_decimate_at(g, stretch, d->chosen[i]);

		ep_plots_add(d->p, b, " ");
		ep_plots_number(d->p, b,
				(second ? e->second : e->first) * t->factor);
	}
	ep_plots_add(d->p, b, "\n");
}

static void put_data(struct drawing *d, const struct topic *t)
{
	struct ep_buf *b = ep_plots_file(d->p, t->name, ".dat");
	const struct ep_decimate *g = &d->s->grid;

	put_data_head(d, b);
	for (size_t i = 0; i < g->stretch_count; i++) {
		put_line(d, b, t, i, false);
		if (g->rows_per_stretch > 1)
			put_line(d, b, t, i, true);
	}
}

/* What is not work has no shade. */
static bool is_shaded(const struct ep_row *row)
{
	static const char *const not [] = { "idle", "after", "tail", "other" };

	for (size_t i = 0; i < sizeof(not ) / sizeof(not [0]); i++)
		if (strcmp(row->phase.name, not [i]) == 0)
			return false;
	return row->end_s > row->start_s;
}

/* Index of a phase's shade; -1 when there are too many names. */
static int shade_of(struct drawing *d, const char *name)
{
	for (size_t i = 0; i < d->phase_count; i++)
		if (strcmp(d->phases[i], name) == 0)
			return (int)i;
	if (d->phase_count == PHASE_NAMES_MAX)
		return -1;
	d->phases[d->phase_count] = name;
	return (int)d->phase_count++;
}

static void put_shades(struct drawing *d, struct ep_buf *b)
{
	size_t left_out = 0;

	d->phase_count = 0;
	for (size_t i = 0; i < d->r->phase_count; i++) {
		const struct ep_row *row = &d->r->phases[i];
		int shade = -1;

		if (!is_shaded(row))
			continue;
		if (i < SHADES_MAX)
			shade = shade_of(d, row->phase.name);
		if (shade < 0) {
			left_out++;
			continue;
		}
		ep_plots_add(d->p, b, "set object rectangle from ");
		ep_plots_number(d->p, b, row->start_s);
		ep_plots_add(d->p, b, ", graph 0 to ");
		ep_plots_number(d->p, b, row->end_s);
		ep_plots_add(d->p, b,
			     ", graph 1 behind fillcolor rgb '%s' fillstyle "
			     "solid 0.5 noborder\n",
			     shades[shade]);
	}
	if (left_out > 0)
		ep_plots_add(d->p, b, "# %zu more phases are not shaded\n",
			     left_out);
}

static void put_plot(struct drawing *d, struct ep_buf *b, const struct topic *t)
{
	bool idle =
		t->gauge == EP_POWER_UW && isfinite(d->r->idle_power_w.value);

	ep_plots_add(d->p, b, "plot");
	for (size_t i = 0; i < d->count; i++) {
		const struct ep_series *line = &d->s->series[d->chosen[i]];
		char title[160];

		(void)ep_str_format(title, sizeof(title), "%s%s",
				    line->total ? "power" : line->name,
				    line->estimated ? " (estimated)" : "");
		ep_plots_add(d->p, b,
			     "%s '%s.dat' using 1:%zu with lines lw 1 lc rgb "
			     "'%s' title ",
			     i > 0 ? ", \\\n\t" : "", t->name, i + 2,
			     strokes[i]);
		ep_plots_quote(d->p, b, title);
	}
	if (idle) {
		ep_plots_add(d->p, b, ", \\\n\t ");
		ep_plots_number(d->p, b, d->r->idle_power_w.value);
		ep_plots_add(d->p, b,
			     " with lines dt 2 lw 1 lc rgb '#636363' title "
			     "'idle'");
	}
	for (size_t i = 0; i < d->phase_count; i++) {
		ep_plots_add(d->p, b,
			     ", \\\n\t keyentry with boxes fillstyle solid 0.5 "
			     "noborder fillcolor rgb '%s' title ",
			     shades[i]);
		ep_plots_quote(d->p, b, d->phases[i]);
	}
}

static void put_script(struct drawing *d, const struct topic *t)
{
	struct ep_buf *b = ep_plots_figure(d->p, t->name);
	const struct ep_series_set *s = d->s;
	double end = s->start_s + (double)s->grid.row_count * s->interval_s;
	ep_plots_add(d->p, b, "set xlabel 'time (s)'\nset ylabel '%s'\n",
		     t->axis);
	ep_plots_add(d->p, b, "set xrange [");
	ep_plots_number(d->p, b, s->start_s);
	ep_plots_add(d->p, b, ":");
	ep_plots_number(d->p, b, end);
	ep_plots_add(d->p, b, "]\n%s", t->from_zero ? "set yrange [0:]\n" : "");
	put_shades(d, b);
	if (d->more_count > 0)
		ep_plots_add(d->p, b,
			     "# %zu more of these are in trace.csv alone\n",
			     d->more_count);
	put_plot(d, b, t);
	ep_plots_add(d->p, b, "\n");
	ep_plots_figure_end(d->p, b);
}

int ep_plots_run(struct ep_plots *p, const struct ep_report *report,
		 const struct ep_series_set *series)
{
	struct drawing d = { .p = p, .r = report, .s = series };

	for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++) {
		choose(&d, &topics[i]);
		if (d.count == 0 || series->grid.stretch_count == 0)
			continue;
		put_data(&d, &topics[i]);
		put_script(&d, &topics[i]);
	}
	return p->error;
}
