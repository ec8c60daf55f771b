/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "profiler/analyze/summary.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/num.h"
#include "base/str.h"

#define COLUMNS_MAX 4096
#define FACTORS_FROM 8

static const char *const fixed[FACTORS_FROM] = {
	"study_id", "config",  "run",  "order",
	"valid",    "reasons", "host", "board_serial",
};

/* One figure of one run. */
struct value {
	size_t config, metric;
	double value, u95;
};

struct parser {
	struct ep_summary *s;
	char **fields;
	size_t column_count, phase_column;
	/* Where a metric's value and its uncertainty stand; 0 nowhere. */
	size_t at[EP_SUMMARY_METRICS_MAX], at_u95[EP_SUMMARY_METRICS_MAX];
	struct value *values;
	size_t value_count, value_room, config_room;
	char last_run[96]; /* config, run and order of the line before */
	struct ep_err *err;
	size_t line;
};

static int name_metrics(struct ep_summary *s, const char *const *metrics)
{
	for (size_t i = 0; metrics[i]; i++) {
		struct ep_summary_metric *m = &s->metrics[i];
		const char *dot = strchr(metrics[i], '.');

		if (i == EP_SUMMARY_METRICS_MAX || !dot)
			return -EINVAL;
		(void)ep_str_format(m->scope, sizeof(m->scope), "%.*s",
				    (int)(dot - metrics[i]), metrics[i]);
		(void)ep_str_copy(m->name, sizeof(m->name), dot + 1);
		s->metric_count++;
	}
	return 0;
}

static int damaged(const struct parser *p, const char *what)
{
	return ep_err_set(p->err, -EBADMSG,
			  "results.csv, line %zu: %s; edgeprof sweep makes it "
			  "again from the run folders (--rebuild)",
			  p->line, what);
}

static void find_column(struct parser *p, size_t metric)
{
	const char *name = p->s->metrics[metric].name;
	size_t len = strlen(name);

	for (size_t c = p->phase_column + 1; c < p->column_count; c++) {
		if (strncmp(p->fields[c], name, len) != 0)
			continue;
		if (p->fields[c][len] == '\0')
			p->at[metric] = c;
		else if (strcmp(p->fields[c] + len, "_u95") == 0)
			p->at_u95[metric] = c;
	}
}

static int read_header(struct parser *p, char *line)
{
	int count = ep_csv_split(line, p->fields, COLUMNS_MAX);

	if (count < FACTORS_FROM + 1)
		return damaged(p, "no header of results");
	p->column_count = (size_t)count;
	for (size_t c = 0; c < FACTORS_FROM; c++)
		if (strcmp(p->fields[c], fixed[c]) != 0)
			return damaged(p, "no header of results");
	for (size_t c = FACTORS_FROM; c < p->column_count; c++) {
		if (strcmp(p->fields[c], "phase") == 0) {
			p->phase_column = c;
			break;
		}
		if (p->s->factor_count == EP_SUMMARY_FACTORS_MAX)
			return damaged(p, "too many factors");
		(void)ep_str_copy(p->s->factors[p->s->factor_count++],
				  sizeof(p->s->factors[0]), p->fields[c]);
	}
	if (p->phase_column == 0)
		return damaged(p, "no column \"phase\"");
	for (size_t m = 0; m < p->s->metric_count; m++)
		find_column(p, m);
	return 0;
}

/* The configuration of that number, made when it is new. */
static int find_config(struct parser *p, int64_t number, size_t *ret)
{
	struct ep_summary *s = p->s;
	struct ep_summary_config *c;

	/* Mostly that of the line before. */
	for (size_t i = s->config_count; i-- > 0;)
		if (s->configs[i].number == number) {
			*ret = i;
			return 0;
		}
	if (s->config_count == p->config_room) {
		size_t room = p->config_room ? p->config_room * 2 : 64;

		c = realloc(s->configs, room * sizeof(*c));
		if (!c)
			return -ENOMEM;
		s->configs = c;
		p->config_room = room;
	}
	c = &s->configs[s->config_count];
	*c = (struct ep_summary_config){ .number = number };
	*ret = s->config_count++;
	for (size_t i = 0; i < s->factor_count; i++) {
		c->levels[i] = strdup(p->fields[FACTORS_FROM + i]);
		if (!c->levels[i])
			return -ENOMEM;
	}
	return 0;
}

