/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/str.h"
#include "profiler/analyze/summary.h"
#include "profiler/report/gnuplot.h"
#include "profiler/report/width.h"

#define NAMES_MAX 24 /* configurations that an axis can name */
#define TIC_COLUMNS 24
#define TIC_BYTES 300
#define COST "generation.j_per_token"
#define GAIN "generation.tokens_per_s"

/* One figure of each, by configuration. */
static const struct topic {
	const char *name, *metric, *axis;
	double factor;
} topics[] = {
	{ "energy", COST, "energy (J/token)", 1 },
	{ "energy_end_to_end", "request.j_per_output_token",
	  "energy, end to end (J/token)", 1 },
	{ "energy_prefill", "prefill.j_per_token",
	  "energy of prefill (J/token)", 1 },
	{ "action", "generation.action_j_s_per_token",
	  "action (J\xc2\xb7s/token)", 1 },
	{ "rate", GAIN, "rate (tokens/s)", 1 },
	{ "rate_prefill", "prefill.tokens_per_s", "rate of prefill (tokens/s)",
	  1 },
	{ "first_token", "request.ttft_s", "first token after (s)", 1 },
	{ "load", "load.duration_s", "load (s)", 1 },
	{ "generation", "generation.duration_s", "generation (s)", 1 },
	{ "power", "generation.power_mean_w", "power in generation (W)", 1 },
	{ "cache_misses", "generation.cache_misses_per_token",
	  "cache misses per token", 1 },
	{ "context_switches", "generation.context_switches_per_token",
	  "context switches per token", 1 },
	{ "memory", "run.rss_peak_bytes", "largest memory (MiB)",
	  1.0 / (1024 * 1024) },
};
#define TOPICS (sizeof(topics) / sizeof(topics[0]))

const char *const ep_plots_study_metrics[] = {
	COST,
	"request.j_per_output_token",
	"prefill.j_per_token",
	"generation.action_j_s_per_token",
	GAIN,
	"prefill.tokens_per_s",
	"request.ttft_s",
	"load.duration_s",
	"generation.duration_s",
	"generation.power_mean_w",
	"generation.cache_misses_per_token",
	"generation.context_switches_per_token",
	"run.rss_peak_bytes",
	NULL,
};

/* Which number is which configuration. */
static void put_names(struct ep_plots *p, const struct ep_summary *s)
{
	struct ep_buf *b = ep_plots_file(p, "configurations", ".csv");
	char name[300];

	ep_plots_add(p, b, "config,name,runs\n");
	for (size_t i = 0; i < s->config_count; i++) {
		const struct ep_summary_config *c = &s->configs[i];

		ep_summary_config_name(s, c, name, sizeof(name));
		ep_plots_add(p, b, "%" PRId64 ",", c->number);
		if (b && p->error == 0)
			p->error = ep_csv_put_text(b, name);
		ep_plots_add(p, b, ",%" PRId64 "\n", c->valid_count);
	}
}

static void put_data(struct ep_plots *p, const struct ep_summary *s,
		     const struct topic *t, int m)
{
	struct ep_buf *b = ep_plots_file(p, t->name, ".dat");

	ep_plots_add(p, b,
		     "# configuration, mean, half-width of its 95 %% interval "
		     "by the spread of its runs, runs\n");
	for (size_t i = 0; i < s->config_count; i++) {
		const struct ep_summary_cell *c = &s->configs[i].cells[m];

		ep_plots_add(p, b, "%zu ", i);
		ep_plots_number(p, b, c->figure.mean * t->factor);
		ep_plots_add(p, b, " ");
		ep_plots_number(p, b, c->compare_u95 * t->factor);
		ep_plots_add(p, b, " %zu\n", c->figure.run_count);
	}
}

/* A name below the axis: a format, where '%' stands for itself only twice. */
static void put_tic(struct ep_plots *p, struct ep_buf *b, char *name,
		    size_t size)
{
	char doubled[2 * TIC_BYTES] = "";
	char *to = doubled;

	ep_width_clean(name, size, name);
	ep_width_cut(name, size, TIC_COLUMNS);
	for (const char *c = name; *c && to + 3 < doubled + sizeof(doubled);
	     c++) {
		*to++ = *c;
		if (*c == '%')
			*to++ = '%';
	}
	*to = '\0';
	ep_plots_quote(p, b, doubled);
}

/* Names below the axis where they fit, else numbers. */
static void put_tics(struct ep_plots *p, struct ep_buf *b,
		     const struct ep_summary *s)
{
	char name[TIC_BYTES];

	if (s->config_count > NAMES_MAX) {
		ep_plots_add(p, b,
			     "set xlabel 'configuration, see "
			     "configurations.csv'\n");
		return;
	}
	ep_plots_add(p, b, "set xtics rotate by -35 (");
	for (size_t i = 0; i < s->config_count; i++) {
		ep_summary_config_name(s, &s->configs[i], name, sizeof(name));
		ep_plots_add(p, b, i > 0 ? ", " : "");
		put_tic(p, b, name, sizeof(name));
		ep_plots_add(p, b, " %zu", i);
	}
	ep_plots_add(p, b, ")\nset xlabel ");
	name[0] = '\0';
	for (size_t i = 0; i < s->factor_count; i++) {
		size_t used = strlen(name);

		(void)ep_str_format(name + used, sizeof(name) - used, "%s%s",
				    i > 0 ? " \xc2\xb7 " : "", s->factors[i]);
	}
	ep_plots_quote(p, b, name);
	ep_plots_add(p, b, "\n");
}