static int add_value(struct parser *p, const struct value *v)
{
	if (p->value_count == p->value_room) {
		size_t room = p->value_room ? p->value_room * 2 : 1024;
		struct value *grown = realloc(p->values, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		p->values = grown;
		p->value_room = room;
	}
	p->values[p->value_count++] = *v;
	p->s->metrics[v->metric].any = true;
	return 0;
}

/* NAN for an empty cell; false when it is no number. */
static bool number_at(const struct parser *p, size_t column, double *ret)
{
	*ret = (double)NAN;
	if (column == 0 || p->fields[column][0] == '\0')
		return true;
	return ep_num_parse_f64(p->fields[column], ret) == 0;
}

static int read_values(struct parser *p, size_t config)
{
	const char *phase = p->fields[p->phase_column];

	for (size_t m = 0; m < p->s->metric_count; m++) {
		struct value v = { .config = config, .metric = m };
		int r;

		if (strcmp(p->s->metrics[m].scope, phase) != 0)
			continue;
		if (!number_at(p, p->at[m], &v.value) ||
		    !number_at(p, p->at_u95[m], &v.u95))
			return damaged(p, "a figure is no number");
		if (isnan(v.value))
			continue;
		r = add_value(p, &v);
		if (r < 0)
			return r;
	}
	return 0;
}

static int reject(struct parser *p, const struct ep_summary_config *c)
{
	struct ep_summary *s = p->s;
	struct ep_summary_rejected *r;

	if (s->rejected_count == EP_SUMMARY_REJECTED_MAX) {
		s->rejected_more_count++;
		return 0;
	}
	if (!s->rejected)
		s->rejected = calloc(EP_SUMMARY_REJECTED_MAX, sizeof(*r));
	if (!s->rejected)
		return -ENOMEM;
	r = &s->rejected[s->rejected_count++];
	r->config = c->number;
	(void)ep_str_copy(r->run, sizeof(r->run), p->fields[2]);
	(void)ep_str_copy(r->reasons, sizeof(r->reasons), p->fields[5]);
	return 0;
}

/* A run has a line for each of its phases, one after the other. */
static int count_run(struct parser *p, struct ep_summary_config *c)
{
	bool valid = strcmp(p->fields[4], "1") == 0;
	bool warmup = p->fields[2][0] == 'w';
	char run[sizeof(p->last_run)];

	(void)ep_str_format(run, sizeof(run), "%s,%s,%s", p->fields[1],
			    p->fields[2], p->fields[3]);
	if (strcmp(run, p->last_run) == 0)
		return 0;
	(void)ep_str_copy(p->last_run, sizeof(p->last_run), run);
	if (p->s->id[0] == '\0')
		(void)ep_str_copy(p->s->id, sizeof(p->s->id), p->fields[0]);
	p->s->run_count++;
	if (valid)
		c->valid_count++;
	else if (warmup)
		c->warmup_count++;
	else
		c->rejected_count++;
	return valid || warmup ? 0 : reject(p, c);
}

static int read_line(struct parser *p, char *line)
{
	int count = ep_csv_split(line, p->fields, COLUMNS_MAX), r;
	int64_t number;
	size_t config;

	if (count < 0 || (size_t)count != p->column_count)
		return damaged(p, "not as many cells as the header has");
	if (ep_num_parse_i64(p->fields[1], &number) < 0)
		return damaged(p, "no number of a configuration");
	r = find_config(p, number, &config);
	if (r == 0)
		r = count_run(p, &p->s->configs[config]);
	if (r == 0 && strcmp(p->fields[4], "1") == 0)
		r = read_values(p, config);
	return r;
}

static int by_cell(const void *a, const void *b)
{
	const struct value *x = a, *y = b;

	if (x->config != y->config)
		return x->config < y->config ? -1 : 1;
	if (x->metric != y->metric)
		return x->metric < y->metric ? -1 : 1;
	return 0;
}

/*
 * results.csv does not say what part of a figure's uncertainty all runs have in
 * common.  It is no more than the smallest one of them, so that is taken: the
 * interval may be too wide, never too narrow.
 */
static void fill_cell(const struct value *values, size_t count,
		      struct ep_group_run *runs, struct ep_summary_cell *cell)
{
	struct ep_group_figure spread;
	double common = 0;

	for (size_t i = 0; i < count; i++) {
		double u = values[i].u95 / 2;

		runs[i] = (struct ep_group_run){ .value = values[i].value,
						 .u95 = values[i].u95 };
		if (isfinite(u) && (i == 0 || u < common))
			common = u;
	}
	ep_group_uncertainty(runs, count, &spread);
	for (size_t i = 0; i < count; i++)
		runs[i].u_common = common;
	ep_group_uncertainty(runs, count, &cell->figure);
	cell->compare_u95 = count > 1 ? spread.u95 : (double)NAN;
}

static int by_number(const void *a, const void *b)
{
	const struct ep_summary_config *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int fill_cells(struct parser *p)
{
	struct ep_summary *s = p->s;
	struct ep_group_run *runs = calloc(p->value_count + 1, sizeof(*runs));
	size_t end;

	if (!runs)
		return -ENOMEM;
	for (size_t i = 0; i < s->config_count; i++) {
		s->configs[i].cells =
			calloc(s->metric_count + 1, sizeof(*s->configs->cells));
		if (!s->configs[i].cells) {
			free(runs);
			return -ENOMEM;
		}
		for (size_t m = 0; m < s->metric_count; m++)
			fill_cell(NULL, 0, runs, &s->configs[i].cells[m]);
	}
	if (p->value_count > 0)
		qsort(p->values, p->value_count, sizeof(*p->values), by_cell);
	for (size_t i = 0; i < p->value_count; i = end) {
		const struct value *v = &p->values[i];

		for (end = i + 1;
		     end < p->value_count && by_cell(v, &p->values[end]) == 0;
		     end++)
			;
		fill_cell(v, end - i, runs,
			  &s->configs[v->config].cells[v->metric]);
	}
	if (s->config_count > 0)
		qsort(s->configs, s->config_count, sizeof(*s->configs),
		      by_number);
	free(runs);
	return 0;
}

static int parse_lines(struct parser *p, char *text)
{
	int r = 0;
	char *line, *next = text;

	while (r == 0 && next && *next != '\0') {
		line = next;
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		p->line++;
		r = p->line == 1 ? read_header(p, line) : read_line(p, line);
	}
	if (r == 0 && p->line == 0)
		r = damaged(p, "it is empty");
	return r < 0 ? r : fill_cells(p);
}

int ep_summary_parse(char *text, const char *const *metrics,
		     struct ep_summary *ret, struct ep_err *err)
{
	struct ep_summary s = { 0 };
	struct parser p = { .s = &s, .err = err };
	int r = name_metrics(&s, metrics);

	p.fields = calloc(COLUMNS_MAX, sizeof(*p.fields));
	if (!p.fields)
		r = -ENOMEM;
	if (r == 0)
		r = parse_lines(&p, text);
	free(p.fields);
	free(p.values);
	if (r < 0) {
		ep_summary_done(&s);
		return r == -EBADMSG ? r
				     : ep_err_set(err, r, "results.csv: %s",
						  strerror(-r));
	}
	*ret = s;
	return 0;
}