/* Has any configuration an interval?  gnuplot warns of nothing to draw. */
static bool has_u95(const struct ep_summary *s, int m)
{
	for (size_t i = 0; i < s->config_count; i++)
		if (isfinite(s->configs[i].cells[m].compare_u95))
			return true;
	return false;
}

/* What a model made: all that is of energy. */
static bool is_modelled(const struct ep_summary *s, const char *metric)
{
	const char *name = strrchr(metric, '.') + 1;

	return s->estimated && strpbrk(ep_metric_unit(name), "JW") != NULL;
}

static void put_bars(struct ep_plots *p, const struct ep_summary *s,
		     const struct topic *t)
{
	struct ep_buf *b = ep_plots_figure(p, t->name);

	ep_plots_add(p, b,
		     "set ylabel '%s%s'\nset yrange [0:]\n"
		     "set xrange [-0.7:%zu.7]\nset boxwidth 0.6\nunset key\n",
		     t->axis, is_modelled(s, t->metric) ? ", estimated" : "",
		     s->config_count - 1);
	put_tics(p, b, s);
	ep_plots_add(p, b,
		     "plot '%s.dat' using 1:2 with boxes lc rgb '#9ecae1'",
		     t->name);
	if (has_u95(s, ep_summary_find(s, t->metric)))
		ep_plots_add(p, b,
			     ", \\\n\t'' using 1:2:3 with yerrorbars pt 7 ps "
			     "0.2 lw 1 lc rgb '#08306b'");
	ep_plots_add(p, b, "\n");
	ep_plots_figure_end(p, b);
}

/* The front in its order, then a blank line and all others. */
static void put_pareto_data(struct ep_plots *p, const struct ep_summary *s,
			    const size_t *front, size_t count)
{
	struct ep_buf *b = ep_plots_file(p, "pareto", ".dat");
	int m[2] = { ep_summary_find(s, GAIN), ep_summary_find(s, COST) };

	ep_plots_add(p, b,
		     "# rate, energy and their half-widths at 95 %%, "
		     "configuration; first the front, then all\n");
	for (size_t i = 0; i < count + s->config_count; i++) {
		const struct ep_summary_config *c =
			&s->configs[i < count ? front[i] : i - count];

		if (i == count)
			ep_plots_add(p, b, "\n\n");
		for (int k = 0; k < 4; k++) {
			const struct ep_summary_cell *cell =
				&c->cells[m[k % 2]];

			ep_plots_number(p, b,
					k < 2 ? cell->figure.mean
					      : cell->compare_u95);
			ep_plots_add(p, b, " ");
		}
		ep_plots_add(p, b, "%" PRId64 "\n", c->number);
	}
}

static void put_pareto(struct ep_plots *p, const struct ep_summary *s,
		       ptrdiff_t knee)
{
	struct ep_buf *b = ep_plots_figure(p, "pareto");
	char name[300];

	ep_plots_add(p, b,
		     "set xlabel 'rate (tokens/s)'\n"
		     "set ylabel 'energy (J/token)%s'\n"
		     "set yrange [0:]\nset xrange [0:]\n",
		     s->estimated ? ", estimated" : "");
	ep_plots_add(p, b,
		     "plot 'pareto.dat' index 1 using 1:2 with points pt 7 ps "
		     "0.5 lc rgb '#9e9e9e' title 'configurations', \\\n");
	if (has_u95(s, ep_summary_find(s, COST)) &&
	    has_u95(s, ep_summary_find(s, GAIN)))
		ep_plots_add(p, b,
			     "\t'' index 1 using 1:2:3:4 with xyerrorbars pt 7 "
			     "ps 0.2 lw 1 lc rgb '#9e9e9e' notitle, \\\n");
	ep_plots_add(p, b,
		     "\t'' index 0 using 1:2 with linespoints pt 7 ps 0.6 lw 1 "
		     "lc rgb '#08306b' title 'Pareto front'");
	if (knee >= 0) {
		ep_plots_add(p, b,
			     ", \\\n\t'' index 1 every ::%td::%td using 1:2 "
			     "with points pt 6 ps 1.4 lw 1 lc rgb '#a50f15' "
			     "title ",
			     knee, knee);
		(void)ep_str_copy(name, sizeof(name), "knee: ");
		ep_summary_config_name(s, &s->configs[knee], name + 6,
				       sizeof(name) - 6);
		ep_plots_quote(p, b, name);
	}
	ep_plots_add(p, b, "\n");
	ep_plots_figure_end(p, b);
}

static int make_pareto(struct ep_plots *p, const struct ep_summary *s)
{
	struct ep_summary_axes axes = { COST, GAIN };
	size_t *front, count;
	ptrdiff_t knee;
	int r = ep_summary_pareto(s, &axes, &front, &count, &knee);

	if (r == 0 && count > 0) {
		put_pareto_data(p, s, front, count);
		put_pareto(p, s, knee);
	}
	free(front);
	return r;
}

int ep_plots_study(struct ep_plots *p, const struct ep_summary *s)
{
	int r;

	for (size_t i = 0; i < TOPICS; i++) {
		int m = ep_summary_find(s, topics[i].metric);

		if (m < 0 || !s->metrics[m].any)
			continue;
		put_data(p, s, &topics[i], m);
		put_bars(p, s, &topics[i]);
	}
	r = make_pareto(p, s);
	if (p->figure_count > 0)
		put_names(p, s);
	return r < 0 ? r : p->error;
}
